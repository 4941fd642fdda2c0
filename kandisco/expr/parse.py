"""A small parser for formulas typed by people and plugins. It builds trees; it evaluates nothing."""

from __future__ import annotations

import ast
from collections.abc import Collection

from kandisco.errors import InputError
from kandisco.expr.heads import CONSTANTS
from kandisco.expr.tree import Expr, add, call, const, mul, num, power, rat, var

_ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "ln": "log", "Abs": "abs"}


def parse(text: str, names: Collection[str] | None = None) -> Expr:
    """The tree of an infix formula with python's operators and the names of ``kandisco.expr.heads``.

    Args:
        text: e.g. ``"exp(sin(pi*x) + y**2)"``; integers become exact, decimals become fitted numbers.
        names: the allowed variables; None allows any identifier.

    Raises:
        InputError: unknown names, unsupported syntax, or more than 10 000 characters.

    Example:
        >>> parse("2*x").variables()
        ('x',)
    """
    if len(text) > 10_000:
        raise InputError("The formula is longer than 10000 characters.")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"Cannot read the formula {text[:80]!r}.", hint="Write it as in a*sin(x)**2 + b.") from None
    return _convert(tree.body, names)


def _convert(node: ast.expr, names: Collection[str] | None) -> Expr:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int() as value):
            return rat(value)
        case ast.Constant(value=float() as value):
            return num(value)
        case ast.Name(id=name):
            return _name(name, names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _negative(_convert(operand, names))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _convert(operand, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _convert(left, names), _convert(right, names))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return call(_ALIASES.get(name, name), *(_convert(arg, names) for arg in args))
    raise InputError(f"{ast.unparse(node)[:60]!r} is not part of a formula.", hint="Use + - * / ** and functions.")


def _negative(expr: Expr) -> Expr:
    if expr.head == "rat":
        return rat(-expr.value)  # type: ignore[operator,arg-type]
    return num(-float(expr.value)) if expr.head == "num" else mul(rat(-1), expr)  # type: ignore[arg-type]


def _binary(op: ast.operator, left: Expr, right: Expr) -> Expr:
    match op:
        case ast.Add():
            return add(left, right)
        case ast.Sub():
            return add(left, _negative(right))
        case ast.Mult():
            return mul(left, right)
        case ast.Div() if left.head == right.head == "rat" and right.value != 0:
            return rat(left.value / right.value)  # type: ignore[operator,arg-type]
        case ast.Div() if left == rat(1):
            return power(right, rat(-1))
        case ast.Div():
            return mul(left, power(right, rat(-1)))
        case ast.Pow():
            return power(left, right)
    raise InputError(f"The operator {type(op).__name__} is not part of a formula.", hint="Use + - * / **.")


def _name(name: str, names: Collection[str] | None) -> Expr:
    if names is not None and name in names:
        return var(name)
    if name in CONSTANTS:
        return const(name)
    if names is None:
        return var(name)
    raise InputError(f"There is no column {name!r}.", hint="Columns: " + ", ".join(names) + ".")
