"""Grids: moving, refining, and fitting edges to curves. All by one least-squares transfer, which serves any linear basis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.errors import ConfigError
from kandisco.kan.edges import Edges
from kandisco.kan.knots import even, features, places, spread_of
from kandisco.kan.network import KAN, projector, span, widened
from kandisco.kan.passes import Trace, traces
from kandisco.kan.symbols import without_symbol
from kandisco.kan.tensors import columns
from kandisco.specs import AbstractBasis

_MOST_ROWS = 20_000


def transfer(edges: Edges, old: AbstractBasis, new: AbstractBasis, lo: Tensor, hi: Tensor, spread: Tensor | None = None) -> Edges:
    """The same curves on another range [R, I], other knots (``spread`` [R, I, levels]) or another basis.

    Exact where they nest, least squares where not, on points even in the range or, where knots are spread, between them.
    """
    points = 4 * max(old.n_features, new.n_features)
    spread = edges.spread if spread is None else spread
    if spread.shape[-1] or edges.spread.shape[-1]:
        return _transfer_spread(edges, old, new, (lo, hi, spread), points)
    u = torch.linspace(0.0, 1.0, points, dtype=lo.dtype, device=lo.device)
    x = lo[..., None] + (hi - lo)[..., None] * u
    moved = old.features(x, edges.lo, edges.hi) @ projector(new, points, lo.dtype, lo.device)
    coef = torch.einsum("rsik,rikj->rsij", edges.coef, moved)
    if old is new:
        same = (lo == edges.lo) & (hi == edges.hi)
        coef = torch.where(same[:, None, :, None], edges.coef, coef)
    return replace(edges, lo=lo, hi=hi, coef=coef.contiguous())


def _transfer_spread(
    edges: Edges, old: AbstractBasis, new: AbstractBasis, grid: tuple[Tensor, Tensor, Tensor], points: int
) -> Edges:
    """``transfer`` where the knots of each source lie at places of their own."""
    lo, hi, spread = grid
    x = lo[..., None] + (hi - lo)[..., None] * places(spread if spread.shape[-1] else even(lo), points)
    values = features(old, x, edges.lo, edges.hi, edges.spread)
    q, r = torch.linalg.qr(features(new, x, lo, hi, spread).transpose(2, 3))
    # coef' = coef Phi_old Q R^-T, a solution per source that all its edges share.
    moved = torch.linalg.solve_triangular(r, (values @ q).transpose(2, 3), upper=True).transpose(2, 3)
    coef = torch.einsum("rsik,rikj->rsij", edges.coef, moved)
    if old is new and spread.shape == edges.spread.shape:
        same = (lo == edges.lo) & (hi == edges.hi) & (spread == edges.spread).all(-1)
        coef = torch.where(same[:, None, :, None], edges.coef, coef)
    return replace(edges, lo=lo, hi=hi, spread=spread, coef=coef.contiguous())


def adapt_grid(kan: KAN, x: ArrayLike | Tensor, share: float = 0.5) -> KAN:
    """The same functions on grids that follow the data that reach each source, inputs and hidden nodes alike.

    From then on training keeps the grids so: whenever a hidden range is moved its knots are. Curves change a little, as they do
    when a range is moved, for old and new knots do not nest; a later refinement is exact again.

    Args:
        kan: the networks, of a basis with knots.
        x: [rows, inputs].
        share: of the knots that lies by the quantiles of the data; the rest lies evenly, and 0 is an even grid again.

    Raises:
        ConfigError: the basis has no knots, or ``share`` is not from 0 to below 1.

    References:
        Liu et al., KAN, arXiv:2404.19756, section 2.4 (grids between even and quantiles).
    """
    if not 0.0 <= share < 1.0:
        raise ConfigError(f"A share of {share:g} of the knots cannot follow the data.", hint="Give 0 to below 1; 0.5 is usual.")
    data = columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device)
    new = []
    for e, z in zip(kan.edges, _flow(traces(kan, data), data, 0), strict=True):
        z = z.expand(kan.restarts, -1, -1)
        spread = spread_of(z, e.lo, e.hi, share) if share else e.lo.new_zeros(*e.lo.shape, 0)
        new.append(transfer(e, kan.basis, kan.basis, e.lo, e.hi, spread))
    return replace(kan, edges=tuple(new), adapt=share)


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
    flow = _flow([known] if known is not None else traces(kan, data), data, 1)
    for edges, z in zip(kan.edges[1:], flow, strict=True):
        lo, hi = z.amin(-1), z.amax(-1)
        lo, hi = widened(lo, hi)
        wide = (hi - lo) * margin
        lo, hi = lo - wide, hi + wide
        close = torch.maximum((lo - edges.lo).abs(), (hi - edges.hi).abs()) <= 0.5 * wide
        lo, hi = torch.where(close, edges.lo, lo), torch.where(close, edges.hi, hi)
        usable = torch.isfinite(lo) & torch.isfinite(hi)
        lo, hi = torch.where(usable, lo, edges.lo), torch.where(usable, hi, edges.hi)
        spread = edges.spread
        if kan.adapt:
            fresh = spread_of(z, lo, hi, kan.adapt)
            close = close & ((fresh - spread).abs().amax(-1) <= 0.5 * margin)
            spread = torch.where(close[..., None], spread, fresh)
        new.append(edges if bool(close.all()) else transfer(edges, kan.basis, kan.basis, lo, hi, spread))
    return kan if all(a is b for a, b in zip(new, kan.edges, strict=True)) else replace(kan, edges=tuple(new))


def _flow(passes: Iterable[Trace], data: Tensor, first: int) -> list[Tensor]:
    """What enters each layer from ``first`` on, [R|1, I, rows]: of many rows some, and the least and largest of each source."""
    step = max(1, int(data.shape[1]) // _MOST_ROWS)
    found = [[_thinned(z, step) for z in one.sources[first:]] for one in passes]
    return [torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0] for parts in zip(*found, strict=True)]


def _thinned(z: Tensor, step: int) -> Tensor:
    """Every so many rows, and the ends."""
    return z if step == 1 else torch.cat([z[..., ::step], z.amin(-1, keepdim=True), z.amax(-1, keepdim=True)], dim=-1)


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
    drawn = features(kan.basis, at, low, high, moved.spread[:, source])
    coef, mask = moved.coef.clone(), moved.mask.clone()
    coef[:, sub, source] = (torch.linalg.pinv(drawn.double(), rtol=1e-12).transpose(1, 2) @ value[0].double()).to(coef.dtype)
    mask[:, sub, source] = 1.0
    new = list(kan.edges)
    new[layer] = without_symbol(replace(moved, coef=coef, mask=mask), source, sub)
    return replace(kan, edges=tuple(new))
