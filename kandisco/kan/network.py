"""The network as data: frozen tensors with a leading restart axis, and what can be done to them without training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.kan.edges import Edges
from kandisco.kan.shape import Shape
from kandisco.kan.tensors import columns
from kandisco.specs import AbstractBasis, BasisSpec
from kandisco.types import Array, EdgeId


@dataclass(frozen=True, kw_only=True)
class KAN:
    """R networks of one shape side by side. Never changed in place: every operation returns a new one."""

    shape: Shape
    spec: BasisSpec
    grid: int
    basis: AbstractBasis
    edges: tuple[Edges, ...]
    adapt: float = 0.0
    """Share of the knots that follows the data; see ``adapt_grid``."""

    @property
    def restarts(self) -> int:
        """Length of the restart axis."""
        return int(self.edges[0].coef.shape[0])

    def live_edges(self) -> tuple[EdgeId, ...]:
        """Edges alive in restart 0, as (layer, source, sub-sum), that lead to an output."""
        useful = useful_masks(self)
        found = [(layer, np.argwhere(mask[0].cpu().numpy() > 0)) for layer, mask in enumerate(useful)]
        return tuple(EdgeId(layer=layer, source=int(i), target=int(s)) for layer, pairs in found for s, i in pairs)


def init(
    shape: Shape,
    basis: BasisSpec,
    *,
    x: ArrayLike | Tensor,
    restarts: int = 1,
    seed: int = 0,
    grid: int = 5,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> KAN:
    """Random networks whose grids span the data.

    Restart r depends on (seed, r) only, so asking for more restarts changes none of the first ones.

    Args:
        shape: layers of the network.
        basis: spec of the edge basis, from the registry.
        x: [rows, inputs], read for the range of each input.
        restarts: how many networks.
        seed: of all randomness.
        grid: grid intervals.
        dtype: float64, or float32 for large networks.
        device: where the tensors live; everything done with the networks happens there.
    """
    built = basis.basis(grid)
    data = columns(x, dtype, torch.device(device) if device is not None else None)
    lo, hi = span(data)
    rngs = [np.random.default_rng([seed, r]) for r in range(restarts)]
    edges: list[Edges] = []
    for level, (width, layer) in enumerate(zip(shape.widths, shape.layers, strict=True)):
        curves = torch.as_tensor(np.stack([_curves(rng, layer.subs, width) for rng in rngs]), dtype=dtype, device=data.device)
        coef = curves @ projector(built, curves.shape[-1], dtype, data.device)
        bias = np.stack([rng.normal(0.0, 0.3, layer.subs) for rng in rngs])
        low, high = lo.new_full((width,), -1.5), lo.new_full((width,), 1.5)
        for part in (part for origin, part in shape.parts(level) if origin == 0):
            low[part], high[part] = lo, hi
        edges.append(
            Edges(
                lo=low.expand(restarts, width).clone(),
                hi=high.expand(restarts, width).clone(),
                spread=low.new_zeros(restarts, width, 0),
                coef=coef.contiguous(),
                mask=coef.new_ones(restarts, layer.subs, width),
                bias=torch.as_tensor(bias, dtype=dtype, device=data.device),
                locked=coef.new_zeros(restarts, layer.subs, width),
                affine=coef.new_zeros(restarts, 0, 4),
            )
        )
    return KAN(shape=shape, spec=basis, grid=grid, basis=built, edges=tuple(edges))


def _curves(rng: np.random.Generator, subs: int, width: int) -> Array:
    """Random smooth curves on the unit interval, [subs, width, points]: mostly slope, some bend and wiggle."""
    u = np.linspace(-1.0, 1.0, 64)
    modes = np.stack([u, u**2 - 1 / 3, np.sin(np.pi * u), np.cos(np.pi * u)])
    weights = rng.normal(size=(subs, width, 4)) * np.array([1.0, 0.6, 0.4, 0.4])
    curves: Array = weights @ modes / np.sqrt(width)
    return curves


def span(values: Tensor) -> tuple[Tensor, Tensor]:
    """Range of each row of ``values`` [..., N], fit to carry a grid."""
    return widened(values.amin(-1), values.amax(-1))


def widened(lo: Tensor, hi: Tensor) -> tuple[Tensor, Tensor]:
    """A range that can carry a grid: as it is, or made wider where it is empty or below the resolution of its numbers."""
    size = torch.maximum(lo.abs(), hi.abs())
    # A grid narrower than a few thousand ulps could not tell its own points apart.
    flat = (hi - lo) <= size * 4096 * torch.finfo(lo.dtype).eps
    half = torch.where(size > 0, size, torch.ones_like(size))
    return torch.where(flat, lo - half, lo), torch.where(flat, hi + half, hi)


def projector(basis: AbstractBasis, points: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """[points, K]: curve samples at ``points`` even steps of the range -> least-squares coefficients; not to be changed."""
    return _projector(basis.features, points, dtype, device)


@lru_cache(maxsize=16)
def _projector(
    features: Callable[[Tensor, Tensor, Tensor], Tensor], points: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Keyed by a method, for methods of the same object are equal whatever the basis calls equal."""
    u = torch.linspace(0.0, 1.0, points, dtype=torch.float64)
    at = features(u, torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    found: Tensor = torch.linalg.pinv(at, rtol=1e-13).to(dtype=dtype, device=device)
    return found


def select(kan: KAN, index: int | Iterable[int]) -> KAN:
    """The networks at ``index`` of the restart axis; a single number keeps the axis with length 1."""
    rows = [index] if isinstance(index, int) else list(index)
    return replace(kan, edges=tuple(e.with_tensors({k: v[rows] for k, v in e.tensors().items()}) for e in kan.edges))


def stack(kans: Iterable[KAN]) -> KAN:
    """Networks of one shape, basis, grid and symbols joined along the restart axis."""
    found = list(kans)
    layers = zip(*(kan.edges for kan in found), strict=True)
    joined = (v[0].with_tensors({k: torch.cat([e.tensors()[k] for e in v]) for k in v[0].tensors()}) for v in layers)
    return replace(found[0], edges=tuple(joined))


def useful_masks(kan: KAN) -> list[Tensor]:
    """Masks without the edges into nodes that nobody hears: a dead node takes its edges along."""
    masks = [e.mask.clone() for e in kan.edges]
    for level in range(len(masks) - 2, -1, -1):
        masks[level] = masks[level] * heard(kan.shape, masks, level)[..., None]
    return masks


def heard(shape: Shape, masks: list[Tensor], level: int) -> Tensor:
    """[R, S]: 1 for the sub-sums of a layer whose node feeds a live edge; all of them in the last layer."""
    if level + 1 == len(masks):
        return torch.ones_like(masks[level][:, :, 0])
    ears = (
        masks[other].amax(1)[:, part]
        for other in range(level + 1, len(masks))
        for origin, part in shape.parts(other)
        if origin == level + 1
    )
    nodes = reduce(torch.maximum, ears)
    return nodes[:, torch.tensor(shape.layers[level].owner(), device=nodes.device)]
