"""The product start: d + f_1(x_1) f_2(x_2) ... by alternating least squares, whatever the signs.

With all factors but one held fixed the best factor is a linear least-squares problem in its spline coefficients (the rank-one
canonical polyadic decomposition on splines; Beylkin and Mohlenkamp, PNAS 99, 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kandisco.symbolic.spectral import even_out, spline_features
from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Separable:
    """Factors [inputs, rows] and an ``offset`` with y = offset + their product, and ``missing``, the variance share left."""

    factors: Array
    offset: float
    missing: float


def product_start(x: Array, y: Array, *, intervals: int = 10, sweeps: int = 40) -> Separable:
    """Alternating least squares from flat factors.

    Args:
        x: float64 [inputs, rows].
        y: float64 [rows].
        intervals: spline intervals of each factor (fewer when rows are few).
        sweeps: rounds over all inputs at most; ends early when the error settles.
    """
    intervals = max(2, min(intervals, len(y) // (5 * len(x)) - 3))
    blocks = [np.vstack([np.ones_like(y), spline_features(even_out(column), intervals)]) for column in x]
    factors = np.ones_like(x)
    variance = float(np.var(y)) or 1.0
    last, offset = np.inf, 0.0
    for _ in range(sweeps):
        for i, block in enumerate(blocks):
            others = np.prod(np.delete(factors, i, axis=0), axis=0)
            design = np.vstack([block * others, np.ones_like(y)])
            *coef, offset = np.linalg.lstsq(design.T, y, rcond=1e-10)[0]
            factor = np.asarray(coef) @ block
            size = float(np.sqrt(np.mean(factor**2))) or 1.0
            factors[i] = factor if i == len(blocks) - 1 else factor / size
        missing = float(np.mean((np.prod(factors, axis=0) + offset - y) ** 2)) / variance
        if missing > 0.999 * last or missing < 1e-24:
            break
        last = missing
    return Separable(factors=factors, offset=float(offset), missing=missing)
