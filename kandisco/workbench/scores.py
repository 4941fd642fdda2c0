"""What matters in a network: edges, nodes and inputs by what they do to the output, and which inputs meet where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kandisco import kan as net
from kandisco.errors import ConfigError
from kandisco.kan.backward import sensitivities
from kandisco.kan.passes import trace
from kandisco.kan.rewiring import all_nodes, keep_nodes
from kandisco.kan.tensors import columns
from kandisco.types import Array, EdgeId
from kandisco.workbench.state import Frame

if TYPE_CHECKING:
    import pandas


def effects_of(kan: net.KAN, frame: Frame) -> dict[EdgeId, float]:
    """Per live edge, spline or function, the deviation of what it does to the output, as a share of the target's deviation.

    To first order that is s (edge - its mean) over the training rows, with s the slope of the output in the edge's sub-sum.
    """
    kan = net.select(kan, 0)
    like = kan.edges[0].coef
    slopes = sensitivities(kan, trace(kan, columns(frame.scaled.x, like.dtype, like.device)))
    flow = net.activations(kan, frame.scaled.x)
    found = [_deviations(s[0, 0].cpu().numpy()[:, None], act.edges, frame.scaled.weights) for s, act in zip(slopes, flow)]
    return {edge: float(found[edge.layer][edge.target, edge.source]) for edge in kan.live_edges()}


def _deviations(slope: Array, curves: Array, weights: Array | None) -> Array:
    """[S, I] from slopes [S, 1, N] and curves [S, I, N], the mean being the one that matters least."""
    share = np.ones(curves.shape[-1]) if weights is None else weights / np.mean(weights)
    square = np.broadcast_to(slope**2 * share, (len(curves), 1, curves.shape[-1]))
    total = square.sum(-1)
    mean = (square * curves).sum(-1) / np.where(total > 0, total, 1.0)
    return np.asarray(np.sqrt((square * (curves - mean[..., None]) ** 2).mean(-1)))


def node_effects(kan: net.KAN, frame: Frame, level: int) -> Array:
    """[nodes of a level]: the effects of all edges that start from each of them, together."""
    nodes = all_nodes(kan.shape)
    if not 0 <= level < len(nodes) - 1:
        raise ConfigError(
            f"Shape {kan.shape} has no level {level} with edges going out.", hint="Levels count from 0, the inputs."
        )
    total = np.zeros(len(nodes[level]))
    for edge, effect in effects_of(kan, frame).items():
        for origin, part in kan.shape.parts(edge.layer):
            if origin == level and part.start <= edge.source < part.stop:
                total[edge.source - part.start] += effect
    return total


def attribution(kan: net.KAN, frame: Frame, kind: str) -> pandas.DataFrame:
    """Scores of ``features``, ``nodes`` or ``edges``, largest first: ``effect`` in the target's unit, ``share`` of its level."""
    import pandas

    rows: list[dict[str, object]] = []
    if kind == "edges":
        for edge, effect in effects_of(kan, frame).items():
            rows.append({"layer": edge.layer, "source": edge.source, "target": edge.target, "effect": effect})
        level = "layer"
    elif kind in ("features", "nodes"):
        for depth in range(1) if kind == "features" else range(1, len(kan.shape.layers)):
            for node, effect in enumerate(node_effects(kan, frame, depth)):
                name = {"feature": frame.labels[node]} if kind == "features" else {"level": depth, "node": node}
                rows.append({**name, "effect": effect})
        level = "feature" if kind == "features" else "level"
    else:
        raise ConfigError(f"There are no scores of {kind!r}.", hint="Choose features, nodes or edges.")
    names = {"edges": ["layer", "source", "target"], "nodes": ["level", "node"], "features": ["feature"]}[kind]
    table = pandas.DataFrame(rows, columns=[*names, "effect"])
    total = table["effect"].sum() if level == "feature" else table.groupby(level)["effect"].transform("sum")
    table["share"] = table["effect"] / total
    table["effect"] *= frame.scaled.deviation
    return table.sort_values("effect", ascending=False, ignore_index=True)


