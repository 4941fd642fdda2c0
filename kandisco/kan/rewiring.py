"""Rewiring: leave nodes out, put them in another order, add nodes and layers. What the network computes stays what it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.errors import ConfigError, StageError
from kandisco.kan.edges import Edges
from kandisco.kan.editing import prune
from kandisco.kan.grids import set_edge
from kandisco.kan.knots import even
from kandisco.kan.network import KAN, heard, init, span, useful_masks
from kandisco.kan.passes import forward
from kandisco.kan.passes import trace as traced
from kandisco.kan.shape import Layer, Shape
from kandisco.kan.tensors import columns
from kandisco.types import EdgeId

Levels = Sequence[Sequence[int]]


def keep_nodes(kan: KAN, keep: Levels) -> KAN:
    """The network of some of its nodes, in the order given; edges from and to the others are gone.

    Args:
        kan: the networks.
        keep: per level (0 the inputs, last the outputs) the numbers of the nodes that stay; sum nodes before product nodes.

    Raises:
        ConfigError: a level without a node, or a product node before a sum node.
    """
    if not all(len(nodes) for nodes in keep):
        raise ConfigError("A level would be left without a node.", hint="Keep at least one node of each.")
    layers = tuple(_kept_layer(layer, nodes) for layer, nodes in zip(kan.shape.layers, keep[1:], strict=True))
    new = []
    for level, edges in enumerate(kan.edges):
        rows = [s for node in keep[level + 1] for s, owner in enumerate(kan.shape.layers[level].owner()) if owner == node]
        sources = [part.start + node for origin, part in kan.shape.parts(level) for node in keep[origin]]
        new.append(_taken(edges, rows, sources))
    return replace(kan, shape=Shape(len(keep[0]), layers), edges=tuple(new))


def _kept_layer(layer: Layer, nodes: Sequence[int]) -> Layer:
    sums = [node for node in nodes if node < layer.sums]
    if list(nodes[: len(sums)]) != sums:
        raise ConfigError(f"A product node cannot come before a sum node: {list(nodes)}.", hint="Exchange nodes of one kind.")
    return replace(layer, sums=len(sums), products=tuple(layer.products[node - layer.sums] for node in nodes[len(sums) :]))


def _taken(edges: Edges, rows: Sequence[int], sources: Sequence[int]) -> Edges:
    """The edges from ``sources`` to the sub-sums ``rows``, renumbered."""
    grid = {name: vars(edges)[name][:, rows][:, :, sources] for name in ("coef", "mask", "locked")}
    ends = {name: vars(edges)[name][:, sources] for name in ("lo", "hi", "spread")}
    kept = [m for m, symbol in enumerate(edges.symbols) if symbol.sub in rows and symbol.source in sources]
    symbols = tuple(
        replace(edges.symbols[m], sub=rows.index(edges.symbols[m].sub), source=sources.index(edges.symbols[m].source))
        for m in kept
    )
    return Edges(**grid, **ends, bias=edges.bias[:, rows], affine=edges.affine[:, kept], symbols=symbols)


def all_nodes(shape: Shape) -> list[list[int]]:
    """Per level the numbers of all nodes."""
    return [list(range(shape.inputs)), *(list(range(layer.nodes)) for layer in shape.layers)]


def compact(kan: KAN, x: ArrayLike | Tensor) -> KAN:
    """The network without hidden nodes that nobody hears, or that hear nobody; what the latter said moves into biases.

    Args:
        kan: one network (of several restarts the nodes dead in all go).
        x: [rows, inputs], the data constants are read on.

    Raises:
        StageError: no way leads from an input to the output any more.
    """
    for level in range(1, len(kan.shape.layers)):
        silent = [node for node, alive in enumerate(_hears(kan, level)) if not alive]
        dumb = [edge for edge in _edges_from(kan, level) if _node_of(kan.shape, edge, level) in silent]
        kan = prune(kan, dumb, x) if dumb else kan
    masks = useful_masks(kan)
    keep = all_nodes(kan.shape)
    for level in range(1, len(kan.shape.layers)):
        ears = heard(kan.shape, masks, level - 1).amax(0).cpu().numpy()
        owner = np.array(kan.shape.layers[level - 1].owner())
        keep[level] = [node for node in keep[level] if np.any(ears[owner == node] > 0)]
    if not all(keep) or not bool(masks[-1].any()):
        raise StageError("No way would lead from an input to the output.", hint="Lower the threshold, or keep some edges.")
    return keep_nodes(kan, keep)


def _hears(kan: KAN, level: int) -> list[bool]:
    """For each node of a level whether a live edge leads to one of its sub-sums."""
    mask, owner = kan.edges[level - 1].mask.amax(0).amax(1).cpu().numpy(), np.array(kan.shape.layers[level - 1].owner())
    return [bool(np.any(mask[owner == node] > 0)) for node in range(kan.shape.layers[level - 1].nodes)]


def _edges_from(kan: KAN, level: int) -> list[EdgeId]:
    """Live edges whose source is a node of ``level``."""
    found = []
    for layer, edges in enumerate(kan.edges):
        for origin, part in kan.shape.parts(layer):
            if origin == level:
                alive = np.argwhere(edges.mask.amax(0).cpu().numpy()[:, part] > 0)
                found += [EdgeId(layer=layer, source=part.start + int(i), target=int(s)) for s, i in alive]
    return found


def _node_of(shape: Shape, edge: EdgeId, level: int) -> int:
    """The node of ``level`` an edge starts from."""
    start = next(part.start for origin, part in shape.parts(edge.layer) if origin == level)
    return int(edge.source - start)


def edges_of_node(kan: KAN, level: int, node: int) -> list[EdgeId]:
    """All live edges from and to a node of a level (0 the inputs).

    Raises:
        ConfigError: there is no such node.
    """
    nodes = all_nodes(kan.shape)
    if not (0 <= level < len(nodes) and 0 <= node < len(nodes[level])):
        raise ConfigError(f"Shape {kan.shape} has no node {node} at level {level}.", hint="Levels count from 0, the inputs.")
    out = [edge for edge in _edges_from(kan, level) if _node_of(kan.shape, edge, level) == node]
    if level == 0:
        return out
    owner = kan.shape.layers[level - 1].owner()
    alive = np.argwhere(kan.edges[level - 1].mask.amax(0).cpu().numpy() > 0)
    return out + [EdgeId(layer=level - 1, source=int(i), target=int(s)) for s, i in alive if owner[s] == node]


def add_nodes(kan: KAN, level: int, x: ArrayLike | Tensor, *, sums: int = 0, products: Sequence[int] = (), seed: int = 0) -> KAN:
    """More nodes at a level: new inputs (level 0, columns at the end of ``x``), or hidden nodes that nobody listens to yet.

    Args:
        kan: the networks.
        level: which one; the outputs cannot be added to.
        x: [rows, inputs], with the new columns if there are any.
        sums: how many sum nodes (or inputs).
        products: arities of product nodes.
        seed: of what the new nodes make of their sources.

    Raises:
        ConfigError: no such level.
    """
    if not 0 <= level < len(kan.shape.layers) or (level == 0 and products):
        raise ConfigError(f"Shape {kan.shape} has no level {level} for such nodes.", hint="Levels count from 0, the inputs.")
    shape, places = kan.shape, all_nodes(kan.shape)
    if level == 0:
        shape = replace(shape, inputs=shape.inputs + sums)
    else:
        old = shape.layers[level - 1]
        layer = replace(old, sums=old.sums + sums, products=(*old.products, *products))
        shape = replace(shape, layers=(*shape.layers[: level - 1], layer, *shape.layers[level:]))
        places[level] = [node if node < old.sums else node + sums for node in places[level]]
    fresh = init(shape, kan.spec, x=x, restarts=kan.restarts, seed=seed, grid=kan.grid, dtype=kan.edges[0].coef.dtype)
    new = []
    for depth, (edges, target) in enumerate(zip(kan.edges, fresh.edges, strict=True)):
        rows, sources = _places(shape, depth, places)
        new.append(_copied(edges, target, rows, sources))
    return _ranged(replace(fresh, edges=tuple(new), adapt=kan.adapt), level, places[level], x)


def _ranged(kan: KAN, level: int, old: Sequence[int], x: ArrayLike | Tensor) -> KAN:
    """The grids of a level's new nodes moved to what these reach; nothing is drawn on them yet."""
    flow = traced(kan, columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device)).sources
    edges = list(kan.edges)
    for depth in range(max(level, 1), len(edges)):
        lo, hi = span(flow[depth])
        for part in (part for origin, part in kan.shape.parts(depth) if origin == level):
            new = [part.start + node for node in range(part.stop - part.start) if node not in old]
            ends = edges[depth].lo.clone(), edges[depth].hi.clone()
            ends[0][:, new], ends[1][:, new] = lo[:, new], hi[:, new]
            edges[depth] = replace(edges[depth], lo=ends[0], hi=ends[1])
    return replace(kan, edges=tuple(edges))


