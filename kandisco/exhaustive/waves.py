"""A sine with an offset, by every frequency that the rows can tell apart."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from kandisco.exhaustive import screen
from kandisco.exhaustive.blocks import Builder
from kandisco.exhaustive.hits import Hit, length
from kandisco.exhaustive.targets import NO_FACTOR, targets
from kandisco.expr import Expr, add, call, mul, num
from kandisco.symbolic.sample import Sample

_FEWEST, _KEPT = 6, 6


def waves(make: Builder, sample: Sample, relative: bool) -> tuple[list[Hit], int]:
    """y = a + b sin(w x + c)."""
    (column,) = make.columns
    u, y = column.values, sample.y
    reach, distinct = float(np.ptp(u)), len(np.unique(u))
    if distinct < _FEWEST or "sin" not in make.allowed:
        return [], 0
    rates = np.arange(1.0, max(3.0, 0.9 * math.pi * distinct), 0.5) / reach
    goal = next(targets(y, relative, sample.weights, [NO_FACTOR], make.prior))
    t = screen.target(goal.values, goal.weight, centred=True)
    found: list[Hit] = []
    for rate in rates:
        both = np.stack([np.sin(rate * u), np.cos(rate * u)])
        d = screen.design(both, goal.weight, np.array([0, 1]), centred=True)
        a, _, rank, _ = np.linalg.lstsq(d.columns.T, t, rcond=1e-6)
        if rank < 2:
            continue
        rest = t - d.columns.T @ a
        c = np.linalg.lstsq(
            (both - np.average(both, axis=1, weights=goal.weight**2)[:, None]).T * goal.weight[:, None], t, rcond=None
        )[0]
        offset = float(np.average(goal.values - c @ both, weights=goal.weight**2))
        inner = add(mul(num(float(rate)), column.expr), num(float(np.arctan2(c[1], c[0]))))
        tree = add(num(offset), mul(num(float(np.hypot(*c))), call("sin", inner)))
        score = length(np.array([rest @ rest]), np.array([4]), len(t), goal, inner=1)[0] + make.prior.cost(tree, 1)
        found.append(Hit(build=partial(Expr, tree.head, tree.args), score=float(score), relative=relative, origin="wave"))
    return sorted(found, key=lambda hit: hit.score)[:_KEPT], 1
