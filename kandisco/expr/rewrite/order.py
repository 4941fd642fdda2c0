"""Reading order: numbers, then variables as the columns come, then functions; a positive term first."""

from __future__ import annotations

from collections.abc import Sequence

from kandisco.expr.rewrite.algebra import split
from kandisco.expr.rewrite.numbers import ONE, is_number, negative
from kandisco.expr.tree import Expr

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
    return _ordered(expr, place)


def _ordered(expr: Expr, place: dict[str, int]) -> Expr:
    if not expr.args:
        return expr
    args = tuple(_ordered(arg, place) for arg in expr.args)
    if expr.head == "mul":
        args = tuple(sorted(args, key=lambda arg: _factor_key(arg, place)))
    elif expr.head == "add":
        args = _led(tuple(sorted(args, key=lambda arg: _term_key(arg, place))))
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
    """A positive term in front, powers descending, constants last; but 1 + u*v, where nothing is linear."""
    minus = negative(expr.args[0] if expr.head == "mul" else expr)
    if not expr.variables():
        return (1, 0, 0, 0, 0)
    return (0, _first(expr, place), -_degree(expr), float(minus), sum(1 for _ in expr.walk()))


def _led(terms: tuple[Expr, ...]) -> tuple[Expr, ...]:
    """Sorted terms with one that is positive moved to the front: 1 - x, not -x + 1."""
    plus = [term for term in terms if not negative(term.args[0] if term.head == "mul" else term)]
    unit = next((term for term in terms if term == ONE), None)
    plain = any(factor.head == "var" for term in terms for factor in (split(term)[1],))
    front = unit if unit is not None and not plain else plus[0] if plus else None
    return terms if front is None else (front, *(term for term in terms if term is not front))


def _degree(expr: Expr) -> float:
    total = 0.0
    for factor in expr.args if expr.head == "mul" else (expr,):
        if factor.head == "var":
            total += 1
        elif factor.head == "pow" and is_number(factor.args[1]) and factor.args[0].head == "var":
            total += float(factor.args[1].value)  # type: ignore[arg-type]
    return total
