"""What may be assumed while rewriting: signs of sub-expressions where the data lie, and whether a rewriting kept the values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from kandisco.arrays import Array
from kandisco.errors import InputError
from kandisco.expr.heads import CONSTANTS
from kandisco.expr.numeric import evaluate
from kandisco.expr.tree import Expr

ROWS = 48
_POSITIVE = frozenset(("exp", "cosh", "abs", "acosh", "acos"))


class Facts:
    """The points a formula is rewritten on.

    Args:
        expr: the formula before rewriting.
        columns: variable name -> float64 [rows]; None assumes nothing about the inputs.

    Up to 48 rows are used, and as many points of a box 1.5 times wider. A column of one sign keeps its sign there: who measured
    positive masses does not want a formula for negative ones. Points where the formula is not defined do not count.
    """

    def __init__(self, expr: Expr, columns: Mapping[str, Any] | None) -> None:
        names = expr.variables()
        rng = np.random.default_rng(20)
        rows = _rows(names, columns) if columns is not None else {}
        self._known = bool(rows)
        wide = _wider(rows, rng) if rows else {}
        rows = rows or _anywhere(names, rng)
        self._n_rows = ROWS if not rows else len(next(iter(rows.values())))
        points = {name: np.concatenate([rows[name], wide.get(name, rows[name][:0])]) for name in names}
        values = evaluate(expr, points) if names else np.full(1, float(evaluate(expr, {})))
        finite = np.isfinite(values)
        self.defined = bool(finite.any())
        self.points = {name: column[finite] for name, column in points.items()} if self.defined else points
        self.values: Array = values[finite] if self.defined else values
        self._on_rows = (np.arange(len(values)) < self._n_rows)[finite] if self.defined else np.zeros(len(values), dtype=bool)
        self._noise = 1e-13 * np.nan_to_num(_size(expr, self.points), nan=0.0, posinf=0.0)
        self._signs: dict[Expr, int] = {}

    def sign(self, expr: Expr) -> int:
        """1 if never negative, -1 if never positive, 0 if unknown or mixed."""
        if expr not in self._signs:
            sign = _structural(expr)
            self._signs[expr] = sign or (self._measured(expr) if self._known and self.defined else 0)
        return self._signs[expr]

    def _measured(self, expr: Expr) -> int:
        values = evaluate(expr, self.points)
        if not np.isfinite(values).all() or not values.any():
            return 0
        return 1 if bool((values >= 0).all()) else -1 if bool((values <= 0).all()) else 0

    def keeps(self, new: Expr) -> bool:
        """Whether ``new`` has the values of the formula: everywhere both are finite, and it is finite on every usable row."""
        if not self.defined:
            return False
        values = evaluate(new, self.points) if self.points else np.full(1, float(evaluate(new, {})))
        finite = np.isfinite(values)
        if not finite[self._on_rows].all() or not finite.any():
            return False
        scale = float(np.median(np.abs(self.values)))
        allowed = 1e-9 * np.abs(self.values) + 1e-11 * scale + self._noise
        return bool((np.abs(values - self.values)[finite] <= allowed[finite]).all())


def _size(expr: Expr, points: Mapping[str, Any]) -> Array:
    """What the values would be if nothing cancelled: rounding errors are a share of this."""
    if expr.head not in ("add", "mul"):
        return np.abs(evaluate(expr, points))
    sizes = [_size(arg, points) for arg in expr.args]
    with np.errstate(all="ignore"):
        total: Array = np.sum(sizes, axis=0) if expr.head == "add" else np.prod(sizes, axis=0)
    return total


def _rows(names: tuple[str, ...], columns: Mapping[str, Any]) -> dict[str, Array]:
    """Finite rows spread evenly over the table; nothing if there are none."""
    missing = [name for name in names if name not in columns]
    if missing:
        raise InputError(f"The formula needs the column {missing[0]!r}.", hint="Columns: " + ", ".join(columns) + ".")
    if not names:
        return {}
    table = np.array(np.broadcast_arrays(*(np.atleast_1d(np.asarray(columns[name], dtype=np.float64)) for name in names)))
    table = table[:, np.isfinite(table).all(axis=0)]
    if not table.size:
        return {}
    pick = np.unique(np.linspace(0, table.shape[1] - 1, min(table.shape[1], ROWS)).astype(int))
    return dict(zip(names, table[:, pick], strict=True))


def _wider(rows: Mapping[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    wide = {}
    for name, column in rows.items():
        lo, hi = float(column.min()), float(column.max())
        quarter = (hi - lo) / 4
        low = max(lo - quarter, lo / 1.5) if lo >= 0 else lo - quarter
        high = min(hi + quarter, hi / 1.5) if hi <= 0 else hi + quarter
        wide[name] = rng.uniform(low, high, ROWS)
    return wide


def _anywhere(names: tuple[str, ...], rng: np.random.Generator) -> dict[str, Array]:
    """Points of all signs and sizes, for formulas that come without data."""
    boxes = [(-2.5, 2.5), (0.1, 2.5), (-0.9, 0.9), (1.1, 4.0)]
    return {name: np.concatenate([rng.uniform(lo, hi, ROWS) for lo, hi in boxes]) for name in names}


def _structural(expr: Expr) -> int:
    """The sign that follows from the form alone."""
    match expr.head:
        case "num" | "rat":
            value = float(expr.value)  # type: ignore[arg-type]
            return 1 if value > 0 else -1 if value < 0 else 0
        case "const":
            return 1 if CONSTANTS[str(expr.value)] > 0 else -1
        case "mul":
            return math.prod(_structural(arg) for arg in expr.args)
        case "add":
            signs = {_structural(arg) for arg in expr.args}
            return signs.pop() if len(signs) == 1 else 0
        case "pow":
            return _power_sign(*expr.args)
    return 1 if expr.head in _POSITIVE else 0


def _power_sign(base: Expr, exponent: Expr) -> int:
    if exponent.head == "rat":
        value = Fraction(exponent.value)  # type: ignore[arg-type]
        if value.denominator % 2 == 0 or value.numerator % 2 == 0:
            return 1
    return 1 if _structural(base) > 0 else 0
