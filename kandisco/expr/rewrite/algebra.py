"""The normal form: sums with like terms collected, products with like powers collected, exp and log taken apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from kandisco.expr.numeric import evaluate
from kandisco.expr.rewrite.facts import Facts
from kandisco.expr.rewrite.numbers import (
    MINUS_ONE,
    ONE,
    ZERO,
    fitted,
    fraction,
    integer,
    is_even,
    is_number,
    negative,
    over,
    plus,
    raised,
    surds,
    times,
    unit_power,
    value,
)
from kandisco.expr.tree import Expr, const, rat

Powers = dict[Expr, list[Expr]]


def split(term: Expr) -> tuple[Expr, Expr]:
    """A normal term as (number, the rest)."""
    if is_number(term):
        return term, ONE
    if term.head == "mul" and is_number(term.args[0]):
        rest = term.args[1:]
        return term.args[0], rest[0] if len(rest) == 1 else Expr("mul", rest)
    return ONE, term


def factors(expr: Expr) -> tuple[Expr, ...]:
    """Factors of a product, the expression itself otherwise."""
    return expr.args if expr.head == "mul" else (expr,)


def terms(expr: Expr) -> tuple[Expr, ...]:
    """Terms of a sum, the expression itself otherwise."""
    return expr.args if expr.head == "add" else (expr,)


def as_power(expr: Expr) -> tuple[Expr, Expr]:
    """(base, exponent)."""
    return (expr.args[0], expr.args[1]) if expr.head == "pow" else (expr, ONE)


def is_constant(expr: Expr) -> bool:
    """Free of variables."""
    return not any(node.head == "var" for node in expr.walk())


def lead(expr: Expr) -> Expr:
    """The number a sum is divided by to compare it with others: exact if there is an exact one, variables before constants."""
    numbers = [split(term) for term in sorted(terms(expr), key=lambda term: is_constant(term))]
    exact = [number for number, _ in numbers if number.head == "rat"]
    if len(exact) == len(numbers):
        content = _content(exact)
        return content if not negative(exact[0]) else times(MINUS_ONE, content)
    return exact[0] if exact else numbers[0][0]


def _content(numbers: list[Expr]) -> Expr:
    parts = [fraction(number) for number in numbers]
    return rat(Fraction(math.gcd(*(part.numerator for part in parts)), math.lcm(*(part.denominator for part in parts))))


class Algebra:
    """Builds normal forms on the facts known about the data.

    The constructors take arguments that are normal already and return normal expressions.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._keys: dict[Expr, str] = {}

    def key(self, expr: Expr) -> str:
        """A text that sorts expressions the same way in every run."""
        found = self._keys.get(expr)
        if found is None:
            inner = ",".join(self.key(arg) for arg in expr.args)
            found = self._keys[expr] = f"{expr.head}[{inner}]" if expr.args else f"{expr.head}:{expr.value}"
        return found

    def negate(self, expr: Expr) -> Expr:
        """-expr."""
        return self.product((MINUS_ONE, expr))

    # ------------------------------------------------------------------------------------------------------------ sums
    def sum(self, parts: Iterable[Expr]) -> Expr:
        """Sum with like terms collected and numbers folded."""
        like: dict[Expr, Expr] = {}
        for part in parts:
            for term in terms(part):
                number, rest = split(term)
                for inner in terms(rest):
                    factor, monic = split(inner)
                    like[monic] = plus(like.get(monic, ZERO), times(number, factor))
        if like.get(ONE, ZERO).head == "num":
            for rest in [rest for rest in like if rest != ONE and is_constant(rest)]:
                like[ONE] = plus(like[ONE], fitted(value(like.pop(rest)) * self.number(rest)))
        rests = sorted((rest for rest, number in like.items() if number != ZERO), key=self.key)
        built = [self.scaled(like[rest], rest) for rest in rests]
        if not built:
            return ZERO
        return built[0] if len(built) == 1 else Expr("add", tuple(built))

    def scaled(self, number: Expr, rest: Expr) -> Expr:
        """number * rest for a rest without a number of its own."""
        if rest == ONE or number == ZERO:
            return number
        if number == ONE:
            return rest
        if number.head == "num" and is_constant(rest):
            return fitted(value(number) * self.number(rest))
        return Expr("mul", (number, *factors(rest)))

    def spread(self, number: Expr, total: Expr) -> Expr:
        """number * (a + b + ...) with the number multiplied in."""
        return self.sum(self.scaled(times(number, factor), rest) for factor, rest in map(split, terms(total)))

    def primitive(self, total: Expr, *, signed: bool = True) -> tuple[Expr, Expr]:
        """A sum as (number, sum whose leading number is 1); the number is positive unless ``signed``."""
        number = lead(total)
        if not signed and negative(number):
            number = times(MINUS_ONE, number)
        return (ONE, total) if number == ONE else (number, self.spread(over(ONE, number), total))

    def number(self, expr: Expr) -> float:
        """The value of an expression without variables."""
        return float(evaluate(expr, {}))

    # -------------------------------------------------------------------------------------------------------- products
    def product(self, parts: Iterable[Expr]) -> Expr:
        """Product with like powers collected, exponentials merged and numbers folded."""
        number, todo = ONE, list(parts)
        for _ in range(6):
            powers: Powers = {}
            exponents: list[Expr] = []
            number = times(number, self._gather(todo, powers, exponents))
            if number == ZERO:
                return ZERO
            todo = [self.power(base, self.sum(shared)) for base, shared in powers.items()]
            todo += [self.exp(self.sum(exponents))] if exponents else []
            todo = [factor for factor in todo if factor != ONE]
            if _is_settled(todo):
                break
        return self._assemble(number, todo)

    def _gather(self, parts: Iterable[Expr], powers: Powers, exponents: list[Expr]) -> Expr:
        number = ONE
        for part in parts:
            for factor in factors(part):
                base, exponent = as_power(factor)
                if is_number(factor):
                    number = times(number, factor)
                elif factor.head == "exp" or factor == const("E"):
                    exponents.append(factor.args[0] if factor.args else ONE)
                elif base.head == "add" and exponent == ONE:
                    scale, monic = self.primitive(base)
                    number = times(number, scale)
                    powers.setdefault(monic, []).append(ONE)
                else:
                    powers.setdefault(base, []).append(exponent)
        return number

    def _assemble(self, number: Expr, parts: list[Expr]) -> Expr:
        whole = [part for part in parts if is_number(part)]
        for part in whole:
            number = times(number, part)
        parts = [part for part in parts if not is_number(part)]
        if number.head == "num":
            for part in [part for part in parts if is_constant(part)]:
                number = fitted(value(number) * self.number(part))
                parts.remove(part)
        if number == ZERO or not parts:
            return number
        if len(parts) == 1 and parts[0].head == "add":
            return parts[0] if number == ONE else self.spread(number, parts[0])
        parts.sort(key=self.key)
        if number != ONE:
            parts.insert(0, number)
        return parts[0] if len(parts) == 1 else Expr("mul", tuple(parts))

    # ---------------------------------------------------------------------------------------------------------- powers
    def power(self, base: Expr, exponent: Expr) -> Expr:
        """base ** exponent; products and powers are taken apart where the signs on the data allow it."""
        if exponent in (ZERO, ONE) or base == ONE:
            return base if exponent == ONE else ONE
        if is_number(base) and is_number(exponent):
            return self._number_power(base, exponent)
        if base.head == "exp" or base == const("E"):
            return self.exp(self.product((base.args[0] if base.args else ONE, exponent)))
        if base.head == "pow":
            return self._power_of_power(base, exponent)
        if base.head == "mul":
            return self._power_of_product(base, exponent)
        if base.head == "add" and is_number(exponent):
            scale, monic = self.primitive(base, signed=integer(exponent) is not None)
            outside = ONE if scale == ONE else raised(scale, exponent) or unit_power(scale, exponent)
            if outside != ONE:
                return self._assemble_power(outside, monic, exponent)
        if base.head == "abs" and is_even(exponent):
            return self.power(base.args[0], exponent)
        return Expr("pow", (base, exponent))

    def _assemble_power(self, outside: Expr, monic: Expr, exponent: Expr) -> Expr:
        inner = Expr("pow", (monic, exponent))
        return Expr("mul", (outside, inner)) if is_number(outside) else self.product((outside, inner))

    def _number_power(self, base: Expr, exponent: Expr) -> Expr:
        if base == ZERO and value(exponent) < 0:
            raise ArithmeticError("division by zero while folding constants")
        folded = raised(base, exponent)
        if folded is not None:
            return folded
        if base.head == exponent.head == "rat" and fraction(base) > 0 and abs(fraction(exponent)) < 8:
            parts = surds(fraction(base), fraction(exponent))
            if len(parts) > 1 or (parts and parts[0] != (base, exponent)):
                return self.product(raised(p, q) or Expr("pow", (p, q)) for p, q in parts)
        return Expr("pow", (base, exponent))

    def _power_of_power(self, base: Expr, exponent: Expr) -> Expr:
        inner, first = base.args
        joined = self.product((first, exponent))
        if integer(exponent) is not None or self.facts.sign(inner) > 0:
            return self.power(inner, joined)
        if is_even(first):
            return self.power(self.absolute(inner), joined)
        return Expr("pow", (base, exponent))

    def _power_of_product(self, base: Expr, exponent: Expr) -> Expr:
        parts = base.args
        if integer(exponent) is not None:
            return self.product(self.power(part, exponent) for part in parts)
        outside = [part for part in parts if self.facts.sign(part) > 0]
        inside = [part for part in parts if self.facts.sign(part) <= 0]
        # -1 times a negative part is positive as it stands: taking it apart would only rebuild it.
        if len(inside) == 2 and MINUS_ONE not in inside and all(self.facts.sign(part) < 0 for part in inside):
            outside += [self.negate(part) for part in inside]
            inside = []
        for part in [part for part in inside if negative(part) and part != MINUS_ONE]:
            inside[inside.index(part)] = MINUS_ONE
            outside.append(times(MINUS_ONE, part))
        if not outside:
            return Expr("pow", (base, exponent))
        rest = self.product(inside)
        kept = [] if rest == ONE else [Expr("pow", (rest, exponent)) if rest.head == "mul" else self.power(rest, exponent)]
        return self.product([*(self.power(part, exponent) for part in outside), *kept])

    def absolute(self, expr: Expr) -> Expr:
        """|expr|; the sign on the data decides where it can."""
        sign = self.facts.sign(expr)
        if sign:
            return expr if sign > 0 else self.negate(expr)
        if expr.head in ("mul", "pow", "abs"):
            base, exponent = as_power(expr)
            if expr.head == "mul":
                return self.product(self.absolute(part) for part in expr.args)
            if expr.head == "abs" or (integer(exponent) is not None):
                return expr if expr.head == "abs" else self.power(self.absolute(base), exponent)
        if expr.head == "add":
            scale, monic = self.primitive(expr)
            if scale != ONE:
                return self.product(
                    (rat(abs(fraction(scale))) if scale.head == "rat" else fitted(abs(value(scale))), Expr("abs", (monic,)))
                )
        return Expr("abs", (expr,))

    # ------------------------------------------------------------------------------------------------------ exp and log
    def exp(self, argument: Expr) -> Expr:
        """exp(a + b*log(x) + u) = const * x**b * exp(u)."""
        outside: list[Expr] = []
        inside: list[Expr] = []
        for term in terms(argument):
            if term.head == "num" and abs(value(term)) < 300:
                outside.append(fitted(math.exp(value(term))))
                continue
            logs = [factor for factor in factors(term) if factor.head == "log"]
            if len(logs) == 1:
                rest = [factor for factor in factors(term) if factor is not logs[0]]
                outside.append(self.power(logs[0].args[0], self.product(rest)))
            else:
                inside.append(term)
        rest_of_it = self.sum(inside)
        if rest_of_it == ZERO:
            return self.product(outside)
        kept = const("E") if rest_of_it == ONE else Expr("exp", (rest_of_it,))
        return self.product([*outside, kept]) if outside else kept

    def log(self, argument: Expr) -> Expr:
        """log(c * x**a * y) = log(c) + a*log(x) + log(y), as far as the signs allow."""
        if is_number(argument) and value(argument) > 0:
            if argument.head == "num":
                return fitted(math.log(value(argument)))
            top, bottom = fraction(argument).numerator, fraction(argument).denominator
            logs = [Expr("log", (rat(n),)) for n in (top, bottom) if n > 1]
            return ZERO if not logs else logs[0] if bottom == 1 else self.sum([*logs[:-1], self.negate(logs[-1])])
        if argument.head == "exp" or argument == const("E"):
            return argument.args[0] if argument.args else ONE
        if argument.head not in ("mul", "pow"):
            return Expr("log", (argument,))
        outside: list[Expr] = []
        inside: list[Expr] = []
        for factor in factors(argument):
            base, exponent = as_power(factor)
            if is_even(exponent) and not self.facts.sign(base):
                base = self.absolute(base)
            if factor != argument or base != argument:
                good = self.facts.sign(base) > 0 or base.head == "abs"
                (outside if good else inside).append(self.product((exponent, self.log(base))) if good else factor)
        kept = [Expr("log", (self.product(inside),))] if inside else []
        return self.sum([*outside, *kept]) if outside else Expr("log", (argument,))


def _is_settled(parts: list[Expr]) -> bool:
    """Whether no two factors share a base and none is a product itself."""
    bases = {as_power(part)[0] for part in parts}
    return len(bases) == len(parts) and not any(part.head == "mul" or is_number(part) for part in parts)
