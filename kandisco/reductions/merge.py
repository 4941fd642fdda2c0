"""Merge: two columns that act as one, told by prediction instead of gradients, which noise blurs.

A column z(x_i, x_j) in place of two is a hypothesis about the law, and the judge is a surrogate in one dimension less: if z is
right it predicts rows it has not seen at least as well as the surrogate of all columns, since it has less to learn; if not it is
blind to what z throws away. A power of one of the two columns may divide the target first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np

from kandisco.expr import Expr, add, mul, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.reductions.reduction import Reduction, divided, raised, without
from kandisco.spread import Spread, in_turn
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import fit_surrogate
from kandisco.types import Array

# A glance at a hundred rows picks the few that are judged on more.
_GLANCED, _JUDGED = 100, 8
_LEARNT, _FEWEST = 250, 60
_AS_GOOD = 1.02
_BLIND = 0.5
_FEW_COLUMNS, _MANY_COLUMNS = 3, 9
_POWERS = (-2, -1, 1, 2)


@dataclass(frozen=True, kw_only=True)
class _Merge:
    """Columns ``i`` and ``j`` as ``z``, ``y`` over ``divisor``."""

    i: int
    j: int
    z: Expr
    divisor: Expr


def merges(sample: Sample, *, most: int = 2, spread: Spread = in_turn) -> list[Reduction]:
    """The problems with two columns merged that predict unseen rows best: into a sum, a difference, a sum of squares, a monomial.

    Args:
        sample: the rows; nine columns at most are looked at, and powers that divide the target among three at most.
        most: how many to return.
        spread: how the surrogates are fitted: a hundred and more of them.

    Returns:
        Those that predict unseen rows as well as all columns do, the best first; empty where even all columns predict poorly.
    """
    learnt = min(_LEARNT, len(sample.y) // 2)
    if not 2 <= len(sample.names) <= _MANY_COLUMNS or learnt < _FEWEST:
        return []
    whole = _error(sample, np.ones_like(sample.y), learnt)
    if whole > _BLIND * float(np.std(sample.y[learnt:])):
        return []
    possible = list(_possible(sample))
    glances = list(spread(partial(_error_of, sample, min(_GLANCED, learnt)), possible))
    found = sorted(zip(glances, possible, strict=True), key=lambda item: item[0])
    close = [merge for glance, merge in found if glance < np.inf][:_JUDGED]
    judged = zip(spread(partial(_error_of, sample, learnt), close), close, strict=True)
    good = sorted((item for item in judged if item[0] < _AS_GOOD * whole), key=lambda item: item[0])
    return [_reduction(sample, merge, doubt=error / sample.spread) for error, merge in good[:most]]


def _error_of(sample: Sample, learnt: int, merge: _Merge) -> float:
    """What a merge errs by; inf where it cannot be made."""
    smaller, factor = _merged(sample, merge)
    if np.all(np.isfinite(smaller.y)) and np.all(np.isfinite(smaller.x[-1])) and np.ptp(smaller.x[-1]) > 0:
        return _error(smaller, factor, learnt)
    return float("inf")


def _error(sample: Sample, factor: Array, learnt: int) -> float:
    """Root mean square error on the rows a surrogate has not seen, in the unit of the target that ``factor`` brings back."""
    few, rest = sample.rows(np.arange(learnt)), np.arange(learnt, len(sample.y))
    surrogate = fit_surrogate(few, rows=learnt, tuning_rows=learnt // 2, iterations=15)
    value = surrogate.predict(sample.x[:, rest])[0]
    return float(np.sqrt(np.mean(((value - sample.y[rest]) * factor[rest]) ** 2)))


def _possible(sample: Sample) -> Iterator[_Merge]:
    for i, j in combinations(range(len(sample.names)), 2):
        a, b = var(sample.names[i]), var(sample.names[j])
        powers = bool(np.all(sample.x[[i, j]] != 0))
        divisors = [raised(v, Fraction(p)) for v in (a, b) for p in _POWERS] if powers else []
        for z in _columns_of(a, b, powers):
            for divisor in (rat(1), *(divisors if len(sample.names) <= _FEW_COLUMNS else ())):
                yield _Merge(i=i, j=j, z=z, divisor=divisor)


def _columns_of(a: Expr, b: Expr, powers: bool) -> Iterator[Expr]:
    yield add(a, mul(rat(-1), b))
    yield add(a, b)
    yield add(power(a, rat(2)), power(b, rat(2)))
    yield mul(a, b)
    if powers:
        yield mul(a, power(b, rat(-1)))


def _merged(sample: Sample, merge: _Merge) -> tuple[Sample, Array]:
    """The smaller problem and the values of the divisor."""
    with np.errstate(all="ignore"):
        columns = sample.columns
        value, factor = (np.array(np.broadcast_to(evaluate(e, columns), sample.y.shape)) for e in (merge.z, merge.divisor))
    return without(divided(sample, merge.divisor), [merge.i, merge.j], new=(_name(sample, merge), value)), factor


def _name(sample: Sample, merge: _Merge) -> str:
    return f"z{len(sample.names)}_{sample.names[merge.i]}_{sample.names[merge.j]}"


def _reduction(sample: Sample, merge: _Merge, *, doubt: float) -> Reduction:
    name = _name(sample, merge)
    return Reduction(
        kind="merge",
        name=f"merge {sample.names[merge.i]},{sample.names[merge.j]}",
        sample=_merged(sample, merge)[0],
        rebuild=lambda expr: mul(merge.divisor, expr.substitute({name: merge.z})),
        doubt=doubt,
        priority=doubt,
    )
