"""The normal equations of least squares: H = J J' / N and g = J r / N, summed over chunks of rows so that memory stays flat."""

from __future__ import annotations

import torch
from torch import Tensor

from kandisco.kan.backward import sensitivities
from kandisco.kan.gram import many_sums, normal_by_layers
from kandisco.kan.layout import Block, blocks
from kandisco.kan.network import KAN
from kandisco.kan.passes import Trace, phi_of, trace
from kandisco.kan.problem import Normal, Problem, chunks_of, part_of
from kandisco.kan.symbols import columns_and_slopes, subs_of

_CHUNK_BYTES = 16_000_000


def problem(kan: KAN, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Problem:
    """Choose the chunk so that the Jacobian of a chunk stays near the caches."""
    parameters = blocks(kan)[-1].stop * kan.restarts * (1 if many_sums(kan) else kan.shape.outputs)
    return Problem(x, y, max(128, min(int(x.shape[1]), _CHUNK_BYTES // (8 * parameters))), weights)


def mean_square(kan: KAN, data: Problem, first: Tensor | None) -> Tensor:
    """Mean squared error [R], summed over outputs."""
    return evaluate(kan, data, first, keep=False)[0]


def evaluate(kan: KAN, data: Problem, first: Tensor | None, *, keep: bool = True) -> tuple[Tensor, Trace | None]:
    """Mean squared error [R], and the pass behind it where all rows fit into one chunk, for the next normal equations."""
    chunks, sums = chunks_of(data), []
    for rows in chunks:
        found = trace(kan, data.x[:, rows], part_of(first, rows, data), slopes=keep and len(chunks) == 1)
        sums.append(data.weighed((found.outputs - data.y[:, rows]).square(), rows).sum((1, 2)))
    return sum(sums[1:], sums[0]) / data.rows, found if len(chunks) == 1 else None


def normal(kan: KAN, data: Problem, first: Tensor | None, chosen: Tensor | None = None, known: Trace | None = None) -> Normal:
    """Normal equations at the current parameters, of all of them or of those at ``chosen`` [R, L].

    Args:
        kan: the networks.
        data: the rows.
        first: first layer's features, see ``cached_features``.
        chosen: positions of the parameters wanted.
        known: the forward pass at these parameters, if it is at hand.
    """
    if many_sums(kan):
        return normal_by_layers(kan, data, first, chosen, known)
    layout = blocks(kan)
    size, count = layout[-1].stop if chosen is None else chosen.shape[1], kan.restarts
    like = kan.edges[0].coef
    hessian, gradient, total = like.new_zeros(count, size, size), like.new_zeros(count, size), like.new_zeros(count)
    for rows in chunks_of(data):
        found = known if known is not None else trace(kan, data.x[:, rows], part_of(first, rows, data), slopes=True)
        residual = data.rooted(found.outputs - data.y[:, rows], rows)
        jacobian = fill_jacobian(kan, found, layout, [data.rooted(sense, rows) for sense in sensitivities(kan, found)])
        if chosen is not None:
            jacobian = jacobian.gather(1, chosen[..., None].expand(-1, -1, jacobian.shape[2]))
        _add_lower(hessian, jacobian)
        gradient += (jacobian @ residual.flatten(1)[..., None])[..., 0]
        total += residual.square().sum((1, 2))
    half = size // 2
    hessian[:, :half, half:] = hessian[:, half:, :half].transpose(1, 2)
    return Normal(hessian.div_(data.rows), gradient.div_(data.rows), total.div_(data.rows))


def _add_lower(hessian: Tensor, jacobian: Tensor) -> None:
    """Add J J' but for its upper right quarter, which the symmetry gives."""
    half = hessian.shape[1] // 2
    upper, lower = jacobian[:, :half], jacobian[:, half:]
    hessian[:, :, :half].baddbmm_(jacobian, upper.transpose(1, 2))
    hessian[:, half:, half:].baddbmm_(lower, lower.transpose(1, 2))


def fill_jacobian(kan: KAN, found: Trace, layout: tuple[Block, ...], senses: list[Tensor]) -> Tensor:
    """Jacobian [R, P, O * N] of the outputs: sensitivities times features."""
    count, outputs, rows = kan.restarts, kan.shape.outputs, found.outputs.shape[-1]
    jacobian = found.outputs.new_empty(count, layout[-1].stop, outputs, rows)
    for block, sense, phi, edges, z in zip(layout, senses, phi_of(kan, found), kan.edges, found.sources, strict=True):
        by_sub = sense.transpose(1, 2)
        part = jacobian[:, block.start : block.middle].view(count, block.subs, block.sources * block.features, outputs, rows)
        torch.mul(by_sub[:, :, None], phi.flatten(1, 2)[:, None, :, None], out=part)
        jacobian[:, block.middle : block.tail] = by_sub
        if edges.symbols:
            columns = columns_and_slopes(edges, z)[0][:, :, :, None] * by_sub[:, subs_of(edges), None]
            jacobian[:, block.tail : block.stop] = columns.flatten(1, 2)
    return jacobian.flatten(2)


def jacobian(kan: KAN, x: Tensor) -> Tensor:
    """d outputs / d parameters [R, P, outputs * N] at ``x`` [inputs, N]; parameters in the order of ``layout.pack``."""
    found = trace(kan, x)
    return fill_jacobian(kan, found, blocks(kan), sensitivities(kan, found))
