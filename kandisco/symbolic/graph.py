"""A trained network as a drawing: each live edge is a sampled curve, and choosing a function for each edge gives a formula."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kandisco.expr import Expr, add, mul, num, to_text, var
from kandisco.symbolic.curves import CurveFit
from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A live edge: samples ``u`` -> ``v``, from node ``source`` of layer ``layer`` into sub-sum ``sub`` of the next."""

    layer: int
    source: int
    sub: int
    u: Array
    v: Array


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The network's wiring.

    Attributes:
        inputs: the expression that enters each input (a column, its logarithm, ...).
        nodes: for each layer, the sub-sums that each node multiplies (one number for a sum node).
        skips: for each layer, the levels below the last whose nodes follow among its sources (0 is the inputs); none by default.
        curves: the live edges.
        biases: constants added to sub-sums, as (layer, sub) -> value.
        outer: what the network's output is turned into, a tree in ``x`` (``exp(x)`` for a network of log y).
    """

    inputs: tuple[Expr, ...]
    nodes: tuple[tuple[tuple[int, ...], ...], ...]
    curves: tuple[Curve, ...]
    biases: Mapping[tuple[int, int], float] = field(default_factory=dict)
    outer: Expr = var("x")
    skips: tuple[tuple[int, ...], ...] = ()

    def start_of(self, curve: Curve) -> str:
        """What enters an edge: a column, what was made of one, or a node such as ``h1,2``."""
        heard = (curve.layer, *(self.skips[curve.layer] if self.skips else ()))
        counts = [len(self.inputs), *map(len, self.nodes)]
        names = [
            to_text(self.inputs[i], 4) if level == 0 else f"h{level},{i + 1}" for level in heard for i in range(counts[level])
        ]
        return names[curve.source]

    def end_of(self, curve: Curve) -> str:
        """The node an edge ends in, or ``output``."""
        if curve.layer + 1 == len(self.nodes):
            return "output"
        node = next(i for i, subs in enumerate(self.nodes[curve.layer]) if curve.sub in subs)
        return f"h{curve.layer + 1},{node + 1}"

    def compose(self, choice: Sequence[Expr]) -> Expr:
        """The formula of the first output when edge i of ``curves`` is ``choice[i]``, a tree in the variable ``x``."""
        levels = [list(self.inputs)]
        for layer, nodes in enumerate(self.nodes):
            heard = (layer, *(self.skips[layer] if self.skips else ()))
            values = [value for level in heard for value in levels[level]]
            subs: dict[int, list[Expr]] = {}
            for curve, expr in zip(self.curves, choice, strict=True):
                if curve.layer == layer:
                    subs.setdefault(curve.sub, []).append(expr.substitute({"x": values[curve.source]}))
            levels.append([mul(*(_total(subs.get(i, []), self.biases.get((layer, i), 0.0)) for i in node)) for node in nodes])
        return self.outer.substitute({"x": levels[-1][0]})


def _total(terms: list[Expr], offset: float) -> Expr:
    """The sum of edges ``c f + d`` with their offsets gathered into one constant."""
    rest = []
    for term in terms:
        if term.head == "add" and term.args[-1].head == "num":
            offset += float(term.args[-1].value)  # type: ignore[arg-type]
            rest.append(add(*term.args[:-1]))
        else:
            rest.append(term)
    return add(*rest, num(offset))


def assignments(ranked: Sequence[Sequence[CurveFit]]) -> Iterator[tuple[int, ...]]:
    """Joint choices of one fit per edge, cheapest total cost first (cost: decades above the edge's best error, and length)."""
    prices = [costs(fits) for fits in ranked]
    ordered = [np.argsort(cost, kind="stable") for cost in prices]

    def total(state: tuple[int, ...]) -> float:
        return float(sum(cost[order[k]] for cost, order, k in zip(prices, ordered, state, strict=True)))

    start = (0,) * len(ranked)
    heap, seen = [(total(start), start)], {start}
    while heap:
        _, state = heapq.heappop(heap)
        yield tuple(int(order[k]) for order, k in zip(ordered, state, strict=True))
        for i, order in enumerate(ordered):
            if state[i] + 1 < len(order):
                following = (*state[:i], state[i] + 1, *state[i + 1 :])
                if following not in seen:
                    seen.add(following)
                    heapq.heappush(heap, (total(following), following))


def costs(fits: Sequence[CurveFit]) -> Array:
    """Decades of error above the best fit, plus a tenth for each node: under noise the shorter of two equal fits comes first."""
    best = max(min(fit.error for fit in fits), 1e-7)
    return np.array([np.log10(max(fit.error / best, 1.0)) + 0.1 * fit.complexity for fit in fits])
