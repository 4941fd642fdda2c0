"""Cross-entropy of ordered classes: one score f(x) and cut points between the classes.

The cumulative logit model (McCullagh, J. Roy. Statist. Soc. B 42 (1980) 109-142): P(class <= k) = s(c_k - f), with s the logistic
function. Because s(a) - s(b) = s(a) s(-b) (1 - e^(b-a)), the loss of a row between the cuts b < a is

    log(1 + e^(f-a)) + log(1 + e^(b-f)) - log(1 - e^(b-a)),

a binary loss at either cut and a term without f: convex in score and cuts together. Two classes are one cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.types import Array

Codes = NDArray[np.int64]
_RIDGE = 1e-9
_FAR = 40.0


@dataclass(frozen=True, kw_only=True)
class Cuts:
    """A fitted score ``coef @ features`` and its cut points.

    Attributes:
        coef: float64 [features].
        cuts: float64 [classes - 1], rising.
        loss: mean cross-entropy of a row, in nats.
    """

    coef: Array
    cuts: Array
    loss: float


def loss_terms(score: Array, cuts: Array, codes: Codes) -> tuple[Array, Array, Array]:
    """Loss of each row, and its first and second derivative in the score; float64 [rows] each.

    Args:
        score: float64 [rows].
        cuts: float64 [classes - 1], rising.
        codes: int64 [rows], 0 to classes - 1.
    """
    if len(cuts) == 1:  # the formula below, three times as fast
        above = score - cuts[0]
        p = _logistic(above)
        return _loss_of_two(above, codes), p - codes, p * (1 - p)
    upper, lower = np.append(cuts, np.inf)[codes], np.concatenate([[-np.inf], cuts])[codes]
    above, below = score - upper, lower - score
    p, q = _logistic(above), _logistic(below)
    loss = np.logaddexp(0.0, above) + np.logaddexp(0.0, below) - _log_gap(upper - lower)
    return loss, p - q, p * (1 - p) + q * (1 - q)


def _loss_of_two(above: Array, codes: Codes) -> Array:
    """Loss of each row of two classes whose score lies so far above the cut."""
    return np.asarray(np.logaddexp(0.0, above) - codes * above)


def mean_loss(score: Array, cuts: Array, codes: Codes) -> float:
    """Mean cross-entropy, inf where the cuts do not rise."""
    if np.any(np.diff(cuts) <= 0) or not np.all(np.isfinite(score)):
        return np.inf
    with np.errstate(over="ignore"):
        if len(cuts) == 1:  # without the derivatives
            return float(np.mean(_loss_of_two(score - cuts[0], codes)))
        return float(np.mean(loss_terms(score, cuts, codes)[0]))


def classes_of(score: Array, cuts: Array) -> Codes:
    """The class of each row: between which cuts its score lies.

    Where a class is nowhere the likeliest, this still gives the median of the distribution, which for a cumulative model is the
    class that a cut-based rule stands for.
    """
    return np.searchsorted(cuts, score).astype(np.int64)


def start_cuts(codes: Codes, classes: int) -> Array:
    """Cuts that give each class its share when the score is constant zero."""
    share = np.cumsum(np.bincount(codes, minlength=classes) + 0.5)
    return np.asarray(np.log(share[:-1] / (share[-1] - share[:-1])))


def fit_linear(features: Array, codes: Codes, classes: int, *, iterations: int = 50) -> Cuts:
    """Newton's method for the weights of given features, and the cuts.

    Args:
        features: float64 [features, rows], without a constant (the cuts are one).
        codes: int64 [rows].
        classes: number of classes.
        iterations: Newton steps at most.

    Returns:
        The fit. Where a feature separates the classes, weights stop growing once the loss is nearly zero.

    Example:
        >>> x = np.array([[-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]])
        >>> fit = fit_linear(x, np.array([0, 0, 1, 0, 1, 1]), 2)
        >>> bool(fit.coef[0] > 0)
        True
    """
    scale = np.std(features, axis=1)
    scale[scale == 0] = 1.0
    centre = np.mean(features, axis=1)
    unit = (features - centre[:, None]) / scale[:, None]
    coef, cuts = np.zeros(len(unit)), start_cuts(codes, classes)
    value = mean_loss(coef @ unit, cuts, codes)
    for _ in range(iterations):
        gradient, hessian = newton_terms(unit, coef @ unit, cuts, codes, np.eye(len(cuts)))
        hessian[np.diag_indices_from(hessian)] += _RIDGE * (1 + np.trace(hessian) / len(hessian))
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        size = 1.0
        while size > 1e-6:
            trial, moved = coef - size * step[: len(coef)], cuts - size * step[len(coef) :]
            new = mean_loss(trial @ unit, moved, codes)
            if new <= value:
                break
            size /= 2
        if size <= 1e-6:
            break
        gain, coef, cuts, value = value - new, trial, moved, new
        if gain < 1e-10 * (1 + value) or np.max(np.abs(coef), initial=0.0) > _FAR * 10:
            break
    coef = coef / scale
    return Cuts(coef=coef, cuts=cuts + coef @ centre, loss=value)


def newton_terms(features: Array, score: Array, cuts: Array, codes: Codes, pattern: Array) -> tuple[Array, Array]:
    """Gradient and (Gauss-Newton) Hessian of the mean loss in the features' weights and in q numbers that make the cuts.

    Args:
        features: float64 [m, rows], derivatives of the score in m numbers.
        score: float64 [rows].
        cuts: float64 [classes - 1].
        codes: int64 [rows].
        pattern: float64 [classes - 1, q]; cuts = pattern @ numbers.

    Returns:
        float64 [m + q] and [m + q, m + q].
    """
    n, k = len(codes), len(cuts)
    if k == 1:
        return _two_classes(features, score - cuts[0], codes, pattern)
    upper, lower = np.append(cuts, np.inf)[codes], np.concatenate([[-np.inf], cuts])[codes]
    p, q = _logistic(score - upper), _logistic(lower - score)
    wp, wq = p * (1 - p), q * (1 - q)
    rise, bend = _gap_slopes(cuts, codes)
    # Sums over the rows of each class: upper cuts are those of the first k classes, lower ones of the last k.
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(k + 2))

    def by_class(values: Array) -> Array:
        total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values[..., order], axis=-1)], axis=-1)
        return np.asarray(np.diff(total[..., edges], axis=-1))

    slopes = by_class(q)[1:] - by_class(p)[:-1] + rise
    cross = -by_class(features * wp)[:, :-1] - by_class(features * wq)[:, 1:]
    corner = np.diag(by_class(wp)[:-1] + by_class(wq)[1:]) + bend
    gradient = np.concatenate([features @ (p - q), pattern.T @ slopes]) / n
    mixed = cross @ pattern
    hessian = np.block([[(features * (wp + wq)) @ features.T, mixed], [mixed.T, pattern.T @ corner @ pattern]]) / n
    return gradient, hessian


def _two_classes(features: Array, above: Array, codes: Codes, pattern: Array) -> tuple[Array, Array]:
    """The same for one cut, which is minus the weight of a constant."""
    p = _logistic(above)
    whole = np.vstack([features, -np.broadcast_to(pattern.T, (pattern.shape[1], len(codes)))])
    return whole @ (p - codes) / len(codes), (whole * (p * (1 - p))) @ whole.T / len(codes)


def _gap_slopes(cuts: Array, codes: Codes) -> tuple[Array, Array]:
    """Derivatives in the cuts of the terms -log(1 - e^(lower - upper)), summed over the rows of the inner classes."""
    k = len(cuts)
    counts = np.bincount(codes, minlength=k + 1)[1:k].astype(np.float64)
    gap = np.diff(cuts)
    first = -counts / np.expm1(np.minimum(gap, 300.0))
    second = counts / (4 * np.sinh(np.minimum(gap, 300.0) / 2) ** 2)
    rise, bend = np.zeros(k), np.zeros((k, k))
    for j in range(k - 1):
        rise[j + 1] += first[j]
        rise[j] -= first[j]
        bend[j : j + 2, j : j + 2] += second[j] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    return rise, bend


def _log_gap(gap: Array) -> Array:
    """log(1 - e^-gap), zero for an infinite gap."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.expm1(-gap)))


def _logistic(z: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))
