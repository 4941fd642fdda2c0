"""A hand on the network: remove edges, give one a function, take it back, hold edges still. Every edit returns new networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.errors import InputError
from kandisco.expr import Expr
from kandisco.kan.edges import Edges, Symbol
from kandisco.kan.knots import features
from kandisco.kan.network import KAN
from kandisco.kan.passes import edge_means
from kandisco.kan.symbols import curves, without_symbol
from kandisco.kan.tensors import columns
from kandisco.types import EdgeId


def set_symbol(kan: KAN, edge: EdgeId, expr: Expr, affine: ArrayLike | Tensor = (1.0, 0.0, 1.0, 0.0), *, name: str = "") -> KAN:
    """Make an edge c f(a x + b) + d, in every restart; the spline it was is given up.

    Args:
        kan: the networks.
        edge: which edge; a removed one comes back to life.
        expr: f, a tree in the variable ``x``; its own constants stay as they are.
        affine: a, b, c, d, either [4] or one for each restart [R, 4]; training goes on from them unless the edge is locked.
        name: what the function is called.

    Raises:
        InputError: no such edge, or ``expr`` is not a function of ``x``.

    Example:
        >>> from kandisco.builtins.bases import kandisco_bases
        >>> from kandisco.expr import parse
        >>> from kandisco.kan import forward, init, parse_width
        >>> kan = init(parse_width("1,1", 1), next(iter(kandisco_bases())), x=[0.0, 1.0])
        >>> kan = set_symbol(kan, EdgeId(layer=0, source=0, target=0), parse("x**2"), (3.0, 0.0, 2.0, 0.0))
        >>> round(float(forward(kan, [2.0])[0, 0, 0] - kan.edges[0].bias[0, 0]), 9)
        72.0
    """
    edges = edges_at(kan, edge)
    if expr.variables() != ("x",):
        raise InputError(f"A function of one edge is a tree in x, not in {', '.join(expr.variables()) or 'nothing'}.")
    symbol = Symbol(source=edge.source, sub=edge.target, name=name, expr=expr)
    bare = without_symbol(edges, edge.source, edge.target)
    numbers = torch.as_tensor(affine, dtype=bare.affine.dtype, device=bare.affine.device).expand(kan.restarts, 4)
    coef, mask = bare.coef.clone(), bare.mask.clone()
    coef[:, edge.target, edge.source], mask[:, edge.target, edge.source] = 0.0, 1.0
    together = torch.cat([bare.affine, numbers[:, None]], dim=1)
    return _with(kan, edge.layer, replace(bare, coef=coef, mask=mask, affine=together, symbols=(*bare.symbols, symbol)))


def clear_symbol(kan: KAN, edge: EdgeId) -> KAN:
    """Make a symbolic edge a spline again: the least-squares fit to its curve over its source's grid.

    Raises:
        InputError: no such edge, or it is not symbolic.
    """
    edges = edges_at(kan, edge)
    found = [m for m, symbol in enumerate(edges.symbols) if (symbol.source, symbol.sub) == (edge.source, edge.target)]
    if not found:
        raise InputError(f"Edge {edge} has no function to take back.", hint="Only a symbolic edge can be made a spline again.")
    u = torch.linspace(0.0, 1.0, 8 * kan.basis.n_features, dtype=edges.lo.dtype, device=edges.lo.device)
    z = edges.lo[..., None] + (edges.hi - edges.lo)[..., None] * u
    alive = replace(edges, mask=torch.ones_like(edges.mask))
    values = curves(alive, z)[:, found[0]]
    drawn = features(kan.basis, z, edges.lo, edges.hi, edges.spread)[:, edge.source]
    coef = edges.coef.clone()
    for r in range(kan.restarts):
        # Where the function is not defined the spline is free to go on.
        known = torch.isfinite(values[r])
        solution = torch.linalg.pinv(drawn[r][:, known].double(), rtol=1e-12).T @ values[r][known].double()
        coef[r, edge.target, edge.source] = solution.to(coef)
    return _with(kan, edge.layer, without_symbol(replace(edges, coef=coef), edge.source, edge.target))


def lock(kan: KAN, edges: Iterable[EdgeId], locked: bool = True) -> KAN:
    """Hold edges still in training, spline or symbolic, or (``locked`` False) let them go. No pressure removes a locked edge.

    Raises:
        InputError: no such edge.
    """
    for edge in edges:
        held = edges_at(kan, edge).locked.clone()
        held[:, edge.target, edge.source] = float(locked)
        kan = _with(kan, edge.layer, replace(kan.edges[edge.layer], locked=held))
    return kan


def prune(kan: KAN, edges: Iterable[EdgeId], x: ArrayLike | Tensor | None = None) -> KAN:
    """Remove edges; with ``x`` the mean each of them contributed moves into the bias, so that nothing but its variation is lost.

    Args:
        kan: the networks; the edges are removed from every restart.
        edges: (layer, source, sub-sum) to remove.
        x: [rows, inputs], the data the means are taken over.
    """
    means = edge_means(kan, columns(x, kan.edges[0].coef.dtype)) if x is not None else None
    chosen = list(edges)
    new = []
    for level, e in enumerate(kan.edges):
        mask, bias = e.mask.clone(), e.bias.clone()
        for edge in (edge for edge in chosen if edge.layer == level):
            if means is not None:
                bias[:, edge.target] += means[level][:, edge.target, edge.source] * mask[:, edge.target, edge.source]
            mask[:, edge.target, edge.source] = 0.0
        new.append(replace(e, mask=mask, bias=bias))
    return replace(kan, edges=tuple(new))


def edges_at(kan: KAN, edge: EdgeId) -> Edges:
    """The layer an edge lies in.

    Raises:
        InputError: there is no such edge.
    """
    if 0 <= edge.layer < len(kan.edges):
        _, subs, sources = kan.edges[edge.layer].mask.shape
        if 0 <= edge.source < sources and 0 <= edge.target < subs:
            return kan.edges[edge.layer]
    raise InputError(
        f"Shape {kan.shape} has no edge ({edge.layer}, {edge.source}, {edge.target}).",
        hint="Edges are (layer, source, target), all from 0.",
    )


def _with(kan: KAN, level: int, edges: Edges) -> KAN:
    layers: Sequence[Edges] = kan.edges
    return replace(kan, edges=(*layers[:level], edges, *layers[level + 1 :]))
