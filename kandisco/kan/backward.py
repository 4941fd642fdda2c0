"""Backward: exact Jacobians by one sweep of sensitivities, gradients by another.

For one layer with sources z_i, features phi_ik = phi_k(z_i), sub-sums p_s = b_s + sum_ik c_sik phi_ik and nodes that are a p or a
product of p's, the derivative of an output o is

    d o / d c_sik = sigma_os phi_ik,   d o / d b_s = sigma_os,   with sigma_os = d o / d p_s,

and sigma goes one layer down by d p_s / d z_i = sum_k c_sik phi'_k(z_i). So features times sensitivities is all of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kandisco.kan.edges import Edges
from kandisco.kan.network import KAN
from kandisco.kan.passes import Trace, parts_of, slopes_of
from kandisco.kan.shape import Layer
from kandisco.kan.symbols import columns_and_slopes, sources_of, subs_of


def unjoin(layer: Layer, subs: Tensor, sense: Tensor) -> Tensor:
    """Sensitivities of nodes [R, O, nodes, N] -> of sub-sums [R, O, S, N]."""
    if not layer.products:
        return sense
    parts = parts_of(layer, subs)
    found = [sense[:, :, : layer.sums]]
    for j, part in enumerate(parts[1:]):
        node = sense[:, :, layer.sums + j : layer.sums + j + 1]
        found.append(node * _others(part)[:, None])
    return torch.cat(found, dim=2)


def _others(part: Tensor) -> Tensor:
    """For each factor the product of the others, without a division that a zero factor would spoil."""
    rows = part.unbind(1)
    left, right = [torch.ones_like(rows[0])], [torch.ones_like(rows[0])]
    for row in rows[:-1]:
        left.append(left[-1] * row)
    for row in rows[:0:-1]:
        right.append(right[-1] * row)
    return torch.stack([a * b for a, b in zip(left, right[::-1], strict=True)], dim=1)


def sensitivities(kan: KAN, found: Trace) -> list[Tensor]:
    """d output / d sub-sum of each layer, [R, O, S, N] (R, N may be 1 in the last layer where they do not matter)."""
    count, outputs = kan.restarts, kan.shape.outputs
    like = found.outputs
    eye = torch.eye(outputs, dtype=like.dtype, device=like.device)[None, :, :, None]
    nodes = {len(kan.edges): eye.expand(count, outputs, outputs, like.shape[-1])}
    per_layer: list[Tensor] = []
    for level in range(len(kan.edges) - 1, -1, -1):
        sense = unjoin(kan.shape.layers[level], found.subs[level], nodes.pop(level + 1))
        per_layer.append(sense)
        if level:
            slope = edge_slopes(kan.edges[level], found.sources[level], slopes_of(kan, found, level))
            share(kan, level, (slope[:, None] * sense[:, :, None]).sum(3), nodes)
    return per_layer[::-1]


def share(kan: KAN, level: int, sense: Tensor, nodes: dict[int, Tensor]) -> None:
    """Add the sensitivities [..., I, N] of a layer's sources to those of the levels of nodes they come from."""
    if not kan.shape.layers[level].skips:
        nodes[level] = nodes[level] + sense if level in nodes else sense
        return
    for origin, part in kan.shape.parts(level):
        nodes[origin] = nodes[origin] + sense[..., part, :] if origin in nodes else sense[..., part, :]


def edge_slopes(edges: Edges, z: Tensor, dphi: Tensor) -> Tensor:
    """Slope of every edge at every row, [R, I, S, N], from its sources and the features' derivatives [R, I, K, N]."""
    found = _spline_slopes(edges, dphi)
    if edges.symbols:
        found[:, sources_of(edges), subs_of(edges)] += columns_and_slopes(edges, z)[1]
    return found


def _spline_slopes(edges: Edges, dphi: Tensor) -> Tensor:
    """The same without symbolic edges."""
    return torch.matmul(edges.live().transpose(1, 2), dphi)


def sweep(kan: KAN, found: Trace, sense: Tensor) -> list[Tensor]:
    """Per layer the gradient [R, block] of a loss whose slope in the outputs is ``sense`` [R, O, N]."""
    parts: list[Tensor] = []
    nodes = {len(kan.edges): sense}
    for level in range(len(kan.edges) - 1, -1, -1):
        edges, z = kan.edges[level], found.sources[level]
        sense = unjoin(kan.shape.layers[level], found.subs[level], nodes.pop(level + 1)[:, None])[:, 0]
        slope, below = _back(kan, found, level, sense)
        part = [(slope * edges.mask[..., None]).flatten(1), sense.sum(2)]
        if edges.symbols:
            own = sense[:, subs_of(edges)]
            columns, slopes = columns_and_slopes(edges, z)
            part.append((columns * own[:, :, None]).sum(3).flatten(1))
            if below is not None:
                below.index_add_(1, torch.tensor(sources_of(edges), device=below.device), slopes * own)
        parts.append(torch.cat(part, dim=1))
        if below is not None:
            share(kan, level, below, nodes)
    return parts[::-1]


def _back(kan: KAN, found: Trace, level: int, sense: Tensor) -> tuple[Tensor, Tensor | None]:
    """Slopes in the coefficients of a layer [R, S, I, K] and, but for the first, in its sources [R, I, N]."""
    edges, z, phi = kan.edges[level], found.sources[level], found.phi[level]
    if phi is None:
        direct = kan.basis.layer_slopes(z, edges.lo, edges.hi, edges.live(), sense, inner=level > 0)
        assert direct is not None, "a basis that sums a layer gives its slopes too"
        return direct
    slope = _outer(sense, phi.flatten(1, 2)).view(edges.coef.shape)
    if not level:
        return slope, None
    dphi = slopes_of(kan, found, level)
    if 4 * edges.coef.shape[1] <= edges.coef.shape[3]:
        # Few edges to a source: less is written edge by edge than feature by feature.
        return slope, _spline_slopes(edges, dphi).mul_(sense[:, None]).sum(2)
    below = torch.bmm(edges.weight().transpose(1, 2), sense).view(phi.shape)
    return slope, below.mul_(dphi).sum(2)


def _outer(sense: Tensor, flat: Tensor) -> Tensor:
    """sense [R, S, N] times features [R|1, F, N], summed over rows: [R, S, F]."""
    if flat.shape[0] == 1:
        return (sense.flatten(0, 1) @ flat[0].T).view(*sense.shape[:2], -1)
    return torch.bmm(sense, flat.transpose(1, 2))
