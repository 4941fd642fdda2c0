"""The two ways in: a quick clean-up, and the longest search we do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kandisco.expr.rewrite.driver import Search
from kandisco.expr.rewrite.forms import sympy_forms
from kandisco.expr.tree import Expr, complexity

_WORTH_IT = 12


def simplify(expr: Expr, *, columns: Mapping[str, Any] | None = None) -> Expr:
    """A form that is never more complex and has the same values wherever both are defined.

    Args:
        expr: the formula.
        columns: variable name -> float64 [rows]. Signs of sub-expressions are read off these rows (``sqrt(x**2)`` is ``x`` where
            x is positive), and each rewriting is checked on them and on a box 1.5 times wider. None assumes nothing.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(simplify(parse("x*y + x*z")))
        'x*(y + z)'
    """
    search = Search(expr, columns)
    search.offer(expr, patience=1, slack=0)
    return search.result()


def shortest(expr: Expr, *, columns: Mapping[str, Any] | None = None, seconds: float = 2.0) -> Expr:
    """The shortest form found by the wider search, which also starts from sympy's forms of small expressions.

    The work is limited by node counts, never by the clock, so that a slow machine finds the same form.

    Args:
        expr: the formula.
        columns: as in ``simplify``.
        seconds: roughly what the work may cost; 0 leaves sympy out.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(shortest(parse("(x**3 - y**3)/(x - y) - x*y")))
        'x**2 + y**2'
    """
    expr = _inside_out(expr, columns, seconds)
    search = Search(expr, columns)
    search.offer(expr, patience=4, slack=3)
    for form in sympy_forms(search.result(), effort=seconds):
        search.offer(form, patience=1, slack=0)
    return search.result()


def _inside_out(expr: Expr, columns: Mapping[str, Any] | None, seconds: float) -> Expr:
    """The formula with what stands under its roots and functions shortened first: sympy sees only small pieces of a long one."""
    if expr.head in ("add", "mul") or (expr.head == "pow" and expr.args[1].head == "rat" and expr.args[1].value == -1):
        return Expr(expr.head, tuple(_inside_out(arg, columns, seconds) for arg in expr.args), expr.value)
    if not expr.args or complexity(expr) < _WORTH_IT:
        return expr
    return Expr(expr.head, tuple(shortest(arg, columns=columns, seconds=seconds) for arg in expr.args), expr.value)
