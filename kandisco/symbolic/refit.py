"""Least squares for the constants of a whole expression: batched Levenberg-Marquardt, finished by QR steps.

Many starting points of one tree are fitted side by side. Marquardt's diagonal scaling makes the steps independent of the
units of each constant (More 1978). Normal equations square the condition number, so the best point is polished by
Gauss-Newton steps from a QR-based solver, which reach the rounding floor of float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kandisco.expr import Expr
from kandisco.expr.numeric import Program
from kandisco.types import Array

_CEILING = 1e30
_PROBE, _SMALLER = 0.1, 0.75
_SETTLED = 6


class Curve(Protocol):
    """Values with constants: a whole ``Program``, or one whose constants are tied."""

    start: Array

    def values(self, params: Array, x: Array) -> Array:
        """Values [batch, rows]."""

    def traced(self, params: Array, x: Array) -> tuple[Array, Callable[[], Array]]:
        """Values, and what gives their derivatives [batch, constants, rows]."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One refitted expression.

    Attributes:
        expr: the tree with its fitted constants.
        rmse: root (weighted) mean square residual (relative, where asked) on the fitted rows; inf when a value is not finite.
        std_errors: standard errors of the constants (nan where the Jacobian is singular).
    """

    expr: Expr
    rmse: float
    std_errors: Array


def refit(
    expr: Expr,
    names: Sequence[str],
    x: Array,
    y: Array,
    *,
    starts: Array | None = None,
    relative: bool = False,
    weights: Array | None = None,
    iterations: int = 60,
    floor: float = 0.0,
    stated: float = 0.0,
) -> Fit:
    """Fit the constants of ``expr``.

    Args:
        expr: the tree; its ``num`` leaves are the constants and the first starting point.
        names: variable names, one per row of ``x``.
        x: float64 [inputs, rows].
        y: float64 [rows].
        relative: minimise relative errors (for noise that grows with the target; no target may be zero).
        weights: float64 [rows], above zero: what each squared residual counts; only their ratios matter.
        starts: further starting points, float64 [batch, constants].
        iterations: Levenberg-Marquardt steps at most.
        floor: stop once the root mean square residual is below this.
        stated: uncertainty of the target in a row of mean weight (relative, where asked): residuals are taken to be at least that
            large where the constants' standard errors are told.

    Returns:
        The best fit over all starts.
    """
    program = Program(expr, names)
    unit = residual_unit(y, relative, weights)
    back = 1.0 if relative else size(y)
    params = program.start[None, :] if starts is None else starts
    if params.shape[1]:
        params, loss = minimise(program, params, x, y, unit, iterations=iterations, floor=floor / back)
        best = polish(program, params[np.argmin(loss)], x, y, unit)
    else:
        best = program.start
    rmse, errors = told(program, best, x, y, unit, back=back, stated=stated)
    return Fit(expr=expr.with_numbers(iter(best.tolist())), rmse=rmse, std_errors=errors)


def told(
    program: Curve, best: Array, x: Array, y: Array, unit: Array | float, *, back: float, stated: float
) -> tuple[float, Array]:
    """Root mean square residual, inf where one is not finite, and standard errors of fitted constants [constants]."""
    residual, jacobian = _residual(program, best[None, :], x, y, unit)
    with np.errstate(all="ignore"):
        rmse = float(np.sqrt(np.mean(residual[0] ** 2))) * back
    return rmse if np.isfinite(rmse) else np.inf, _errors(residual[0], jacobian[0], stated / back)


def residual_unit(y: Array, relative: bool, weights: Array | None = None) -> Array | float:
    """What residuals are divided by: each target's size, or the largest, so that 1e-30 and 1e+30 fit alike."""
    unit = np.abs(y) if relative else size(y)
    return unit if weights is None else unit / np.sqrt(weights / np.mean(weights))


def size(y: Array) -> float:
    """The largest target's size, or 1 where all are zero."""
    return float(np.max(np.abs(y))) or 1.0


