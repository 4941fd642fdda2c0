"""The drawing of a network says the same numbers as the network."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco import kan as net
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.stages.read_off import read_off
from kandisco.stages.train import Scaled, scale
from kandisco.symbolic.graph import Graph
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(24).uniform(1.0, 3.0, (2, 80))


def rows() -> Scaled:
    """Scaled rows."""
    sample = Sample(names=("a", "b"), x=X, y=np.exp(-X[0]) * X[1] + 40.0)
    return scale(sample, sample)


def walked(graph: Graph) -> np.ndarray:
    """The output, node by node, from the sampled values of the edges; every curve has to start at its node's values."""
    levels = [[X[0], X[1]]]
    for layer, nodes in enumerate(graph.nodes):
        values = [value for level in (layer, *graph.skips[layer]) for value in levels[level]]
        subs = {sub: np.full(X.shape[1], graph.biases.get((layer, sub), 0.0)) for node in nodes for sub in node}
        for curve in (c for c in graph.curves if c.layer == layer):
            np.testing.assert_allclose(curve.u, values[curve.source], rtol=1e-9, atol=1e-9)
            subs[curve.sub] = subs[curve.sub] + curve.v
        levels.append([np.prod([subs[sub] for sub in node], axis=0) for node in nodes])
    return evaluate(graph.outer, {"x": levels[-1][0]})


@pytest.mark.parametrize("width", ["2,1", "2,1,1", "2,3,1", "2,0+1", "2,1+1,1", "2,2,2,1", "2,1,1@0", "2,2,1@0,1@1@0"])
def test_node_by_node_the_graph_is_the_network(registry: Registry, width: str) -> None:
    data = rows()
    kan = net.init(net.parse_width(width, 2), registry.basis("bspline"), x=data.x, restarts=1, seed=3, grid=4)
    graph = read_off(kan, data, ("a", "b"))
    assert len(graph.curves) == len(kan.live_edges())
    want = net.forward(kan, data.x).numpy().reshape(-1) * data.deviation + data.mean
    np.testing.assert_allclose(walked(graph), want, rtol=1e-9)


def test_pruned_edges_are_not_drawn(registry: Registry) -> None:
    data = rows()
    kan = net.init(net.parse_width("2,2,1", 2), registry.basis("bspline"), x=data.x, restarts=1, seed=3, grid=4)
    smaller = net.prune(kan, kan.live_edges()[:1], data.x)
    graph = read_off(smaller, data, ("a", "b"))
    assert len(graph.curves) == len(kan.live_edges()) - 1
    want = net.forward(smaller, data.x).numpy().reshape(-1) * data.deviation + data.mean
    np.testing.assert_allclose(walked(graph), want, rtol=1e-9)


def test_an_outer_function_is_put_around_the_target(registry: Registry) -> None:
    data = rows()
    kan = net.init(net.parse_width("2,1", 2), registry.basis("bspline"), x=data.x, restarts=1, seed=3, grid=4)
    plain, outer = read_off(kan, data, ("a", "b")), read_off(kan, data, ("a", "b"), outer=parse("log(x)"))
    at = {"x": np.array([0.5, 1.0])}
    np.testing.assert_allclose(evaluate(outer.outer, at), np.log(evaluate(plain.outer, at)), rtol=1e-12)
