"""Columns that say nothing new: constants, row numbers, copies of another column in another unit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from kandisco.data.names import split_unit
from kandisco.types import Array

_INDEX = re.compile(
    r"(unnamed.*|column_1|__index_level_\d+__|index|idx|id|rows?([_ ]?(id|no|nr|number|index))?|no\.?|nr\.?|n°|number|#|run"
    r"|obs(ervation)?)",
    re.I,
)
_SCREEN = 2000
_EPS = 4 * np.finfo(float).eps


def redundant_columns(
    columns: Mapping[str, Array], y: Array, goal: str, asked: Sequence[str]
) -> tuple[dict[str, Array], list[str]]:
    """Drop what carries no information, with a note for each.

    Args:
        columns: finite inputs by header.
        y: finite target.
        goal: header of the target.
        asked: headers the user named; these are dropped only when they are constant or a copy.

    Example:
        >>> x = np.array([1.0, 2.0, 4.0])
        >>> kept, notes = redundant_columns({"x": x, "twice": 2 * x, "c": x * 0}, x**2, "y", ())
        >>> list(kept), notes
        (['x'], ["Dropped column 'twice': it is an exact linear function of 'x'.", "Dropped column 'c': it is constant (0)."])
    """
    kept: dict[str, Array] = {}
    shapes: dict[str, Array] = {}
    notes = []
    for label, column in columns.items():
        reason = _reason(label, column, shapes, kept, None if label in asked or len(columns) == 1 else column)
        if reason:
            notes.append(f"Dropped column {label!r}: {reason}.")
            continue
        kept[label], shapes[label] = column, standardised(column)
        if np.array_equal(column, y):
            notes.append(f"Column {label!r} holds the same numbers as the target {goal!r}.")
    return kept, notes


def _reason(label: str, column: Array, shapes: Mapping[str, Array], kept: Mapping[str, Array], counted: Array | None) -> str:
    if np.ptp(column / (np.max(np.abs(column)) or 1.0)) < _EPS:
        return f"it is constant ({column[0]:.6g})"
    if counted is not None and is_row_number(label, counted):
        return "it numbers the rows"
    shape = standardised(column)
    for other, known in shapes.items():
        if np.array_equal(column, kept[other]):
            return f"it holds the same numbers as {other!r}"
        if same_shape(shape, known, max(rounding(column), rounding(kept[other]))):
            return f"it is an exact linear function of {other!r}"
    return ""


def is_row_number(label: str, column: Array) -> bool:
    """Whether a column is called like an index and counts upwards by one (gaps may come from dropped rows).

    Example:
        >>> is_row_number("id", np.array([1.0, 2.0, 3.0])), is_row_number("x", np.array([1.0, 2.0, 3.0]))
        (True, False)
    """
    if not _INDEX.fullmatch(split_unit(label)[0].strip()):
        return False
    steps = np.diff(column)
    return bool(column[0] >= 0 and np.all(column == np.round(column)) and np.all(steps >= 1) and np.median(steps) == 1)


def standardised(column: Array) -> Array:
    """The column with mean 0, largest size 1 and a fixed sign: equal for exact linear functions of each other."""
    scaled = column / np.max(np.abs(column))
    centred = scaled - np.mean(scaled)
    largest = np.argmax(np.abs(centred) > 0.5 * np.max(np.abs(centred)))
    result: Array = centred * (np.sign(centred[largest]) / np.max(np.abs(centred)))
    return result


def same_shape(one: Array, other: Array, tolerance: float = 1e-12) -> bool:
    """Whether two standardised columns agree to rounding; a look at the first rows settles most cases."""
    head = np.max(np.abs(one[:_SCREEN] - other[:_SCREEN]))
    return bool(head < tolerance) and bool(np.max(np.abs(one - other)) < tolerance)


def rounding(column: Array) -> float:
    """How far rounding may move a standardised column: an offset (a year, a temperature in kelvin) costs digits."""
    spread = np.ptp(column / np.max(np.abs(column)))
    return float(np.clip(_EPS / spread, 1e-12, 1e-9))
