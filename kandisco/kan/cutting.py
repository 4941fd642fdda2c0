"""Removing edges that do nothing, and nodes that the fit can do without."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from kandisco.kan.layout import blocks
from kandisco.kan.network import KAN, useful_masks
from kandisco.kan.normal import normal
from kandisco.kan.passes import edge_means
from kandisco.kan.penalty import effect_forms, effects
from kandisco.kan.problem import Problem


def edge_effects(kan: KAN, data: Problem) -> list[Tensor]:
    """Deviation [R, S, I] per layer of what each live edge does to the output, in the output's units (see ``penalty``)."""
    system = normal(kan, data, None)
    return [squared.sqrt() for squared in effects(kan, effect_forms(system, blocks(kan)))]


def cut(kan: KAN, data: Problem, threshold: float) -> KAN:
    """Remove edges whose effect is below ``threshold``; means move into the biases. A layer always keeps its largest edge."""
    found = edge_effects(kan, data)
    keep = [((e >= threshold) | (e >= e.amax((1, 2), keepdim=True))).to(e) for e in found]
    masks = [e.mask * k for e, k in zip(kan.edges, keep, strict=True)]
    return with_masks(kan, masks, data)


def with_masks(kan: KAN, masks: list[Tensor], data: Problem) -> KAN:
    """``kan`` with fewer edges, dead nodes' edges taken along; the means of what goes move into the biases."""
    bare = replace(kan, edges=tuple(replace(e, mask=mask) for e, mask in zip(kan.edges, masks, strict=True)))
    new = []
    for e, mask, mean in zip(kan.edges, useful_masks(bare), edge_means(kan, data.x), strict=True):
        lost = (mean * (e.mask - mask)).sum(2)
        new.append(replace(e, mask=mask, bias=e.bias + lost))
    return replace(kan, edges=tuple(new))
