"""Reading order: numbers, then variables as the columns come, then functions; a positive term first."""

from __future__ import annotations

from collections.abc import Sequence

from kandisco.expr.rewrite.numbers import is_number, negative
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
        args = tuple(sorted(args, key=lambda arg: _term_key(arg, place)))
    return Expr(expr.head, args, expr.value)


def _first(expr: Expr, place: dict[str, int]) -> int:
    return min((place.get(name, len(place)) for name in expr.variables()), default=-1)


def _factor_key(expr: Expr, place: dict[str, int]) -> _Key:
    """Numbers, constants, roots of them, variables and their powers, sums, functions, denominators."""
    if is_number(expr):
        return (0, 0)
    base = expr.args[0] if expr.head == "pow" else expr
    below = expr.head == "pow" and negative(expr.args[1])
    if not expr.variables():
        return (2 if expr.args else 1, 0) if not below else (9, 0)
    kind = 3 if base.head == "var" else 5 if base.head in ("add", "mul") else 6
    return (9 if below else kind, _first(expr, place))


def _term_key(expr: Expr, place: dict[str, int]) -> _Key:
    """Positive before negative at the front only; powers descend; constants come last unless a sum would start with a minus."""
    first = expr.args[0] if expr.head == "mul" else expr
    minus = negative(first)
    if not expr.variables():
        return (0.5 if minus else 0.4, 0, 0, 0)
    return (0.45 if minus else 0.3, _first(expr, place), -_degree(expr), len(tuple(expr.walk())))


def _degree(expr: Expr) -> float:
    total = 0.0
    for factor in expr.args if expr.head == "mul" else (expr,):
        if factor.head == "var":
            total += 1
        elif factor.head == "pow" and is_number(factor.args[1]) and factor.args[0].head == "var":
            total += float(factor.args[1].value)  # type: ignore[arg-type]
    return total
