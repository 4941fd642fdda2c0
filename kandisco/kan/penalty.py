"""Regularisation as quadratic forms, so that it enters the normal equations exactly.

**Sparsity.** What an edge does to the output is, to first order, s (edge - its mean) with s = d output / d sub-sum; its deviation
over the data, in units of the target's, is the edge's *effect*. It does not change when a hidden node is rescaled and the edges
after it take that back, so it measures edges of all layers in one unit. For an edge with coefficients c,

    effect^2 = c' A c,   A = E[s^2 phi phi'] - E[s^2 phi] E[s^2 phi]' / E[s^2],

and all three expectations are blocks of the normal equations already at hand. The pressure is logarithmic, mu/2 log(effect^2 +
floor^2): it hardly biases strong edges, and edges compete, as under an entropy, for several weak ones cost more than one strong.
It is majorised at the current point by the quadratic mu/2 c' A c / (effect_0^2 + floor^2), renewed at each iteration
(iteratively reweighted least squares; Candes, Wakin and Boyd 2008).

Since effects are blind to the scale of a sub-sum, the pressure must be so too: its gradient along c itself, which the frozen A
would feign, is taken out for hidden layers by a linear term.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kandisco.kan.layout import Block
from kandisco.kan.network import KAN
from kandisco.kan.problem import Normal
from kandisco.specs import AbstractBasis


@dataclass(frozen=True)
class Penalty:
    """Per layer the forms Q [R, S, I, K, K] and linear terms b [R, S, I, K] of c' Q c / 2 - b' c."""

    forms: tuple[Tensor, ...]
    shifts: tuple[Tensor, ...]

    def value(self, kan: KAN) -> Tensor:
        """The penalty [R] at the parameters of ``kan``."""
        total = kan.edges[0].coef.new_zeros(kan.restarts)
        for q, b, e in zip(self.forms, self.shifts, kan.edges, strict=True):
            total = total + (e.coef * (0.5 * _times(q, e.coef) - b)).sum((1, 2, 3))
        return total

    def add_to(self, system: Normal, kan: KAN, layout: tuple[Block, ...]) -> None:
        """Add the form and its gradient to the normal equations, in place."""
        for q, b, e, block in zip(self.forms, self.shifts, kan.edges, layout, strict=True):
            own_blocks(system.hessian, block).add_(q)
            system.gradient[:, block.start : block.middle] += (_times(q, e.coef) - b).flatten(1)


def _times(form: Tensor, coef: Tensor) -> Tensor:
    return (form @ coef[..., None])[..., 0]


def own_blocks(hessian: Tensor, block: Block) -> Tensor:
    """The blocks of a Hessian [R, P, P] that belong to one edge each, as a view [R, S, I, K, K]."""
    size, step = block.sources * block.features, hessian.shape[2] + 1
    strides = (hessian.stride(0), size * step, block.features * step, step - 1, 1)
    sizes = (hessian.shape[0], block.subs, block.sources, block.features, block.features)
    return hessian.as_strided(sizes, strides, hessian.storage_offset() + block.start * step)


def bending(basis: AbstractBasis, like: Tensor) -> Tensor:
    """[K, K]: the mean square second derivative over the unit range as a quadratic form, from differences of any basis."""
    step = 1.0 / 256
    u = torch.linspace(0.0, 1.0, 257, dtype=torch.float64)
    at = basis.features(u, torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    second = (at[:, 2:] - 2 * at[:, 1:-1] + at[:, :-2]) / step**2
    return (second @ second.T / second.shape[1]).to(like)


def smoothing(kan: KAN, strength: float) -> Penalty:
    """``strength`` times the mean square bending of every edge, in units of its grid's range."""
    form = strength * bending(kan.basis, kan.edges[0].coef)
    forms = tuple(form.expand(*e.coef.shape[:3], *form.shape) for e in kan.edges)
    return Penalty(forms, tuple(torch.zeros_like(e.coef) for e in kan.edges))


def effect_forms(system: Normal, layout: tuple[Block, ...]) -> list[Tensor]:
    """Per layer the matrices A [R, S, I, K, K] of the edges' effects."""
    forms = []
    for block in layout:
        own = own_blocks(system.hessian, block)
        bias = torch.arange(block.middle, block.tail, device=own.device)
        cross = system.hessian[:, block.start : block.middle, block.middle : block.tail]
        cross = cross.reshape(own.shape[0], block.subs, block.sources * block.features, block.subs)
        mean = cross.diagonal(dim1=1, dim2=3).transpose(1, 2).reshape(own.shape[:4])
        weight = system.hessian[:, bias, bias][:, :, None, None]
        scaled = mean / torch.where(weight > 0, weight, torch.ones_like(weight))
        forms.append(own - mean[..., :, None] * scaled[..., None, :])
    return forms


def effects(kan: KAN, forms: list[Tensor]) -> list[Tensor]:
    """Squared effects [R, S, I] per layer, zero for removed edges."""
    return [((e.coef * _times(a, e.coef)).sum(-1) * e.mask).clamp_min(0.0) for a, e in zip(forms, kan.edges, strict=True)]


def sparsity(kan: KAN, system: Normal, layout: tuple[Block, ...], strength: float, floor: float) -> Penalty:
    """Pressure on the effect of every edge.

    Args:
        kan: the networks.
        system: their normal equations, on a target of unit deviation.
        layout: of the parameters.
        strength: mu above.
        floor: effects are told apart down to here; large at first, so that no edge is given up early.
    """
    matrices = effect_forms(system, layout)
    forms, shifts = [], []
    for level, (a, squared, e) in enumerate(zip(matrices, effects(kan, matrices), kan.edges, strict=True)):
        form = (strength / (squared + floor**2))[..., None, None] * a
        pull = _times(form, e.coef)
        if level < len(kan.edges) - 1:
            along = (pull * e.coef).sum((2, 3), keepdim=True) / e.coef.square().sum((2, 3), keepdim=True).clamp_min(1e-300)
            shifts.append(along * e.coef)
        else:
            shifts.append(torch.zeros_like(pull))
        forms.append(form)
    return Penalty(tuple(forms), tuple(shifts))


def add(first: Penalty | None, second: Penalty | None) -> Penalty | None:
    """Sum of two penalties, either of which may be absent."""
    if first is None or second is None:
        return first or second
    forms = tuple(a + b for a, b in zip(first.forms, second.forms, strict=True))
    return Penalty(forms, tuple(a + b for a, b in zip(first.shifts, second.shifts, strict=True)))