def interactions(kan: net.KAN, frame: Frame, level: int, threshold: float) -> dict[tuple[str, ...], int]:
    """Which inputs meet in the nodes of a level: names of the inputs -> number of nodes that mix exactly these.

    An input reaches a node if it comes over edges whose effect is above ``threshold`` of the largest in their layer.
    """
    nodes = all_nodes(kan.shape)
    if not 1 <= level < len(nodes):
        raise ConfigError(f"Shape {kan.shape} has no level {level} that hears others.", hint="Levels count from 1 here.")
    found = effects_of(kan, frame)
    largest = {layer: max((v for e, v in found.items() if e.layer == layer), default=0.0) for layer in range(len(kan.edges))}
    strong = [edge for edge, effect in found.items() if effect > threshold * largest[edge.layer]]
    reach: list[list[set[int]]] = [[{i} for i in nodes[0]]]
    for layer in range(level):
        owner = kan.shape.layers[layer].owner()
        sources = [reach[origin][node] for origin, _ in kan.shape.parts(layer) for node in nodes[origin]]
        met: list[set[int]] = [set() for _ in nodes[layer + 1]]
        for edge in (edge for edge in strong if edge.layer == layer):
            met[owner[edge.target]] |= sources[edge.source]
        reach.append(met)
    counts: dict[tuple[str, ...], int] = {}
    for inputs in (inputs for inputs in reach[level] if inputs):
        names = tuple(frame.labels[i] for i in sorted(inputs))
        counts[names] = counts.get(names, 0) + 1
    return counts


def connection_cost(kan: net.KAN, frame: Frame) -> float:
    """Length of all edges in the drawing, each weighed by its effect: what ``untangled`` makes small."""
    return _cost(kan, effects_of(kan, frame))


def _cost(kan: net.KAN, effects: dict[EdgeId, float]) -> float:
    nodes = all_nodes(kan.shape)
    places = [(np.arange(len(level)) + 0.5) / len(level) for level in nodes]
    total = 0.0
    for edge, effect in effects.items():
        sources = np.concatenate([places[origin] for origin, _ in kan.shape.parts(edge.layer)])
        target = places[edge.layer + 1][kan.shape.layers[edge.layer].owner()[edge.target]]
        total += effect * abs(float(sources[edge.source] - target))
    return total


def untangled(kan: net.KAN, frame: Frame) -> net.KAN:
    """Hidden nodes exchanged, two of a kind at a time, as long as that shortens the drawing's edges."""
    best, shorter = connection_cost(kan, frame), True
    while shorter:
        shorter = False
        for level in range(1, len(kan.shape.layers)):
            for i, j in _pairs(kan.shape.layers[level - 1]):
                trial = swapped(kan, level, i, j)
                cost = connection_cost(trial, frame)
                if cost < best * (1 - 1e-9):
                    kan, best, shorter = trial, cost, True
    return kan


def _pairs(layer: net.Layer) -> list[tuple[int, int]]:
    kinds = [0] * layer.sums + list(layer.products)
    return [(i, j) for i in range(layer.nodes) for j in range(i + 1, layer.nodes) if bool(kinds[i]) == bool(kinds[j])]


def swapped(kan: net.KAN, level: int, i: int, j: int) -> net.KAN:
    """Two hidden nodes of a level exchanged; the network computes the same.

    Raises:
        ConfigError: no such nodes, or one sums and the other multiplies.
    """
    order = all_nodes(kan.shape)
    if not (1 <= level < len(order) - 1 and {i, j} <= set(order[level])):
        raise ConfigError(f"Shape {kan.shape} has no hidden nodes {i} and {j} at level {level}.", hint="Levels count from 0.")
    order[level][i], order[level][j] = j, i
    return keep_nodes(kan, order)
