"""How many digits of the fitted constants a formula needs to be shown with, so that the shown one still gives its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kandisco.expr.numeric import evaluate
from kandisco.expr.tree import Expr

_STEPS = (6, 8, 10, 12, 15)
_ROWS = 2000


def rounded(expr: Expr, digits: int) -> Expr:
    """A copy with its fitted constants rounded to ``digits`` significant digits."""
    return expr.with_numbers(float(f"{value:.{digits}g}") for value in expr.numbers())


def digits_for(expr: Expr, columns: Mapping[str, Any], *, tolerance: float = 1e-4) -> int:
    """Six, or as many more as it takes.

    Six digits are plenty for most laws, but not where large terms cancel: ``1e9*x - 999999999*y``.

    Args:
        expr: the formula.
        columns: rows to check it on, of which about 2000 are used: variable name -> float64 [rows].
        tolerance: largest change of a value, as a share of the values' standard deviation.

    Returns:
        6, 8, 10, 12, 15 or 17; 17 digits read back to the very same float.

    Example:
        >>> from kandisco.expr import parse
        >>> digits_for(parse("3.14159265358979*x"), {"x": np.array([1.0, 2.0])})
        6
    """
    some = {name: np.asarray(values)[:: max(1, np.size(values) // _ROWS)] for name, values in columns.items()}
    values = evaluate(expr, some)
    good = np.isfinite(values)
    if not good.any():
        return _STEPS[0]
    scale = float(np.std(values[good])) or float(np.abs(values[good]).max())
    for digits in _STEPS:
        change = np.abs(evaluate(rounded(expr, digits), some)[good] - values[good])
        if np.all(change <= tolerance * scale):
            return digits
    return 17
