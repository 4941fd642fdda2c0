"""Regularisation as quadratic forms, so that it enters the normal equations exactly.

**Sparsity.** What an edge does to the output is, to first order, s (edge - its mean) with s = d output / d sub-sum; its deviation
over the data, in units of the target's, is the edge's *effect*. It does not change when a hidden node is rescaled and the edges
after it take that back, so it measures edges of all layers in one unit. For an edge with coefficients c,

    effect^2 = c' A c,   A = E[s^2 phi phi'] - E[s^2 phi] E[s^2 phi]' / E[s^2],

and all three expectations are blocks of the normal equations already at hand. With t = sqrt(effect^2 + floor^2) the pressures are

- logarithmic, mu log t, the default: it hardly biases strong edges, and edges compete, as under an entropy, for several weak ones
  cost more than one strong;
- L1, m sum t: every edge is pulled down alike, so what is left is biased by m;
- entropy, m H per layer, H = -sum p log p with p = t / sum t: weak edges are pulled down and strong ones up.

Each is linear in t at the current point, with the slopes mu / t, m and -m (log p + H) / sum t. A positive slope g enters as the
quadratic g c' A c / (2 t_0), which majorises g t, and a negative one as the line g c_0' A c / t_0, which does so too, for t is
convex in c; both are renewed at each iteration (iteratively reweighted least squares; Candes, Wakin and Boyd 2008).

**Smoothness** is the mean square bending of what an edge does to the output, E[s^2] times that of its curve over the unit range.

Since effects are blind to the scale of a sub-sum, the pressure must be so too: its gradient along c itself, which the frozen A
would feign, is taken out for hidden layers by a linear term.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kandisco.errors import ConfigError
from kandisco.kan.edges import Edges
from kandisco.kan.knots import placed, places
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


# An edge alone against the logarithmic pressure mu log(effect) survives if its true effect is above 2 sqrt(mu).
_SMALLEST_EFFECT_PER_LAMB = 5.0


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """What ``lamb`` presses with: weights of the three pressures, all on effects, so that no scale of the data matters.

    Attributes:
        log: edges whose effect is below about 5 lamb times the root of this vanish, and others stay as they are.
        l1: edges whose effect is below lamb times this vanish, and others lose as much of theirs.
        entropy: lamb times this for each unit of a layer's entropy. pykan's own weights are ``log=0, l1=1, entropy=2``.

    Raises:
        ConfigError: a weight is negative or no number.
    """

    log: float = 1.0
    l1: float = 0.0
    entropy: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0.0 <= value < float("inf"):
                raise ConfigError(f"A weight of {value} for {name} makes no pressure.", hint="Give 0 or more.")

    def slopes(self, size: Tensor, mask: Tensor, lamb: float) -> Tensor:
        """Slope of the pressures in the effects ``size`` [R, S, I] of a layer's edges."""
        found = self.log * (0.5 * _SMALLEST_EFFECT_PER_LAMB * lamb) ** 2 / size + self.l1 * lamb
        if self.entropy:
            live = size * mask
            total = live.sum((1, 2), keepdim=True)
            logs = (live / total).clamp_min(torch.finfo(size.dtype).tiny).log()
            entropy = -(live / total * logs).sum((1, 2), keepdim=True)
            found = found - self.entropy * lamb * (logs + entropy) / total
        return found * mask


def _times(form: Tensor, coef: Tensor) -> Tensor:
    return (form @ coef[..., None])[..., 0]


def own_blocks(hessian: Tensor, block: Block) -> Tensor:
    """The blocks of a Hessian [R, P, P] that belong to one edge each, as a view [R, S, I, K, K]."""
    size, step = block.sources * block.features, hessian.shape[2] + 1
    strides = (hessian.stride(0), size * step, block.features * step, step - 1, 1)
    sizes = (hessian.shape[0], block.subs, block.sources, block.features, block.features)
    return hessian.as_strided(sizes, strides, hessian.storage_offset() + block.start * step)


def bending(basis: AbstractBasis, edges: Edges) -> Tensor:
    """[R|1, 1, I|1, K, K]: mean square bending of a layer's curves over the unit range; from slopes where knots are spread."""
    if not edges.spread.shape[-1]:
        return _even_bending(basis, edges.coef)[None, None, None]
    at = places(edges.spread, 257)
    slopes = placed(basis, at, torch.zeros_like(edges.lo), torch.ones_like(edges.lo), edges.spread)[1]
    steps = slopes.diff(dim=-1) / at.diff(dim=-1).sqrt()[..., None, :]
    return (steps @ steps.transpose(2, 3))[:, None]


