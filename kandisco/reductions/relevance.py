"""Which columns matter: a screening by cheap one-column tests among many, the length scales of a surrogate among few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kandisco.symbolic.sample import Sample
from kandisco.symbolic.spectral import even_out, spline_features
from kandisco.symbolic.surrogate import Surrogate, fit_surrogate
from kandisco.types import Array

_FLAT = 2e-4  # a length of 70 half ranges: flat, or straight
_WORSE = 1.5


def influential(sample: Sample, surrogate: Surrogate) -> NDArray[np.int64]:
    """The columns without which a smooth surrogate predicts unseen rows worse, in their order; all where that is not clear.

    A column along which the process is flat or straight is a suspect, and a second process without the suspects the judge: one
    length scale per column tells relevance (MacKay, Bayesian nonlinear modeling for the prediction competition, 1994), but a
    straight effect has an endless length too.

    Args:
        sample: the rows.
        surrogate: fitted to them.
    """
    everything = np.arange(len(sample.names))
    kept = np.flatnonzero(surrogate.length > _FLAT)
    if not 0 < len(kept) < len(everything):
        return everything
    fewer = fit_surrogate(replace(sample, names=tuple(sample.names[i] for i in kept), x=sample.x[kept]))
    return kept if fewer.missing < min(_WORSE * surrogate.missing, 0.5) else everything


def most_relevant(x: Array, y: Array, *, keep: int) -> NDArray[np.int64]:
    """The ``keep`` columns with the strongest signs of influence, in their order.

    A column scores by the share of variance its splines explain of what a linear model of all columns leaves unexplained by the
    others: its own linear part, its effect on the residual, and its effect on the squared residual (a product of two centred
    columns has no effect of either alone on the mean, only on the spread).

    Args:
        x: float64 [inputs, rows].
        y: float64 [rows].
        keep: how many columns.
    """
    centred = x - x.mean(axis=1, keepdims=True)
    scale = centred.std(axis=1)
    scale[scale == 0] = 1.0
    unit = centred / scale[:, None]
    deviation = float(y.std()) or 1.0
    target = (y - y.mean()) / deviation
    coef = np.linalg.lstsq(unit.T, target, rcond=1e-6)[0]
    residual = target - coef @ unit
    spread = residual**2 - np.mean(residual**2)
    scores = [max(c * c, _explained(column, residual), _explained(column, spread)) for c, column in zip(coef, x, strict=True)]
    return np.sort(np.argsort(scores, kind="stable")[::-1][:keep])


def _explained(column: Array, target: Array) -> float:
    """Share of the target's variance that splines of the column explain, less what chance would."""
    design = spline_features(even_out(column), 4)
    total = float(np.sum(target**2))
    if not len(design) or total == 0:
        return 0.0
    fitted = np.linalg.lstsq(design.T, target, rcond=1e-9)[0] @ design
    return float(np.sum(fitted**2)) / total - len(design) / len(target)
