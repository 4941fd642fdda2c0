"""The cubic splines in loops over the points, compiled.

``cubic`` does operation by operation what bases.py does in torch. ``layer`` and ``layer_slopes`` sum whole edges with the four
splines that are not zero at a point, and never write the others down.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kandisco.compiled import compiled

if TYPE_CHECKING:
    import torch

# Rows whose splines stay in the nearest cache while all edges of a source use them.
_BLOCK = 512
# Unsigned, for a signed index would be tested against zero in each access.
_1, _2, _3 = np.uint64(1), np.uint64(2), np.uint64(3)


def cubic(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, grid: int, *, sloping: bool = True) -> tuple[torch.Tensor, ...]:
    """Values and, if ``sloping``, slopes in ``x`` of all grid + 3 splines, each [..., grid + 3, rows]; see ``AbstractBasis``.

    All bookkeeping is numpy's: on a thousand rows torch's would take as long as the loop.
    """
    import torch

    points, low, high = x.numpy(), lo.numpy(), hi.numpy()
    lead, rows = points.shape[:-1], points.shape[-1]
    if low.shape != lead or high.shape != lead:
        lead = np.broadcast_shapes(lead, low.shape, high.shape)
        points = np.broadcast_to(points, (*lead, rows))
        low, high = np.broadcast_to(low, lead), np.broadcast_to(high, lead)
    flat = np.ascontiguousarray(points.reshape(-1, rows))
    found = np.empty((1 + sloping, len(flat), grid + 3, rows), points.dtype)
    compiled(_cubic, _splines)(flat, low.reshape(-1), high.reshape(-1), _constants(grid, points.dtype), found)
    return tuple(torch.from_numpy(part.reshape(*lead, grid + 3, rows)) for part in found)


@cache
def _constants(grid: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.array([0.0, 1.0, grid, 1.0 / 6.0, 2.0 / 3.0, 0.5, 1.5, 2.0], dtype=dtype)


def _cubic(x: Any, lo: Any, hi: Any, constants: Any, found: Any) -> None:
    values, slopes = found[0], found[-1]
    sloping, rows = found.shape[0] > 1, x.shape[1]
    k, w = np.empty(_BLOCK, np.uint64), np.empty((8, _BLOCK), x.dtype)
    for m in range(x.shape[0]):
        value, slope = values[m], slopes[m]
        value[:] = constants[0]
        if sloping:
            slope[:] = constants[0]
        for begin in range(0, rows, _BLOCK):
            at = x[m, begin : min(begin + _BLOCK, rows)]
            _splines(at, lo[m], hi[m] - lo[m], constants, k, w, sloping)
            for n in range(len(at)):
                j, row = k[n], begin + n
                value[j, row], value[j + _1, row], value[j + _2, row], value[j + _3, row] = w[0, n], w[1, n], w[2, n], w[3, n]
            for n in range(len(at) if sloping else 0):
                j, row = k[n], begin + n
                slope[j, row], slope[j + _1, row], slope[j + _2, row], slope[j + _3, row] = w[4, n], w[5, n], w[6, n], w[7, n]


def _splines(at: Any, low: Any, width: Any, constants: Any, k: Any, w: Any, sloping: Any) -> None:
    """The cell of each point and its four splines, and their slopes if ``sloping``; a loop that fits vector registers."""
    zero, one, grid, sixth, twothirds, half, threehalves, two = constants
    scale = one / width * grid  # torch divides a number by a tensor so
    minus_half_scale = -half * scale
    for n in range(len(at)):
        u = (at[n] - low) / width
        inside = min(max(u, zero), one)
        place = inside * grid
        # A value that is no number has no cell; its functions are no numbers either.
        left = min(np.floor(place), grid - one) if place >= zero else zero
        k[n], t, beyond = np.uint64(left), place - left, (u - inside) * width
        s, square, grown = one - t, t * t, t * scale
        a, b, d = s * s * s * sixth, (half * t - one) * square + twothirds, square * t * sixth
        da, db, dd = s * s * minus_half_scale, (threehalves * t - two) * grown, t * grown * half
        dc = -((da + db) + dd)
        w[0, n], w[1, n], w[2, n], w[3, n] = a + da * beyond, b + db * beyond, one - a - b - d + dc * beyond, d + dd * beyond
        if sloping:
            w[4, n], w[5, n], w[6, n], w[7, n] = da, db, dc, dd


def layer(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, grid: int) -> torch.Tensor:
    """All edges of a layer summed, [R, S, rows]; see ``AbstractBasis.layer``."""
    import torch

    count, edges, sources, _ = coef.shape
    sums = torch.empty(count, edges, x.shape[-1], dtype=x.dtype)
    _run(x, lo, hi, coef, grid, sums, coef.new_empty(count, sources, 0, edges), x[..., :0])
    return sums


def layer_slopes(
    x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, sense: torch.Tensor, grid: int, *, inner: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The slopes of (sense * layer).sum() in the coefficients and in the sources; see ``AbstractBasis.layer_slopes``."""
    import torch

    count, edges, sources, size = coef.shape
    steep = torch.zeros(count, sources, size, edges, dtype=coef.dtype)
    pull = torch.empty(count, *x.shape[1:], dtype=x.dtype) if inner else x[..., :0]
    _run(x, lo, hi, coef, grid, sense, steep, pull)
    return steep.permute(0, 3, 1, 2).contiguous(), pull if inner else None


