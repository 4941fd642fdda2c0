"""Bringing targets and outputs to unit deviation inside a fit, so that pressures and dampings mean the same at any scale."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from kandisco.kan.network import KAN
from kandisco.kan.passes import trace
from kandisco.kan.symbols import subs_of


def unit_of(kan: KAN, y: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Shift and scale that bring ``y``, as weighed, to mean 0 and deviation 1; product outputs cannot take a shift."""
    share = torch.ones_like(y[0]) if weights is None else weights
    size = (y * share.sign()).abs().amax()
    size = torch.where(size > 0, size, torch.ones_like(size))
    unit = y / size
    shift = torch.zeros_like(size) if kan.shape.layers[-1].products else (unit * share).mean()
    scale = ((unit - shift).square() * share).mean().sqrt()
    return shift * size, torch.where(scale <= 1e-14, torch.ones_like(scale), scale) * size


def rescale(kan: KAN, shift: Tensor, scale: Tensor) -> KAN:
    """Networks whose outputs are shift + scale * outputs; the scale of a product goes into its first factor."""
    last, layer = kan.edges[-1], kan.shape.layers[-1]
    owner = layer.owner()
    first = [sub for sub, node in enumerate(owner) if sub == 0 or node != owner[sub - 1]]
    factor = torch.ones_like(last.bias)
    factor[:, first] = scale.expand(kan.restarts, 1) if scale.ndim else scale
    bias = last.bias * factor
    if not layer.products:
        bias = bias + shift
    outer = torch.ones_like(last.affine)
    outer[..., 2:] = factor[:, subs_of(last), None]
    new = replace(last, coef=last.coef * factor[..., None, None], bias=bias, affine=last.affine * outer)
    return replace(kan, edges=(*kan.edges[:-1], new))


def sized(kan: KAN, data: Tensor) -> KAN:
    """Bring restarts whose outputs are orders off the target's unit deviation, as a fresh network's on raw data, to it.

    A tiny last layer starves the layers before it of gradient, a huge one drowns the data. Edges that are locked or symbolic were
    put there as they are to stay.
    """
    if any(e.symbols or bool(e.locked.any()) for e in kan.edges):
        return kan
    # A sample is enough to see orders of magnitude.
    step = max(1, int(data.shape[1]) // 10_000)
    outputs = trace(kan, data[:, ::step]).outputs.flatten(1)
    deviation = outputs.std(1, correction=0)
    usable = ((deviation > 1e-3) & (deviation < 1e3)) | ~torch.isfinite(1.0 / deviation)
    if bool(usable.all()):
        return kan
    factor = torch.where(usable, torch.ones_like(deviation), 1.0 / deviation)
    shift = torch.where(usable, torch.zeros_like(deviation), -outputs.mean(1) * factor)
    return rescale(kan, shift[:, None], factor[:, None])
