"""The expression tree: immutable, hashable, free of sympy, and the only form in which formulas are stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kandisco.errors import InputError
from kandisco.expr.heads import CONSTANTS, HEADS


@dataclass(frozen=True, slots=True)
class Expr:
    """A node.

    ``head`` is ``num`` (a fitted float in ``value``), ``rat`` (an exact Fraction), ``const`` (``pi`` or ``E``),
    ``var`` (a column name), ``add``, ``mul``, ``pow``, or a function of ``kandisco.expr.heads``.

    Example:
        >>> call("exp", mul(num(2.0), var("x"))).head
        'exp'
    """

    head: str
    args: tuple[Expr, ...] = ()
    value: float | Fraction | str | None = None

    def walk(self) -> Iterator[Expr]:
        """All nodes, parents before children."""
        yield self
        for arg in self.args:
            yield from arg.walk()

    def variables(self) -> tuple[str, ...]:
        """Names of the columns used, sorted."""
        return tuple(sorted({str(node.value) for node in self.walk() if node.head == "var"}))

    def numbers(self) -> tuple[float, ...]:
        """The fitted constants, in the order of ``walk``."""
        return tuple(float(node.value) for node in self.walk() if node.head == "num")  # type: ignore[arg-type]

    def map_leaves(self, change: Callable[[Expr], Expr]) -> Expr:
        """A copy with each leaf replaced by ``change(leaf)``."""
        if not self.args:
            return change(self)
        return Expr(self.head, tuple(arg.map_leaves(change) for arg in self.args), self.value)

    def with_numbers(self, values: Iterator[float]) -> Expr:
        """A copy whose fitted constants are taken from ``values``, in the order of ``walk``."""
        return self.map_leaves(lambda leaf: num(next(values)) if leaf.head == "num" else leaf)

    def substitute(self, replacements: dict[str, Expr]) -> Expr:
        """A copy with variables replaced by expressions."""
        return self.map_leaves(lambda leaf: replacements.get(str(leaf.value), leaf) if leaf.head == "var" else leaf)


def num(value: float) -> Expr:
    """A fitted constant."""
    return Expr("num", (), float(value))


def rat(p: int | Fraction, q: int = 1) -> Expr:
    """An exact rational."""
    return Expr("rat", (), Fraction(p, q))


def var(name: str) -> Expr:
    """A column."""
    return Expr("var", (), name)


def const(name: str) -> Expr:
    """``pi`` or ``E``."""
    if name not in CONSTANTS:
        raise InputError(f"There is no constant {name!r}.", hint="Use pi or E.")
    return Expr("const", (), name)


def add(*args: Expr) -> Expr:
    """Sum; nested sums are flattened, an empty one is 0."""
    flat = tuple(part for arg in args for part in (arg.args if arg.head == "add" else (arg,)))
    return flat[0] if len(flat) == 1 else Expr("add", flat) if flat else rat(0)


def mul(*args: Expr) -> Expr:
    """Product; nested products are flattened, an empty one is 1."""
    flat = tuple(part for arg in args for part in (arg.args if arg.head == "mul" else (arg,)))
    return flat[0] if len(flat) == 1 else Expr("mul", flat) if flat else rat(1)


def power(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent."""
    return Expr("pow", (base, exponent))


def call(name: str, *args: Expr) -> Expr:
    """A function of ``kandisco.expr.heads``; unknown names and wrong numbers of arguments raise InputError."""
    if name == "sqrt" and len(args) == 1:
        return power(args[0], rat(1, 2))
    if name not in HEADS:
        raise InputError(f"There is no function {name!r}.", hint="Known: " + ", ".join(sorted(HEADS)) + ".")
    if len(args) != HEADS[name].arity:
        raise InputError(f"{name} takes {HEADS[name].arity} argument(s), not {len(args)}.")
    return Expr(name, args)


def constant_value(expr: Expr) -> float | None:
    """The number an expression without variables stands for, None for any other."""
    if expr.head in ("num", "rat"):
        return float(expr.value)  # type: ignore[arg-type]
    return CONSTANTS[str(expr.value)] if expr.head == "const" else None


def complexity(expr: Expr) -> int:
    """Weighted number of nodes: 1 a leaf, n - 1 for an n-ary sum or product, 1 a power, the head's weight for a function.

    A factor -1, a reciprocal (power -1) inside a product and a subtraction are as cheap as they read: they count as one
    operator, not as an extra constant, and so do square roots. Rationals p/q with q > 1 count 2.
    """
    if expr.head == "rat":
        return 1 if Fraction(expr.value).denominator == 1 else 2  # type: ignore[arg-type]
    if not expr.args:
        return 1
    inner = sum(complexity(arg) for arg in expr.args)
    if expr.head in ("add", "mul"):
        negated = sum(arg.head == "rat" and arg.value == -1 for arg in expr.args) if expr.head == "mul" else 0
        return inner + len(expr.args) - 1 - negated
    if expr.head == "pow":
        exponent = expr.args[1].value if expr.args[1].head == "rat" else None
        if exponent in (-1, Fraction(1, 2), Fraction(-1, 2)):
            return complexity(expr.args[0]) + (2 if exponent == Fraction(-1, 2) else 1)
        return inner + 1
    return inner + HEADS[expr.head].complexity


def to_json(expr: Expr) -> Any:
    """A JSON value: numbers as floats, ``["rat", p, q]``, ``["const", name]``, ``["var", name]``, ``[head, *args]``."""
    if expr.head == "num":
        return expr.value
    if expr.head == "rat":
        fraction = Fraction(expr.value)  # type: ignore[arg-type]
        return ["rat", fraction.numerator, fraction.denominator]
    if not expr.args:
        return [expr.head, expr.value]
    return [expr.head, *(to_json(arg) for arg in expr.args)]


def from_json(tree: Any) -> Expr:
    """Read ``to_json``'s value back; anything else raises InputError. Executes nothing."""
    if isinstance(tree, int | float) and not isinstance(tree, bool) and math.isfinite(tree):
        return num(tree)
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        raise InputError(f"Not an expression tree: {str(tree)[:80]!r}.")
    head, rest = tree[0], tree[1:]
    if head == "rat" and len(rest) == 2 and all(isinstance(part, int) for part in rest) and rest[1] > 0:
        return rat(rest[0], rest[1])
    if head in ("const", "var") and len(rest) == 1 and isinstance(rest[0], str):
        return const(rest[0]) if head == "const" else var(rest[0])
    args = tuple(from_json(part) for part in rest)
    if head in ("add", "mul") and len(args) >= 2:
        return Expr(head, args)
    if head == "pow" and len(args) == 2:
        return power(*args)
    return call(head, *args)
