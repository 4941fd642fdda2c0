"""kandisco trees to Operon's and back, node by node.

Operon's own parser of infix text crashes or cuts text silently, so it is never used. A tree is a list of nodes in postfix order,
the first argument last: ``a - b`` is ``[b, a, Sub]``. A variable carries a weight that is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyoperon as op

from kandisco.expr import Expr, add, call, constant_value, mul, num, power, rat, var
from kandisco.expr.numeric import evaluate

FUNCTIONS = {
    "exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos", "atan": "Atan",
    "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "abs": "Abs",
}  # fmt: skip
_BACK = {kind: name for name, kind in FUNCTIONS.items()}


class Unknown(Exception):
    """A formula holds something that Operon has no node for."""


def node(kind: str) -> Any:
    """A node of this type."""
    return op.Node(getattr(op.NodeType, kind))


def to_operon(expr: Expr, hashes: Mapping[str, int]) -> Any:
    """The Operon tree of a formula.

    Args:
        expr: the formula.
        hashes: variable name -> Operon's hash of it.

    Raises:
        Unknown: a function Operon has not.
    """
    return op.Tree(_nodes(expr, hashes)).UpdateNodes()


def _nodes(expr: Expr, hashes: Mapping[str, int]) -> list[Any]:
    constant = constant_value(expr)
    if constant is not None:
        return [op.Node.Constant(constant)]
    if expr.head == "var":
        leaf = op.Node.Variable(1.0)
        leaf.HashValue = hashes[str(expr.value)]
        return [leaf]
    if expr.head in ("add", "mul"):
        out = _nodes(expr.args[-1], hashes)
        for arg in reversed(expr.args[:-1]):
            out = [*out, *_nodes(arg, hashes), node(expr.head.capitalize())]
        return out
    if expr.head == "pow":
        return _power(expr, hashes)
    if expr.head not in FUNCTIONS:
        raise Unknown(expr.head)
    return [*_nodes(expr.args[0], hashes), node(FUNCTIONS[expr.head])]


def _power(expr: Expr, hashes: Mapping[str, int]) -> list[Any]:
    base, exponent = _nodes(expr.args[0], hashes), expr.args[1]
    exact = Fraction(exponent.value) if exponent.head == "rat" else None  # type: ignore[arg-type]
    if exact is not None and exact < 0:
        positive = _nodes(power(expr.args[0], rat(-exact)) if exact != -1 else expr.args[0], hashes)
        return [*positive, op.Node.Constant(1.0), node("Div")]
    match exact:
        case Fraction(numerator=2, denominator=1):
            return [*base, node("Square")]
        case Fraction(numerator=1, denominator=2):
            return [*base, node("Sqrt")]
    return [*_nodes(exponent, hashes), *base, node("Pow")]


def from_operon(tree: Any, names: Mapping[int, str]) -> Expr:
    """The formula of an Operon tree, constants folded.

    Args:
        tree: an Operon tree.
        names: Operon's hash of a variable -> its name.

    Raises:
        Unknown: a node that no kandisco formula has.
    """
    stack: list[Expr] = []
    for item in tree.Nodes:
        kind = item.Type.name
        if kind == "Constant":
            stack.append(num(item.Value))
        elif kind == "Variable":
            stack.append(product([num(item.Value), var(names[item.HashValue])]))
        else:
            args = [stack.pop() for _ in range(item.Arity)]
            stack.append(_joined(kind, args))
    return stack.pop()


def _joined(kind: str, args: Sequence[Expr]) -> Expr:
    match kind:
        case "Add":
            return total(args)
        case "Sub":
            return total([args[0], *(product([num(-1.0), arg]) for arg in args[1:])])
        case "Mul":
            return product(args)
        case "Div":
            return product([args[0], *(raised(arg, rat(-1)) for arg in args[1:])])
        case "Square":
            return raised(args[0], rat(2))
        case "Sqrt":
            return raised(args[0], rat(1, 2))
        case "Pow":
            exponent = args[1].value if args[1].head == "num" else None
            whole = isinstance(exponent, float) and exponent == round(exponent) and abs(exponent) < 10
            return raised(args[0], rat(round(exponent)) if whole else args[1])  # type: ignore[arg-type]
    if kind not in _BACK:
        raise Unknown(kind)
    inner = args[0]
    return _folded(call(_BACK[kind], inner))


def _folded(expr: Expr) -> Expr:
    """A number where nothing varies."""
    return expr if expr.variables() else num(float(evaluate(expr, {})))


def raised(base: Expr, exponent: Expr) -> Expr:
    """base ** exponent, with a number taken out of a product in the base where the exponent is -1 or 2."""
    if base.head == "mul" and base.args[0].head == "num" and exponent.head == "rat" and exponent.value in (-1, 2):
        outside = _folded(power(base.args[0], exponent))
        return product([outside, power(mul(*base.args[1:]), exponent)])
    if exponent == rat(1):
        return base
    return _folded(power(base, exponent))


def product(args: Sequence[Expr]) -> Expr:
    """A product with its numbers gathered into one, in front."""
    number, rest = 1.0, []
    for arg in args:
        for factor in arg.args if arg.head == "mul" else (arg,):
            value = constant_value(factor)
            number, rest = (number * value, rest) if value is not None else (number, [*rest, factor])
    if not rest or number == 0:
        return num(number)
    return mul(*rest) if number == 1.0 else mul(num(number), *rest)


def total(args: Sequence[Expr]) -> Expr:
    """A sum with its numbers gathered into one, at the end."""
    number, rest = 0.0, []
    for arg in args:
        for term in arg.args if arg.head == "add" else (arg,):
            value = constant_value(term)
            number, rest = (number + value, rest) if value is not None else (number, [*rest, term])
    if not rest:
        return num(number)
    return add(*rest) if number == 0.0 else add(*rest, num(number))
