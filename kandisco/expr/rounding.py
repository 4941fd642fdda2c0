"""How many digits of the fitted constants a formula needs to be shown with, so that the shown one still gives its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kandisco.expr.numeric import evaluate
from kandisco.expr.tree import Expr

_STEPS = (6, 8, 10, 12, 15)
_ROWS = 2000
# Digits that an error is told with, and those more of a constant whose rounding the other constants would feel.
_ERROR_DIGITS, _MORE = 2, 6


def rounded(expr: Expr, digits: int) -> Expr:
    """A copy with its fitted constants rounded to ``digits`` significant digits."""
    return expr.with_numbers(float(f"{value:.{digits}g}") for value in expr.numbers())


def with_error(value: float, error: float) -> str:
    """A constant with its standard error in units of its last digit.

    Example:
        >>> with_error(2.00612, 0.0081), with_error(4.2329, 0.62), with_error(2.04037e9, 4.3e8), with_error(1.5, float("nan"))
        ('2.0061(81)', '4.23(62)', '2.04(43)e+09', '1.5')
    """
    if not (np.isfinite(value) and np.isfinite(error) and error > 0):
        return f"{value:.6g}"
    place = int(np.floor(np.log10(error))) - _ERROR_DIGITS + 1
    power = int(np.floor(np.log10(abs(value)))) if value else 0
    if -4 <= power < 6 and place <= 0:
        return f"{value:.{-place}f}({round(error / 10.0**place)})"
    shift = max(power, place + _ERROR_DIGITS - 1)
    decimals = max(shift - place, 0)
    return f"{value / 10.0**shift:.{decimals}f}({round(error / 10.0**place)})e{shift:+03d}"


def known_digits(expr: Expr, errors: Sequence[float], columns: Mapping[str, Any], *, tolerance: float) -> tuple[Expr, int]:
    """The tree with each constant rounded to what its error leaves of it.

    Args:
        expr: the formula.
        errors: standard error of each constant.
        columns: rows to check it on: variable name -> float64 [rows].
        tolerance: largest change of a value, in the target's unit: constants that depend on each other keep more digits.

    Returns:
        The rounded tree, and the most significant digits that one of its constants has.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> tree, digits = known_digits(parse("4.83642*x", ("x",)), [0.033], {"x": np.array([1.0, 2.0])}, tolerance=0.01)
        >>> to_text(tree, digits)
        '4.836*x'
    """
    values = evaluate(expr, columns)
    good = np.isfinite(values)
    for more in range(_MORE):
        digits = [_significant(value, error, more) for value, error in zip(expr.numbers(), errors, strict=True)]
        tree = expr.with_numbers(iter([float(f"{v:.{d}g}") for v, d in zip(expr.numbers(), digits, strict=True)]))
        if np.all(np.abs(evaluate(tree, columns)[good] - values[good]) <= tolerance):
            return tree, max(digits, default=_STEPS[0])
    return expr, digits_for(expr, columns)


def _significant(value: float, error: float, more: int) -> int:
    """Significant digits of a constant whose error is told with two."""
    if not (np.isfinite(error) and error > 0 and value):
        return _STEPS[0] + more
    return int(min(max(np.floor(np.log10(abs(value))) - np.floor(np.log10(error)) + _ERROR_DIGITS, 2) + more, 17))


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
