"""One flat vector of parameters per restart: per layer coefficients [S, I, K], biases [S], symbols' numbers [M, 4]."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kandisco.kan.edges import Edges
from kandisco.kan.network import KAN, heard
from kandisco.kan.symbols import sources_of, subs_of


@dataclass(frozen=True)
class Block:
    """Where one layer lies in the flat vector."""

    start: int
    subs: int
    sources: int
    features: int
    symbols: int

    @property
    def middle(self) -> int:
        """End of the coefficients, start of the biases."""
        return self.start + self.subs * self.sources * self.features

    @property
    def tail(self) -> int:
        """End of the biases, start of the numbers of symbolic edges."""
        return self.middle + self.subs

    @property
    def stop(self) -> int:
        """End of the layer."""
        return self.tail + 4 * self.symbols


def blocks(kan: KAN) -> tuple[Block, ...]:
    """The layout of a network's parameters."""
    found: list[Block] = []
    for e in kan.edges:
        start = found[-1].stop if found else 0
        subs, sources, features = (int(n) for n in e.coef.shape[1:])
        found.append(Block(start, subs, sources, features, len(e.symbols)))
    return tuple(found)


def pack(kan: KAN) -> Tensor:
    """Parameters as [R, P]."""
    return torch.cat([part for e in kan.edges for part in (e.coef.flatten(1), e.bias, e.affine.flatten(1))], dim=1)


def unpack(kan: KAN, theta: Tensor) -> KAN:
    """``kan`` with the parameters ``theta`` [R, P]."""
    sizes = [size for b in blocks(kan) for size in (b.middle - b.start, b.tail - b.middle, b.stop - b.tail)]
    parts, edges = iter(torch.split(theta, sizes, dim=1)), []
    for e in kan.edges:
        coef, bias, affine = next(parts).reshape(e.coef.shape), next(parts), next(parts).reshape(e.affine.shape)
        edges.append(Edges(**{**vars(e), "coef": coef, "bias": bias, "affine": affine}))
    return replace(kan, edges=tuple(edges))


def free(kan: KAN) -> Tensor:
    """[R, P]: 1 where a parameter may move, 0 where its edge is removed or locked or its node is heard by nobody."""
    parts: list[Tensor] = []
    masks = [e.mask for e in kan.edges]
    for level, e in enumerate(kan.edges):
        used = heard(kan.shape, masks, level)
        spline, others = e.mask * (1.0 - e.locked) * used[..., None], [used]
        if e.symbols:
            others.append(spline[:, subs_of(e), sources_of(e)].repeat_interleave(4, dim=1))
            spline[:, subs_of(e), sources_of(e)] = 0.0
        parts += [spline[..., None].expand(e.coef.shape).flatten(1), *others]
    return torch.cat(parts, dim=1)


def arguments(kan: KAN) -> Tensor:
    """[1, P]: 1 for the a and b of symbolic edges, 0 for all else."""
    found = kan.edges[0].coef.new_zeros(1, blocks(kan)[-1].stop)
    for block in blocks(kan):
        found[:, block.tail : block.stop].view(-1, 4)[:, :2] = 1.0
    return found


def moving(held: Tensor) -> Tensor | None:
    """Positions [R, L] of the free parameters, padded to one length; None where so few are held that a gather would not pay."""
    count = int(held.sum(1).amax())
    if count > 0.8 * held.shape[1]:
        return None
    return torch.argsort(held, dim=1, descending=True, stable=True)[:, : max(count, 1)]
