"""Machine code for inner loops where numba is installed (the extra ``fast``). Without it plain torch gives the same numbers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


# Importing numba takes half a second: fewer points than these are not worth it.
_WORTH_AN_IMPORT = 4096


@cache
def available() -> bool:
    """Whether numba can be imported."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled(function: Callable[..., None], *helpers: Callable[..., None]) -> Callable[..., None]:
    """``function``, a loop over numpy arrays that fills its last argument, as machine code; compiled once and kept on disk.

    ``helpers`` are the functions it calls.

    Each operation rounds as in torch: nothing is reordered or fused.
    """
    import numba
    from numba.extending import register_jitable

    for helper in helpers:
        register_jitable(helper)
    found: Callable[..., None] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return found


def suits(*tensors: torch.Tensor) -> bool:
    """Whether a kernel may run on these: numba is here, they lie in main memory, and nobody differentiates through them."""
    import torch

    if torch.compiler.is_compiling() or not available():
        return False
    if tensors[0].numel() < _WORTH_AN_IMPORT and "numba" not in sys.modules:
        return False
    return all(t.is_cpu and not t.requires_grad for t in tensors)
