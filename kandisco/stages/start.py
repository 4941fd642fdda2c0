"""Starts: networks whose edges closed-form algebra already knows, handed to the symbolic stage as sampled curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kandisco.expr import Expr, add, mul, num, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.graph import Curve, Graph
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.separable import Separable, product_start
from kandisco.symbolic.spectral import spectral_start
from kandisco.symbolic.transforms import Undone, plain, transforms
from kandisco.types import Array

_RANKING_ROWS, _RANKING_SWEEPS = 400, 10
HELD = 1e-20
"""Share of variance up to which nothing but rounding is left: among starts that all hold the first is taken, not the luckiest."""


def link_additive(sample: Sample, *, threshold: float) -> tuple[Graph, float]:
    """[n,1,1]: y = g(f_1(x_1) + ... + f_n(x_n)) from the spectral start, and the share of variance it misses.

    Inputs whose part deviates less than ``threshold`` of the whole are left out, and the rest solved again without them.
    """
    keep = np.arange(len(sample.x))
    start = spectral_start(sample.x, sample.y)
    strong = np.flatnonzero(np.std(start.parts, axis=1) > threshold)
    if 0 < len(strong) < len(keep):
        keep, start = strong, spectral_start(sample.x[strong], sample.y)
    curves = [Curve(layer=0, source=int(i), sub=0, u=sample.x[i], v=part) for i, part in zip(keep, start.parts, strict=True)]
    curves.append(Curve(layer=1, source=0, sub=0, u=start.theta, v=sample.y))
    nodes = (((0,),), ((0,),))
    return Graph(inputs=tuple(var(name) for name in sample.names), nodes=nodes, curves=tuple(curves)), start.missing


def pairs(sample: Sample) -> Iterator[tuple[int, int, Expr, Array]]:
    """Every column i turned into its product or quotient with another column j: i, j, the expression, the values."""
    for i in range(len(sample.names)):
        for j in range(len(sample.names)):
            if i != j:
                first, second = var(sample.names[i]), var(sample.names[j])
                yield i, j, mul(first, second), sample.x[i] * sample.x[j]
                if np.all(sample.x[j] != 0):
                    yield i, j, mul(first, power(second, rat(-1))), sample.x[i] / sample.x[j]


def product(sample: Sample, *, threshold: float, intervals: int = 10) -> tuple[Graph, float]:
    """[n,0+1xn]: y = d + f_1(x_1) ... f_n(x_n) by alternating least squares; flat factors are left out."""
    return _product(sample, plain(sample.y), threshold, intervals)


def product_below(sample: Sample, *, threshold: float) -> tuple[Graph, float]:
    """[n,0+1xn,1] with a known last edge: T(y) = d + f_1(x_1) ... f_n(x_n) for the transformation T that misses least of y."""
    pick = np.linspace(0, len(sample.y) - 1, min(len(sample.y), _RANKING_ROWS)).astype(int)

    def missed(undone: Undone) -> float:
        found = product_start(sample.x[:, pick], undone.values[pick], sweeps=_RANKING_SWEEPS)
        return max(_missed(undone, found, sample.y[pick]), HELD)

    best = min((undone for undone in transforms(sample.y) if undone.name != "y"), key=missed, default=None)
    if best is None:
        return Graph(inputs=(), nodes=(), curves=()), 1.0
    return _product(sample, best, threshold, 10)


def _product(sample: Sample, undone: Undone, threshold: float, intervals: int) -> tuple[Graph, float]:
    start, keep = product_start(sample.x, undone.values, intervals=intervals), np.arange(len(sample.x))
    spread = np.std(start.factors, axis=1) / np.sqrt(np.mean(start.factors**2, axis=1))
    strong = np.flatnonzero(spread > threshold)
    if 0 < len(strong) < len(keep):
        keep, start = strong, product_start(sample.x[strong], undone.values, intervals=intervals)
    curves = tuple(Curve(layer=0, source=int(i), sub=k, u=sample.x[i], v=start.factors[k]) for k, i in enumerate(keep))
    nodes = ((tuple(range(len(keep))),),)
    outer = undone.outer.substitute({"x": add(var("x"), num(start.offset))})
    graph = Graph(inputs=tuple(var(name) for name in sample.names), nodes=nodes, curves=curves, outer=outer)
    return graph, _missed(undone, start, sample.y)


def _missed(undone: Undone, start: Separable, y: Array) -> float:
    """Share of the variance of y itself that the product leaves: a transformed target may owe all its variance to a few rows."""
    value = evaluate(undone.outer, {"x": start.offset + np.prod(start.factors, axis=0)})
    with np.errstate(all="ignore"):
        missing = float(np.mean((value - y) ** 2)) / (float(np.var(y)) or 1.0)
    return missing if np.isfinite(missing) else 1.0
