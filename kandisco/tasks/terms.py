"""Which product of factors would lower a cross-entropy most: score statistics of all pairs by a few matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.tasks.factors import Factors
from kandisco.types import Array

Ints = NDArray[np.int64]

_BEST_PAIRS, _SPREAD = 150, 24
# Cheap terms are kept in greater number: a costly one nearly always imitates a little better at first.
_PER_COST, _CHEAP, _PER_CHEAP_COST = 2, 9, 6
_FIRST = 4


@dataclass(frozen=True, kw_only=True)
class Term:
    """A product of factors: their numbers, rising, the gain in loss it promises, and its cost in nodes."""

    parts: tuple[int, ...]
    gain: float
    cost: int


def promising(factors: Factors, slope: Array, bend: Array, design: Array, *, most: int) -> list[Term]:
    """Terms of one, two and three factors that promise most, at every cost.

    With the loss' slope g and second derivative w at the current score, adding a term t lowers the loss by about
    (g.t)^2 / (2 w.t^2), t and g freed of what the design explains (Rao's score test, Proc. Camb. Phil. Soc. 44 (1948) 50-57).
    The first term may be judged by its logarithm too, which has the same boundary.

    Args:
        factors: float64 [factors, rows].
        slope, bend: float64 [rows], first and second derivative of the loss in the score.
        design: float64 [terms, rows], the terms that are in the score already, with the constant.
        most: nodes that a term may cost.

    Returns:
        At most some tens of terms: the best of each cost, then the second of each cost, and so on.
    """
    logged = len(design) == 1
    found: list[tuple[int, ...]] = [(int(i),) for i in np.flatnonzero(factors.costs <= most)]
    if not found:
        return []
    least = int(np.min(factors.costs))
    rows, columns = np.triu_indices(len(factors.values))
    cost = factors.costs[rows] + factors.costs[columns] + 1
    if 2 * least + 1 <= most:
        gains = _pair_gains(factors.values, slope, bend)
        if logged:
            gains = np.fmax(gains, _log_gains(factors.values, slope, bend))
        order = _top(np.where(cost <= most, gains[rows, columns], np.nan), cost)
        pairs = [(int(rows[k]), int(columns[k])) for k in order if cost[k] <= most]
        found += [*pairs, *(_triples(factors, pairs, slope, bend, most) if 3 * least + 2 <= most else ())]
    # Before anything is known of the score, what a term promises says least of what it will do.
    return _by_cost(_exact(factors, found, slope, bend, design, logged), _FIRST if logged else 1)


def _pair_gains(values: Array, slope: Array, bend: Array) -> Array:
    """The gain of the product of each two factors."""
    with np.errstate(all="ignore"):
        gains = np.square((values * slope) @ values.T) / ((values * values * bend) @ (values * values).T)
    return np.asarray(gains / (2 * len(slope)))


def _log_gains(values: Array, slope: Array, bend: Array) -> Array:
    """The gain of the logarithm of the product of each two factors, nan where one is not positive."""
    with np.errstate(all="ignore"):
        logs = np.log(np.where(np.all(values > 0, axis=1)[:, None], values, np.nan))
        logs = logs - (logs @ bend / np.sum(bend))[:, None]
        one, both = logs @ slope, (logs * bend) @ logs.T
        size = np.diag(both)
        gains = np.square(one[:, None] + one[None, :]) / (size[:, None] + size[None, :] + 2 * both)
    return np.asarray(gains / (2 * len(slope)))


def values_of(factors: Factors, parts: tuple[int, ...]) -> Array:
    """float64 [rows] of a product."""
    return np.asarray(np.prod(factors.values[list(parts)], axis=0))


def _triples(factors: Factors, pairs: list[tuple[int, int]], slope: Array, bend: Array, most: int) -> list[tuple[int, ...]]:
    values, n = factors.values, len(slope)
    two = np.array([values[i] * values[j] for i, j in pairs])
    with np.errstate(all="ignore"):
        gains = np.square((two * slope) @ values.T) / (2 * n * ((two * two * bend) @ (values * values).T))
    cost = np.array([factors.costs[i] + factors.costs[j] for i, j in pairs])[:, None] + factors.costs[None, :] + 2
    order = [k for k in _top(np.where(cost <= most, gains, np.nan).ravel(), cost.ravel()).tolist() if cost.flat[k] <= most]
    return sorted({tuple(sorted((*pairs[k // len(values)], int(k % len(values))))) for k in order})


def _exact(factors: Factors, parts: list[tuple[int, ...]], slope: Array, bend: Array, design: Array, logged: bool) -> list[Term]:
    values = np.array([values_of(factors, each) for each in parts])
    gains = _gain(values, slope, bend, design)
    if logged:
        with np.errstate(all="ignore"):
            logs = np.where(np.all(values > 0, axis=1)[:, None], np.log(values), 0.0)
        gains = np.maximum(gains, _gain(logs, slope, bend, design))
    return [
        Term(parts=each, gain=float(gain), cost=int(sum(factors.costs[i] for i in each)) + len(each) - 1)
        for each, gain in zip(parts, gains)
    ]


def _gain(values: Array, slope: Array, bend: Array, design: Array) -> Array:
    """Promised fall of the mean loss of each row of ``values``."""
    root = np.sqrt(bend)
    basis = np.linalg.qr((design * root).T)[0]
    working = slope / np.maximum(root, 1e-150)
    free = values * root
    length = np.sum(free * free, axis=1)
    free = free - (free @ basis) @ basis.T
    left = np.sum(free * free, axis=1)
    with np.errstate(all="ignore"):
        gain = np.square(free @ working) / (2 * len(slope) * left)
    return np.where((left > 1e-8 * length) & np.isfinite(gain), gain, 0.0)


def _top(gain: Array, cost: Ints) -> Ints:
    """Positions of the largest gains, and of some of each cost."""
    gain = np.where(np.isfinite(gain), gain, -1.0)
    chosen = set(np.argsort(-gain, kind="stable")[:_BEST_PAIRS].tolist())
    for each in np.unique(cost):
        at = np.flatnonzero(cost == each)
        chosen |= set(at[np.argsort(-gain[at], kind="stable")[:_SPREAD]].tolist())
    return np.array(sorted(chosen), dtype=np.int64)


def _by_cost(found: list[Term], times: int) -> list[Term]:
    """The best of each cost, cheap ones first, then the second of each, and so on."""
    counts: dict[int, int] = {}
    ranked = []
    for term in sorted(found, key=lambda one: -one.gain):
        rank = counts.get(term.cost, 0)
        counts[term.cost] = rank + 1
        if term.gain > 0 and rank < times * (_PER_CHEAP_COST if term.cost <= _CHEAP else _PER_COST):
            ranked.append((rank, term))
    return [term for _, term in sorted(ranked, key=lambda item: (item[0], item[1].cost))]
