"""Which formulas add metres to seconds. A constant may carry any unit, so only those with no constant in the place are caught."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from kandisco.data.dimensions import NONE, Dimension, raised, times
from kandisco.expr import Expr

# These are often written of a quantity with a unit, meaning its number in that unit.
_LENIENT = frozenset({"abs", "log", "sign"})


class _Mismatch(Exception):
    """Two dimensions that would have to be equal."""


def consistent(expr: Expr, dimensions: Mapping[str, Dimension]) -> bool:
    """Whether some units of the constants make the formula one of quantities.

    Args:
        expr: the formula. Any number in it but 1 and -1 may carry a unit, exponents apart.
        dimensions: name -> dimension of a column; a column that is not there may have any.

    Example:
        >>> from kandisco.data.dimensions import dimension
        >>> from kandisco.expr import parse
        >>> dims = {"x": dimension("m"), "t": dimension("s")}
        >>> [consistent(parse(text, ["x", "t"]), dims) for text in ("x + t", "x + 3*t", "exp(x)", "exp(x/x)", "x**2 + x*x")]
        [False, True, False, True, True]
    """
    try:
        _dimension(expr, dimensions)
    except _Mismatch:
        return False
    return True


def _dimension(expr: Expr, known: Mapping[str, Dimension]) -> Dimension | None:
    """The dimension; None where a constant is free to make it any."""
    match expr.head:
        case "var":
            return known.get(str(expr.value))
        case "num":
            return None
        case "rat":
            return NONE if abs(Fraction(expr.value)) == 1 else None  # type: ignore[arg-type]
        case "const":
            return NONE
        case "add":
            return _common([_dimension(arg, known) for arg in expr.args])
        case "mul":
            parts = [_dimension(arg, known) for arg in expr.args]
            whole = [part for part in parts if part is not None]
            return times(*whole) if len(whole) == len(parts) else None
        case "pow":
            return _power(expr, known)
    found = [_dimension(arg, known) for arg in expr.args]
    if expr.head in _LENIENT:
        return found[0] if expr.head == "abs" else None
    for part in found:
        _common([part, NONE])
    return NONE


def _power(expr: Expr, known: Mapping[str, Dimension]) -> Dimension | None:
    base, exponent = expr.args
    inside = _dimension(base, known)
    if exponent.head == "rat":
        return None if inside is None else raised(inside, Fraction(exponent.value))  # type: ignore[arg-type]
    if exponent.variables():
        _common([_dimension(exponent, known), NONE])
        _common([inside, NONE])
    return NONE if inside == NONE else None


def _common(parts: list[Dimension | None]) -> Dimension | None:
    known = [part for part in parts if part is not None]
    if any(part != known[0] for part in known):
        raise _Mismatch
    return known[0] if known else None
