"""The border between numpy and torch: rows first outside, feature-major (rows last) inside, float64 unless asked."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.errors import InputError

Held = tuple[ArrayLike | Tensor, ArrayLike | Tensor] | tuple[ArrayLike | Tensor, ArrayLike | Tensor, ArrayLike | Tensor]
"""Held-out x and y, and their weights if they have any."""

# glibc gives freed memory above a limit back to the system, and each of its pages faults again at its next use, which can take
# half of a step. The limit rises to the largest block that was ever freed (at most 32 MB), so one is freed here, untouched.
torch.empty(24_000_000, dtype=torch.uint8)


def columns(values: ArrayLike | Tensor, dtype: torch.dtype = torch.float64, device: torch.device | None = None) -> Tensor:
    """[rows] or [rows, columns] outside -> contiguous [columns, rows] inside."""
    if isinstance(values, Tensor):
        found = values.detach().to(dtype=dtype, device=device)
    else:
        found = torch.as_tensor(np.array(values, dtype=np.float64), dtype=dtype, device=device)
    return (found[:, None] if found.ndim == 1 else found).T.contiguous()


def row_weights(weights: ArrayLike | Tensor | None, y: Tensor) -> Tensor | None:
    """Weights [rows] of ``y`` [outputs, rows], scaled to mean 1.

    Raises:
        InputError: negative, not finite, all zero, or not one per row.
    """
    if weights is None:
        return None
    found = columns(weights, y.dtype, y.device)
    if tuple(found.shape) != (1, y.shape[1]):
        raise InputError(f"There are {found.numel()} weights for {y.shape[1]} rows.", hint="Give one weight per row.")
    size = found.amax()
    if not bool(torch.isfinite(found).all()) or bool((found < 0).any()) or float(size) == 0.0:
        raise InputError("Weights must be finite and not negative, and one of them above zero.", hint="1/sigma**2 is usual.")
    unit = found[0] / size
    return unit / unit.mean()
