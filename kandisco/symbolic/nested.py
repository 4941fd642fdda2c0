"""Functions of a power, a polynomial or a multiple of x: the atoms of ``sin(x**2)*cos(x)`` or ``log(x**2 + 1) + log(x + 1)``.

People write simple numbers inside functions, so the arguments tried are few and plain; each number is a constant that the later
fit moves. Sums and products of two such atoms are then ranked by linear algebra like any others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kandisco.expr import Expr, mul, num, parse
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.symbolic.curves import Atoms, distinct
from kandisco.types import Array

_X = "x"
_BASES = ("x", "x**2", "x**3", "x + 1.0", "x**2 + 1.0*x", "x**2 - 1.0*x", "x**2 + 1.0", "1/x", "sqrt(x)")
_SCALES = {
    "x": (1.0, 0.5, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0),
    "x**2": (1.0, 0.5, 2.0, 3.0),
    "x**3": (1.0, 2.0),
    "1/x": (1.0, 0.5, 2.0, 3.0),
}


def nested_atoms(u: Array, functions: Sequence[FunctionSpec]) -> Atoms:
    """Each function of each plain argument that is finite on all of ``u`` [rows], and the arguments themselves."""
    rows = [(text, argument) for text, argument in _arguments()]
    rows += [(f"{spec.name} of {text}", _of(spec, argument)) for spec in functions if _plain(spec) for text, argument in rows]
    keep, values = distinct(np.stack([evaluate(shape, {_X: u}) for _, shape in rows]))
    return Atoms(
        names=tuple(rows[i][0] for i in keep),
        shapes=tuple(rows[i][1] for i in keep),
        slopes=np.ones(len(keep)),
        offsets=np.zeros(len(keep)),
        kinds=("bare",) * len(keep),
        values=values,
    )


def _arguments() -> list[tuple[str, Expr]]:
    return [(text, _times(scale, parse(text, (_X,)))) for text in _BASES for scale in _SCALES.get(text, (1.0,))]


def _times(scale: float, expr: Expr) -> Expr:
    return mul(num(scale), expr)


def _of(spec: FunctionSpec, argument: Expr) -> Expr:
    return parse(spec.sympy, (_X,)).substitute({_X: argument})


def _plain(spec: FunctionSpec) -> bool:
    """A function without constants of its own that is not a power of its argument: those are among the arguments."""
    shape = parse(spec.sympy, (_X,))
    return not shape.numbers() and shape.head not in ("var", "pow")
