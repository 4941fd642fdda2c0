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
    places = [_places(block).to(like.device) for block in layout]
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
        for sub in range(layout[last].subs):
            hessian[:, places[last][sub][:, None], places[last][sub]] += own
        for level in range(last):
            for other in range(level, last + 1):
                for sub in range(layout[level].subs):
                    one = senses[level][:, :, sub]
                    joint = one if other == last else (one[:, :, None] * senses[other]).sum(1)
                    # [R, T, 1, N] * [R|1, 1, F, N] -> the features of this layer weighted for every sub-sum of the other.
                    weighted = (joint[:, :, None] * features[other][:, None]).flatten(1, 2)
                    block = features[level].expand(count, -1, -1) @ weighted.transpose(1, 2)
                    hessian[:, places[level][sub][:, None], places[other].flatten()] += block
    for level in range(last):
        for other in range(level + 1, last + 1):
            rows_of, columns_of = places[level].flatten(), places[other].flatten()
            hessian[:, columns_of[:, None], rows_of] = hessian[:, rows_of[:, None], columns_of].transpose(1, 2)
    if chosen is not None:
        hessian = hessian.gather(1, chosen[..., None].expand(-1, -1, size)).gather(
            2, chosen[:, None].expand(-1, chosen.shape[1], -1)
        )
        gradient = gradient.gather(1, chosen)
    return Normal(hessian / data.rows, gradient / data.rows, total / data.rows)


def _places(block: Block) -> Tensor:
    """[S, F + 1]: where the coefficients and the bias of each sub-sum lie among the parameters."""
    wide = block.sources * block.features
    coefs = torch.arange(block.start, block.middle).view(block.subs, wide)
    return torch.cat([coefs, torch.arange(block.middle, block.tail)[:, None]], dim=1)
