"""A smaller problem inside a problem, and what every way of finding one needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from kandisco.expr import Expr, power, rat
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample
from kandisco.types import Array

_APART = 30.0


Kind = Literal["index", "powers", "idle", "divide", "scale", "group", "homogeneous", "merge", "product", "intercept", "units"]


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A smaller problem.

    Attributes:
        kind: the test that found it; see the module of that name, and ``gradients`` for those a surrogate's gradients show.
        name: for people: a formula's origin tells it.
        sample: the rows of the smaller problem.
        rebuild: makes a formula for the larger problem of one for the smaller.
        doubt: how far the test is from being met, each in its own measure; 0 where it is met, or there is nothing to measure.
        priority: the place among reductions of the same room, the least first.
    """

    kind: Kind
    name: str
    sample: Sample
    rebuild: Callable[[Expr], Expr]
    doubt: float = 0.0
    priority: float = 0.0


def influence(sample: Sample, slope: Array) -> Array:
    """How much of the target's deviation each column moves, to first order."""
    return np.asarray(np.sqrt(np.mean(slope**2, axis=1)) * np.std(sample.x, axis=1) / sample.spread)


def raised(base: Expr, exponent: Fraction) -> Expr:
    """``base ** exponent``, plain where the exponent is one."""
    return base if exponent == 1 else power(base, rat(exponent))


def without(sample: Sample, drop: list[int], *, new: tuple[str, Array] | None = None) -> Sample:
    """The sample without the columns at ``drop``, with one more column where it is given."""
    keep = [k for k in range(len(sample.names)) if k not in drop]
    names, x = tuple(sample.names[k] for k in keep), sample.x[keep]
    if new is not None:
        names, x = (*names, new[0]), np.vstack([x, new[1]])
    return replace(sample, names=names, x=x)


def divided(sample: Sample, factor: Expr) -> Sample:
    """The sample with its target divided by a factor of it.

    An error of the target is one over the factor in the quotient, so the squared error of each row counts the factor squared, but
    at most a thousand times more or less than the middle row's: weights must not cost digits where there is no noise.
    """
    with np.errstate(all="ignore"):
        value = np.broadcast_to(evaluate(factor, sample.columns), sample.y.shape)
        y = np.asarray(sample.y / value)
        middle = np.median(np.abs(value))
        size, error = np.clip(np.abs(value) / middle, 1 / _APART, _APART), float(sample.error / middle)
    if sample.relative or not np.all(np.isfinite(size)):
        return replace(sample, y=y, error=error)
    stated = float(sample.stated / middle) if sample.stated else 0.0
    if np.ptp(size) == 0:
        return replace(sample, y=y, error=error, stated=stated)
    weights = size**2 if sample.weights is None else size**2 * sample.weights
    mean = np.mean(weights)
    stated *= math.sqrt(sample.total / len(size) / mean)
    return replace(sample, y=y, weights=weights / mean, error=error, stated=stated)
