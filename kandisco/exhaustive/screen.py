"""Least squares of every term and every pair of terms at once, from one Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kandisco.arrays import Array

# Two terms whose angle is below this are one term: their difference is rounding.
_PARALLEL = 1e-9


@dataclass(frozen=True, kw_only=True)
class Design:
    """Columns of terms, weighted, and of unit length.

    Attributes:
        columns: float64 [terms, rows].
        length: float64 [terms], of each beside its largest value; inf for one that is the intercept itself.
        starts: int64 [blocks], where each block begins.
    """

    columns: Array
    length: Array
    starts: np.ndarray


def design(values: Array, weight: Array, starts: np.ndarray, *, centred: bool) -> Design:
    """Terms [terms, rows] times the root weights, orthogonal to the intercept where one is fitted along."""
    columns = values * (weight / np.max(weight))
    columns = columns / np.maximum(np.max(np.abs(columns), axis=1, keepdims=True), 1e-300)
    whole = np.linalg.norm(columns, axis=1)
    if centred:
        one = weight / np.linalg.norm(weight)
        columns = columns - (columns @ one)[:, None] * one
    length = np.linalg.norm(columns, axis=1)
    length = np.where(length > 1e-12 * whole, length, np.inf)
    return Design(columns=columns / length[:, None], length=length, starts=starts)


def target(values: Array, weight: Array, *, centred: bool) -> Array:
    t = values * weight
    if centred:
        one = weight / np.linalg.norm(weight)
        t = t - (t @ one) * one
    return np.asarray(t)


def singles(d: Design, t: Array) -> Array:
    """Residual sum of squares of t = a u for every term u."""
    along = d.columns @ t
    # From the residual itself: the difference of two squares would lose what is below 1e-8 of the target.
    rest = t[None, :] - along[:, None] * d.columns
    return np.asarray(np.einsum("mn,mn->m", rest, rest))


def pairs(d: Design, t: Array, gram: Array) -> Array:
    """Residual sum of squares of t = a u + b v for every pair, float64 [terms, terms]; inf for a term with itself."""
    along = d.columns @ t
    rest = max(float(t @ t), 1e-300)
    det = 1.0 - gram * gram
    with np.errstate(all="ignore"):
        gain = (along[:, None] ** 2 + along[None, :] ** 2 - 2.0 * gram * along[:, None] * along[None, :]) / det
        out = np.where(det > _PARALLEL, rest - gain, np.inf)
    return np.maximum(out, 1e-15 * rest)


def by_block(squares: Array, starts: np.ndarray) -> Array:
    """The least of each pair of blocks, float64 [blocks, blocks]."""
    return np.asarray(np.minimum.reduceat(np.minimum.reduceat(squares, starts, axis=0), starts, axis=1))


def place(squares: Array, starts: np.ndarray, i: int, j: int) -> tuple[int, int]:
    """Where in blocks i and j the least square is: two terms."""
    ends = np.append(starts[1:], len(squares))
    part = squares[starts[i] : ends[i], starts[j] : ends[j]]
    a, b = np.unravel_index(int(np.argmin(part)), part.shape)
    return int(starts[i] + a), int(starts[j] + b)
