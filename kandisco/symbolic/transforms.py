"""Outer functions undone: transformed targets T(y) whose inverse is a formula, used to look below an outer function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from kandisco.expr import Expr, call, mul, num, power, rat, var
from kandisco.types import Array

_X = var("x")
# Noise carries rows of a target that nears a border past it: so many at most, and so far, in standard deviations.
_STRAY_ROWS, _STRAY_FAR = 0.03, 0.15
# Steeper or flatter than the middle row by more than this is not counted: weights must not cost digits where there is no noise.
_STEEPEST = 30.0


@dataclass(frozen=True, kw_only=True)
class Undone:
    """``values`` = T(y), and ``outer``, the tree in ``x`` with y = outer(T(y)).

    ``weights`` [rows] say what the squared error of each value counts when the errors of y are alike: 1 / T'(y)^2, on average 1;
    0 for the rows that noise has carried to where T is not defined, whose values are those of the border. ``unit`` is the error
    of y that an error of 1 in a value of weight 1 stands for.
    """

    name: str
    values: Array
    outer: Expr
    weights: Array
    unit: float


def plain(y: Array) -> Undone:
    """The target itself."""
    return Undone(name="y", values=y, outer=_X, weights=np.ones_like(y), unit=1.0)


def transforms(y: Array) -> Iterator[Undone]:
    """The target itself, then every transformation its sign and range allow."""
    yield plain(y)
    if np.all(y != 0):
        yield _undone("1/y", power(_X, rat(-1)), y, lambda v: 1 / v, lambda v: v**-2)
    negative = float(np.mean(y)) < 0
    size = _within(-y if negative else y, np.nextafter(0.0, 1.0), np.inf)
    if size is not None:
        yield from _powers(size, negative)
    if np.max(np.abs(y)) < 30:
        yield _undone("exp y", call("log", _X), y, np.exp, np.exp)
    if (v := _within(y, -np.pi / 2, np.pi / 2)) is not None:
        yield _undone("sin y", call("asin", _X), v, np.sin, np.cos)
        yield _undone("tan y", call("atan", _X), v, np.tan, lambda v: np.cos(v) ** -2)
    if (v := _within(y, 0.0, np.pi)) is not None:
        yield _undone("cos y", call("acos", _X), v, np.cos, np.sin)


def _powers(size: Array, negative: bool) -> Iterator[Undone]:
    """Powers and the logarithm of a target of one sign."""

    def signed(expr: Expr) -> Expr:
        return mul(rat(-1), expr) if negative else expr

    yield _undone("y^2", signed(power(_X, rat(1, 2))), size, lambda v: v * v, lambda v: 2 * v)
    yield _undone("sqrt y", signed(power(_X, rat(2))), size, np.sqrt, lambda v: 0.5 * v**-0.5)
    yield _undone("1/sqrt y", signed(power(_X, rat(-2))), size, lambda v: 1 / np.sqrt(v), lambda v: 0.5 * v**-1.5)
    yield _undone("1/y^2", signed(power(_X, rat(-1, 2))), size, lambda v: 1 / (v * v), lambda v: 2 * v**-3)
    # A free factor in front lets the reduction move exp's constant outside, where it may turn out to be a known number.
    yield _undone("log y", signed(mul(num(1.0), call("exp", _X))), size, np.log, lambda v: 1 / v)


def _within(y: Array, low: float, high: float) -> Array | None:
    """The target with nan for the few rows just past a border; None where more or others lie there."""
    outside = (y < low) | (y > high)
    if not np.any(outside):
        return y
    far = np.maximum(low - y, y - high)[outside]
    if np.mean(outside) > _STRAY_ROWS or np.max(far) > _STRAY_FAR * float(np.std(y)):
        return None
    return np.where(outside, np.nan, y)


def _undone(name: str, outer: Expr, y: Array, forward: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Undone:
    known = np.isfinite(y)
    with np.errstate(all="ignore"):
        values, steep = forward(y), np.abs(slope(y))
    middle = float(np.median(steep[known])) or 1.0
    weights = np.where(known, np.clip(np.where(known, steep, middle) / middle, 1 / _STEEPEST, _STEEPEST) ** -2.0, 0.0)
    nearest = values[int(np.nanargmin(np.abs(y)))]
    mean = float(np.mean(weights))
    values = np.where(known, values, nearest)
    return Undone(name=name, values=values, outer=outer, weights=weights / mean, unit=mean**0.5 / middle)
