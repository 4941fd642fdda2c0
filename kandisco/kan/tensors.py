"""The border between numpy and torch: rows first outside, feature-major (rows last) inside, float64 unless asked."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor


def columns(values: ArrayLike | Tensor, dtype: torch.dtype = torch.float64, device: torch.device | None = None) -> Tensor:
    """[rows] or [rows, columns] outside -> contiguous [columns, rows] inside."""
    if isinstance(values, Tensor):
        found = values.detach().to(dtype=dtype, device=device)
    else:
        found = torch.as_tensor(np.array(values, dtype=np.float64), dtype=dtype, device=device)
    return (found[:, None] if found.ndim == 1 else found).T.contiguous()
