"""Removing edges that do nothing, and nodes that the fit can do without."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from kandisco.kan.layout import blocks
from kandisco.kan.network import KAN, useful_masks
from kandisco.kan.normal import normal
from kandisco.kan.passes import edge_means
from kandisco.kan.penalty import effect_forms, effects
from kandisco.kan.problem import Problem
from kandisco.kan.symbols import sources_of, subs_of


def edge_effects(kan: KAN, data: Problem) -> list[Tensor]:
    """Deviation [R, S, I] per layer of what each live edge does to the output, in the output's units (see ``penalty``)."""
    system = normal(kan, data, None)
    return [squared.sqrt() for squared in effects(kan, effect_forms(system, blocks(kan)))]


def cut(kan: KAN, data: Problem, threshold: float) -> KAN:
    """Remove edges whose effect is below ``threshold``; means move into the biases.

    A layer always keeps its largest edge, and symbolic and locked edges stay.
    """
    found = edge_effects(kan, data)
    keep = [(e >= threshold) | (e >= e.amax((1, 2), keepdim=True)) for e in found]
    masks = [e.mask * (k | p).to(e.mask) for e, k, p in zip(kan.edges, keep, protected(kan, found), strict=True)]
    return with_masks(kan, masks, data)


def protected(kan: KAN, found: list[Tensor]) -> list[Tensor]:
    """[R, S, I] per layer: the edges no criterion removes. ``found`` are the edges' effects.

    These are the edges somebody decided on, symbolic and locked ones, and, so that they are heard, of each node they lead to the
    outgoing edge of largest effect, and so on to the output.
    """
    nodes: dict[int, Tensor] = {}
    kept = []
    for level, (e, effect) in enumerate(zip(kan.edges, found, strict=True)):
        keep = e.locked > 0
        keep[:, subs_of(e), sources_of(e)] = True
        for origin, part in kan.shape.parts(level):
            if origin == 0:
                continue
            own = effect[:, :, part]
            keep[:, :, part] |= (own >= own.amax(1, keepdim=True)) & nodes[origin][:, None]
        kept.append(keep & (e.mask > 0))
        owner = torch.tensor(kan.shape.layers[level].owner(), device=keep.device)
        heads = torch.zeros(kan.restarts, kan.shape.layers[level].nodes, dtype=torch.long, device=keep.device)
        nodes[level + 1] = heads.index_add(1, owner, kept[-1].any(2).long()) > 0
    return kept


def with_masks(kan: KAN, masks: list[Tensor], data: Problem) -> KAN:
    """``kan`` with fewer edges, dead nodes' edges taken along; the means of what goes move into the biases."""
    bare = replace(kan, edges=tuple(replace(e, mask=mask) for e, mask in zip(kan.edges, masks, strict=True)))
    new = []
    for e, mask, mean in zip(kan.edges, useful_masks(bare), edge_means(kan, data.x), strict=True):
        lost = (mean * (e.mask - mask)).sum(2)
        new.append(replace(e, mask=mask, bias=e.bias + lost))
    return replace(kan, edges=tuple(new))
