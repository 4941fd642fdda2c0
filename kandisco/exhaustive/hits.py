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
# Error, as a share of the target's spread, that the nearest point of a grid of inner constants may leave of the right form.
_GRID = 3e-3


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A form that screening found.

    Attributes:
        build: makes the tree, with starting values for its constants: most hits are outdone before anyone asks.
        score: nats of rows and form together before the constants are fitted in full; the less the better.
        relative: whether its errors are a share of each value.
        origin: which part of the search it is from.
        off_grid: the same hit with its inner constants where they fit best, for one whose constants stand on a grid.
    """

    build: Callable[[], Expr]
    score: float
    relative: bool
    origin: str
    off_grid: Callable[[], Hit] | None = None


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
        base, p = _raised(arg)
        if base.variables():
            powers[base] = powers.get(base, Fraction(0)) + p
        else:
            rest.append(arg)
    return mul(*rest, *(base if p == 1 else power(base, rat(p)) for base, p in powers.items() if p))


def _raised(expr: Expr) -> tuple[Expr, Fraction]:
    """Base and exact exponent; of whole powers of powers the innermost base."""
    if expr.head != "pow" or expr.args[1].head != "rat":
        return expr, Fraction(1)
    p = Fraction(expr.args[1].value)  # type: ignore[arg-type]
    base, inner = _raised(expr.args[0])
    return (base, p * inner) if p.denominator == inner.denominator == 1 else (expr.args[0], p)


def length(squares: Array, constants: Array, rows: int, goal: Target, *, inner: Array | int = 0) -> Array:
    """Nats: n/2 log of the mean square, and what the constants cost; inf where they are as many as the rows.

    Args:
        squares: residual sums of squares.
        constants: of each form, inner ones too.
        rows: of the table.
        goal: what was fitted.
        inner: constants that so far stand on a grid: their forms are not told apart below what the grid leaves.
    """
    least = np.where(np.asarray(inner) > 0, (_GRID * goal.scale) ** 2, 1e-300)
    with np.errstate(all="ignore"):
        fit = 0.5 * rows * np.log(np.maximum(squares / rows, least)) + goal.shift
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
