"""A smaller problem inside a problem, and what every way of finding one needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, power, rat
from kandisco.symbolic.snap import Sample

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A smaller problem: its rows, how a formula for it becomes one for the larger problem, and the test's misfit."""

    name: str
    sample: Sample
    rebuild: Callable[[Expr], Expr]
    misfit: float


def influence(sample: Sample, slope: Array) -> Array:
    """How much of the target's deviation each column moves, to first order."""
    return np.asarray(np.sqrt(np.mean(slope**2, axis=1)) * np.std(sample.x, axis=1) / sample.spread)


def raised(base: Expr, exponent: Fraction) -> Expr:
    """``base ** exponent``, plain where the exponent is one."""
    return base if exponent == 1 else power(base, rat(exponent))


def without(sample: Sample, drop: list[int], *, y: Array | None = None, new: tuple[str, Array] | None = None) -> Sample:
    """The sample without the columns at ``drop``, with another target and one more column where they are given."""
    keep = [k for k in range(len(sample.names)) if k not in drop]
    names, x = tuple(sample.names[k] for k in keep), sample.x[keep]
    if new is not None:
        names, x = (*names, new[0]), np.vstack([x, new[1]])
    return replace(sample, names=names, x=x, y=sample.y if y is None else y)
