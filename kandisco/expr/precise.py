"""Trees at many digits, through complex intermediate values where a root or logarithm leaves the real line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from kandisco.expr.tree import Expr

DIGITS = 50
_RENAMED = {"abs": "fabs", "elliptic_k": "ellipk", "elliptic_e": "ellipe", "polygamma": "psi"}


def precise(expr: Expr, point: Mapping[str, Any]) -> tuple[Any, bool]:
    """The value at one point, and whether every intermediate value was real.

    Args:
        expr: the tree. A fitted number stands for the shortest decimal that reads back to it, so that 0.3 equals 3/10.
        point: variable name -> mpmath number.

    Raises:
        ArithmeticError, ValueError: the formula has no value there.

    Example:
        >>> from kandisco.expr import parse
        >>> value, real = precise(parse("tanh(atanh(2) + atanh(3))"), {})
        >>> round(float(value.real), 12) == round(5 / 7, 12), real
        (True, False)
    """
    import mpmath  # type: ignore[import-untyped]

    with mpmath.workdps(DIGITS):
        return _value(expr, point, mpmath.mp)


def _value(expr: Expr, point: Mapping[str, Any], mp: Any) -> tuple[Any, bool]:
    match expr.head:
        case "num":
            return mp.mpf(repr(float(expr.value))), True  # type: ignore[arg-type]
        case "rat":
            exact = Fraction(expr.value)  # type: ignore[arg-type]
            return mp.mpf(exact.numerator) / exact.denominator, True
        case "const":
            return +(mp.pi if expr.value == "pi" else mp.e), True
        case "var":
            return point[str(expr.value)], True
    inner = [_value(arg, point, mp) for arg in expr.args]
    value = _apply(expr.head, [value for value, _ in inner], mp)
    if isinstance(value, mp.mpc) and abs(value.imag) <= mp.mpf(10) ** (8 - DIGITS) * abs(value):
        value = value.real
    if not mp.isfinite(value):
        raise ArithmeticError("no finite value")
    return value, all(real for _, real in inner) and not isinstance(value, mp.mpc)


def _apply(head: str, args: Sequence[Any], mp: Any) -> Any:
    match head:
        case "add":
            return mp.fsum(args)
        case "mul":
            return mp.fprod(args)
        case "pow":
            return mp.power(*args)
        case "airyaiprime" | "airybiprime":
            return getattr(mp, head.removesuffix("prime"))(args[0], derivative=1)
        case "polygamma":
            return mp.psi(int(args[0]), args[1])
    return getattr(mp, _RENAMED.get(head, head))(*args)
