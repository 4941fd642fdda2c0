"""The cubic splines in one loop over the points, compiled: operation by operation what bases.py does in torch."""

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
