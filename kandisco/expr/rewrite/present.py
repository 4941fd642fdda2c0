"""From the normal form to the shortest spelling: roots and denominators grouped, constants where they cost least."""

from __future__ import annotations

from collections.abc import Iterable

from kandisco.expr.rewrite.algebra import Algebra, as_power, factors, lead, split, terms
from kandisco.expr.rewrite.numbers import (
    MINUS_ONE,
    ONE,
    ZERO,
    fitted,
    fraction,
    integer,
    is_number,
    negative,
    over,
    raised,
    times,
    value,
)
from kandisco.expr.text import to_text
from kandisco.expr.tree import Expr, add, complexity, mul, power, rat


class Presenter:
    """Turns normal forms into readable ones."""

    def __init__(self, algebra: Algebra) -> None:
        self._algebra = algebra
        self._memo: dict[Expr, Expr] = {}

    def present(self, expr: Expr) -> Expr:
        """The shortest spelling known of a normal form."""
        found = self._memo.get(expr)
        if found is None:
            found = self._memo[expr] = self._present(expr)
        return found

    def _present(self, expr: Expr) -> Expr:
        match expr.head:
            case "add":
                return self._sum(expr)
            case "mul":
                return self._product(expr.args)
            case "pow":
                return self._product((expr,))
        return Expr(expr.head, tuple(map(self.present, expr.args)), expr.value)

    # ------------------------------------------------------------------------------------------------------------ sums
    def _sum(self, expr: Expr) -> Expr:
        merged = self._merged_logs(expr)
        forms = [self._plain_sum(expr)]
        for scale in _scales(expr):
            inner = self._algebra.spread(over(ONE, scale), expr)
            forms.append(_times(scale, self._plain_sum(inner)))
        if merged is not None:
            forms.append(self.present(merged))
        return shortest_of(forms)

    def _plain_sum(self, expr: Expr) -> Expr:
        return add(*(self.present(term) for term in terms(expr))) if expr.head == "add" else self.present(expr)

    def _merged_logs(self, expr: Expr) -> Expr | None:
        """a*log(x) - a*log(y) + a*log(2) as a*log(2*x/y); the result is not normal, but it presents."""
        groups: dict[Expr, list[tuple[int, Expr]]] = {}
        for term in terms(expr):
            logs = [factor for factor in factors(term) if factor.head == "log"]
            if len(logs) == 1:
                outside = [factor for factor in factors(term) if factor is not logs[0]]
                number, rest = split(mul(*outside))
                sign = -1 if negative(number) else 1
                groups.setdefault(mul(times(rat(sign), number), rest), []).append((sign, logs[0].args[0]))
        shared = {outside: parts for outside, parts in groups.items() if len(parts) > 1}
        if not shared:
            return None
        kept = [term for term in terms(expr) if not _is_shared(term, shared)]
        joined = [_joined_log(self._algebra, outside, parts) for outside, parts in shared.items()]
        return add(*kept, *joined)

    # -------------------------------------------------------------------------------------------------------- products
    def _product(self, parts: tuple[Expr, ...]) -> Expr:
        number = parts[0] if is_number(parts[0]) else ONE
        rest = [as_power(part) for part in parts if not is_number(part)]
        number, rest = _split_surds(number, rest)
        number, rest = self._placed(number, rest)
        spelt = [(self.present(base), self.present(exponent)) for base, exponent in rest]
        return shortest_of(
            [_fraction(number, group) for group in (spelt, _grouped(spelt, roots=True), _grouped(spelt, roots=False))]
        )

    def _placed(self, number: Expr, rest: list[tuple[Expr, Expr]]) -> tuple[Expr, list[tuple[Expr, Expr]]]:
        """Moves the number into or out of the sums among the factors where that saves a constant."""
        for i, (base, exponent) in enumerate(rest):
            if base.head != "add" or not is_number(exponent):
                continue
            options = [(number, base)]
            # An exact 1 is worth more than a node: 1 - v**2/c**2 under a root or below a line stays that.
            unit = exponent != ONE and any(term.head == "rat" for term in terms(base))
            for scale in [] if unit else [*_scales(base), *_absorbing(number, exponent)]:
                moved = raised(scale, exponent) if value(scale) > 0 or integer(exponent) is not None else None
                if moved is not None:
                    options.append((times(number, moved), self._algebra.spread(over(ONE, scale), base)))
            number, base = min(options, key=lambda option: _cost(option[0], self.present(option[1])))
            rest[i] = (base, exponent)
        return number, rest


def _joined_log(algebra: Algebra, outside: Expr, parts: list[tuple[int, Expr]]) -> Expr:
    """outside * log(product of arguments to the power of their signs)."""
    if all(sign < 0 for sign, _ in parts):
        outside, parts = algebra.negate(outside), [(-sign, argument) for sign, argument in parts]
    inside = algebra.product(algebra.power(argument, rat(sign)) for sign, argument in parts)
    number, rest = split(outside)
    return mul(*([] if number == ONE else [number]), *([] if rest == ONE else factors(rest)), Expr("log", (inside,)))


def _is_shared(term: Expr, shared: dict[Expr, list[tuple[int, Expr]]]) -> bool:
    logs = [factor.args[0] for factor in factors(term) if factor.head == "log"]
    return len(logs) == 1 and any(argument == logs[0] for parts in shared.values() for _, argument in parts)


