"""Tables out of memory: arrays, and frames of any library whose columns have names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kandisco.data.names import unique_labels
from kandisco.errors import InputError
from kandisco.types import Table


def to_table(x: Any, y: Any, *, names: Sequence[str] = (), target: str = "") -> Table:
    """Columns of ``x`` and, last, the target.

    Args:
        x: numbers [rows, inputs] or [rows]; an array or a frame (pandas, polars, ...).
        y: numbers [rows]; an array, a list or a series.
        names: headers of the columns, possibly with units (``v [m/s]``); by default those of the frame, or x0, x1, ...
        target: header of the target; by default that of the series, or y (f, if a column is called y).

    Raises:
        InputError: sizes that do not match.

    Example:
        >>> list(to_table(np.ones((3, 2)), [1, 2, 3], names=["m [kg]", "v"]).columns)
        ['m [kg]', 'v', 'y']
    """
    values, goal = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    goal = goal[:, 0] if goal.ndim == 2 and goal.shape[1] == 1 else goal
    if values.ndim != 2 or goal.shape != (len(values),):
        raise InputError(f"x has shape {values.shape}, y {goal.shape}.", hint="Give x [rows, inputs] and y [rows].")
    found = [str(name) for name in (names or getattr(x, "columns", ()))] or [f"x{i}" for i in range(values.shape[1])]
    if len(found) != values.shape[1]:
        raise InputError(f"There are {len(found)} names for {values.shape[1]} columns.", hint="Give one name per column.")
    plain = next(name for name in ("y", "f", "target") if name not in found or name == "target")
    labels, notes = unique_labels([*found, target or str(getattr(y, "name", None) or plain)])
    return Table(columns=dict(zip(labels, (*values.T, goal), strict=True)), notes=notes)
