"""Outer functions undone: transformed targets T(y) whose inverse is a formula, used to look below an outer function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, call, mul, num, power, rat, var

Array = NDArray[np.float64]
_X = var("x")


@dataclass(frozen=True, kw_only=True)
class Undone:
    """``values`` = T(y), and ``outer``, the tree in ``x`` with y = outer(T(y))."""

    name: str
    values: Array
    outer: Expr


def transforms(y: Array) -> Iterator[Undone]:
    """The target itself, then every transformation its sign and range allow."""
    yield Undone(name="y", values=y, outer=_X)
    if np.all(y != 0):
        yield Undone(name="1/y", values=1 / y, outer=power(_X, rat(-1)))
    if np.all(y > 0) or np.all(y < 0):
        sign = rat(1 if y[0] > 0 else -1)
        yield Undone(name="y^2", values=y * y, outer=_signed(sign, power(_X, rat(1, 2))))
        yield Undone(name="sqrt y", values=np.sqrt(np.abs(y)), outer=_signed(sign, power(_X, rat(2))))
        yield Undone(name="1/sqrt y", values=1 / np.sqrt(np.abs(y)), outer=_signed(sign, power(_X, rat(-2))))
        yield Undone(name="1/y^2", values=1 / (y * y), outer=_signed(sign, power(_X, rat(-1, 2))))
        # A free factor in front lets the reduction move exp's constant outside, where it may turn out to be a known number.
        yield Undone(name="log y", values=np.log(np.abs(y)), outer=_signed(sign, mul(num(1.0), call("exp", _X))))
    if np.max(np.abs(y)) < 30:
        yield Undone(name="exp y", values=np.exp(y), outer=call("log", _X))
    if np.max(np.abs(y)) <= np.pi / 2:
        yield Undone(name="sin y", values=np.sin(y), outer=call("asin", _X))
        yield Undone(name="tan y", values=np.tan(y), outer=call("atan", _X))
    if np.all((y >= 0) & (y <= np.pi)):
        yield Undone(name="cos y", values=np.cos(y), outer=call("acos", _X))


def _signed(sign: Expr, expr: Expr) -> Expr:
    return expr if sign.value == 1 else mul(sign, expr)