def _scales(expr: Expr) -> list[Expr]:
    """Numbers worth taking out of a sum."""
    numbers = [split(term)[0] for term in terms(expr)]
    found = [number for number in dict.fromkeys([lead(expr), *numbers]) if number not in (ONE, ZERO)]
    if all(negative(number) for number in numbers):
        found.append(MINUS_ONE)
    return found[:4]


def _absorbing(number: Expr, exponent: Expr) -> list[Expr]:
    """The scale that makes the number in front disappear into a sum raised to ``exponent``."""
    if number.head == "rat" and abs(value(exponent)) != 1:
        return []
    if number in (ONE, MINUS_ONE) or negative(number):
        return [over(ONE, number)] if number != ONE and exponent == ONE else []
    try:
        scale = raised(number, over(MINUS_ONE, exponent))
    except ArithmeticError:
        return []
    return [] if scale is None else [scale]


def _cost(number: Expr, base: Expr) -> int:
    """Complexity of number * base; 1/q joins a denominator that is there anyway."""
    if number in (ONE, MINUS_ONE):
        return complexity(base) + (number == MINUS_ONE)
    whole = number.head == "num" or 1 in (abs(fraction(number).numerator), fraction(number).denominator)
    return complexity(base) + (2 if whole else 4)


def _times(number: Expr, expr: Expr) -> Expr:
    return expr if number == ONE else mul(number, expr)


def _split_surds(number: Expr, rest: list[tuple[Expr, Expr]]) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """sqrt(2)/2 as 1/sqrt(2)."""
    if number.head != "rat":
        return number, rest
    out = []
    for base, exponent in rest:
        whole = integer(base)
        if whole and exponent.head == "rat" and fraction(number).denominator % whole == 0:
            number, exponent = times(number, base), rat(fraction(exponent) - 1)
        out.append((base, exponent))
    return number, out


def _grouped(rest: list[tuple[Expr, Expr]], *, roots: bool) -> list[tuple[Expr, Expr]]:
    """Factors of equal powers under one power: sqrt(x)/sqrt(y) as sqrt(x/y); ``roots`` leaves whole powers alone."""
    groups: dict[Expr, list[Expr]] = {}
    out: list[tuple[Expr, Expr]] = []
    for base, exponent in rest:
        size = _flip(exponent) if negative(exponent) else exponent
        if not is_number(size) or size == ONE or (roots and integer(size) is not None):
            out.append((base, exponent))
        else:
            groups.setdefault(size, []).append(power(base, MINUS_ONE) if negative(exponent) else base)
    for size, members in groups.items():
        below = [member.args[0] for member in members if member.head == "pow" and member.args[1] == MINUS_ONE]
        above = [member for member in members if not (member.head == "pow" and member.args[1] == MINUS_ONE)]
        if not above:
            out.append((mul(*below), _flip(size)))
        else:
            out.append((mul(*above, power(mul(*below), MINUS_ONE)) if below else mul(*above), size))
    return out


def _fraction(number: Expr, rest: list[tuple[Expr, Expr]]) -> Expr:
    """number * product of powers, with one common denominator."""
    above = [_power(base, exponent) for base, exponent in rest if not _is_below(exponent)]
    below = [_power(base, _flip(exponent)) for base, exponent in rest if _is_below(exponent)]
    sign = negative(number)
    size = _flip(number) if sign else number
    if size.head == "rat" and fraction(size).denominator > 1 and (above or fraction(size).numerator > 1 or below):
        below.insert(0, rat(fraction(size).denominator))
        size = rat(fraction(size).numerator)
    if size.head == "rat" and fraction(size).denominator == 1 and len(below) == 1 and is_number(below[0]) and not above:
        return number
    parts = ([] if size == ONE else [size]) + above
    parts += [_reciprocal(below)] if below else []
    if sign and parts and is_number(parts[0]):
        return mul(_flip(parts[0]), *parts[1:])
    return mul(*([MINUS_ONE] if sign else []), *parts) if parts or sign else ONE


def _reciprocal(below: list[Expr]) -> Expr:
    if len(below) == 1 and below[0].head == "pow" and is_number(below[0].args[1]) and below[0].args[1] != rat(1, 2):
        return power(below[0].args[0], _flip(below[0].args[1]))
    if len(below) == 1 and below[0].head == "pow" and below[0].args[1] == rat(1, 2):
        return power(below[0].args[0], rat(-1, 2))
    return power(mul(*below), MINUS_ONE)


def _is_below(exponent: Expr) -> bool:
    return negative(exponent)


def _flip(number: Expr) -> Expr:
    return rat(-fraction(number)) if number.head == "rat" else fitted(-value(number))


def _power(base: Expr, exponent: Expr) -> Expr:
    return base if exponent == ONE else power(base, exponent)


def rank(expr: Expr) -> tuple[int, int, int]:
    """What is minimised: complexity, then fitted constants, then how often a variable is written: a**(3/2) before sqrt(a)*a."""
    return complexity(expr), len(expr.numbers()), sum(node.head == "var" for node in expr.walk())


def length(expr: Expr) -> int:
    """Printed length, which decides between forms of equal rank."""
    return len(to_text(expr, 6))


def shortest_of(forms: Iterable[Expr]) -> Expr:
    """The first of the least complex forms; among equals, the one that prints shortest."""
    ranked = [(rank(form), form) for form in dict.fromkeys(forms)]
    best = min(price for price, _ in ranked)
    equals = [form for price, form in ranked if price == best]
    return equals[0] if len(equals) == 1 else min(equals, key=length)
