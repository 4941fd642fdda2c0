"""A system over time, and its constants fitted to increments of the states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.expr.scalar import at_point
from kandisco.tasks.ode.smooth import Run, Smooth
from kandisco.types import Array

_NODES = 3
_STRETCHES = 100
_RTOL = 1e-10
_HUGE = 1e12


def integrated(exprs: Sequence[Expr], names: Sequence[str], start: Array, t: Array) -> Array:
    """The states of a system over time.

    Args:
        exprs: right-hand sides.
        names: of the states, in the same order.
        start: float64 [states], at ``t[0]``.
        t: float64 [rows], increasing.

    Returns:
        float64 [states, rows]; all nan if a slope or a state is not finite before the end.
    """
    from scipy.integrate import solve_ivp

    slopes = [at_point(expr, names) for expr in exprs]

    def field(_: float, state: Array) -> list[float]:
        values = [slope(state.tolist()) for slope in slopes]
        if not all(abs(value) < _HUGE for value in values):  # the integrator would shorten its steps for ever
            raise FloatingPointError
        return values

    try:
        done = solve_ivp(field, (float(t[0]), float(t[-1])), start, method="DOP853", t_eval=t, rtol=_RTOL, atol=1e-12)
    except FloatingPointError:
        return np.full((len(names), len(t)), np.nan)
    return np.asarray(done.y) if done.success else np.full((len(names), len(t)), np.nan)


@dataclass(frozen=True, kw_only=True)
class Increments:
    """Increments of the states over stretches of the runs, and what their slopes are integrated with.

    Attributes:
        names: of the states.
        nodes: float64 [states, stretches * k], states at the quadrature nodes.
        weights: float64 [stretches, k].
        gains: float64 [states, stretches].
        floor: float64 [states], the error that the gains have by the smoothing.
        rows: float64 [states], how many of the gains count as independent.
    """

    names: tuple[str, ...]
    nodes: Array
    weights: Array
    gains: Array
    floor: Array
    rows: Array

    def integral(self, expr: Expr) -> Array:
        """What the gains would be, were this the slope; float64 [stretches]."""
        values = evaluate(expr, dict(zip(self.names, self.nodes, strict=True)))
        return np.asarray(np.sum(values.reshape(self.weights.shape) * self.weights, axis=1))


def increments(names: Sequence[str], runs: Sequence[Run], curves: Sequence[Smooth]) -> Increments:
    """Increments of smooth curves (weak form; Messenger and Bortz, Multiscale Model. Simul. 19 (2021) 1474).

    Over a stretch the noise of a state counts once, while that of its slope counts at every row.
    """
    from scipy.interpolate import make_interp_spline

    nodes, weights, gains = [], [], []
    points, shares = np.polynomial.legendre.leggauss(_NODES)
    for run, curve in zip(runs, curves, strict=True):
        rows = np.arange(len(run.t))[curve.inner]
        pieces = max(1, len(rows) // _STRETCHES)
        rows = rows[: 1 + (len(rows) - 1) // pieces * pieces]
        low, high = run.t[rows[:-1]], run.t[rows[1:]]
        at = ((low + high)[:, None] + (high - low)[:, None] * points) / 2
        spline = make_interp_spline(run.t, curve.states, k=5, axis=1)
        nodes.append(np.asarray(spline(at.ravel())))
        weights.append(((high - low)[:, None] * shares / 2).reshape(-1, pieces * _NODES))
        ends = rows[::pieces]
        gains.append(curve.states[:, ends[1:]] - curve.states[:, ends[:-1]])
    width = min(part.shape[1] for part in weights)
    if any(
        part.shape[1] != width for part in weights
    ):  # runs of different lengths: the shorter stretches are padded with nothing
        nodes, weights = _padded(nodes, weights)
    total = np.concatenate(gains, axis=1)
    blur = np.sqrt(np.mean([curve.blur**2 for curve in curves], axis=0))
    floor = np.maximum(np.sqrt(2.0) * blur, 1e-7 * np.std(total, axis=1))
    return Increments(
        names=tuple(names),
        nodes=np.concatenate(nodes, axis=1),
        weights=np.vstack(weights),
        gains=total,
        floor=floor,
        rows=np.minimum(np.sum([curve.freedom for curve in curves], axis=0), total.shape[1]),
    )


def _padded(nodes: list[Array], weights: list[Array]) -> tuple[list[Array], list[Array]]:
    width = max(part.shape[1] for part in weights)
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in weights]
    out = []
    for part, own in zip(nodes, weights, strict=True):
        cube = part.reshape(len(part), *own.shape)
        out.append(np.pad(cube, ((0, 0), (0, 0), (0, width - own.shape[1])), mode="edge").reshape(len(part), -1))
    return out, wide


def by_increments(expr: Expr, place: int, data: Increments) -> tuple[Expr, float]:
    """Fit an equation's constants to the increments of its state.

    Args:
        expr: the right-hand side with first constants.
        place: which state's.
        data: the increments.

    Returns:
        The equation and the root mean square gap it leaves.
    """
    from scipy.optimize import least_squares

    start = np.array(expr.numbers(), dtype=np.float64)

    def residual(constants: Array) -> Array:
        form = expr.with_numbers(iter(constants.tolist()))
        left: Array = np.nan_to_num(data.integral(form) - data.gains[place], nan=1e6, posinf=1e6, neginf=-1e6)
        return left

    if len(start) and len(start) < data.gains.shape[1]:
        scale = np.where(np.abs(start) > 1e-8, np.abs(start), 1.0)
        start = least_squares(residual, start, x_scale=scale, max_nfev=50).x
    return expr.with_numbers(iter(start.tolist())), float(np.sqrt(np.mean(residual(start) ** 2)))
