"""The spectral start: find theta and f_i with theta(y) = sum_i f_i(x_i), as one eigenproblem.

Breiman and Friedman's alternating conditional expectations (JASA 80, 1985) maximise the correlation of theta(y) with an additive
function of the inputs. Between spline spaces this is a canonical correlation analysis: its global optimum is one singular value
decomposition, with no restarts. 1 - rho^2 near zero shows that y = g(sum f_i(x_i)) for a monotone g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Spectral:
    """theta(y) [rows] and f_i(x_i) [inputs, rows], scaled so that theta has unit deviation, and ``missing`` = 1 - rho^2."""

    theta: Array
    parts: Array
    missing: float


def spline_features(u: Array, intervals: int, *, degree: int = 3) -> Array:
    """Cubic B-splines of the samples on quantile knots, without the constant: float64 [features, rows], centred."""
    from scipy.interpolate import BSpline

    lo, hi = float(u.min()), float(u.max())
    if hi <= lo:
        return np.zeros((0, len(u)))
    t = (u - lo) / (hi - lo)
    inner = np.unique(
        np.round(0.5 * np.quantile(t, np.linspace(0, 1, intervals + 1)) + 0.5 * np.linspace(0, 1, intervals + 1), 9)
    )
    inner = inner[(inner > 1e-6) & (inner < 1 - 1e-6)]
    knots = np.concatenate([np.zeros(degree + 1), inner, np.ones(degree + 1)])
    values = BSpline.design_matrix(np.clip(t, 0, 1), knots, degree).toarray().T
    return np.asarray(values[1:] - values[1:].mean(axis=1, keepdims=True))


def even_out(u: Array) -> Array:
    """The logarithm of a column of one sign that spans more than a factor ten, else the column: a fair coordinate for knots."""
    size = np.abs(u)
    one_sign = bool(np.all(u > 0) or np.all(u < 0))
    return np.log(size) if one_sign and size.max() > 10 * size.min() else u


def spectral_start(x: Array, y: Array, *, intervals: int = 12, y_intervals: int = 16) -> Spectral:
    """Solve the eigenproblem.

    Args:
        x: float64 [inputs, rows].
        y: float64 [rows].
        intervals, y_intervals: spline intervals of each input and of the target (fewer when rows are few).
    """
    rows = len(y)
    intervals = max(2, min(intervals, rows // (4 * len(x)) - 3))
    y_intervals = max(2, min(y_intervals, rows // 12))
    blocks = [spline_features(even_out(column), intervals) for column in x]
    design, target = np.concatenate(blocks), spline_features(even_out(y), y_intervals)
    qx, rx = _orthonormal(design)
    qy, ry = _orthonormal(target)
    if not len(qx) or not len(qy):  # nothing varies: a table of 0 and 1 whose outermost rows are withheld
        return Spectral(theta=np.zeros(rows), parts=np.zeros_like(x), missing=1.0)
    u, singular, vt = np.linalg.svd(qy @ qx.T)
    theta = u[:, 0] @ qy
    coef = (vt[0] @ rx) * singular[0]
    scale = np.sqrt(rows) * (1.0 if np.corrcoef(theta, y)[0, 1] >= 0 else -1.0)
    parts, position = np.zeros_like(x), 0
    for i, block in enumerate(blocks):
        parts[i] = coef[position : position + len(block)] @ block
        position += len(block)
    return Spectral(theta=theta * scale, parts=parts * scale, missing=float(max(0.0, 1 - singular[0] ** 2)))


def chance(design: Array, v: Array) -> float:
    """p-value of the F-test whether the rows of ``design`` [features, rows] predict ``v`` [rows]; 0 where they leave nothing."""
    from scipy.special import fdtrc

    coef, _, rank, _ = np.linalg.lstsq(design.T, v, rcond=1e-9)
    left, total = float(np.sum((v - coef @ design) ** 2)), float(np.sum(v**2))
    free = len(v) - int(rank) - 1
    if free <= 0 or left <= 0:
        return 0.0 if left < total else 1.0
    return float(fdtrc(rank, free, ((total - left) / rank) / (left / free)))


def _orthonormal(features: Array) -> tuple[Array, Array]:
    """Rows q spanning the features' row space, and r with q = r @ features; directions below 1e-9 are dropped."""
    if not len(features):
        return features, np.zeros((0, 0))
    u, s, vt = np.linalg.svd(features, full_matrices=False)
    keep = s > 1e-9 * s[0]
    return vt[keep], (u[:, keep] / s[keep]).T
