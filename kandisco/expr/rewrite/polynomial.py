"""Rules on sums and products: factor, expand, complete squares, bring over one denominator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import permutations

from kandisco.expr.rewrite.algebra import Algebra, as_power, factors, is_constant, split, terms
from kandisco.expr.rewrite.numbers import MINUS_ONE, ONE, TWO, fraction, integer, is_number, negative, over, raised, times, value
from kandisco.expr.tree import Expr, add, mul, power, rat

_MOST_TERMS = 16


def factored(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """x*y + x*z + w as x*(y + z) + w, for each x that several terms share.

    Not by nesting: a polynomial a + b*x + c*x**2 stays one, though a + x*(b + c*x) is shorter by a node.
    """
    if expr.head != "add":
        return
    parts = terms(expr)
    shared = Counter(
        base for term in parts for base in {as_power(factor)[0] for factor in factors(term) if not is_number(factor)}
    )
    for base, count in shared.items():
        if count < 2 or is_number(base):
            continue
        powers = [(term, dict(map(as_power, factors(term))).get(base)) for term in parts]
        for group in _same_sign(powers):
            common = _smallest([exponent for _, exponent in group])
            if common is not None:
                inside = [algebra.product((term, algebra.power(base, algebra.negate(common)))) for term, _ in group]
                rest = [term for term in parts if term not in [member for member, _ in group]]
                if rest and any(exponent != common for _, exponent in group):
                    continue
                yield add(mul(power(base, common), algebra.sum(inside)), *rest)


def _same_sign(powers: list[tuple[Expr, Expr | None]]) -> Iterator[list[tuple[Expr, Expr]]]:
    there = [(term, exponent) for term, exponent in powers if exponent is not None]
    above = [(term, exponent) for term, exponent in there if not negative(exponent)]
    below = [(term, exponent) for term, exponent in there if negative(exponent)]
    for group in (above, below):
        if len(group) > 1:
            yield group


def _smallest(exponents: list[Expr]) -> Expr | None:
    if all(exponent == exponents[0] for exponent in exponents):
        return exponents[0]
    if not all(map(is_number, exponents)):
        return None
    return min(exponents, key=lambda exponent: abs(value(exponent)))


def expanded(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """(x + y)*z as x*z + y*z, small whole powers of sums too; in a sum, all its terms at once."""
    if expr.head == "add":
        parts = [multiplied_out(term, algebra) for term in terms(expr)]
        if (
            any(new != old for new, old in zip(parts, terms(expr), strict=True))
            and sum(len(terms(p)) for p in parts) <= _MOST_TERMS
        ):
            yield algebra.sum(parts)
    else:
        new = multiplied_out(expr, algebra)
        if new != expr:
            yield new


def multiplied_out(expr: Expr, algebra: Algebra) -> Expr:
    """One product with its sums multiplied out; the product itself if that makes more than 16 terms."""
    total = [ONE]
    for factor in factors(expr):
        base, exponent = as_power(factor)
        whole = integer(exponent) or 0
        if base.head == "add" and 1 <= whole <= 4:
            for _ in range(whole):
                total = [algebra.product((left, right)) for left in total for right in terms(base)]
                total = list(terms(algebra.sum(total)))
                if len(total) > _MOST_TERMS:
                    return expr
        else:
            total = [algebra.product((left, factor)) for left in total]
    return algebra.sum(total)


def squares(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """x**2 + 2*x*y + y**2 as (x + y)**2, beside other terms and with numbers."""
    if expr.head != "add":
        return
    for first, second in permutations(terms(expr), 2):
        overall, alone = split(first)
        a, b = _root(alone, algebra), _root(algebra.product((over(ONE, overall), second)), algebra)
        if a is None or b is None:
            continue
        middle = algebra.product((TWO, a, b))
        for term in terms(expr):
            sign = _ratio(algebra.product((over(ONE, overall), term)), middle)
            if sign is not None and term not in (first, second):
                square = power(add(a, mul(rat(sign), b)), TWO)
                yield add(mul(overall, square), *(other for other in terms(expr) if other not in (first, second, term)))


def _root(term: Expr, algebra: Algebra) -> Expr | None:
    number, rest = split(term)
    root = raised(number, rat(1, 2)) if value(number) > 0 else None
    if root is None:
        return None
    halves = []
    for base, exponent in [] if rest == ONE else map(as_power, factors(rest)):
        if base.head == "exp":
            halves.append(algebra.exp(algebra.product((rat(1, 2), base.args[0]))))
            continue
        whole = integer(exponent)
        if whole is None or (whole % 2 and algebra.facts.sign(base) <= 0):
            return None
        halves.append(algebra.power(base, rat(fraction(exponent) / 2)))
    return algebra.product((root, *halves))


def _ratio(term: Expr, middle: Expr) -> int | None:
    (a, rest), (b, other) = split(term), split(middle)
    if rest != other:
        return None
    ratio = value(a) / value(b)
    return next((sign for sign in (1, -1) if abs(ratio - sign) < 1e-12), None)


def conjugates(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """x**2 - y**2 as (x + y)*(x - y)."""
    if expr.head != "add" or len(expr.args) != 2:
        return
    for plus_term, minus_term in permutations(expr.args):
        a, b = _root(plus_term, algebra), _root(algebra.negate(minus_term), algebra)
        if a is not None and b is not None:
            yield mul(add(a, b), add(a, mul(MINUS_ONE, b)))


def together(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """a/x + b/y as (a*y + b*x)/(x*y)."""
    if expr.head != "add":
        return
    below: dict[Expr, Expr] = {}
    for term in terms(expr):
        for base, exponent in map(as_power, factors(term)):
            if negative(exponent) and not is_constant(base):
                size = times(MINUS_ONE, exponent)
                below[base] = max(below.get(base, size), size, key=value)
    if not below:
        return
    common = algebra.product(algebra.power(base, exponent) for base, exponent in below.items())
    raised_terms = [multiplied_out(algebra.product((term, common)), algebra) for term in terms(expr)]
    if sum(len(terms(part)) for part in raised_terms) <= _MOST_TERMS:
        yield mul(algebra.sum(raised_terms), power(common, MINUS_ONE))


def reciprocal(expr: Expr, algebra: Algebra) -> Iterator[Expr]:
    """x/(x + y) as 1/(1 + y/x), c/sqrt(c**2 - v**2) as 1/sqrt(1 - v**2/c**2); not the other way round."""
    if expr.head != "mul":
        return
    for factor in expr.args:
        base, exponent = as_power(factor)
        if base.head != "add" or not is_number(exponent) or any(map(is_number, terms(base))):
            continue
        for other in expr.args:
            inner, own = as_power(other)
            if other == factor or is_number(other) or not is_number(own):
                continue
            inside = algebra.sum(algebra.product((term, algebra.power(inner, over(own, exponent)))) for term in terms(base))
            yield mul(*(rest for rest in expr.args if rest not in (factor, other)), power(inside, exponent))


RULES = (factored, squares, expanded, together, conjugates, reciprocal)
