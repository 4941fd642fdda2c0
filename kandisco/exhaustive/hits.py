"""What screening hands on: forms with starting values for their constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kandisco.arrays import Array
from kandisco.exhaustive.targets import Target, assembled
from kandisco.expr import Expr, mul, power, rat

# What a fitted constant is taken to cost before it is fitted, besides half a logarithm of the rows: 2.5 nats, a factor twelve
# between what could be and what the rows leave.
CONSTANT = 2.5


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A form that screening found.

    Attributes:
        build: makes the tree, with starting values for its constants: most hits are outdone before anyone asks.
        score: nats of rows and form together before the constants are fitted in full; the less the better.
        relative: whether its errors are a share of each value.
        origin: which part of the search it is from.
    """

    build: Callable[[], Expr]
    score: float
    relative: bool
    origin: str


def gathered(expr: Expr) -> Expr:
    """The same tree with the powers of a base in a product in one place: ``t*4.9*t`` as ``4.9*t**2``.

    Example:
        >>> from kandisco.expr import parse, to_text
        >>> to_text(gathered(parse("t*4.9*t", ("t",))))
        '4.9*t**2'
    """
    if not expr.args:
        return expr
    args = tuple(gathered(arg) for arg in expr.args)
    if expr.head != "mul":
        return Expr(expr.head, args, expr.value)
    powers: dict[Expr, Fraction] = {}
    rest: list[Expr] = []
    for arg in args:
        exact = arg.head == "pow" and arg.args[1].head == "rat"
        base, p = (arg.args[0], Fraction(arg.args[1].value)) if exact else (arg, Fraction(1))  # type: ignore[arg-type]
        if base.variables():
            powers[base] = powers.get(base, Fraction(0)) + p
        else:
            rest.append(arg)
    return mul(*rest, *(base if p == 1 else power(base, rat(p)) for base, p in powers.items() if p))


def length(squares: Array, constants: Array, rows: int, goal: Target) -> Array:
    """Nats: n/2 log of the mean square, and what the constants cost; inf where they are as many as the rows."""
    with np.errstate(all="ignore"):
        fit = 0.5 * rows * np.log(np.maximum(squares / rows, 1e-300)) + goal.shift
    return np.where(constants < rows, fit + goal.cost + constants * (0.5 * math.log(rows) + CONSTANT), np.inf)


def solved(goal: Target, trees: Sequence[Expr], values: Sequence[Array], *, intercept: bool) -> Expr:
    """The form with the linear constants that belong to its terms' inner ones."""
    columns = [v * goal.weight for v in values] + ([goal.weight] if intercept else [])
    matrix = np.stack(columns, axis=1)
    size = np.linalg.norm(matrix, axis=0)
    size[size == 0] = 1.0
    solution = np.linalg.lstsq(matrix / size, goal.values * goal.weight, rcond=None)[0] / size
    terms = list(zip(solution.tolist(), trees))
    return assembled(goal, terms, float(solution[-1]) if intercept else None)


def best(scores: Array, most: int) -> list[int]:
    """Places of the least scores, in order; ties by place."""
    flat = scores.ravel()
    if len(flat) > most:
        part = np.argpartition(flat, most)[:most]
        return [int(i) for i in part[np.lexsort((part, flat[part]))]]
    return [int(i) for i in np.argsort(flat, kind="stable")]