def minimise(
    program: Curve, params: Array, x: Array, y: Array, unit: Array | float, *, iterations: int, floor: float = 0.0
) -> tuple[Array, Array]:
    """Levenberg-Marquardt on every starting point at once; returns parameters [batch, p] and sums of squares [batch].

    Steps follow the bend of a valley to second order (geodesic acceleration; Transtrum and Sethna, arXiv:1201.5885): the scale,
    offset and pole of c/(x - z) + d stand in for each other so well that straight steps crawl.
    """
    params = params.copy()
    residual, jacobian = _residual(program, params, x, y, unit)
    loss = _loss(residual)
    damping = np.full(len(params), 1e-3)
    growth = np.full(len(params), 2.0)
    active = loss < _CEILING
    target = len(y) * floor**2
    stalled = np.zeros(len(params), dtype=int)
    for _ in range(iterations):
        rows = np.flatnonzero(active)
        if not len(rows):
            break
        trial = params[rows] + _curved(program, params[rows], residual[rows], jacobian[rows], damping[rows], x, y, unit)
        new_residual, slopes = _traced(program, trial, x, y, unit)
        new_loss = _loss(new_residual)
        better = new_loss < loss[rows]
        gain = np.where(better, (loss[rows] - new_loss) / np.maximum(loss[rows], 1e-300), 0.0)
        taken = rows[better]
        params[taken], loss[taken] = trial[better], new_loss[better]
        if len(taken):
            residual[taken], jacobian[taken] = new_residual[better], slopes()[better]
        damping[rows] = np.where(better, damping[rows] / 5.0, damping[rows] * growth[rows])
        growth[rows] = np.where(better, 2.0, growth[rows] * 2.0)
        # A step that is taken and gains nothing says more than one that has to be shortened.
        stalled[rows] = np.where(gain > 1e-7, 0, stalled[rows] + np.where(better, _SETTLED // 2, 1))
        active &= (loss > target) & (damping < 1e12) & (stalled < _SETTLED)
        if np.any(loss <= target):
            break
    return params, loss


def polish(program: Curve, params: Array, x: Array, y: Array, unit: Array | float, *, steps: int = 4) -> Array:
    """Gauss-Newton steps by QR, kept while they lower the residual: the way to the rounding floor."""
    best = params
    residual, jacobian = _residual(program, best[None, :], x, y, unit)
    loss = _loss(residual)[0]
    for _ in range(steps):
        if not (loss < _CEILING and np.all(np.isfinite(jacobian))):
            break
        with np.errstate(all="ignore"):
            scale = np.sqrt(np.sum(jacobian[0] ** 2, axis=1))
        if not np.all(np.isfinite(scale)):
            break
        scale[scale == 0] = 1.0
        step = np.linalg.lstsq((jacobian[0] / scale[:, None]).T, residual[0], rcond=1e-13)[0] / scale
        trial = best - step
        new_residual, new_jacobian = _residual(program, trial[None, :], x, y, unit)
        new_loss = _loss(new_residual)[0]
        if not new_loss < loss:
            break
        gain = 1 - new_loss / loss
        best, loss, residual, jacobian = trial, new_loss, new_residual, new_jacobian
        if gain < 1e-6:
            break
    return best


def _residual(program: Curve, params: Array, x: Array, y: Array, unit: Array | float) -> tuple[Array, Array]:
    residual, jacobian = _traced(program, params, x, y, unit)
    return residual, jacobian()


def _traced(program: Curve, params: Array, x: Array, y: Array, unit: Array | float) -> tuple[Array, Callable[[], Array]]:
    """Residuals, and what gives their derivatives: half of the work, and for nothing where a step is not taken."""
    value, slopes = program.traced(params, x)

    def jacobian() -> Array:
        with np.errstate(all="ignore"):
            return slopes() / unit

    with np.errstate(all="ignore"):
        return (value - y[None, :]) / unit, jacobian


def _loss(residual: Array) -> Array:
    with np.errstate(all="ignore"):
        total = np.sum(residual * residual, axis=1)
    return np.where(np.isfinite(total), np.minimum(total, _CEILING), _CEILING)


def _curved(
    program: Curve, params: Array, residual: Array, jacobian: Array, damping: Array, x: Array, y: Array, unit: Array | float
) -> Array:
    """Damped Gauss-Newton steps with half their acceleration, where that is the smaller part."""
    matrix, unit_jacobian, scale = _damped(jacobian, damping)
    with np.errstate(all="ignore"):  # a step that overflows lowers no residual and is not taken
        step = -_solved(matrix, unit_jacobian, residual) / scale
        ahead = (program.values(params + _PROBE * step, x) - y[None, :]) / unit
        along = np.einsum("bpn,bp->bn", jacobian, step)
        bend = (2.0 / _PROBE) * ((ahead - residual) / _PROBE - along)
        sound = np.all(np.isfinite(bend), axis=1)
        if not np.any(sound):
            return step
        turn = -0.5 * _solved(matrix, unit_jacobian, np.where(sound[:, None], bend, 0.0)) / scale
        small = np.linalg.norm(turn * scale, axis=1) < _SMALLER * np.linalg.norm(step * scale, axis=1)
    return np.asarray(np.where(small[:, None], step + turn, step))


def _damped(jacobian: Array, damping: Array) -> tuple[Array, Array, Array]:
    """Damped normal matrices in units where every column of the Jacobian has length one, that Jacobian, and the units."""
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.einsum("bpn,bpn->bp", jacobian, jacobian))
        scale = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
        unit = jacobian / scale[:, :, None]
        if not np.all(np.isfinite(unit)):
            unit = np.nan_to_num(unit, nan=0.0, posinf=0.0, neginf=0.0)
        matrix = unit @ unit.transpose(0, 2, 1)
    matrix += (damping[:, None, None] + 1e-12) * np.eye(matrix.shape[1])
    return matrix, unit, scale


def _solved(matrix: Array, unit_jacobian: Array, residual: Array) -> Array:
    with np.errstate(all="ignore"):
        gradient = np.einsum("bpn,bn->bp", unit_jacobian, residual)
    try:
        steps = np.linalg.solve(matrix, gradient[:, :, None])
    except np.linalg.LinAlgError:  # constants that stand in for each other to the last bit
        steps = np.linalg.pinv(matrix, hermitian=True) @ gradient[:, :, None]
    return np.asarray(steps[:, :, 0])


def _errors(residual: Array, jacobian: Array, least: float) -> Array:
    """Standard errors sqrt(s^2 diag((J J^T)^-1)) of the constants; s is at least ``least``."""
    p, n = jacobian.shape
    if not p or n <= p or not (np.all(np.isfinite(jacobian)) and np.all(np.isfinite(residual))):
        return np.full(p, np.nan)
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.sum(jacobian**2, axis=1))
    if np.any(scale == 0) or not np.all(np.isfinite(scale)):
        return np.full(p, np.nan)
    _, singular, right = np.linalg.svd((jacobian / scale[:, None]).T, full_matrices=False)
    if singular[-1] < 1e-12 * singular[0]:
        return np.full(p, np.nan)
    variance = np.sum((right.T / singular) ** 2, axis=1)
    squares = max(np.sum(residual**2), (n - p) * least**2)
    return np.asarray(np.sqrt(variance * squares / (n - p)) / scale)
