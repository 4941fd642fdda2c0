"""What sympy's targeted transformations make of a formula; each is used only where its cost is known to be small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kandisco.expr.rewrite.numbers import is_number, value
from kandisco.expr.symbolic import from_sympy, to_sympy
from kandisco.expr.tree import Expr, complexity, num, var

# Polynomials of a higher degree are made dense somewhere inside sympy.
_DEGREE = 12
_NODES_PER_SECOND = 20


def sympy_forms(expr: Expr, *, effort: float) -> Iterator[Expr]:
    """Forms of ``expr`` by factor, cancel, apart and sqrtdenest; never by ``simplify`` or ``trigsimp``, which may take hours.

    Args:
        expr: the formula.
        effort: roughly the seconds the work may cost on a common machine; it limits the size of what is tried, 20 nodes a
            second, because results must not depend on the speed of the machine.

    Fitted numbers would make sympy's polynomials inexact or very slow, so they go through as symbols.
    """
    size = complexity(expr)
    if size < 6 or size > _NODES_PER_SECOND * effort or not expr.variables():
        return
    if any(node.head == "pow" and is_number(node.args[1]) and abs(value(node.args[1])) > _DEGREE for node in expr.walk()):
        return
    hidden, numbers = _hide_numbers(expr)
    heads = {node.head for node in expr.walk()}
    for transform in _transforms(heads, len(expr.variables()) + len(numbers)):
        form = _attempt(hidden, transform)
        if form is not None:
            yield form.substitute(numbers)


def _attempt(expr: Expr, transform: Callable[[Any], Any]) -> Expr | None:
    try:
        return from_sympy(transform(to_sympy(expr)))
    except Exception:
        # sympy raises whatever its algorithms meet, of no common base; a form that cannot be made is simply not offered.
        return None


def _transforms(heads: set[str], n_symbols: int) -> Iterator[Callable[[Any], Any]]:
    import sympy

    rational = "pow" in heads and n_symbols <= 8
    if rational:
        yield sympy.cancel
    if n_symbols <= 8:
        yield sympy.factor
    if rational and n_symbols <= 3:
        yield lambda known: sympy.apart(sympy.together(known), next(iter(sorted(known.free_symbols, key=str))))
    if "pow" in heads:
        yield sympy.sqrtdenest


def _hide_numbers(expr: Expr) -> tuple[Expr, dict[str, Expr]]:
    numbers: dict[str, Expr] = {}
    names = {value: f"_number_{i}" for i, value in enumerate(dict.fromkeys(expr.numbers()))}

    def hide(leaf: Expr) -> Expr:
        if leaf.head != "num":
            return leaf
        name = names[float(leaf.value)]  # type: ignore[arg-type]
        numbers[name] = num(float(leaf.value))  # type: ignore[arg-type]
        return var(name)

    return expr.map_leaves(hide), numbers
