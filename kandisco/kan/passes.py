"""Forward pass. Rows are the last axis everywhere: each basis function is one contiguous row, and a layer one GEMM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.kan.edges import Edges
from kandisco.kan.knots import features, placed
from kandisco.kan.network import KAN, useful_masks
from kandisco.kan.shape import Layer
from kandisco.kan.symbols import add_curves, curves, sources_of, subs_of
from kandisco.kan.tensors import columns
from kandisco.specs import AbstractBasis
from kandisco.types import Array

_CHUNK_BYTES = 32_000_000
# Features of an edge up to which reading known ones is faster than summing edges without them (benchmarks/engine).
_MOST_READ = 12


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves behind.

    Per layer sources [R|1, I, N], sub-sums [R, S, N] and features [R|1, I, K, N], which a lean pass leaves out where the basis
    can do without; the outputs [R, O, N]; and where they were asked for, of every layer but the first, the features'
    derivatives [R, I, K, N].
    """

    sources: list[Tensor]
    phi: list[Tensor | None]
    subs: list[Tensor]
    outputs: Tensor
    dphi: list[Tensor | None]


def forward(kan: KAN, x: ArrayLike | Tensor) -> Tensor:
    """Outputs [R, N, outputs] of every restart at ``x`` [N, inputs]."""
    data = columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device)
    return trace(kan, data).outputs.transpose(1, 2)


def trace(kan: KAN, data: Tensor, first: Tensor | None = None, *, slopes: bool = False, lean: bool = False) -> Trace:
    """Forward pass over ``data`` [inputs, N].

    Args:
        kan: the networks.
        data: [inputs, N].
        first: the first layer's features, which are the same at every step.
        slopes: compute the features' derivatives in the same pass.
        lean: form no features of a layer that the basis can sum without them; of known ones only few are read.
    """
    nodes = [data[None]]
    found = Trace([], [], [], nodes[0], [])
    for level, (edges, layer) in enumerate(zip(kan.edges, kan.shape.layers, strict=True)):
        z = gathered(kan, level, nodes)
        phi, dphi = first if level == 0 else None, None
        direct = lean and not edges.spread.shape[-1] and (phi is None or kan.basis.n_features > _MOST_READ)
        summed = kan.basis.layer(z, edges.lo, edges.hi, edges.live()) if direct else None
        if summed is None:
            phi, dphi = _features(kan.basis, edges, z, phi, slopes and level > 0)
            summed = apply_edges(edges, phi)
        else:
            phi = None
            summed += edges.bias[..., None]
        subs = add_curves(edges, z, summed)
        found.sources.append(z)
        found.phi.append(phi)
        found.subs.append(subs)
        found.dphi.append(dphi)
        nodes.append(join(layer, subs))
    return Trace(found.sources, found.phi, found.subs, nodes[-1], found.dphi)


def gathered(kan: KAN, level: int, nodes: list[Tensor]) -> Tensor:
    """The sources [R|1, I, N] of a layer from the nodes of the levels it hears."""
    if not kan.shape.layers[level].skips:
        return nodes[level]
    return torch.cat([nodes[origin].expand(kan.restarts, -1, -1) for origin, _ in kan.shape.parts(level)], dim=1)


