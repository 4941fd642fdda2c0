"""What formulas of science look like: nats that a tree costs before any row is seen.

A tree is written down from its root, node by node, as in a probabilistic grammar. The costs of nodes and exponents follow the
order in which operators occur in AI Feynman's equations; their sizes, and what else a form costs, were set by hand on small
tables and are not learned. (Guimera et al., Science Advances 2020, learn such a prior from Wikipedia.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from kandisco.expr import Expr
from kandisco.expr.heads import HEADS

# Nats of each kind of node. A column costs the choice among the columns besides.
NODES: Mapping[str, float] = {
    "var": 0.9,
    "num": 1.4,
    "rat": 2.2,
    "const": 2.5,
    "add": 1.7,
    "mul": 0.9,
    "pow": 0.9,
    "exp": 2.6,
    "log": 3.2,
    "sin": 3.4,
    "cos": 3.4,
    "tanh": 4.2,
    "tan": 5.5,
    "sinh": 5.5,
    "cosh": 5.5,
    "asin": 5.5,
    "acos": 5.5,
    "atan": 5.0,
    "erf": 5.0,
    "erfc": 5.5,
    "abs": 6.0,
}
OTHER_HEAD = 6.5
EXPONENTS: Mapping[str, float] = {
    "-1": 0.4,
    "2": 1.1,
    "1/2": 1.9,
    "-2": 2.2,
    "3": 2.9,
    "-1/2": 3.0,
    "4": 3.6,
    "-3": 3.6,
    "3/2": 3.6,
    "-3/2": 4.4,
    "2/3": 4.2,
    "1/3": 4.2,
    "-4": 4.4,
    "-1/3": 4.8,
    "-2/3": 4.8,
    "5": 5.0,
    "6": 4.8,
    "-6": 4.8,
}
FREE_EXPONENT = 2.6
# Nats that a factor e away from one costs a free exponent, squared, times a half: 21 and 0.07 are not powers laws have.
EXPONENT_SPREAD = 1.0
ZERO_CELSIUS = Fraction(27315, 100)
NESTED = 2.5
# A scale that happens to be a whole number, units being what they are; and a coefficient that happens to be one, in a sum of
# terms of different kinds or in front of everything.
EXACT_SCALE = 6.0
FRONT, LOOSE = 3.0, 6.0
# exp of a column that has a unit, with no constant to take the unit away; a sine's column may be an angle.
BARE, ANGLE = 3.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Nats per node; see the module.

    Attributes:
        nodes: nats of a node of each head.
        exponents: nats of an exact exponent.
    """

    nodes: Mapping[str, float] = field(default_factory=lambda: NODES)
    exponents: Mapping[str, float] = field(default_factory=lambda: EXPONENTS)

    def cost(self, expr: Expr, columns: int) -> float:
        """Nats of a tree over that many columns: minus the logarithm of its prior probability, up to a constant.

        Example:
            >>> from kandisco.expr import parse
            >>> prior = Prior()
            >>> prior.cost(parse("2.1*x**2", ("x",)), 1) < prior.cost(parse("2.1*x**21", ("x",)), 1)
            True
        """
        return self._cost(expr, math.log(max(columns, 1)), inside=False) + _units(expr)

    def _cost(self, expr: Expr, choice: float, *, inside: bool) -> float:
        head = expr.head
        if head == "var":
            return self.nodes["var"] + choice
        if head == "rat":
            return self.number(Fraction(expr.value))  # type: ignore[arg-type]
        if not expr.args:
            return self.nodes[head]
        if head in ("add", "mul"):
            return self.nodes["var"] + choice if _kelvin(expr) else self._chain(expr, choice, inside)
        if head == "pow":
            return self.nodes["pow"] + self._exponent(expr, choice, inside) + self._cost(expr.args[0], choice, inside=inside)
        own = self.nodes.get(head, OTHER_HEAD) + (NESTED if inside else 0.0)
        return own + sum(self._cost(arg, choice, inside=True) for arg in expr.args)

    def _chain(self, expr: Expr, choice: float, inside: bool) -> float:
        """A sum or product; a factor -1 is a sign and costs half a node."""
        signs = sum(arg.head == "rat" and arg.value == -1 for arg in expr.args) if expr.head == "mul" else 0
        parts = [arg for arg in expr.args if not (expr.head == "mul" and arg.head == "rat" and arg.value == -1)]
        own = self.nodes[expr.head] * (len(parts) - 1) + 0.7 * signs
        return own + sum(self._cost(arg, choice, inside=inside) for arg in parts)

    def _exponent(self, expr: Expr, choice: float, inside: bool) -> float:
        exponent = expr.args[1]
        if exponent.head == "rat":
            value = Fraction(exponent.value)  # type: ignore[arg-type]
            return self.exponents.get(str(value), _rare(value))
        if exponent.head == "num":
            return FREE_EXPONENT + _distance(float(exponent.value))  # type: ignore[arg-type]
        return 1.0 + self._cost(exponent, choice, inside=True)

    def number(self, value: Fraction) -> float:
        """Nats of an exact number; small ones are common in laws, scales that happen to be one are not."""
        if abs(value) == 1:
            return self.nodes["rat"]
        size = math.log(max(abs(value.numerator), 1)) + 1.5 * math.log(value.denominator)
        return self.nodes["rat"] + EXACT_SCALE + size


