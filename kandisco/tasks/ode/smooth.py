"""Trajectories as smooth curves: states without their noise, and their slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kandisco.errors import InputError
from kandisco.types import Array, Dataset

MIN_ROWS = 12
_EDGE = 0.04
_WEIGHTS = tuple(float(10.0**power) for power in np.linspace(-14, 4, 73))


@dataclass(frozen=True, kw_only=True)
class Run:
    """One trajectory.

    Attributes:
        t: float64 [rows], increasing.
        states: float64 [states, rows], as measured.
    """

    t: Array
    states: Array


@dataclass(frozen=True, kw_only=True)
class Smooth:
    """The curve behind a run.

    Attributes:
        states, slopes: float64 [states, rows].
        noise: float64 [states], the noise's estimated deviation.
        errors: float64 [states], the estimated deviation of the slopes from the truth.
        blur: float64 [states], the same of the states.
        freedom: float64 [states], how many independent numbers the curve holds.
        inner: slice of the rows whose slopes can be trusted: a curve's ends hang free.
    """

    states: Array
    slopes: Array
    noise: Array
    errors: Array
    blur: Array
    freedom: Array
    inner: slice


def runs_of(dataset: Dataset, time: str = "") -> tuple[tuple[str, ...], tuple[Run, ...]]:
    """Names of the states and the runs of a dataset whose columns are time and states, in any order.

    Args:
        dataset: inputs and target are columns alike; each of its groups is a run.
        time: name of the column of time; by default ``t`` or ``time``, else the first.

    Raises:
        InputError: no such column, no state, times that repeat, or fewer than twelve rows in a run.
    """
    variables = (*dataset.inputs, dataset.target)
    names = [variable.name for variable in variables]
    labels = {variable.label: variable.name for variable in variables}
    clock = labels.get(time, time) or next((name for name in names if name.lower() in ("t", "time")), names[0])
    if clock not in names:
        raise InputError(f"There is no column {time!r} of time.", hint="Columns: " + ", ".join(names) + ".")
    table = np.vstack([dataset.x.T, dataset.y])
    states = tuple(name for name in names if name != clock)
    rows = [names.index(name) for name in states]
    groups = np.zeros(len(dataset.y), dtype=np.int64) if dataset.groups is None else dataset.groups
    runs = []
    for group in np.unique(groups):
        part = table[:, groups == group]
        part = part[:, np.argsort(part[names.index(clock)], kind="stable")]
        runs.append(_checked(Run(t=part[names.index(clock)], states=part[rows]), clock))
    return states, tuple(runs)


def _checked(run: Run, clock: str) -> Run:
    if len(run.t) < MIN_ROWS:
        raise InputError(f"A run has only {len(run.t)} rows.", hint=f"Give at least {MIN_ROWS} times of each run.")
    twice = np.flatnonzero(np.diff(run.t) <= 0)
    if len(twice):
        hint = "Give runs a column with the role group in a card, and each time once in a run."
        raise InputError(f"The time {clock} = {run.t[twice[0]]:g} stands twice in a run.", hint=hint)
    return run


def smoothed(run: Run) -> Smooth:
    """The curve of each state: an interpolating spline of degree five where the rows are smooth already, else a smoothing spline.

    The smoothing is chosen by generalised cross-validation (Craven and Wahba, Numer. Math. 31 (1979) 377).
    """
    parts = [_curve(run.t, values) for values in run.states]
    edge = max(2, round(_EDGE * len(run.t)))
    return Smooth(
        states=np.array([part[0] for part in parts]),
        slopes=np.array([part[1] for part in parts]),
        noise=np.array([part[2] for part in parts]),
        errors=np.array([part[3] for part in parts]),
        blur=np.array([part[4] for part in parts]),
        freedom=np.array([part[5] for part in parts]),
        inner=slice(edge, len(run.t) - edge),
    )


def _curve(t: Array, values: Array) -> tuple[Array, Array, float, float, float, float]:
    """States, slopes, noise, and the errors of slopes and states, and the freedom, of one column."""
    from scipy.interpolate import make_interp_spline

    noise = rough_noise(t, values)
    if noise < 1e-5 * (float(np.std(values)) or 1.0):
        slopes, rougher = (np.asarray(make_interp_spline(t, values, k=degree)(t, 1)) for degree in (5, 3))
        # The cubic is off by far more than the quintic: an upper bound that a smaller time step brings down.
        return values, slopes, noise, 0.01 * float(np.std(slopes - rougher)), noise, float(len(t))
    return _penalised(t, values)


def rough_noise(t: Array, values: Array) -> float:
    """Deviation of the noise from differences of high order, which a smooth curve hardly has.

    Each row is compared with the polynomial of degree five through the six rows about it.
    """
    half, left = 3, []
    for i in range(half, len(t) - half):
        rows = np.r_[i - half : i, i + 1 : i + half + 1]
        weights = _lagrange(t[rows], t[i])
        left.append((values[i] - weights @ values[rows]) / np.sqrt(1.0 + weights @ weights))
    return float(1.4826 * np.median(np.abs(left)))


def _lagrange(nodes: Array, at: float) -> Array:
    gaps = nodes[:, None] - nodes[None, :]
    np.fill_diagonal(gaps, 1.0)
    ratios = (at - nodes)[None, :] / gaps
    np.fill_diagonal(ratios, 1.0)
    found: Array = ratios.prod(axis=1)
    return found


def _penalised(t: Array, values: Array) -> tuple[Array, Array, float, float, float, float]:
    """A spline of degree five with a penalty on its third derivative, whose weight cross-validation chooses."""
    from scipy.interpolate import BSpline
    from scipy.linalg import eigh

    degree, inner = 5, min(len(t) // 2, 150)
    knots = np.r_[[t[0]] * degree, np.linspace(t[0], t[-1], inner), [t[-1]] * degree]
    design = BSpline.design_matrix(t, knots, degree).toarray()
    fine, count = np.linspace(t[0], t[-1], 8 * inner), design.shape[1]
    third = np.column_stack([BSpline(knots, row, degree)(fine, 3) for row in np.eye(count)])
    slope = np.column_stack([BSpline(knots, row, degree)(t, 1) for row in np.eye(count)])
    gram, penalty = design.T @ design, third.T @ third / len(fine) * (t[-1] - t[0]) ** 6
    weights, vectors = eigh(penalty, gram + 1e-12 * np.trace(gram) / count * np.eye(count))
    projected = vectors.T @ (design.T @ values)
    turned = design @ vectors
    best = min(_WEIGHTS, key=lambda lam: _gcv(values, turned, projected, weights, lam))
    shrink = 1 / (1 + best * np.maximum(weights, 0))
    coefficients = vectors @ (projected * shrink)
    left = values - design @ coefficients
    noise = float(np.sqrt(np.sum(left**2) / max(1.0, len(t) - float(np.sum(shrink)))))
    # Wahba's posterior deviation (J. R. Stat. Soc. B 45 (1983) 133): the bias counts as much as the variance.
    errors, blur = (noise * float(np.median(np.sqrt(np.sum((part @ vectors) ** 2 * shrink, axis=1)))) for part in (slope, design))
    return design @ coefficients, slope @ coefficients, noise, errors, blur, float(np.sum(shrink))


def _gcv(values: Array, basis: Array, projected: Array, weights: Array, lam: float) -> float:
    shrink = 1 / (1 + lam * np.maximum(weights, 0))
    left = values - basis @ (projected * shrink)
    rows = len(values)
    free = rows - 1.2 * float(np.sum(shrink))
    return float(np.sum(left**2)) * rows / free**2 if free > 0 else np.inf
