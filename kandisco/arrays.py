"""The one kind of array in this house; below all rooms, so that all may name it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers as they are computed with: float64, of the shape that the docstring tells."""


def ranks(values: Array) -> Array:
    """The place of each value in order, 1 for the smallest, ties sharing their mean place; float64 [n].

    As ``scipy.stats.rankdata``, whose import takes longer than an easy law.

    Example:
        >>> ranks(np.array([3.0, 1.0, 3.0])).tolist()
        [2.5, 1.0, 2.5]
    """
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    mean: Array = np.cumsum(counts) - (counts - 1) / 2
    return mean[places]
