"""Derivatives of formulas as formulas: the chain rule over the slopes each function's row in ``heads`` gives."""

from __future__ import annotations

from functools import lru_cache

from kandisco.errors import InputError
from kandisco.expr.heads import HEADS
from kandisco.expr.parse import parse
from kandisco.expr.tree import Expr, add, call, mul, power, rat

_ZERO, _ONE = rat(0), rat(1)


@lru_cache(maxsize=4096)
def derivative(expr: Expr, name: str) -> Expr:
    """d expr / d name, with zeros and ones folded away and nothing else simplified.

    Args:
        expr: the tree; fitted numbers stay fitted numbers.
        name: a variable.

    Raises:
        InputError: the order of a special function depends on the variable.

    Example:
        >>> from kandisco.expr import to_text
        >>> to_text(derivative(parse("sin(2*x)"), "x"))
        '2*cos(2*x)'
    """
    if expr.head == "var":
        return _ONE if expr.value == name else _ZERO
    if name not in expr.variables():
        return _ZERO
    if expr.head == "add":
        return _sum(*(derivative(arg, name) for arg in expr.args))
    if expr.head == "mul":
        return _sum(*(_times(derivative(arg, name), *_without(expr.args, i)) for i, arg in enumerate(expr.args)))
    if expr.head == "pow":
        return _power_slope(expr.args[0], expr.args[1], name)
    known = {"f": expr, **dict(zip("abc", expr.args, strict=False))}
    parts = []
    for arg, slope in zip(expr.args, HEADS[expr.head].slopes, strict=True):
        inner = derivative(arg, name)
        if inner == _ZERO:
            continue
        if not slope:
            raise InputError(f"{expr.head} has no derivative in its order.", hint=f"Keep {name} out of the order.")
        parts.append(_times(inner, _folded(parse(slope).substitute(known))))
    return _sum(*parts)


def _without(args: tuple[Expr, ...], i: int) -> tuple[Expr, ...]:
    return args[:i] + args[i + 1 :]


def _power_slope(base: Expr, exponent: Expr, name: str) -> Expr:
    """n b^(n-1) b' + b^n log(b) n'."""
    lower = add(exponent, rat(-1)) if exponent.head != "rat" else rat(exponent.value - 1)  # type: ignore[operator,arg-type]
    whole = _ONE if lower == _ZERO else base if lower == _ONE else power(base, lower)
    first = _times(derivative(base, name), exponent, whole)
    second = derivative(exponent, name)
    return first if second == _ZERO else _sum(first, _times(second, power(base, exponent), call("log", base)))


def _folded(expr: Expr) -> Expr:
    """``a`` for ``a + 0`` and ``a * 1``, 0 for ``a * 0``, throughout."""
    args = tuple(_folded(arg) for arg in expr.args)
    if expr.head == "add":
        return _sum(*args)
    if expr.head == "mul":
        return _times(*args)
    return Expr(expr.head, args, expr.value) if args else expr


def _sum(*terms: Expr) -> Expr:
    return add(*(term for term in terms if term != _ZERO))


def _times(*factors: Expr) -> Expr:
    return _ZERO if _ZERO in factors else mul(*(factor for factor in factors if factor != _ONE))
