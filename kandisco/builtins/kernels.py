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
    compiled(_cubic)(flat, low.reshape(-1), high.reshape(-1), _constants(grid, points.dtype), found)
    return tuple(torch.from_numpy(part.reshape(*lead, grid + 3, rows)) for part in found)


@cache
def _constants(grid: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.array([0.0, 1.0, grid, 1.0 / 6.0, 2.0 / 3.0, 0.5, 1.5, 2.0], dtype=dtype)


def _cubic(x: Any, lo: Any, hi: Any, constants: Any, found: Any) -> None:
    zero, one, grid, sixth, twothirds, half, threehalves, two = constants
    values, slopes = found[0], found[-1]
    sloping = found.shape[0] > 1
    for m in range(x.shape[0]):
        low, width = lo[m], hi[m] - lo[m]
        scale = one / width * grid  # torch divides a number by a tensor so
        minus_half_scale = -half * scale
        value, slope = values[m], slopes[m]
        value[:] = zero
        if sloping:
            slope[:] = zero
        for n in range(x.shape[1]):
            u = (x[m, n] - low) / width
            inside = min(max(u, zero), one)
            place = inside * grid
            # A value that is no number has no cell; its functions are no numbers either.
            left = min(np.floor(place), grid - one) if place >= zero else zero
            k, t = np.uint64(left), place - left
            s, square, grown = one - t, t * t, t * scale
            a, d = s * s * s * sixth, square * t * sixth
            b = (half * t - one) * square + twothirds
            c = one - a - b - d
            da, db, dd = s * s * minus_half_scale, (threehalves * t - two) * grown, t * grown * half
            dc = -((da + db) + dd)
            if inside != u:
                beyond = (u - inside) * width
                a, b, c, d = a + da * beyond, b + db * beyond, c + dc * beyond, d + dd * beyond
            value[k, n], value[k + _1, n], value[k + _2, n], value[k + _3, n] = a, b, c, d
            if sloping:
                slope[k, n], slope[k + _1, n], slope[k + _2, n], slope[k + _3, n] = da, db, dc, dd


def layer(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, grid: int) -> torch.Tensor:
    """All edges of a layer summed, [R, S, rows]; see ``AbstractBasis.layer``."""
    import torch

    sums = torch.empty(*coef.shape[:2], x.shape[-1], dtype=x.dtype)
    _run(x, lo, hi, coef, grid, sums, coef[..., :0], x[..., :0])
    return sums


def layer_slopes(
    x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, sense: torch.Tensor, grid: int, *, inner: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The slopes of (sense * layer).sum() in the coefficients and in the sources; see ``AbstractBasis.layer_slopes``."""
    import torch

    steep = torch.zeros_like(coef)
    pull = torch.empty(coef.shape[0], *x.shape[1:], dtype=x.dtype) if inner else x[..., :0]
    _run(x, lo, hi, coef, grid, sense, steep, pull)
    return steep, pull if inner else None


def _run(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, grid: int, *found: torch.Tensor) -> None:
    given = (np.ascontiguousarray(part.numpy()) for part in (x, lo, hi, coef))
    compiled(_layer)(*given, _constants(grid, x.numpy().dtype), *(part.numpy() for part in found))


# Rows whose splines stay in the nearest cache while all edges of a source use them.
_BLOCK = 512


def _layer(x: Any, lo: Any, hi: Any, coef: Any, constants: Any, sums: Any, steep: Any, pull: Any) -> None:
    """Forward into ``sums`` where ``steep`` is empty; else backward from them into ``steep`` and, unless empty, ``pull``."""
    zero, one, grid, sixth, twothirds, half, threehalves, two = constants
    forth, inner, rows = steep.shape[3] == 0, pull.shape[2] > 0, x.shape[2]
    k, w, back = np.empty(_BLOCK, np.int32), np.empty((8, _BLOCK), x.dtype), np.empty(_BLOCK, x.dtype)
    for r in range(coef.shape[0]):
        for begin in range(0, rows, _BLOCK):
            end = min(begin + _BLOCK, rows)
            for i in range(coef.shape[2]):
                at, low, width = x[min(r, x.shape[0] - 1), i, begin:end], lo[r, i], hi[r, i] - lo[r, i]
                scale = grid / width
                for n in range(end - begin):
                    u = (at[n] - low) / width
                    inside = min(max(u, zero), one)
                    place = inside * grid
                    left = min(np.floor(place), grid - one) if place >= zero else zero
                    k[n], t, beyond = np.int32(left), place - left, (u - inside) * width
                    s, square = one - t, t * t
                    a, b, d = s * s * s * sixth, (half * t - one) * square + twothirds, square * t * sixth
                    da, db, dd = -half * scale * s * s, (threehalves * t - two) * t * scale, half * scale * square
                    dc = -((da + db) + dd)
                    w[0, n], w[1, n], w[2, n], w[3, n] = (
                        a + da * beyond, b + db * beyond, one - a - b - d + dc * beyond, d + dd * beyond,
                    )  # fmt: skip
                    if inner:
                        w[4, n], w[5, n], w[6, n], w[7, n] = da, db, dc, dd
                back[:] = zero
                for s in range(coef.shape[1]):
                    c, outer = coef[r, s, i], sums[r, s, begin:end]
                    if forth:
                        for n in range(end - begin):
                            j = np.uint64(k[n])
                            value = c[j] * w[0, n] + c[j + _1] * w[1, n] + c[j + _2] * w[2, n] + c[j + _3] * w[3, n]
                            outer[n] = value if i == 0 else outer[n] + value
                    else:
                        slope = steep[r, s, i]
                        for n in range(end - begin if inner else 0):
                            j = np.uint64(k[n])
                            back[n] += outer[n] * (
                                c[j] * w[4, n] + c[j + _1] * w[5, n] + c[j + _2] * w[6, n] + c[j + _3] * w[7, n]
                            )
                        for n in range(end - begin):
                            j = np.uint64(k[n])
                            slope[j] += outer[n] * w[0, n]
                            slope[j + _1] += outer[n] * w[1, n]
                            slope[j + _2] += outer[n] * w[2, n]
                            slope[j + _3] += outer[n] * w[3, n]
                if inner:
                    pull[r, i, begin:end] = back[: end - begin]
