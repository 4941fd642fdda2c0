"""Where a formula holds: what its logarithms, roots, quotients and inverse functions ask for, inside and around the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, to_text
from kandisco.expr.numeric import evaluate
from kandisco.types import Array, Dataset

_POINTS = 4096
_WIDER = 0.5


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Something a formula needs.

    Attributes:
        text: e.g. ``x - 2 != 0``.
        inside: share of the box of the data where it is violated, or, for a pole, whether the box is crossed by it (0 or 1).
        around: the same for the box made wider by half on each side.
    """

    text: str
    inside: float
    around: float


_BETWEEN = ("asin", "acos", "atanh")
_POSITIVE = ("log", "besselk", "bessely", "loggamma")


def conditions(expr: Expr, dataset: Dataset) -> tuple[Condition, ...]:
    """The conditions of a formula, each once, with how they fare in the box of the data and around it.

    Args:
        expr: the formula.
        dataset: its inputs' ranges make the box; 4096 random points are looked at.
    """
    inside, around = _box(dataset, 0.0), _box(dataset, _WIDER)
    out = {}
    for text, arg, fails in _asked(expr):
        if arg.variables() and text not in out:
            out[text] = Condition(text=text, inside=fails(evaluate(arg, inside)), around=fails(evaluate(arg, around)))
    return tuple(out.values())


def _box(dataset: Dataset, wider: float) -> Mapping[str, Array]:
    rng = np.random.default_rng(0)
    low, high = dataset.x.min(axis=0), dataset.x.max(axis=0)
    more = wider * (high - low)
    x = low - more + (high - low + 2 * more) * rng.random((_POINTS, len(low)))
    return {variable.name: column for variable, column in zip(dataset.inputs, x.T, strict=True)}


def _asked(expr: Expr) -> Iterator[tuple[str, Expr, Callable[[Array], float]]]:
    for node in expr.walk():
        if node.head == "pow":
            yield from _of_power(*node.args)
        elif node.head in _POSITIVE:
            yield f"{to_text(node.args[-1], 4)} > 0", node.args[-1], lambda v: _share(~(v > 0))
        elif node.head in _BETWEEN:
            yield f"-1 <= {to_text(node.args[0], 4)} <= 1", node.args[0], lambda v: _share(~(np.abs(v) <= 1))
        elif node.head == "acosh":
            yield f"{to_text(node.args[0], 4)} >= 1", node.args[0], lambda v: _share(~(v >= 1))
        elif node.head == "tan":
            yield f"cos({to_text(node.args[0], 4)}) != 0", node.args[0], lambda v: _crossed(np.cos(v))


def _of_power(base: Expr, exponent: Expr) -> Iterator[tuple[str, Expr, Callable[[Array], float]]]:
    value = float(exponent.value) if exponent.head in ("num", "rat") else None  # type: ignore[arg-type]
    if value is None or value != int(value):
        sign, fails = (">", _not_positive) if value is None or value < 0 else (">=", _negative)
        yield f"{to_text(base, 4)} {sign} 0", base, fails
    elif value < 0:
        for factor in _factors(base):
            yield f"{to_text(factor, 4)} != 0", factor, _crossed


def _factors(expr: Expr) -> Iterator[Expr]:
    """What is zero where a product or whole power is: a square touches zero without crossing it."""
    if expr.head == "mul":
        for arg in expr.args:
            yield from _factors(arg)
    elif expr.head == "pow" and expr.args[1].head == "rat":
        yield from _factors(expr.args[0])
    else:
        yield expr


def _not_positive(values: Array) -> float:
    return _share(~(values > 0))


def _negative(values: Array) -> float:
    return _share(~(values >= 0))


def _share(bad: NDArray[np.bool_]) -> float:
    return float(np.mean(bad))


def _crossed(values: Array) -> float:
    good = values[np.isfinite(values)]
    return float(len(good) > 0 and good.min() <= 0 <= good.max())


def sentence(condition: Condition) -> str:
    """How a condition fares, in words."""
    if condition.inside:
        return "broken somewhere within the ranges of the data"
    return "met within the ranges of the data, broken just outside" if condition.around else "met within and around them"
