"""Reading order: numbers, then variables as the columns come, then functions; a positive term first."""

from __future__ import annotations

from collections.abc import Sequence

from kandisco.expr.rewrite.algebra import split
from kandisco.expr.rewrite.numbers import MINUS_ONE, ONE, is_number, negative, times
from kandisco.expr.tree import Expr, add, mul

_Key = tuple[float, ...]


def ordered(expr: Expr, names: Sequence[str]) -> Expr:
    """The same tree with terms and factors as a physicist writes them.

    Args:
        expr: the formula.
        names: variables in input order.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(ordered(parse("-y + x*3"), ("x", "y")))
        '3*x - y'
    """
    place = {name: i for i, name in enumerate(names)}
    return _ordered(expr, place, inside=False)


def upright(expr: Expr) -> Expr:
    """-2*(cos(x) - 1) as 2*(1 - cos(x)): a minus in front of a product goes into a difference.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(upright(parse("-2*x*(y - 1)")))
        '2*x*(-y + 1)'
    """
    if not expr.args:
        return expr
    args = [upright(arg) for arg in expr.args]
    turned = next((i for i, arg in enumerate(args) if arg.head == "add" and _minus(arg) * 2 == len(arg.args)), None)
    if expr.head == "mul" and negative(args[0]) and turned is not None:
        args[turned] = add(*(_negated(term) for term in args[turned].args))
        return mul(*([] if args[0] == MINUS_ONE else [_negated(args[0])]), *args[1:])
    return Expr(expr.head, tuple(args), expr.value)


def _minus(total: Expr) -> int:
    return sum(negative(split(term)[0]) for term in total.args)


def _negated(term: Expr) -> Expr:
    number, rest = split(term)
    number = times(MINUS_ONE, number)
    return rest if number == ONE else number if rest == ONE else mul(number, rest)


def _ordered(expr: Expr, place: dict[str, int], *, inside: bool) -> Expr:
    if not expr.args:
        return expr
    args = tuple(_ordered(arg, place, inside=True) for arg in expr.args)
    if expr.head == "mul":
        args = tuple(sorted(args, key=lambda arg: _factor_key(arg, place)))
    elif expr.head == "add":
        args = _led(tuple(sorted(args, key=lambda arg: _term_key(arg, place))), inside)
    return Expr(expr.head, args, expr.value)


def _first(expr: Expr, place: dict[str, int]) -> int:
    return min((place.get(name, len(place)) for name in expr.variables()), default=-1)


def _factor_key(expr: Expr, place: dict[str, int]) -> _Key:
    """Numbers, constants, variables and their powers, sums, functions with exp first, denominators."""
    if is_number(expr):
        return (0, 0)
    base = expr.args[0] if expr.head == "pow" else expr
    if expr.head == "pow" and negative(expr.args[1]):
        return (9, _first(expr, place))
    if not expr.variables():
        return (2 if expr.args else 1, 0)
    kind = {"var": 3, "add": 5, "mul": 4, "exp": 6}.get(base.head, 7)
    return (kind, _first(expr, place))


def _term_key(expr: Expr, place: dict[str, int]) -> _Key:
    """Variables as the columns come, powers descending, constants last."""
    minus = negative(split(expr)[0])
    if not expr.variables():
        return (1, 0, 0, 0, 0)
    return (0, _first(expr, place), -_degree(expr), float(minus), sum(1 for _ in expr.walk()))


def _led(terms: tuple[Expr, ...], inside: bool) -> tuple[Expr, ...]:
    """Sorted terms with a positive one moved to the front: 1 - x and not -x + 1; inside a formula 1 + x, on its own x + 1."""
    plus = [term for term in terms if not negative(split(term)[0])]
    unit = next((term for term in terms if term == ONE), None)
    front = unit if unit is not None and inside and len(terms) == 2 else plus[0] if plus else None
    return terms if front is None else (front, *(term for term in terms if term is not front))


def _degree(expr: Expr) -> float:
    total = 0.0
    for factor in expr.args if expr.head == "mul" else (expr,):
        if factor.head == "var":
            total += 1
        elif factor.head == "pow" and is_number(factor.args[1]) and factor.args[0].head == "var":
            total += float(factor.args[1].value)  # type: ignore[arg-type]
    return total
