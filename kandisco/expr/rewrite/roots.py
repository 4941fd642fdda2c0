"""Roots of squares: (u**2)**(1/2) is u where the data show one sign of u, and |u| beyond them only if anyone had seen it.

A law is its analytic form: ``(x - u*t)/sqrt(1 - v**2)``, not the root of its square, which nothing in the data asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from kandisco.expr.numeric import evaluate
from kandisco.expr.tree import Expr, mul, power, rat


def without_roots_of_squares(expr: Expr, columns: Mapping[str, Any]) -> Expr:
    """The formula with every (... u**(2k) ...)**(n/2) taken apart whose u has one sign on all rows.

    Args:
        expr: a formula.
        columns: variable name -> float64 [rows].

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(without_roots_of_squares(parse("sqrt((x - 3)**2*y)"), {"x": np.ones(3), "y": np.ones(3)}))
        '-(x - 3)*sqrt(y)'
    """
    args = tuple(without_roots_of_squares(arg, columns) for arg in expr.args)
    expr = Expr(expr.head, args, expr.value)
    if expr.head != "pow" or args[1].head != "rat" or Fraction(args[1].value).denominator != 2:  # type: ignore[arg-type]
        return expr
    exponent = Fraction(args[1].value)  # type: ignore[arg-type]
    parts = args[0].args if args[0].head == "mul" else (args[0],)
    taken = [_root(part, exponent, columns) for part in parts]
    if not any(taken):
        return expr
    kept = mul(*(part for part, root in zip(parts, taken, strict=True) if root is None))
    return mul(*(root for root in taken if root is not None), *([] if kept == rat(1) else [power(kept, rat(exponent))]))


def _root(part: Expr, exponent: Fraction, columns: Mapping[str, Any]) -> Expr | None:
    """``part ** exponent`` for an even power of something of one sign."""
    if part.head != "pow" or part.args[1].head != "rat":
        return None
    inner, own = part.args[0], Fraction(part.args[1].value)  # type: ignore[arg-type]
    if own.denominator != 1 or own.numerator % 2:
        return None
    values = evaluate(inner, columns)
    if not (np.all(values > 0) or np.all(values < 0)):
        return None
    whole = own * exponent
    size = inner if np.all(values > 0) else mul(rat(-1), inner)
    return size if whole == 1 else power(size, rat(whole))