def _even_bending(basis: AbstractBasis, like: Tensor) -> Tensor:
    """[K, K]: the mean square second derivative over the unit range as a quadratic form, from differences of any basis."""
    step = 1.0 / 256
    u = torch.linspace(0.0, 1.0, 257, dtype=torch.float64)
    at = basis.features(u, torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    second = (at[:, 2:] - 2 * at[:, 1:-1] + at[:, :-2]) / step**2
    return (second @ second.T / second.shape[1]).to(like)


def smoothing(kan: KAN, system: Normal, layout: tuple[Block, ...], strength: float) -> Penalty:
    """``strength`` times the mean square bending of every edge's part of the output, on the unit range of its source."""
    forms = [
        (strength * bending(kan.basis, e) * weight[..., None, None, None]).expand(*e.coef.shape[:3], -1, -1)
        for e, weight in zip(kan.edges, _weights(system, layout), strict=True)
    ]
    return _unscaled(kan, forms, [torch.zeros_like(e.coef) for e in kan.edges])


def _weights(system: Normal, layout: tuple[Block, ...]) -> list[Tensor]:
    """E[s^2] [R, S] per layer."""
    return [system.hessian.diagonal(dim1=1, dim2=2)[:, block.middle : block.tail] for block in layout]


def _unscaled(kan: KAN, forms: list[Tensor], shifts: list[Tensor]) -> Penalty:
    """A penalty that does not see the scale of hidden sub-sums: its gradient along their coefficients is taken out."""
    for level, e in enumerate(kan.edges[:-1]):
        pull = _times(forms[level], e.coef) - shifts[level]
        along = (pull * e.coef).sum((2, 3), keepdim=True) / e.coef.square().sum((2, 3), keepdim=True).clamp_min(1e-300)
        shifts[level] = shifts[level] + along * e.coef
    return Penalty(tuple(forms), tuple(shifts))


def effect_forms(system: Normal, layout: tuple[Block, ...]) -> list[Tensor]:
    """Per layer the matrices A [R, S, I, K, K] of the edges' effects."""
    forms = []
    for block, weight in zip(layout, _weights(system, layout), strict=True):
        own = own_blocks(system.hessian, block)
        cross = system.hessian[:, block.start : block.middle, block.middle : block.tail]
        cross = cross.reshape(own.shape[0], block.subs, block.sources * block.features, block.subs)
        mean = cross.diagonal(dim1=1, dim2=3).transpose(1, 2).reshape(own.shape[:4])
        weight = weight[:, :, None, None]
        scaled = mean / torch.where(weight > 0, weight, torch.ones_like(weight))
        forms.append(own - mean[..., :, None] * scaled[..., None, :])
    return forms


def effects(kan: KAN, forms: list[Tensor]) -> list[Tensor]:
    """Squared effects [R, S, I] per layer, zero for removed edges."""
    return [((e.coef * _times(a, e.coef)).sum(-1) * e.mask).clamp_min(0.0) for a, e in zip(forms, kan.edges, strict=True)]


def sparsity(kan: KAN, system: Normal, layout: tuple[Block, ...], lamb: float, floor: float, pressure: Pressure) -> Penalty:
    """Pressure on the effect of every edge.

    Args:
        kan: the networks.
        system: their normal equations, on a target of unit deviation.
        layout: of the parameters.
        lamb: unit of the pressures.
        floor: effects are told apart down to here; large at first, so that no edge is given up early.
        pressure: which ones, and their weights.
    """
    matrices = effect_forms(system, layout)
    forms, shifts = [], []
    for a, squared, e in zip(matrices, effects(kan, matrices), kan.edges, strict=True):
        size = (squared + floor**2).sqrt()
        slope = pressure.slopes(size, e.mask, lamb) / size
        forms.append(slope.clamp_min(0.0)[..., None, None] * a)
        shifts.append((-slope).clamp_min(0.0)[..., None] * _times(a, e.coef))
    return _unscaled(kan, forms, shifts)


def add(first: Penalty | None, second: Penalty | None) -> Penalty | None:
    """Sum of two penalties, either of which may be absent."""
    if first is None or second is None:
        return first or second
    forms = tuple(a + b for a, b in zip(first.forms, second.forms, strict=True))
    return Penalty(forms, tuple(a + b for a, b in zip(first.shifts, second.shifts, strict=True)))
