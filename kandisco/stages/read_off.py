"""From a trained network to its drawing: live edges as sampled curves, in the user's coordinates."""

from __future__ import annotations

import numpy as np

from kandisco import kan as net
from kandisco.expr import Expr, add, mul, num, var
from kandisco.stages.train import Scaled
from kandisco.symbolic.graph import Curve, Graph


def read_off(kan: net.KAN, data: Scaled, names: tuple[str, ...], *, outer: Expr | None = None) -> Graph:
    """The network as a ``Graph`` whose first layer reads columns and whose last edges draw the target itself.

    Args:
        kan: one network, trained on ``data``.
        data: scaled rows.
        names: of the columns.
        outer: tree in ``x`` that turns the network's target into the user's (None for the target itself).
    """
    flow = net.activations(kan, data.x)
    live = kan.live_edges()
    curves, biases = [], {}
    last = len(flow) - 1
    for layer, act in enumerate(flow):
        for sub in range(len(act.subs)):
            biases[layer, sub] = float(np.mean(act.subs[sub] - act.edges[sub].sum(axis=0)))
        for edge in (e for e in live if e.layer == layer):
            u, v = act.sources[edge.source], act.edges[edge.target, edge.source]
            if np.ptp(u) <= 1e-12 * (1 + np.abs(u).max()) or np.ptp(v) == 0:
                biases[layer, edge.target] += float(np.mean(v))
                continue
            column = _column(kan.shape, layer, edge.source)
            u = u if column is None else u * data.half[column] + data.centre[column]
            curves.append(Curve(layer=layer, source=edge.source, sub=edge.target, u=u, v=v))
    nodes = tuple(_nodes(layer) for layer in kan.shape.layers)
    whole = add(mul(num(data.deviation), var("x")), num(data.mean))
    outer = whole if outer is None else outer.substitute({"x": whole})
    used = {curve.layer for curve in curves}
    return Graph(
        inputs=tuple(var(name) for name in names),
        nodes=nodes,
        curves=tuple(curves) if len(used) == last + 1 else (),
        biases=biases,
        outer=outer,
        skips=tuple(layer.skips for layer in kan.shape.layers),
    )


def _column(shape: net.Shape, layer: int, source: int) -> int | None:
    """The input a source of a layer is, None if it is a node."""
    found = (source - part.start for origin, part in shape.parts(layer) if origin == 0 and part.start <= source < part.stop)
    return next(found, None)


def _nodes(layer: net.Layer) -> tuple[tuple[int, ...], ...]:
    owner = layer.owner()
    return tuple(tuple(sub for sub, node in enumerate(owner) if node == wanted) for wanted in range(layer.nodes))
