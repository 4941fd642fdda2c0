"""Grids: moving, refining, and fitting edges to curves. All by one least-squares transfer, which serves any linear basis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.kan.network import KAN, Edges, projector, span, widened
from kandisco.kan.passes import Trace, traces
from kandisco.kan.symbols import without_symbol
from kandisco.kan.tensors import columns
from kandisco.specs import AbstractBasis


def transfer(edges: Edges, old: AbstractBasis, new: AbstractBasis, lo: Tensor, hi: Tensor) -> Edges:
    """The same curves on another range [R, I] or another basis: exact where they nest, least squares on even points where not."""
    points = 4 * max(old.n_features, new.n_features)
    u = torch.linspace(0.0, 1.0, points, dtype=lo.dtype, device=lo.device)
    x = lo[..., None] + (hi - lo)[..., None] * u
    moved = old.features(x, edges.lo, edges.hi) @ projector(new, points, lo.dtype, lo.device)
    coef = torch.einsum("rsik,rikj->rsij", edges.coef, moved)
    if old is new:
        same = (lo == edges.lo) & (hi == edges.hi)
        coef = torch.where(same[:, None, :, None], edges.coef, coef)
    return replace(edges, lo=lo, hi=hi, coef=coef.contiguous())


def extend_grid(kan: KAN, grid: int, x: ArrayLike | Tensor | None = None) -> KAN:
    """The same functions on a grid of ``grid`` intervals; with ``x`` the hidden ranges first move to what the data reach.

    Args:
        kan: the networks.
        grid: intervals of the new grid.
        x: [rows, inputs] or None.
    """
    moved = kan if x is None else rerange(kan, columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device))
    basis = kan.spec.basis(grid)
    return replace(moved, grid=grid, basis=basis, edges=tuple(transfer(e, moved.basis, basis, e.lo, e.hi) for e in moved.edges))


def rerange(kan: KAN, data: Tensor, known: Trace | None = None, margin: float = 0.02) -> KAN:
    """Hidden ranges moved to what ``data`` [inputs, N] reach, plus ``margin`` of it on either side.

    Ranges that already fit to a few per cent stay, for a move costs a little accuracy. ``known`` is the forward pass over the
    data, if it is at hand.
    """
    new = [kan.edges[0]]
    for edges, (lo, hi) in zip(kan.edges[1:], _reach([known] if known is not None else traces(kan, data)), strict=True):
        lo, hi = widened(lo, hi)
        wide = (hi - lo) * margin
        lo, hi = lo - wide, hi + wide
        close = torch.maximum((lo - edges.lo).abs(), (hi - edges.hi).abs()) <= 0.5 * wide
        lo, hi = torch.where(close, edges.lo, lo), torch.where(close, edges.hi, hi)
        usable = torch.isfinite(lo) & torch.isfinite(hi)
        lo, hi = torch.where(usable, lo, edges.lo), torch.where(usable, hi, edges.hi)
        new.append(edges if bool(close.all()) else transfer(edges, kan.basis, kan.basis, lo, hi))
    return kan if all(a is b for a, b in zip(new, kan.edges, strict=True)) else replace(kan, edges=tuple(new))


def _reach(passes: Iterable[Trace]) -> list[tuple[Tensor, Tensor]]:
    """Least and largest value [R, I] that enters each layer but the first."""
    found: list[tuple[Tensor, Tensor]] = []
    for one in passes:
        ends = [(z.amin(-1), z.amax(-1)) for z in one.sources[1:]]
        found = (
            [(torch.minimum(a[0], b[0]), torch.maximum(a[1], b[1])) for a, b in zip(found, ends, strict=True)] if found else ends
        )
    return found


def set_edge(kan: KAN, layer: int, source: int, sub: int, u: ArrayLike | Tensor, v: ArrayLike | Tensor) -> KAN:
    """One edge fitted to a sampled curve, in every restart; its source's grid then spans exactly the samples.

    The other edges of that source are carried over to the new range; a symbolic edge becomes a spline again.

    Args:
        kan: the networks.
        layer, source, sub: which edge.
        u, v: [samples] the curve; the edge is the least-squares fit to it (of least norm where samples are too few).
    """
    edges = kan.edges[layer]
    at, value = (columns(t, edges.coef.dtype, edges.coef.device) for t in (u, v))
    lo, hi = edges.lo.clone(), edges.hi.clone()
    low, high = span(at)
    lo[:, source], hi[:, source] = low, high
    moved = transfer(edges, kan.basis, kan.basis, lo, hi)
    features = kan.basis.features(at, low, high)[0]
    coef, mask = moved.coef.clone(), moved.mask.clone()
    coef[:, sub, source] = (torch.linalg.pinv(features.double(), rtol=1e-12).T @ value[0].double()).to(coef.dtype)
    mask[:, sub, source] = 1.0
    new = list(kan.edges)
    new[layer] = without_symbol(replace(moved, coef=coef, mask=mask), source, sub)
    return replace(kan, edges=tuple(new))