def _places(shape: Shape, depth: int, places: Levels) -> tuple[list[int], list[int]]:
    """Where the old sub-sums and sources of a layer lie in the new shape."""
    starts = list(accumulate((1,) * shape.layers[depth].sums + shape.layers[depth].products, initial=0))
    rows = [s for node in places[depth + 1] for s in range(starts[node], starts[node + 1])]
    return rows, [part.start + node for origin, part in shape.parts(depth) for node in places[origin]]


def _copied(old: Edges, new: Edges, rows: list[int], sources: list[int]) -> Edges:
    """``old`` put at its places in ``new``; old sub-sums do not hear new sources yet."""
    device = old.coef.device
    fields = {name: value.to(device).clone() for name, value in new.tensors().items() if name != "affine"}
    fields["coef"][:, rows] = 0.0
    grid = (slice(None), torch.tensor(rows)[:, None], torch.tensor(sources)[None, :])
    for name in ("coef", "mask", "locked"):
        fields[name][grid] = vars(old)[name]
    if old.spread.shape[-1]:
        fields["spread"] = even(fields["lo"])
    for name in ("lo", "hi", "spread"):
        fields[name][:, sources] = vars(old)[name]
    fields["bias"][:, rows] = old.bias
    symbols = tuple(replace(symbol, sub=rows[symbol.sub], source=sources[symbol.source]) for symbol in old.symbols)
    return Edges(**fields, affine=old.affine, symbols=symbols)


