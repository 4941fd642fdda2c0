"""Normal equations of networks with many outputs, without a Jacobian of all of them."""

from __future__ import annotations

import torch
from torch import Tensor

from kandisco.kan.backward import sensitivities, sweep
from kandisco.kan.layout import Block, blocks
from kandisco.kan.network import KAN
from kandisco.kan.passes import Trace, phi_of, trace
from kandisco.kan.problem import Normal, Problem, chunks_of, part_of


def many_sums(kan: KAN) -> bool:
    """Several outputs, all of them sums of splines: worth a Gram matrix without a Jacobian (see ``normal_by_layers``)."""
    return kan.shape.outputs > 1 and not kan.shape.layers[-1].products and not any(e.symbols for e in kan.edges)


def normal_by_layers(kan: KAN, data: Problem, first: Tensor | None, chosen: Tensor | None, known: Trace | None) -> Normal:
    """Normal equations of many outputs without the Jacobian, which would hold a copy of the features for each.

    Between two layers l and m the Hessian is sum_n T_st phi_f phi_g with T_st = sum_o sigma_os sigma_ot: the sum over outputs is
    done first, on sub-sums. In the last layer sigma is the identity, so there the blocks of different outputs are zero.
    """
    layout = blocks(kan)
    like = kan.edges[0].coef
    size, count = layout[-1].stop, kan.restarts
    hessian, gradient, total = like.new_zeros(count, size, size), like.new_zeros(count, size), like.new_zeros(count)
    last = len(layout) - 1
    for rows in chunks_of(data):
        found = known if known is not None else trace(kan, data.x[:, rows], part_of(first, rows, data), slopes=True)
        residual = found.outputs - data.y[:, rows]
        total += data.weighed(residual.square(), rows).sum((1, 2))
        gradient += torch.cat(sweep(kan, found, data.weighed(residual, rows)), dim=1)
        senses = sensitivities(kan, found)
        features = [
            data.rooted(torch.cat([phi.flatten(1, 2), torch.ones_like(phi[:, :1, 0])], dim=1), rows) for phi in phi_of(kan, found)
        ]
        own = features[last] @ features[last].transpose(1, 2)
        subs, wide = layout[last].subs, own.shape[1]
        apart = own.new_zeros(len(own), subs, wide, subs, wide)
        apart.diagonal(dim1=1, dim2=3).copy_(own[..., None])
        _add(hessian, _places(layout[last]), _places(layout[last]), apart)
        for level in range(last):
            for other in range(level, last + 1):
                for sub in range(layout[level].subs):
                    one = senses[level][:, :, sub]
                    joint = one if other == last else (one[:, :, None] * senses[other]).sum(1)
                    # [R, T, 1, N] * [R|1, 1, F, N] -> the features of this layer weighted for every sub-sum of the other.
                    weighted = (joint[:, :, None] * features[other][:, None]).flatten(1, 2)
                    part = features[level].expand(count, -1, -1) @ weighted.transpose(1, 2)
                    sizes = features[level].shape[1], layout[other].subs, features[other].shape[1]
                    _add(hessian, _places(layout[level], sub), _places(layout[other]), part.view(count, 1, *sizes))
    for level, block in enumerate(layout):
        for later in layout[level + 1 :]:
            upper = hessian[:, block.start : block.stop, later.start : later.stop]
            hessian[:, later.start : later.stop, block.start : block.stop] = upper.transpose(1, 2)
    if chosen is not None:
        hessian = hessian.gather(1, chosen[..., None].expand(-1, -1, size)).gather(
            2, chosen[:, None].expand(-1, chosen.shape[1], -1)
        )
        gradient = gradient.gather(1, chosen)
    return Normal(hessian / data.rows, gradient / data.rows, total / data.rows)


def _places(block: Block, sub: int | None = None) -> tuple[slice, slice]:
    """Where the coefficients and the biases of one sub-sum, or of all, lie among the parameters."""
    first, stop = (0, block.subs) if sub is None else (sub, sub + 1)
    wide = block.sources * block.features
    return slice(block.start + first * wide, block.start + stop * wide), slice(block.middle + first, block.middle + stop)


def _add(hessian: Tensor, rows: tuple[slice, slice], columns: tuple[slice, slice], part: Tensor) -> None:
    """Add ``part`` [R, sub-sums, features + 1, sub-sums, features + 1], the bias last in each, to its places."""
    hessian[:, rows[0], columns[0]] += part[:, :, :-1, :, :-1].flatten(3).flatten(1, 2)
    hessian[:, rows[0], columns[1]] += part[:, :, :-1, :, -1].flatten(1, 2)
    hessian[:, rows[1], columns[0]] += part[:, :, -1, :, :-1].flatten(2)
    hessian[:, rows[1], columns[1]] += part[:, :, -1, :, -1]
