"""Rows along trajectories: what is conserved is looked for among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kandisco.errors import InputError
from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Trajectories:
    """Rows along trajectories.

    Attributes:
        names: of the columns.
        x: float64 [rows, columns].
        groups: int64 [rows], equal within a trajectory.
    """

    names: tuple[str, ...]
    x: Array
    groups: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.groups) or self.x.shape[1] != len(self.names):
            raise InputError("Rows, names and groups do not belong together.", hint="Give a group for each row.")
        if not np.all(np.isfinite(self.x)):
            raise InputError("Some values are no finite numbers.", hint="Drop these rows.")

    @property
    def columns(self) -> dict[str, Array]:
        """Name -> values."""
        return dict(zip(self.names, self.x.T, strict=True))

    def values(self, expr: Expr) -> Array:
        """A term at every row."""
        return evaluate(expr, self.columns)

    def centred(self, values: Array) -> Array:
        """Values [rows] minus the mean of their trajectory."""
        index, counts = self._members
        return np.asarray(values - (np.bincount(index, values) / counts)[index])

    @cached_property
    def _members(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The number of each row's trajectory, and how many rows each has."""
        _, index = np.unique(self.groups, return_inverse=True)
        return index, np.bincount(index)

    def halves(self) -> tuple[Trajectories, Trajectories]:
        """Every other trajectory, and the rest; the same rows twice where there is only one."""
        known = np.unique(self.groups)
        if len(known) < 2:
            return self, self
        first = np.isin(self.groups, known[::2])
        return self.rows(first), self.rows(~first)

    def rows(self, pick: NDArray[np.bool_]) -> Trajectories:
        """Some of the rows."""
        return Trajectories(names=self.names, x=self.x[pick], groups=self.groups[pick])
