"""Constants that many rows agree on: laws a share of the rows obeys exactly, whatever the others do.

A least-squares fit gives way to every row; a mode does not. Of the ratios y/f of all rows those of a law y = a f are equal, and
stand together once they are sorted; of the slopes between random pairs of rows those of y = a f + b do (Hough 1962; Theil, Proc.
Kon. Ned. Akad. Wet. A 53 (1950) 386, took their median, which needs half of the rows).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kandisco.types import Array

Bools = NDArray[np.bool_]
_PAIRS = 600
_LOOSE = 30.0


def crowded(values: Array, share: float, tolerance: float) -> Bools:
    """Which rows of ``values`` [k, n] have a share of their entries within a relative ``tolerance`` of each other, off zero."""
    n = values.shape[1]
    lag = max(2, int(np.ceil(share * n))) - 1
    if lag >= n:
        return np.zeros(len(values), dtype=bool)
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=1)
    low, high = ordered[:, :-lag], ordered[:, lag:]
    with np.errstate(invalid="ignore"):
        close = (high - low <= tolerance * np.maximum(np.abs(high), np.abs(low))) & np.isfinite(high) & (high != 0) & (low != 0)
    return np.asarray(np.any(close, axis=1))


def mode(values: Array, tolerance: float) -> tuple[float, float]:
    """The number that most entries agree on, and their share; (nan, 0) where none are finite.

    Example:
        >>> mode(np.array([2.0, 0.3, 2.0, 7.1, 2.0]), 1e-9)
        (2.0, 0.6)
    """
    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return float("nan"), 0.0
    reach = np.searchsorted(finite, finite + tolerance * np.maximum(np.abs(finite), 1e-300), side="right")
    counts = reach - np.arange(len(finite))
    at = int(np.argmax(counts))
    return float(np.median(finite[at : reach[at]])), float(counts[at]) / len(values)


def slope_pairs(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Random pairs of different rows."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, rows, _PAIRS)
    second = (first + rng.integers(1, max(rows, 2), _PAIRS)) % rows
    return first, second


def slopes(y: Array, features: Array, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Array:
    """Slopes [features, pairs] of ``y`` [n] over ``features`` [k, n] between pairs of rows; nan where a pair has no run."""
    a, b = pairs
    run = features[:, a] - features[:, b]
    size = np.maximum(np.abs(features[:, a]), np.abs(features[:, b]))
    with np.errstate(all="ignore"):
        return np.where(np.abs(run) > 1e-3 * size, (y[a] - y[b])[None] / run, np.nan)


def affine(y: Array, feature: Array, slope: float, tolerance: float) -> tuple[float, float, Bools]:
    """Slope and intercept refined on the rows that agree, and which rows those are."""
    for factor in (_LOOSE, 3.0, 1.0):
        rest = y - slope * feature
        scale = np.maximum(np.abs(y), np.abs(slope * feature))
        middle, _ = _absolute_mode(rest, factor * tolerance * scale)
        agree = np.abs(rest - middle) <= factor * tolerance * np.maximum(scale, 1e-300)
        if np.sum(agree) < 3 or np.ptp(feature[agree]) == 0:
            return slope, middle, agree
        slope, middle = np.polyfit(feature[agree], y[agree], 1)
    agree = np.abs(y - slope * feature - middle) <= 3 * tolerance * np.maximum(np.maximum(np.abs(y), abs(middle)), 1e-300)
    return float(slope), float(middle), agree


def _absolute_mode(values: Array, width: Array) -> tuple[float, int]:
    """The number within whose ``width`` most values lie."""
    order = np.argsort(values)
    ordered = values[order]
    reach = np.searchsorted(ordered, ordered + 2 * width[order], side="right")
    counts = reach - np.arange(len(ordered))
    at = int(np.argmax(counts))
    return float(np.median(ordered[at : reach[at]])), int(counts[at])
