"""The bridge between trees and sympy. Only heads on the list cross it, in either direction; nothing is evaluated from text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kandisco.errors import InputError
from kandisco.expr.heads import HEADS
from kandisco.expr.tree import Expr, add, call, const, mul, num, power, rat, var

_LARGEST_EXPONENT = 1000


def to_sympy(expr: Expr, symbols: Mapping[str, Any] | None = None) -> Any:
    """A sympy expression in real symbols.

    Args:
        expr: the tree.
        symbols: variable name -> sympy object; the others become real symbols of their name.

    Returns:
        A sympy.Expr: fitted numbers as Floats that read back to the same float, rationals exact.

    Example:
        >>> from kandisco.expr import parse
        >>> to_sympy(parse("x**2/3"))
        x**2/3

    Raises:
        InputError: a power of numbers that sympy would write out in thousands of digits.
    """
    import sympy

    match expr.head:
        case "num":
            return sympy.Float(float(expr.value), 17)  # type: ignore[arg-type]
        case "rat":
            return sympy.Rational(expr.value.numerator, expr.value.denominator)  # type: ignore[union-attr]
        case "const":
            return sympy.pi if expr.value == "pi" else sympy.E
        case "var":
            name = str(expr.value)
            return symbols[name] if symbols and name in symbols else sympy.Symbol(name, real=True)
    args = [to_sympy(arg, symbols) for arg in expr.args]
    match expr.head:
        case "add":
            return sympy.Add(*args)
        case "mul":
            return sympy.Mul(*args)
        case "pow":
            if args[0].is_Rational and args[1].is_Rational and abs(args[1]) > _LARGEST_EXPONENT:
                raise InputError(f"{args[0]} to the power {args[1]} is too large a number.", hint="Write it as a decimal.")
            return sympy.Pow(*args)
    return getattr(sympy, HEADS[expr.head].sympy)(*args)


@lru_cache(maxsize=1)
def _heads() -> dict[Any, str]:
    import sympy

    return {getattr(sympy, head.sympy): name for name, head in HEADS.items()}


def from_sympy(expr: Any) -> Expr:
    """The tree of a sympy expression.

    Raises:
        InputError: a head that formulas may not contain (derivatives, conditions, complex numbers, infinities).

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(from_sympy(to_sympy(parse("exp(x)/2"))))
        'exp(x)/2'
    """
    import sympy

    if isinstance(expr, sympy.Float):
        return num(float(expr))
    if isinstance(expr, sympy.Rational) and expr.is_finite:
        return rat(int(expr.p), int(expr.q))
    if expr in (sympy.pi, sympy.E):
        return const("pi" if expr == sympy.pi else "E")
    if isinstance(expr, sympy.Symbol):
        return var(expr.name)
    name = _heads().get(expr.func)
    if isinstance(expr, sympy.Add | sympy.Mul):
        return (add if expr.is_Add else mul)(*map(from_sympy, expr.args))
    if isinstance(expr, sympy.Pow):
        return power(*map(from_sympy, expr.args))
    if name is None:
        raise InputError(f"{type(expr).__name__} is not part of a formula.", hint="Known: " + ", ".join(sorted(HEADS)) + ".")
    return call(name, *map(from_sympy, expr.args))
