"""One flat vector of parameters per restart: per layer first the coefficients [S, I, K], then the biases [S]."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kandisco.kan.network import KAN


@dataclass(frozen=True)
class Block:
    """Where one layer lies in the flat vector."""

    start: int
    subs: int
    sources: int
    features: int

    @property
    def middle(self) -> int:
        """End of the coefficients, start of the biases."""
        return self.start + self.subs * self.sources * self.features

    @property
    def stop(self) -> int:
        """End of the layer."""
        return self.middle + self.subs


def blocks(kan: KAN) -> tuple[Block, ...]:
    """The layout of a network's parameters."""
    found: list[Block] = []
    for e in kan.edges:
        start = found[-1].stop if found else 0
        found.append(Block(start, *(int(n) for n in e.coef.shape[1:])))
    return tuple(found)


def pack(kan: KAN) -> Tensor:
    """Parameters as [R, P]."""
    return torch.cat([part for e in kan.edges for part in (e.coef.flatten(1), e.bias)], dim=1)


def unpack(kan: KAN, theta: Tensor) -> KAN:
    """``kan`` with the parameters ``theta`` [R, P]."""
    edges = []
    for block, e in zip(blocks(kan), kan.edges, strict=True):
        coef = theta[:, block.start : block.middle].reshape(e.coef.shape)
        edges.append(replace(e, coef=coef, bias=theta[:, block.middle : block.stop]))
    return replace(kan, edges=tuple(edges))


def free(kan: KAN) -> Tensor:
    """[R, P]: 1 where a parameter may move, 0 where its edge is removed or its node is heard by nobody."""
    parts: list[Tensor] = []
    for level, e in enumerate(kan.edges):
        heard = torch.ones_like(e.bias)
        if level + 1 < len(kan.edges):
            owner = torch.tensor(kan.shape.layers[level].owner(), device=heard.device)
            heard = kan.edges[level + 1].mask.amax(1)[:, owner]
        parts += [(e.mask * heard[..., None])[..., None].expand(e.coef.shape).flatten(1), heard]
    return torch.cat(parts, dim=1)


def moving(held: Tensor) -> Tensor | None:
    """Positions [R, L] of the free parameters, padded to one length; None where so few are held that a gather would not pay."""
    count = int(held.sum(1).amax())
    if count > 0.8 * held.shape[1]:
        return None
    return torch.argsort(held, dim=1, descending=True, stable=True)[:, : max(count, 1)]
