"""Trees as numbers: vectorised values, and exact derivatives with respect to the fitted constants.

A ``Program`` is a tree flattened to a tape. Values run forward, adjoints run backward (reverse mode), so one Jacobian costs a
few evaluations whatever the number of constants. A leading batch axis holds many starting points of the same tree at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from kandisco.arrays import Array
from kandisco.errors import InputError
from kandisco.expr.heads import CONSTANTS, HEADS
from kandisco.expr.parse import parse
from kandisco.expr.tree import Expr


def evaluate(expr: Expr, columns: Mapping[str, Any]) -> Array:
    """Values of a formula.

    Args:
        expr: the tree.
        columns: variable name -> float64 [rows] (or a scalar).

    Returns:
        float64 [rows]; nan or inf where the formula is not defined. Never raises on a domain error.

    Raises:
        InputError: a variable without a column.

    Example:
        >>> from kandisco.expr import parse
        >>> evaluate(parse("x**2"), {"x": np.array([1.0, 3.0])})
        array([1., 9.])
    """
    missing = [name for name in expr.variables() if name not in columns]
    if missing:
        raise InputError(f"The formula needs the column {missing[0]!r}.", hint="Columns: " + ", ".join(columns) + ".")
    rows = np.broadcast_shapes(*(np.shape(column) for column in columns.values())) if columns else ()
    with np.errstate(all="ignore"):
        return _spread(_value(expr, columns), rows)


def _spread(value: Any, shape: tuple[int, ...]) -> Array:
    """A copy of that shape; most values have it, and numpy takes a while to find out."""
    return np.array(value if np.shape(value) == shape else np.broadcast_to(value, shape), dtype=np.float64)


def _value(expr: Expr, columns: Mapping[str, Any]) -> Any:
    match expr.head:
        case "num" | "rat":
            return float(expr.value)  # type: ignore[arg-type]
        case "const":
            return CONSTANTS[str(expr.value)]
        case "var":
            return columns[str(expr.value)]
    return _apply(expr.head, [_value(arg, columns) for arg in expr.args])


def _apply(head: str, args: Sequence[Any]) -> Any:
    if head == "add":
        return sum(args[1:], start=args[0])
    if head == "mul":
        return math.prod(args[1:], start=args[0])
    if head == "pow":
        return raise_to(args[0], args[1])
    return _function(head)(*args)


def raise_to(base: Any, exponent: Any) -> Any:
    """base ** exponent in float64, by multiplication where that is exact and fast; nan for a root of a negative number."""
    if np.ndim(exponent) == 0:
        match float(exponent):
            case 2.0:
                return base * base
            case 3.0:
                return base * base * base
            case -1.0:
                return np.divide(1.0, base)
            case -2.0:
                return np.divide(1.0, base * base)
            case 0.5:
                return np.sqrt(base)
    return np.power(base, np.asarray(exponent, dtype=np.float64))


@cache
def _function(head: str) -> Any:
    return HEADS[head].function()


@cache
def _slopes(head: str) -> tuple[Expr | None, ...]:
    return tuple(parse(text) if text else None for text in HEADS[head].slopes)


class Program:
    """A tree prepared for fitting.

    Attributes:
        expr: the tree; each ``num`` leaf is a parameter, in the order of ``Expr.walk``.
        start: float64 [parameters], the values the tree came with.
    """

    def __init__(self, expr: Expr, names: Sequence[str]) -> None:
        self.expr = expr
        self.start: Array = np.array(expr.numbers(), dtype=np.float64)
        self._names = {name: i for i, name in enumerate(names)}
        self._tape: list[tuple[str, tuple[int, ...], Any]] = []
        self._seen: dict[Expr, int] = {}
        self._params: list[int] = []
        self._depends: list[bool] = []
        self._output = self._push(expr)

    def _push(self, expr: Expr) -> int:
        fitted = expr.head == "num"
        if not fitted and expr in self._seen:
            return self._seen[expr]
        args = tuple(self._push(arg) for arg in expr.args)
        value: Any = None
        if expr.head == "var":
            value = self._names[str(expr.value)]
        elif expr.head in ("rat", "const"):
            value = CONSTANTS[str(expr.value)] if expr.head == "const" else float(expr.value)  # type: ignore[arg-type]
        self._tape.append((expr.head, args, value))
        self._depends.append(fitted or any(self._depends[i] for i in args))
        slot = len(self._tape) - 1
        if fitted:
            self._params.append(slot)
        elif not self._depends[slot]:
            self._seen[expr] = slot
        return slot

    def values(self, params: Array, x: Array) -> Array:
        """Values [batch, rows] for ``params`` [batch, parameters] and ``x`` [inputs, rows]."""
        with np.errstate(all="ignore"):
            return self._shape(self._forward(params, x)[self._output], params, x)

    def jacobian(self, params: Array, x: Array) -> tuple[Array, Array]:
        """Values [batch, rows] and their derivatives [batch, parameters, rows]."""
        value, slopes = self.traced(params, x)
        return value, slopes()

    def traced(self, params: Array, x: Array) -> tuple[Array, Callable[[], Array]]:
        """Values [batch, rows], and what gives their derivatives [batch, parameters, rows] if they are wanted."""
        with np.errstate(all="ignore"):
            slots = self._forward(params, x)
            return self._shape(slots[self._output], params, x), lambda: self._adjoint(slots, len(params), x.shape[1])

    def _adjoint(self, slots: list[Any], batch: int, rows: int) -> Array:
        with np.errstate(all="ignore"):
            adjoints: list[Any] = [None] * len(slots)
            adjoints[self._output] = np.ones((1, 1))
            for i in range(self._output, -1, -1):
                if adjoints[i] is not None and self._depends[i]:
                    self._backward(i, slots, adjoints)
            out = np.zeros((batch, len(self._params), rows))
            for k, slot in enumerate(self._params):
                if adjoints[slot] is not None:
                    out[:, k] = adjoints[slot]
            return out

    def _shape(self, value: Any, params: Array, x: Array) -> Array:
        return _spread(value, (len(params), x.shape[1]))

    def _forward(self, params: Array, x: Array) -> list[Any]:
        slots: list[Any] = []
        position = iter(range(len(self._params)))
        for head, args, value in self._tape:
            if head == "num":
                k = next(position)
                slots.append(params[:, k : k + 1])
            elif head == "var":
                slots.append(x[value][None, :])
            elif not args:
                slots.append(value)
            else:
                slots.append(_apply(head, [slots[i] for i in args]))
        return slots

    def _backward(self, i: int, slots: list[Any], adjoints: list[Any]) -> None:
        head, args, _ = self._tape[i]
        for k, arg in enumerate(args):
            if not self._depends[arg]:
                continue
            part = _partial(head, k, [slots[j] for j in args], slots[i])
            part = adjoints[i] if part is None else adjoints[i] * part
            adjoints[arg] = part if adjoints[arg] is None else adjoints[arg] + part


def _partial(head: str, k: int, args: list[Any], value: Any) -> Any:
    """d head / d args[k]; None stands for 1."""
    if head == "add":
        return None
    if head == "mul":
        others = [arg for j, arg in enumerate(args) if j != k]
        return _apply("mul", others)
    if head == "pow":
        base, exponent = args
        if k == 0:
            return exponent * raise_to(base, exponent - 1)
        return np.where(base == 0, 0.0, value * np.log(base))
    slope = _slopes(head)[k]
    if slope is None:
        return 0.0
    return _value(slope, {"f": value, **dict(zip("abc", args, strict=False))})
