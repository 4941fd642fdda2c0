"""Rules that know functions: squares, sums and products of sines and cosines, hyperbolic pairs, addition theorems."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, permutations

from kandisco.expr.rewrite.algebra import Algebra, as_power, factors, split, terms
from kandisco.expr.rewrite.numbers import HALF, MINUS_ONE, ONE, TWO, fitted, is_number, times, value
from kandisco.expr.tree import Expr, add, call, mul, num, power, rat

# f**2 = a + b*g**2
_SQUARES = {
    "sin": [(1, -1, "cos")],
    "cos": [(1, -1, "sin")],
    "sinh": [(-1, 1, "cosh")],
    "cosh": [(1, 1, "sinh")],
    "tanh": [(1, -1, "sech")],
    "tan": [(-1, 1, "sec")],
}
_QUOTIENTS = {("sin", "cos"): "tan", ("sinh", "cosh"): "tanh"}
_ADDITION = {"tanh": 1, "tan": -1}
_UNDONE = {"asin": "sin", "acos": "cos", "atan": "tan", "acosh": "cosh"}


def pythagoras(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """1 - sin(x)**2 as cos(x)**2, and its relatives: one square in a sum is replaced, like terms do the rest."""
    if expr.head != "add":
        return
    for term in terms(expr):
        for factor in factors(term):
            base, exponent = as_power(factor)
            if exponent != TWO or base.head not in _SQUARES:
                continue
            others = [other for other in expr.args if other is not term]
            outside = [other for other in factors(term) if other is not factor]
            for constant, slope, name in _SQUARES[base.head]:
                square = _square(name, base.args[0])
                yield add(*others, mul(rat(constant), *outside), mul(rat(slope), *outside, square))
            if base.head in ("sin", "cos"):
                double = call("cos", mul(TWO, base.args[0]))
                sign = rat(-1, 2) if base.head == "sin" else HALF
                yield add(*others, mul(HALF, *outside), mul(sign, *outside, double))


def _square(name: str, argument: Expr) -> Expr:
    if name in ("sec", "sech"):
        return power(call("cos" if name == "sec" else "cosh", argument), rat(-2))
    return power(call(name, argument), TWO)


def doubled(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """2*sin(x)*cos(x) as sin(2*x); sin(x)/cos(x) as tan(x); the same for sinh and cosh."""
    if expr.head != "mul":
        return
    by_base = {as_power(factor)[0]: (factor, as_power(factor)[1]) for factor in expr.args}
    for first, second in permutations([base for base in by_base if base.args], 2):
        if first.args != second.args:
            continue
        (one, a), (two, b) = by_base[first], by_base[second]
        rest = [factor for factor in expr.args if factor not in (one, two)]
        name = _QUOTIENTS.get((first.head, second.head))
        if name and a == b:
            double = call(first.head, mul(TWO, first.args[0]))
            yield mul(*rest, power(mul(HALF, double), a))
        if name and is_number(a) and b == times(MINUS_ONE, a):
            yield mul(*rest, power(call(name, first.args[0]), a))
        if (first.head, second.head) in (("tan", "cos"), ("tanh", "cosh")) and a == b:
            yield mul(*rest, power(call({"tan": "sin", "tanh": "sinh"}[first.head], first.args[0]), a))


def hyperbolic(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """exp(x) + exp(-x) as 2*cosh(x), exp(x) - exp(-x) as 2*sinh(x), 1 + exp(x) as 2*exp(x/2)*cosh(x/2)."""
    if expr.head != "add":
        return
    for first, second in combinations(expr.args, 2):
        (a, u), (b, v) = split(first), split(second)
        ratio = value(a) / value(b)
        name = "cosh" if abs(ratio - 1) < 1e-12 else "sinh" if abs(ratio + 1) < 1e-12 else ""
        if not name or "exp" not in {factor.head for term in (u, v) for factor in factors(term)}:
            continue
        half = algebra.product((HALF, algebra.sum((_logarithm(u, algebra), algebra.negate(_logarithm(v, algebra))))))
        middle = algebra.product((HALF, algebra.sum((_logarithm(u, algebra), _logarithm(v, algebra)))))
        others = [other for other in expr.args if other not in (first, second)]
        yield add(*others, mul(TWO, a, call("exp", middle), call(name, half)))


def _logarithm(expr: Expr, algebra: Algebra) -> Expr:
    return algebra.sum(factor.args[0] if factor.head == "exp" else algebra.log(factor) for factor in factors(expr))


def one_wave(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """a*sin(u) + b*cos(u) as one sine with a phase; sin(a)*cos(b) + cos(a)*sin(b) as sin(a + b)."""
    if expr.head != "add":
        return
    for first, second in permutations(expr.args, 2):
        (a, u), (b, v) = split(first), split(second)
        others = [other for other in expr.args if other not in (first, second)]
        waves = [factor for factor in factors(u) if factor.head == "sin"]
        for wave in waves:
            partner = call("cos", *wave.args)
            same = [factor for factor in factors(u) if factor != wave] == [factor for factor in factors(v) if factor != partner]
            if partner in factors(v) and same and "num" in (a.head, b.head):
                size = math.hypot(value(a), value(b))
                phase = fitted(math.atan2(value(b), value(a)))
                rest = [factor for factor in factors(u) if factor != wave]
                yield add(*others, mul(num(size), *rest, call("sin", add(wave.args[0], phase))))
        yield from (add(*others, merged) for merged in _addition(a, u, b, v))


def _addition(a: Expr, u: Expr, b: Expr, v: Expr) -> Iterator[Expr]:
    if abs(abs(value(a) / value(b)) - 1) > 1e-12:
        return
    sign = rat(1 if value(a) * value(b) > 0 else -1)
    for p, q in permutations([factor for factor in factors(u) if factor.head in ("sin", "cos")], 2):
        rest = [factor for factor in factors(u) if factor not in (p, q)]
        swapped = {call("cos" if p.head == "sin" else "sin", *p.args), call("cos" if q.head == "sin" else "sin", *q.args)}
        if set(factors(v)) != {*swapped, *rest}:
            continue
        x, y = p.args[0], q.args[0]
        if (p.head, q.head) == ("sin", "cos"):
            yield mul(a, *rest, call("sin", add(x, mul(sign, y))))
        elif (p.head, q.head) == ("cos", "cos"):
            yield mul(a, *rest, call("cos", add(x, mul(rat(-1), sign, y))))


def addition_theorem(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """tanh(atanh(a) + atanh(b)) as (a + b)/(1 + a*b), the same for tan; functions of log and doubled inverses."""
    if expr.head not in _ADDITION:
        return
    argument, inner = expr.args[0], "a" + expr.head
    parts = terms(argument)
    known = [term for term in parts if any(factor.head == inner for factor in factors(term)) and split(term)[1].head == inner]
    if known and len(parts) > 1:
        number, function = split(known[0])
        if abs(value(number)) == 1:
            a = mul(number, function.args[0])
            rest = algebra.sum(term for term in parts if term is not known[0])
            b = call(expr.head, rest)
            yield mul(add(a, b), power(add(ONE, mul(rat(_ADDITION[expr.head]), a, b)), MINUS_ONE))
    elif expr.head == "tanh" and any(factor.head == "log" for term in parts for factor in factors(term)):
        square = algebra.exp(algebra.product((TWO, argument)))
        yield mul(add(square, MINUS_ONE), power(add(square, ONE), MINUS_ONE))


def undone(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """asin(sin(x)) as x: true on a part of the line only, so the data decide."""
    if expr.head in _UNDONE and expr.args[0].head == _UNDONE[expr.head]:
        yield expr.args[0].args[0]
    if expr.head in ("sinh", "cosh") and any(factor.head == "log" for term in terms(expr.args[0]) for factor in factors(term)):
        sign = MINUS_ONE if expr.head == "sinh" else ONE
        yield mul(HALF, add(call("exp", expr.args[0]), mul(sign, call("exp", mul(MINUS_ONE, expr.args[0])))))


def merged_offset(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """k + a*log(b*x + c) as k' + a*log(x + c/b): one constant less."""
    if expr.head != "add" or not any(term.head == "num" for term in expr.args):
        return
    for term in expr.args:
        number, rest = split(term)
        if rest.head == "log" and rest.args[0].head == "add":
            scale, monic = algebra.primitive(rest.args[0], signed=False)
            if scale != ONE:
                yield add(
                    *(other for other in expr.args if other is not term),
                    mul(number, algebra.log(scale)),
                    mul(number, call("log", monic)),
                )


RULES = (pythagoras, doubled, hyperbolic, one_wave, addition_theorem, undone, merged_offset)