def _run(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, grid: int, *found: torch.Tensor) -> None:
    # The edges of a source side by side: where they are many, the innermost loop runs over them.
    given = (part.contiguous().numpy() for part in (x, lo, hi, coef.permute(0, 2, 3, 1)))
    kernel = compiled(_layer, _splines, _row_by_row, _edge_by_edge)
    kernel(*given, _constants(grid, x.numpy().dtype), *(part.numpy() for part in found))


# So many edges of a source are summed row by row; fewer one by one, each over all rows.
_MANY = 8


def _layer(x: Any, lo: Any, hi: Any, coef: Any, constants: Any, sums: Any, steep: Any, pull: Any) -> None:
    """Forward into ``sums`` where ``steep`` is empty; else backward from them into ``steep`` and, unless empty, ``pull``.

    ``coef`` and ``steep`` are [R, I, K, S].
    """
    forth, inner, rows, edges = steep.shape[2] == 0, pull.shape[2] > 0, x.shape[2], sums.shape[1]
    k, w, many = np.empty(_BLOCK, np.uint64), np.empty((8, _BLOCK), x.dtype), edges >= _MANY
    block = np.empty((_BLOCK, edges) if many else (edges, _BLOCK), x.dtype)
    for r in range(coef.shape[0]):
        for begin in range(0, rows, _BLOCK):
            size = min(_BLOCK, rows - begin)
            part = sums[r, :, begin : begin + size]
            near = block[:size].T if many else block[:, :size]
            if forth:
                block[:] = constants[0]
            else:
                near[:] = part
            for i in range(coef.shape[1]):
                at = x[min(r, x.shape[0] - 1), i, begin : begin + size]
                _splines(at, lo[r, i], hi[r, i] - lo[r, i], constants, k, w, inner)
                down = pull[r, i, begin : begin + size] if inner else at
                if many:
                    _row_by_row(k, w, size, coef[r, i], block, steep[r, i], down, forth, inner)
                else:
                    _edge_by_edge(k, w, size, coef[r, i], block, steep[r, i], down, forth, inner)
            if forth:
                part[:] = near


def _row_by_row(k: Any, w: Any, size: Any, coef: Any, block: Any, steep: Any, down: Any, forth: Any, inner: Any) -> None:
    """One source, many edges [rows, S]. Nothing is sliced: slices in the inner loop would take half the time."""
    edges = np.uint64(coef.shape[1])
    for n in range(size):
        j, a, b, c, d = k[n], w[0, n], w[1, n], w[2, n], w[3, n]
        if forth:
            for e in range(edges):
                block[n, e] += a * coef[j, e] + b * coef[j + _1, e] + c * coef[j + _2, e] + d * coef[j + _3, e]
            continue
        for e in range(edges):
            sense = block[n, e]
            steep[j, e] += a * sense
            steep[j + _1, e] += b * sense
            steep[j + _2, e] += c * sense
            steep[j + _3, e] += d * sense
        if inner:
            a = b = c = d = down.dtype.type(0)
            for e in range(edges):
                sense = block[n, e]
                a += sense * coef[j, e]
                b += sense * coef[j + _1, e]
                c += sense * coef[j + _2, e]
                d += sense * coef[j + _3, e]
            down[n] = a * w[4, n] + b * w[5, n] + c * w[6, n] + d * w[7, n]


def _edge_by_edge(k: Any, w: Any, size: Any, coef: Any, block: Any, steep: Any, down: Any, forth: Any, inner: Any) -> None:
    """One source, few edges [S, rows]."""
    for e in range(coef.shape[1]):
        c, sense = coef[:, e], block[e]
        if forth:
            for n in range(size):
                j = k[n]
                sense[n] += c[j] * w[0, n] + c[j + _1] * w[1, n] + c[j + _2] * w[2, n] + c[j + _3] * w[3, n]
            continue
        for n in range(size if inner else 0):
            j = k[n]
            slope = c[j] * w[4, n] + c[j + _1] * w[5, n] + c[j + _2] * w[6, n] + c[j + _3] * w[7, n]
            down[n] = sense[n] * slope if e == 0 else down[n] + sense[n] * slope
        slopes = steep[:, e]
        for n in range(size):
            j = k[n]
            slopes[j] += sense[n] * w[0, n]
            slopes[j + _1] += sense[n] * w[1, n]
            slopes[j + _2] += sense[n] * w[2, n]
            slopes[j + _3] += sense[n] * w[3, n]
