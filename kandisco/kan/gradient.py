"""Loss and its gradient by one forward and one backward sweep, for losses, sizes and batches that least squares does not suit.

A layer's backward sweep is two GEMMs: the gradient of the coefficients is sigma phi', and what goes down to a source is
sum_k phi'_k(z) (c' sigma)_k, with sigma = d loss / d sub-sum.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from kandisco.kan.backward import sweep
from kandisco.kan.layout import blocks
from kandisco.kan.network import KAN
from kandisco.kan.passes import trace
from kandisco.kan.problem import Problem, chunks_of, part_of

Loss = Callable[[Tensor, Tensor], Tensor]
_CHUNK_BYTES, _LEAST_ROWS = 2_000_000, 1024


def gradient_problem(kan: KAN, x: Tensor, y: Tensor, weights: Tensor | None = None) -> Problem:
    """Data with chunks of rows whose hidden features stay in the caches, but not so few that the weights take longer."""
    hidden = max((int(e.lo.shape[1]) for e in kan.edges[1:]), default=1)
    chunk = _CHUNK_BYTES // (x.element_size() * hidden * kan.basis.n_features * kan.restarts)
    return Problem(x, y, max(_LEAST_ROWS, min(int(x.shape[1]), chunk)), weights)


def square(outputs: Tensor, y: Tensor) -> Tensor:
    """Squared error of every row, summed over outputs: [R, O, N] and [O, N] -> [R, N]."""
    return (outputs - y).square().sum(1)


def loss_and_gradient(kan: KAN, data: Problem, first: Tensor | None = None, loss: Loss = square) -> tuple[Tensor, Tensor]:
    """Mean loss [R] and its gradient [R, P] in the order of ``layout.pack``; removed edges have gradient zero.

    Args:
        kan: the networks.
        data: the rows.
        first: first layer's features, see ``normal.cached_features``.
        loss: outputs [R, O, N] and targets [O, N] -> loss of every row [R, N], differentiable.
    """
    layout = blocks(kan)
    like = kan.edges[0].coef
    total, gradient = like.new_zeros(kan.restarts), like.new_zeros(kan.restarts, layout[-1].stop)
    for rows in chunks_of(data):
        found = trace(kan, data.x[:, rows], part_of(first, rows, data), slopes=True, lean=True)
        value, sense = _top(found.outputs, data, rows, loss)
        total += value
        for block, part in zip(layout, sweep(kan, found, sense), strict=True):
            gradient[:, block.start : block.stop] += part
    return total / data.rows, gradient / data.rows


def _top(outputs: Tensor, data: Problem, rows: slice, loss: Loss) -> tuple[Tensor, Tensor]:
    """Summed loss [R] and its slope in the outputs [R, O, N]."""
    y = data.y[:, rows]
    if loss is square:
        residual = outputs - y
        sense = data.weighed(residual, rows)
        return (residual * sense).sum((1, 2)), 2.0 * sense
    with torch.enable_grad():
        at = outputs.detach().requires_grad_(True)
        value = data.weighed(loss(at, y), rows).sum(1)
        (sense,) = torch.autograd.grad(value.sum(), at)
    return value.detach(), sense
