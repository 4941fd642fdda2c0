"""Forms of a law between columns: g(y) = a f + b, with f a feature of one or two columns and g a function with an inverse."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from kandisco.expr import Expr, add, mul, num, parse, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Link:
    """A function of the target: ``apply`` as text in ``y``, ``back`` its inverse in ``z``, right where y lies in [low, high]."""

    apply: str
    back: str
    low: float = -np.inf
    high: float = np.inf

    def of(self, y: Array) -> Array:
        """g(y), nan outside the range where the inverse leads back."""
        value = evaluate(parse(self.apply), {"y": y})
        return np.where((y >= self.low) & (y <= self.high), value, np.nan)

    def solved(self, right: Expr) -> Expr:
        """y = back(right)."""
        return parse(self.back).substitute({"z": right})


LINKS = (
    Link(apply="y", back="z"),
    Link(apply="y**2", back="sqrt(z)", low=0.0),
    Link(apply="1/y", back="1/z"),
    Link(apply="log(y)", back="exp(z)", low=0.0),
    Link(apply="exp(y)", back="log(z)"),
    Link(apply="sinh(y)", back="asinh(z)"),
    Link(apply="cosh(y)", back="acosh(z)", low=0.0),
    Link(apply="tanh(y)", back="atanh(z)"),
    Link(apply="sin(y)", back="asin(z)", low=-np.pi / 2, high=np.pi / 2),
    Link(apply="cos(y)", back="acos(z)", low=0.0, high=np.pi),
    Link(apply="tan(y)", back="atan(z)", low=-np.pi / 2, high=np.pi / 2),
    Link(apply="asinh(y)", back="sinh(z)"),
    Link(apply="sqrt(y)", back="z**2", low=0.0),
)
_ONE = ("x", "x**2", "x**3", "sqrt(x)", "1/x", "1/x**2", "abs(x)", "exp(x)", "log(x)", "sin(x)", "cos(x)", "tanh(x)")


@dataclass(frozen=True, kw_only=True)
class Features:
    """Feature trees and their values [features, rows]."""

    exprs: tuple[Expr, ...]
    values: Array


def features(columns: dict[str, Array]) -> Features:
    """Functions of each column; products, quotients, sums, differences and moduli of each two.

    Those with a value that is not finite, or that do not vary, are left out.
    """
    exprs = [parse(text).substitute({"x": var(name)}) for name in columns for text in _ONE]
    for a, b in combinations(columns, 2):
        x, y = var(a), var(b)
        squares = add(power(x, rat(2)), power(y, rat(2)))
        exprs += [mul(x, y), add(x, y), add(x, mul(rat(-1), y)), squares, power(squares, rat(1, 2))]
    for a, b in permutations(columns, 2):
        x, y = var(a), var(b)
        exprs += [mul(x, power(y, rat(-1))), mul(power(x, rat(2)), y)]
    values = [evaluate(expr, columns) for expr in exprs]
    good = [k for k, v in enumerate(values) if np.all(np.isfinite(v)) and np.ptp(v) > 0]
    rows = len(next(iter(columns.values()), ()))
    return Features(exprs=tuple(exprs[k] for k in good), values=np.array([values[k] for k in good]).reshape(len(good), rows))


def scaled(slope: float, feature: Expr, intercept: float) -> Expr:
    """slope * feature + intercept, short where a number is plain."""
    term = feature if slope == 1 else mul(_number(slope), feature)
    return term if intercept == 0 else add(term, _number(intercept))


def plain(value: float, tolerance: float) -> float:
    """The simplest fraction (denominator up to 12) within a relative tolerance, or the number itself; zero next to nothing.

    Example:
        >>> plain(0.49999999999, 1e-8), plain(0.4321, 1e-8)
        (0.5, 0.4321)
    """
    for denominator in range(1, 13):
        near = round(value * denominator) / denominator
        if near and abs(value - near) <= tolerance * abs(value):
            return near
    return value


def _number(value: float) -> Expr:
    for denominator in range(1, 13):
        if value * denominator == round(value * denominator) or abs(value - round(value * denominator) / denominator) < 1e-15:
            return rat(round(value * denominator), denominator)
    return num(value)