def traces(kan: KAN, data: Tensor) -> Iterator[Trace]:
    """Forward passes over chunks of rows of ``data`` [inputs, N], so that memory does not grow with rows."""
    wide = max(int(e.lo.shape[1]) for e in kan.edges)
    rows = max(256, _CHUNK_BYTES // (data.element_size() * wide * kan.basis.n_features * kan.restarts))
    for start in range(0, int(data.shape[1]), rows):
        yield trace(kan, data[:, start : start + rows])


def _features(basis: AbstractBasis, edges: Edges, z: Tensor, known: Tensor | None, slopes: bool) -> tuple[Tensor, Tensor | None]:
    """Features, if they are not known, and their derivatives if they are wanted."""
    if known is not None:
        return known, None
    return features_and_slopes(basis, edges, z) if slopes else (layer_features(basis, edges, z), None)


def features_and_slopes(basis: AbstractBasis, edges: Edges, z: Tensor) -> tuple[Tensor, Tensor]:
    """Features and their derivatives, in one pass where the basis offers it."""
    if edges.spread.shape[-1]:
        return placed(basis, z, edges.lo, edges.hi, edges.spread)
    return basis.pair(z, edges.lo, edges.hi) or (basis.features(z, edges.lo, edges.hi), derivative(basis, z, edges.lo, edges.hi))


def phi_of(kan: KAN, found: Trace) -> list[Tensor]:
    """The features of every layer, from the pass or computed now."""
    layers = zip(found.phi, kan.edges, found.sources, strict=True)
    return [layer_features(kan.basis, e, z) if phi is None else phi for phi, e, z in layers]


def slopes_of(kan: KAN, found: Trace, level: int) -> Tensor:
    """The derivatives of a layer's features, from the pass or computed now."""
    known = found.dphi[level]
    edges = kan.edges[level]
    return known if known is not None else features_and_slopes(kan.basis, edges, found.sources[level])[1]


def layer_features(basis: AbstractBasis, edges: Edges, z: Tensor) -> Tensor:
    """Features [R|1, I, K, N] of a layer; one copy serves all restarts where sources and ranges are shared."""
    grid = edges.lo, edges.hi, edges.spread
    shared = z.shape[0] == 1 < edges.lo.shape[0] and all(torch.equal(part, part[:1].expand_as(part)) for part in grid)
    return features(basis, z, *(part[:1] for part in grid)) if shared else features(basis, z, *grid)


def apply_edges(edges: Edges, phi: Tensor) -> Tensor:
    """Sub-sums [R, S, N] from features: one GEMM."""
    weight, flat = edges.weight(), phi.flatten(1, 2)
    restarts, subs, _ = weight.shape
    if flat.shape[0] == 1:
        return torch.addmm(edges.bias.reshape(-1, 1), weight.flatten(0, 1), flat[0]).view(restarts, subs, -1)
    return torch.baddbmm(edges.bias[..., None], weight, flat)


def join(layer: Layer, subs: Tensor) -> Tensor:
    """Nodes [R, nodes, N] from sub-sums: sums pass, products multiply."""
    if not layer.products:
        return subs
    parts = parts_of(layer, subs)
    return torch.cat([parts[0], *(part.prod(1, keepdim=True) for part in parts[1:])], dim=1)


def parts_of(layer: Layer, subs: Tensor) -> list[Tensor]:
    """The sums [R, sums, N], then each product's factors [R, arity, N]."""
    ends = list(accumulate((layer.sums, *layer.products), initial=0))
    return [subs[:, a:b] for a, b in pairwise(ends)]


def derivative(basis: AbstractBasis, z: Tensor, lo: Tensor, hi: Tensor) -> Tensor:
    """The basis' own derivative, or automatic differentiation where it has none.

    Features are elementwise in z, so d/dv of d/dz (v . phi(z)) is phi'(z): two reverse sweeps give all K rows at once.
    """
    found = basis.derivative(z, lo, hi)
    if found is not None:
        return found
    with torch.enable_grad():
        at = z.detach().requires_grad_(True)
        values = basis.features(at, lo, hi)
        probe = torch.zeros_like(values, requires_grad=True)
        (slope,) = torch.autograd.grad(values, at, probe, create_graph=True)
        (rows,) = torch.autograd.grad(slope.sum(), probe)
    return rows


def extrapolates(kan: KAN, x: ArrayLike | Tensor) -> Tensor:
    """[R, N] bool: the rows of ``x`` [N, inputs] at which a live spline edge leaves its grid and goes on as a straight line.

    Symbolic edges have no grid: they are what they are everywhere.
    """
    data = columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device)
    found = []
    for one in traces(kan, data):
        outside = torch.zeros(kan.restarts, one.outputs.shape[-1], dtype=torch.bool, device=data.device)
        for e, mask, z in zip(kan.edges, useful_masks(kan), one.sources, strict=True):
            drawn = mask.clone()
            drawn[:, subs_of(e), sources_of(e)] = 0.0
            beyond = (z < e.lo[..., None]) | (z > e.hi[..., None])
            outside |= (beyond & (drawn.amax(1) > 0)[..., None]).any(1)
        found.append(outside)
    return torch.cat(found, dim=1)


def edge_means(kan: KAN, data: Tensor) -> list[Tensor]:
    """Mean output of each edge over the data, per layer [R, S, I]."""
    sums = [torch.zeros_like(e.mask) for e in kan.edges]
    for found in traces(kan, data):
        for total, e, z, phi in zip(sums, kan.edges, found.sources, phi_of(kan, found), strict=True):
            total += torch.einsum("rsik,rik->rsi", e.coef, phi.sum(-1).expand(kan.restarts, -1, -1))
            if e.symbols:
                total[:, subs_of(e), sources_of(e)] += curves(e, z).sum(-1)
    return [total / data.shape[1] for total in sums]


def edge_curves(edges: Edges, z: Tensor, phi: Tensor) -> Tensor:
    """What every edge makes of its source, [R, S, I, N]; removed spline edges are not left out."""
    found = torch.matmul(edges.coef.transpose(1, 2), phi).transpose(1, 2)
    if edges.symbols:
        found[:, subs_of(edges), sources_of(edges)] += curves(edges, z)
    return found


def edge_deviations(kan: KAN, data: Tensor) -> list[Tensor]:
    """Standard deviation of each live edge's output over the data, per layer [R, S, I]."""
    means = edge_means(kan, data)
    sums = [torch.zeros_like(e.mask) for e in kan.edges]
    for found in traces(kan, data):
        for total, e, z, phi, mean in zip(sums, kan.edges, found.sources, phi_of(kan, found), means, strict=True):
            total += (edge_curves(e, z, phi) - mean[..., None]).square().sum(-1)
    return [(total / data.shape[1]).sqrt() * e.mask for total, e in zip(sums, kan.edges, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Activations:
    """What flows through one layer of one network, as numpy.

    Attributes:
        sources: [I, N] values entering the edges.
        edges: [S, I, N] what each edge makes of them (zero for removed edges).
        subs: [S, N] sub-sums, bias included.
        nodes: [nodes, N] what the next layer sees.
    """

    sources: Array
    edges: Array
    subs: Array
    nodes: Array


def activations(kan: KAN, x: ArrayLike | Tensor) -> tuple[Activations, ...]:
    """Per layer, everything that flows through restart 0 of ``kan`` at ``x`` [N, inputs]."""
    from kandisco.kan.network import select

    one = select(kan, 0)
    found = trace(one, columns(x, kan.edges[0].coef.dtype, kan.edges[0].coef.device))
    layers = []
    for edges, layer, z, phi, subs in zip(
        one.edges, one.shape.layers, found.sources, phi_of(one, found), found.subs, strict=True
    ):
        values = (z[0], (edge_curves(edges, z, phi) * edges.mask[..., None])[0], subs[0], join(layer, subs)[0])
        sources, outs, sums, nodes = (v.detach().cpu().numpy().astype("float64") for v in values)
        layers.append(Activations(sources=sources, edges=outs, subs=sums, nodes=nodes))
    return tuple(layers)
