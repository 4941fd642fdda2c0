"""Sparse linear and rational relations between powers of the columns and a transformed target.

With all candidate terms in one least-squares problem, noise-free data give the true coefficients and zeros for the rest;
terms are then removed, least significant first, while the fit does not suffer (backward elimination). This is a KAN of product
nodes whose edges are fixed powers, solved in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from kandisco.expr import Expr, add, mul, num, power, rat, var
from kandisco.types import Array

_TINY = 1e-10


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Candidate terms: expressions and values [terms, rows]; the first is the constant 1."""

    exprs: tuple[Expr, ...]
    values: Array


def monomials(names: Sequence[str], x: Array, degree: int) -> Terms:
    """All products of powers up to a total degree."""
    exprs, values = [rat(1)], [np.ones(x.shape[1])]
    for total in range(1, degree + 1):
        for combo in combinations_with_replacement(range(len(names)), total):
            exprs.append(
                mul(*(power(var(names[i]), rat(k)) if (k := combo.count(i)) > 1 else var(names[i]) for i in dict.fromkeys(combo)))
            )
            values.append(np.prod(x[list(combo)], axis=0))
    return Terms(exprs=tuple(exprs), values=np.array(values))


def largest_degree(inputs: int, limit: int) -> int:
    """The highest total degree (at most 6) whose number of monomials stays within ``limit``."""
    from math import comb

    return max([d for d in range(1, 7) if comb(inputs + d, d) <= limit] or [1])


def sparse_fit(
    terms: Terms, y: Array, *, weights: Array | None = None, most: int = 12, enough: float = 0.0
) -> tuple[list[int], Array, float] | None:
    """Indices, coefficients and relative error of a sparse combination of the terms, each row counting by its weight.

    Where the first few terms have an error, in a row of mean weight, within ``enough``, the others are left out. Terms go while
    it is, or hardly rises. None where more than ``most`` remain, or where squares of y pass what a float can hold.
    """
    scale = np.sqrt(np.mean(terms.values**2, axis=1))
    scale[scale == 0] = 1.0
    design = (terms.values / scale[:, None]).T
    with np.errstate(over="ignore"):
        deviation = float(np.std(y)) or float(np.max(np.abs(y))) or 1.0
    if not np.isfinite(deviation):
        return None
    rows = len(y)
    if weights is not None:
        root = np.sqrt(weights / np.mean(weights))
        design, y = design * root[:, None], y * root
    active = _first(design, y, enough)
    coef, error = _solve(design, y, active)
    while len(active) > 1:
        gram = design[:, active].T @ design[:, active]
        spread = np.sqrt(np.maximum(np.diag(np.linalg.pinv(gram, hermitian=True)), 1e-300))
        weakest = int(np.argmin(np.abs(coef) / spread))
        trial = active[:weakest] + active[weakest + 1 :]
        new_coef, new_error = _solve(design, y, trial)
        floor = max(_TINY * deviation, enough)
        if new_error > max(floor, error * (1 + np.log(rows) / (2 * rows))):
            break
        active, coef, error = trial, new_coef, max(new_error, 1e-16 * deviation)
    if len(active) > most:
        return None
    return active, coef / scale[active], error / deviation


def _first(design: Array, y: Array, enough: float) -> list[int]:
    """The first columns that are enough; all where that is not to be had."""
    few, every = 0, design.shape[1]
    while enough and every - few > 1:
        middle = (few + every) // 2
        few, every = (few, middle) if _solve(design, y, range(middle))[1] <= enough else (middle, every)
    return list(range(every))


def _solve(design: Array, y: Array, active: Sequence[int]) -> tuple[Array, float]:
    coef: Array = np.asarray(np.linalg.lstsq(design[:, active], y, rcond=1e-13)[0], dtype=np.float64)
    return coef, float(np.sqrt(np.mean((design[:, active] @ coef - y) ** 2)))


def rational_fit(above: Terms, below: Terms, y: Array, weights: Array | None = None) -> tuple[Array, Array, float] | None:
    """Coefficients of P and Q in ``y Q = P`` from the smallest singular vector; None where it is not unique."""
    columns = np.concatenate([above.values, -y * below.values])
    if weights is not None:
        columns = columns * np.sqrt(weights)
    scale = np.sqrt(np.mean(columns**2, axis=1))
    if np.any(scale == 0):
        return None
    _, singular, right = np.linalg.svd((columns / scale[:, None]).T, full_matrices=False)
    if len(singular) < 2 or singular[-2] < 1e-7 * singular[0]:
        return None
    vector = right[-1] / scale
    p, q = vector[: len(above.exprs)], vector[len(above.exprs) :]
    strong = np.abs(right[-1]) > 1e-7 * np.max(np.abs(right[-1]))
    p, q = p * strong[: len(p)], q * strong[len(p) :]
    return p, q, float(singular[-1] / singular[0])


def combination(exprs: Sequence[Expr], coef: Array) -> Expr:
    """sum coef_i exprs_i over the non-zero coefficients."""
    return add(*(_scaled(c, expr) for c, expr in zip(coef.tolist(), exprs, strict=True) if c))


def _scaled(c: float, expr: Expr) -> Expr:
    return num(c) if expr.head == "rat" else mul(num(c), expr)
