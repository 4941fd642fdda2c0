"""Trees as python source for numpy and for sympy, built on the text form and python's own printer."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Iterable, Mapping

from kandisco.expr.heads import HEADS
from kandisco.expr.text import to_text
from kandisco.expr.tree import Expr, var

# Variables travel under names no function, constant or column can have, so that a column named pi or gamma stays itself.
_MARK = "kandisco__variable__"


_AIRY = {"airyai": 0, "airyaiprime": 1, "airybi": 2, "airybiprime": 3}


def safe_names(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Column name -> the name it has in source code, with ``_`` behind keywords and the names in ``taken``."""
    kept = list(names)
    busy = {*taken, *keyword.kwlist}
    shown: dict[str, str] = {}
    for name in kept:
        free = name
        while free in busy or (free != name and free in kept):
            free += "_"
        shown[name] = free
    return shown


def numpy_source(expr: Expr, names: Mapping[str, str]) -> tuple[str, str]:
    """An expression in numpy and the imports it needs.

    Args:
        names: column name -> name in the source.

    Example:
        >>> from kandisco.expr import parse
        >>> numpy_source(parse("sin(pi*x)"), {"x": "x"})
        ('np.sin(np.pi * x)', 'import numpy as np')
    """
    modules = {HEADS[node.head].numeric.split(":")[0] for node in expr.walk() if node.head in HEADS}
    imports = ["import numpy as np"] + (["from scipy import special"] if modules - {"numpy"} else [])
    return _Rename(expr, names, _numpy_call, {"pi": "np.pi", "E": "np.e"}).source(), "\n".join(imports)


def _numpy_call(head: str, args: list[ast.expr]) -> ast.expr:
    if head in _AIRY:
        return ast.Subscript(ast.Call(_dotted("special.airy"), args, []), ast.Constant(_AIRY[head]))
    module, name = HEADS[head].numeric.split(":") if head in HEADS else ("numpy", head)
    return ast.Call(_dotted(f"np.{name}" if module == "numpy" else f"special.{name}"), args, [])


def sympy_source(expr: Expr, names: Mapping[str, str]) -> str:
    """An expression in sympy; a quotient of whole numbers stays exact.

    Example:
        >>> from kandisco.expr import parse
        >>> sympy_source(parse("x**(1/3)"), {"x": "x"})
        'x ** (sympy.Integer(1) / 3)'
    """
    return _Rename(expr, names, _sympy_call, {"pi": "sympy.pi", "E": "sympy.E"}, exact=True).source()


def _sympy_call(head: str, args: list[ast.expr]) -> ast.expr:
    return ast.Call(_dotted(f"sympy.{HEADS[head].sympy if head in HEADS else head}"), args, [])


class _Rename(ast.NodeTransformer):
    """Puts the functions, constants and columns of a printed tree under the names of the target."""

    def __init__(
        self,
        expr: Expr,
        names: Mapping[str, str],
        function: Callable[[str, list[ast.expr]], ast.expr],
        constants: Mapping[str, str],
        *,
        exact: bool = False,
    ) -> None:
        hidden = {name: var(f"{_MARK}{i}") for i, name in enumerate(names)}
        self._columns = {str(hidden[name].value): shown for name, shown in names.items()}
        self._text = to_text(expr.substitute(hidden))
        self._function = function
        self._constants = constants
        self._exact = exact
        self._heads = {head.sympy: name for name, head in HEADS.items()} | {"sqrt": "sqrt"}

    def source(self) -> str:
        """The renamed expression."""
        return ast.unparse(self.visit(ast.parse(self._text, mode="eval")))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Columns and constants."""
        if node.id in self._columns:
            return ast.Name(self._columns[node.id])
        return _dotted(self._constants[node.id])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Functions."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return self._function(self._heads[name], [self.visit(argument) for argument in node.args])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Python would turn 1/3 into a float before sympy sees it."""
        whole = self._exact and isinstance(node.op, ast.Div | ast.Pow) and _is_whole(node)
        self.generic_visit(node)
        if whole and not isinstance(node.left, ast.Call):
            node.left = ast.Call(_dotted("sympy.Integer"), [node.left], [])
        return node


def _is_whole(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=int()):
            return True
        case ast.UnaryOp(operand=operand):
            return _is_whole(operand)
        case ast.BinOp(left=left, right=right):
            return _is_whole(left) and _is_whole(right)
    return False


def _dotted(name: str) -> ast.expr:
    return ast.parse(name, mode="eval").body
