"""What sympy's targeted transformations make of a formula; each is used only where its cost is known to be small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from kandisco.expr.rewrite.numbers import fraction, is_number, value
from kandisco.expr.symbolic import from_sympy, to_sympy
from kandisco.expr.tree import Expr, complexity, var

# Polynomials of a higher degree are made dense somewhere inside sympy.
_DEGREE = 12
_LONGEST = 10_000
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
    """Symbols for fitted numbers, and for long fractions: of exp(p/q*x) sympy makes a polynomial of degree p."""
    found = [leaf for leaf in expr.walk() if leaf.head == "num" or (leaf.head == "rat" and _long(fraction(leaf)))]
    names = {leaf: f"_number_{i}" for i, leaf in enumerate(dict.fromkeys(found))}
    hidden = expr.map_leaves(lambda leaf: var(names[leaf]) if leaf in names else leaf)
    return hidden, {name: leaf for leaf, name in names.items()}


def _long(number: Fraction) -> bool:
    return max(abs(number.numerator), number.denominator) > _LONGEST
