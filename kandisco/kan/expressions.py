"""Expression trees of one variable on tensors: values, and exact slopes carried along (forward mode).

A function's torch form and its slope both follow from its row in ``kandisco.expr.heads``; functions torch lacks run in numpy.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor

from kandisco.expr import Expr, parse
from kandisco.expr.heads import CONSTANTS, HEADS

Number = Tensor | float


def values(expr: Expr, x: Tensor) -> Tensor:
    """The tree at ``x``, any shape; nan or inf where it is not defined."""
    return _tensor(_value(expr, {"x": x}), x).expand_as(x)


def values_and_slopes(expr: Expr, x: Tensor) -> tuple[Tensor, Tensor]:
    """The tree and its derivative at ``x``."""
    value, slope = _dual(expr, x)
    return _tensor(value, x).expand_as(x), _tensor(slope, x).expand_as(x)


def _tensor(value: Number, like: Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else torch.as_tensor(value, dtype=like.dtype, device=like.device)


def _value(expr: Expr, known: dict[str, Any]) -> Any:
    if expr.head == "var":
        return known[str(expr.value)]
    if not expr.args:
        return CONSTANTS[str(expr.value)] if expr.head == "const" else float(expr.value)  # type: ignore[arg-type]
    return _apply(expr.head, [_value(arg, known) for arg in expr.args])


def _apply(head: str, args: list[Any]) -> Any:
    if head == "pow":
        return _power(*args)
    if head == "add":
        return sum(args[1:], start=args[0])
    if head == "mul":
        return math.prod(args[1:], start=args[0])
    tensors = [arg for arg in args if isinstance(arg, Tensor)]
    if HEADS[head].torch and tensors:
        return getattr(torch, HEADS[head].torch)(*args)
    at = [arg.double().cpu().numpy() if isinstance(arg, Tensor) else arg for arg in args]
    found = HEADS[head].function()(*at)
    return torch.as_tensor(found).to(tensors[0]) if tensors else float(found)


def _power(base: Any, exponent: Any) -> Any:
    """By multiplication where that is exact and fast, as in ``kandisco.expr.numeric``."""
    if isinstance(exponent, Tensor):
        return torch.pow(base, exponent)
    match exponent:
        case 2.0:
            return base * base
        case 3.0:
            return base * base * base
        case -1.0:
            return 1.0 / base
        case -2.0:
            return 1.0 / (base * base)
    return base**exponent


def _dual(expr: Expr, x: Tensor) -> tuple[Any, Any]:
    """Value and derivative in x; the derivative is the number 0.0 where there is no x below."""
    if expr.head == "var":
        return x, 1.0
    if not expr.args:
        return _value(expr, {}), 0.0
    pairs = [_dual(arg, x) for arg in expr.args]
    args = [value for value, _ in pairs]
    value, slope = _apply(expr.head, args), 0.0
    for k, (_, inner) in enumerate(pairs):
        if isinstance(inner, Tensor) or inner != 0.0:
            slope = slope + _partial(expr.head, k, args, value) * inner
    return value, slope


def _partial(head: str, k: int, args: list[Any], value: Any) -> Any:
    """d head / d args[k]."""
    if head == "add":
        return 1.0
    if head == "mul":
        return _apply("mul", [*args[:k], *args[k + 1 :]])
    if head == "pow":
        return args[1] * _power(args[0], args[1] - 1.0) if k == 0 else value * _apply("log", [args[0]])
    slope = _slopes(head)[k]
    return 0.0 if slope is None else _value(slope, {"f": value, **dict(zip("abc", args, strict=False))})


@cache
def _slopes(head: str) -> tuple[Expr | None, ...]:
    return tuple(parse(text) if text else None for text in HEADS[head].slopes)
