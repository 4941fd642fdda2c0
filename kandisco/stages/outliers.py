"""Outliers: rows that no smooth function through the others comes near. A robust run sets them aside and says which.

A squared error lets one slipped digit outweigh a thousand good rows, and every closed form of the search is least squares. So the
rows are judged before it, by a smooth surrogate that was fitted without them, and once more after it by the law that was found.
Distances are in robust standard deviations (Hampel, The influence curve and its role in robust estimation, JASA 69 (1974)).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import fit_surrogate
from kandisco.types import Array, Dataset

_CUT = 6.0
_SUSPECTED, _FAR_OUT = 400, 20.0
_ROUNDS = 5
_FEWEST = 20
_MOST = 0.4
_CHUNK = 1000
_LISTED = 10
_POINTS = 300
_DEVIATIONS = 1.4826  # standard deviations of a normal in one median absolute deviation
_ROUNDING = 1e-9
_SMOOTH = 2e-3  # without noise a surrogate's own error is far from normal: corners would be outliers


def outliers(sample: Sample, *, seed: int = 0, cut: float = _CUT) -> NDArray[np.bool_]:
    """Rows far from a smooth surrogate fitted to other rows.

    Args:
        sample: the rows; with fewer than twenty none is an outlier.
        seed: of the halves that judge each other.
        cut: robust standard deviations.

    Returns:
        bool [rows]. A few rows at the rim of the data, where a surrogate has to extrapolate, may be among them: the law that is
        found judges again.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.uniform(0, 1, 100)
        >>> y = np.exp(x) + 0.01 * rng.normal(size=100)
        >>> y[[3, 70]] += 5
        >>> {3, 70} <= set(np.flatnonzero(outliers(Sample(names=("x",), x=x[None], y=y))))
        True
    """
    none = np.zeros(len(sample.y), dtype=bool)
    if len(none) < _FEWEST:
        return none
    odd = far(sample.y, sample)  # a first guess; every round judges all rows again
    halves = np.random.default_rng(seed).permutation(len(odd)) % 2
    for _ in range(_ROUNDS):
        before = odd
        odd = far(_left_out(sample, odd, halves) - sample.y, sample, least=_SMOOTH * float(np.std(sample.y[~odd])), cut=cut)
        if np.array_equal(odd, before) or np.mean(odd) > _MOST:
            break
    return odd if np.mean(odd) <= _MOST else none


def outliers_of(expr: Expr, sample: Sample) -> NDArray[np.bool_]:
    """Rows far from a law, bool [rows]."""
    values = evaluate(expr, sample.columns)
    with np.errstate(all="ignore"):
        return far((values - sample.y) / (sample.y if sample.relative else 1.0), sample)


def without(dataset: Dataset, odd: NDArray[np.bool_]) -> Dataset:
    """The dataset without its outliers, and a note of how many there were and which."""
    if not np.any(odd):
        return dataset
    rows = np.flatnonzero(odd) + 1
    listed = ", ".join(str(row) for row in rows[:_LISTED]) + (" and more" if len(rows) > _LISTED else "")
    note = f"{len(rows)} of {len(odd)} rows set aside as outliers, counted from 1 after the header: {listed}."
    return replace(
        dataset,
        x=dataset.x[~odd],
        y=dataset.y[~odd],
        groups=None if dataset.groups is None else dataset.groups[~odd],
        weights=None if dataset.weights is None else dataset.weights[~odd],
        notes=(*dataset.notes, note),
    )


def suspects(sample: Sample, *, seed: int = 0) -> tuple[str, ...]:
    """What to say of a few rows that were fitted along, so far out that they alone may have hidden the law; empty without any."""
    few = sample.thinned(_SUSPECTED)
    odd = int(np.sum(outliers(few, seed=seed, cut=_FAR_OUT)))
    if not 0 < odd <= 0.1 * len(few.y):
        return ()
    return (f"Of {len(few.y)} rows {odd} lie far from all others: --loss robust sets such rows aside.",)


def left_behind(expr: Expr, sample: Sample) -> tuple[str, ...]:
    """What to say of a few rows that a formula misses by far more than all others; empty without any."""
    odd = int(np.sum(outliers_of(expr, sample)))
    if not 0 < odd <= 0.1 * len(sample.y):
        return ()
    return (f"Of {len(sample.y)} rows the formula misses {odd} by far more than the others: --loss robust sets such rows aside.",)


def far(residual: Array, sample: Sample, *, least: float = 0.0, cut: float = _CUT) -> NDArray[np.bool_]:
    """Whether each residual is more than ``cut`` robust standard deviations (of ``least`` at least) from the median.

    What is not finite is far.
    """
    good = residual[np.isfinite(residual)]
    if not len(good):
        return np.zeros(len(residual), dtype=bool)
    middle = np.median(good)
    deviation = max(_DEVIATIONS * float(np.median(np.abs(good - middle))), _ROUNDING * sample.scale, least)
    with np.errstate(all="ignore"):
        return np.asarray(~(np.abs(residual - middle) <= cut * deviation))


def _left_out(sample: Sample, odd: NDArray[np.bool_], halves: NDArray[np.int64]) -> Array:
    """What the surrogate of each half, without its outliers, predicts for the other."""
    value = np.empty(len(sample.y))
    for half in (0, 1):
        surrogate = fit_surrogate(sample.rows((halves == half) & ~odd), rows=_POINTS, tuning_rows=_POINTS // 2)
        others = np.flatnonzero(halves != half)
        for rows in np.array_split(others, max(1, len(others) // _CHUNK)):
            value[rows] = surrogate.predict(sample.x[:, rows])[0]
    return value