def _rare(value: Fraction) -> float:
    """Nats of an exact exponent that the table does not have."""
    return 5.0 + math.log(abs(value.numerator) or 1) + 1.5 * math.log(value.denominator) + _distance(float(value))


def _distance(exponent: float) -> float:
    """Nats for being far from one, either way."""
    return 0.5 * (math.log(max(abs(exponent), 1e-12)) / EXPONENT_SPREAD) ** 2


def _units(expr: Expr) -> float:
    """Nats of scales that are exactly one without a reason: in front of all, and between terms of different kinds."""
    scaled = expr.head == "num" or (expr.head == "mul" and any(arg.head == "num" for arg in expr.args))
    if expr.head == "add":
        scaled = not _loose(expr)
    front = 0.0 if scaled or not expr.variables() else FRONT
    sums = [_loose(node) for node in expr.walk() if node.head == "add" and not _kelvin(node)]
    return front + LOOSE * sum(max(loose - 1, 0) for loose in sums) + sum(map(_bare, expr.walk()))


def _loose(total: Expr) -> int:
    """Coefficients of a sum that are exactly one: one for each kind of term of which none is fitted, else one for each such term.

    The first of them sets the scale of the rest.
    """
    kinds: dict[str, list[bool]] = {}
    for term in total.args:
        free = term.head == "num" or (term.head == "mul" and any(arg.head == "num" for arg in term.args))
        kinds.setdefault(_kind(term), []).append(free)
    # A kind of which some terms are fitted has no scale to lend: its first unit term counts as a second.
    return sum(0 if all(free) else len(free) - sum(free) + 1 if any(free) else 1 for free in kinds.values())


def _bare(expr: Expr) -> float:
    """Nats of a function that takes a column as it is, in whatever unit it came; a logarithm may: units only shift it."""
    if expr.head not in HEADS or expr.head == "log":
        return 0.0
    if any(node.head == "num" for node in expr.walk()) or _kind(expr.args[-1]) == "number":
        return 0.0
    return ANGLE if expr.head in ("sin", "cos", "tan") else BARE


def _kind(expr: Expr) -> str:
    """What a term measures: its shape with the columns left open; pure numbers (ratios of columns, functions) are one kind."""
    if expr.head in ("rat", "const", "num") or expr.head in HEADS and expr.head != "log":
        return "number"
    if expr.head == "mul":
        parts = [arg for arg in expr.args if arg.head not in ("num", "rat", "const")]
        degree = sum(_degree(part) for part in parts)
        if len(parts) > 1 and degree == 0:
            return "number"
        return "*".join(sorted(_kind(part) for part in parts))
    if expr.head == "pow":
        return f"{_kind(expr.args[0])}^{_kind(expr.args[1]) if expr.args[1].head != 'rat' else expr.args[1].value}"
    return "x" if expr.head == "var" else expr.head


def _degree(expr: Expr) -> Fraction:
    if expr.head == "pow" and expr.args[1].head == "rat":
        return _degree(expr.args[0]) * Fraction(expr.args[1].value)  # type: ignore[arg-type]
    return Fraction(expr.head == "var")


def _kelvin(expr: Expr) -> bool:
    """Whether this is a temperature in degrees Celsius turned into kelvin: one column, in other units."""
    return expr.head == "add" and len(expr.args) == 2 and expr.args[0].head == "var" and expr.args[1].value == ZERO_CELSIUS