def add_layer(kan: KAN, x: ArrayLike | Tensor) -> KAN:
    """One layer more at the end, of edges that hand each output on as it is.

    Args:
        kan: the networks.
        x: [rows, inputs], read for the range of the outputs.
    """
    outputs = forward(kan, x)
    count = kan.shape.outputs
    top = init(Shape(count, (Layer(count),)), kan.spec, x=outputs[0], restarts=kan.restarts, grid=kan.grid)
    alone = torch.eye(count).expand_as(top.edges[0].mask).to(top.edges[0].mask)
    edges = replace(top.edges[0], mask=alone.clone(), bias=torch.zeros_like(top.edges[0].bias))
    if kan.adapt:
        edges = replace(edges, spread=even(edges.lo))
    top = replace(top, edges=(edges,))
    for node in range(count):
        ends = outputs[..., node].amin().item(), outputs[..., node].amax().item()
        u = torch.linspace(*ends, 8 * kan.basis.n_features, dtype=edges.coef.dtype)
        top = set_edge(top, 0, node, node, u, u)
    return replace(kan, shape=replace(kan.shape, layers=(*kan.shape.layers, Layer(count))), edges=(*kan.edges, *top.edges))


def perturb(kan: KAN, size: float, *, seed: int = 0) -> KAN:
    """Noise on every live, unlocked spline edge, ``size`` times the deviation of its own coefficients."""
    rng = np.random.default_rng(seed)
    new = []
    for edges in kan.edges:
        noise = torch.as_tensor(rng.normal(size=tuple(edges.coef.shape))).to(edges.coef)
        spread = edges.coef.std(-1, correction=0, keepdim=True) * (edges.mask * (1 - edges.locked))[..., None]
        new.append(replace(edges, coef=edges.coef + size * spread * noise))
    return replace(kan, edges=tuple(new))
