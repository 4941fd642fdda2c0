"""Symbolic edges: c f(a x + b) + d beside the spline edges of a layer, its four numbers trained with all the rest.

In the Jacobian such an edge is four columns more, sensitivity times (c f' x, c f', f, 1), and it sends c a f' down to its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from kandisco.expr import Expr
from kandisco.kan.edges import Edges
from kandisco.kan.expressions import values, values_and_slopes


def without_symbol(edges: Edges, source: int, sub: int) -> Edges:
    """The layer with no function on that edge; its spline coefficients are as they were."""
    kept = [m for m, symbol in enumerate(edges.symbols) if (symbol.source, symbol.sub) != (source, sub)]
    return replace(edges, symbols=tuple(edges.symbols[m] for m in kept), affine=edges.affine[:, kept])


def subs_of(edges: Edges) -> list[int]:
    """The sub-sum each symbolic edge enters."""
    return [symbol.sub for symbol in edges.symbols]


def sources_of(edges: Edges) -> list[int]:
    """The source each symbolic edge starts from."""
    return [symbol.source for symbol in edges.symbols]


def live(edges: Edges) -> Tensor:
    """[R, M]: 1 for the symbolic edges that are not removed."""
    return edges.mask[:, subs_of(edges), sources_of(edges)]


def curves(edges: Edges, z: Tensor) -> Tensor:
    """What the live symbolic edges make of the sources ``z`` [R|1, I, N]: [R, M, N]."""
    found = [c * values(expr, a * source + b) + d for expr, source, (a, b, c, d) in _groups(edges, z)]
    return _in_order(edges, found) * live(edges)[..., None]


def add_curves(edges: Edges, z: Tensor, subs: Tensor) -> Tensor:
    """Sub-sums [R, S, N] with the symbolic edges added."""
    if not edges.symbols:
        return subs
    return subs.index_add(1, torch.tensor(subs_of(edges), device=subs.device), curves(edges, z))


def columns_and_slopes(edges: Edges, z: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives of each symbolic edge in a, b, c, d [R, M, 4, N] and in its source [R, M, N]; zero for removed edges.

    A slope that is not finite, as sqrt's at 0, counts as zero: a row on the very end of a domain cannot say where to go.
    """
    found, slopes = [], []
    for expr, source, (a, b, c, _) in _groups(edges, z):
        value, slope = values_and_slopes(expr, a * source + b)
        slope = torch.nan_to_num(c * slope, nan=0.0, posinf=0.0, neginf=0.0)
        found.append(torch.stack([slope * source, slope, value, torch.ones_like(value)], dim=2))
        slopes.append(a * slope)
    alive = live(edges)[..., None]
    return _in_order(edges, found) * alive[..., None], _in_order(edges, slopes) * alive


def _members(edges: Edges) -> list[list[int]]:
    """The symbolic edges of each function, so that one call serves them all."""
    kinds = dict.fromkeys(symbol.expr for symbol in edges.symbols)
    return [[m for m, symbol in enumerate(edges.symbols) if symbol.expr == expr] for expr in kinds]


def _groups(edges: Edges, z: Tensor) -> Iterator[tuple[Expr, Tensor, tuple[Tensor, ...]]]:
    """Per function: its tree, the sources [R|1, m, N] of its edges, and their a, b, c, d [R, m, 1]."""
    for index in _members(edges):
        first, sources = edges.symbols[index[0]], [edges.symbols[m].source for m in index]
        yield first.expr, z[:, sources], edges.affine[:, index, :, None].unbind(2)


def _in_order(edges: Edges, found: list[Tensor]) -> Tensor:
    """Values grouped by function back in the order of the symbols."""
    order = [m for index in _members(edges) for m in index]
    joined = torch.cat(found, dim=1)
    return joined if order == sorted(order) else joined[:, torch.argsort(torch.tensor(order, device=joined.device))]
