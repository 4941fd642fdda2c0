"""Formulas as trees: build, parse, print, store, evaluate. Importing this pulls in neither sympy nor torch."""

from kandisco.expr.parse import parse
from kandisco.expr.text import to_text
from kandisco.expr.tree import (
    Expr,
    add,
    call,
    complexity,
    const,
    constant_value,
    from_json,
    mul,
    num,
    power,
    rat,
    to_json,
    var,
)

__all__ = [
    "Expr",
    "add",
    "call",
    "complexity",
    "const",
    "constant_value",
    "from_json",
    "mul",
    "num",
    "parse",
    "power",
    "rat",
    "to_json",
    "to_text",
    "var",
]
