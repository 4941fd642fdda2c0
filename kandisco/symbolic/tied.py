"""A tree in which one constant stands in several places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from kandisco.arrays import Array
from kandisco.expr.numeric import Program


class Tied:
    """A program whose parameters are the distinct constants of a tree, though each has several leaves.

    Args:
        program: of the tree, each leaf a parameter.
        owner: for each leaf the constant it belongs to.

    Example:
        >>> from kandisco.expr import parse
        >>> tree = parse("2.0*p/(1 + 2.0*p)", ("p",))
        >>> values, slopes = Tied(Program(tree, ("p",)), (0, 0)).jacobian(np.array([[1.0]]), np.array([[1.0]]))
        >>> float(values[0, 0]), float(slopes[0, 0, 0])
        (0.5, 0.25)
    """

    def __init__(self, program: Program, owner: Sequence[int]) -> None:
        self._program = program
        self._owner = np.array(owner, dtype=np.int64)
        self._spread = np.eye(int(self._owner.max()) + 1)[self._owner]
        first = [int(np.flatnonzero(self._owner == k)[0]) for k in range(self._spread.shape[1])]
        self.start: Array = program.start[first]

    def values(self, params: Array, x: Array) -> Array:
        """Values [batch, rows] for ``params`` [batch, constants]."""
        return self._program.values(params[:, self._owner], x)

    def jacobian(self, params: Array, x: Array) -> tuple[Array, Array]:
        """Values [batch, rows] and their derivatives [batch, constants, rows]."""
        value, slopes = self.traced(params, x)
        return value, slopes()

    def traced(self, params: Array, x: Array) -> tuple[Array, Callable[[], Array]]:
        """Values, and what gives their derivatives."""
        value, slopes = self._program.traced(params[:, self._owner], x)
        return value, lambda: np.einsum("lk,bln->bkn", self._spread, slopes())
