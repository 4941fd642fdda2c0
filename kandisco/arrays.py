"""The one kind of array in this house; below all rooms, so that all may name it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Numbers as they are computed with: float64, of the shape that the docstring tells."""
