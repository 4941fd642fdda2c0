"""Regularisation as quadratic forms, so that it enters the normal equations exactly.

The deviation of an edge over the data is sigma = sqrt(c' C c) with C the covariance of its features. An L1 pressure on the sigmas
is majorised at the current point by a quadratic, sigma <= sigma^2 / (2 sigma_0) + sigma_0 / 2, and renewed at each iteration
(iteratively reweighted least squares). Sigmas are measured in units of the node they flow into (of the target for the last
layer), which makes the pressure unitless and blind to how a network spreads its scale over the layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from kandisco.kan.layout import Block
from kandisco.kan.network import KAN
from kandisco.kan.normal import Normal
from kandisco.kan.passes import Trace
from kandisco.specs import AbstractBasis


@dataclass(frozen=True)
class Penalty:
    """Half a quadratic form per edge: per layer [R, S, I, K, K]."""

    forms: tuple[Tensor, ...]

    def value(self, kan: KAN) -> Tensor:
        """The penalty [R] at the parameters of ``kan``."""
        parts = [torch.einsum("rsik,rsikl,rsil->r", e.coef, q, e.coef) for q, e in zip(self.forms, kan.edges, strict=True)]
        return 0.5 * torch.stack(parts).sum(0)

    def add_to(self, system: Normal, kan: KAN, layout: tuple[Block, ...]) -> None:
        """Add the form and its gradient to the normal equations, in place."""
        for q, e, block in zip(self.forms, kan.edges, layout, strict=True):
            cut, sizes = slice(block.start, block.middle), (block.subs, block.sources, block.features)
            # The edges' own blocks of the Hessian, as a view [R, S, I, K, K].
            size, step = sizes[1] * sizes[2], system.hessian.shape[2] + 1
            strides = (system.hessian.stride(0), size * step, sizes[2] * step, step - 1, 1)
            own = system.hessian.as_strided((e.coef.shape[0], *sizes, sizes[2]), strides, block.start * step)
            own.add_(q)
            system.gradient[:, cut] += torch.einsum("rsikl,rsil->rsik", q, e.coef).flatten(1)


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
    return Penalty(tuple(form.expand(*e.coef.shape[:3], *form.shape) for e in kan.edges))


def sparsity(kan: KAN, found: Trace, lamb: float, power: float = 1.0, floor: float = 1e-4) -> Penalty:
    """Pressure on the deviations of edges, and on the joint deviation of everything that leaves a hidden node.

    Args:
        kan: the networks.
        found: a forward pass over the data.
        lamb: pressure, unitless.
        power: exponent of the deviations; below 1 weak edges are pressed harder than strong ones.
        floor: deviations below this share count as gone.
    """
    forms = []
    last = len(kan.edges) - 1
    for level, (e, phi, subs) in enumerate(zip(kan.edges, found.phi, found.subs, strict=True)):
        centred = phi - phi.mean(-1, keepdim=True)
        cov = centred @ centred.transpose(-1, -2) / phi.shape[-1]
        cov = cov.expand(e.coef.shape[0], *cov.shape[1:])
        unit = torch.ones_like(e.bias) if level == last else subs.std(-1, correction=0).clamp_min(1e-12)
        share2 = torch.einsum("rsik,rikl,rsil->rsi", e.coef, cov, e.coef).clamp_min(0.0) * e.mask / unit[..., None].square()
        weight = (share2 + floor**2) ** (0.5 * power - 1.0)
        if level:
            weight = weight + (share2.sum(1, keepdim=True) + floor**2) ** (0.5 * power - 1.0)
        weight = lamb * weight / unit[..., None].square()
        forms.append(weight[..., None, None] * cov[:, None])
    return Penalty(tuple(forms))


def add(first: Penalty | None, second: Penalty | None) -> Penalty | None:
    """Sum of two penalties, either of which may be absent."""
    if first is None or second is None:
        return first or second
    return Penalty(tuple(a + b for a, b in zip(first.forms, second.forms, strict=True)))
