"""Sums of terms: one, two, and by forward selection more, for one way to write the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from kandisco.arrays import Array
from kandisco.exhaustive import screen
from kandisco.exhaustive.blocks import Block, Builder
from kandisco.exhaustive.hits import Hit, best, length, solved
from kandisco.exhaustive.targets import Target
from kandisco.expr import Expr

# Forms of each target and number of terms that go on to be compared with all others.
_KEPT = 30
_TERMS = 6
# Halvings of the step of a grid by which an inner constant is brought between its points.
_HALVINGS = 5


@dataclass(frozen=True)
class Vocabulary:
    """Blocks side by side.

    Attributes:
        blocks: the terms.
        values: float64 [terms, rows] of all of them.
        starts: int64 [blocks], where each begins.
        cost: float64 [blocks], nats of each tree.
        constants: int64 [blocks], inner constants of each.
    """

    blocks: Sequence[Block]
    values: Array
    starts: np.ndarray
    cost: Array
    constants: np.ndarray


def side_by_side(blocks: Sequence[Block]) -> Vocabulary:
    sizes = [len(block.values) for block in blocks]
    return Vocabulary(
        blocks=blocks,
        values=np.concatenate([block.values for block in blocks]),
        starts=np.cumsum([0, *sizes[:-1]]),
        cost=np.array([block.cost for block in blocks]),
        constants=np.array([block.constants for block in blocks]),
    )


def sums_of_terms(make: Builder, goal: Target, words: Vocabulary) -> tuple[list[Hit], int]:
    """The best sums of one and of two terms, without and with an intercept, and how many there are."""
    hits: list[Hit] = []
    for intercept in (False, True):
        d = screen.design(words.values, goal.weight, words.starts, centred=intercept)
        t = screen.target(goal.values, goal.weight, centred=intercept)
        extra = _linear(make, 0) + (_offset(make) if intercept else 0.0)
        hits += _single(make, goal, words, d, t, intercept, extra)
        if len(goal.values) >= 4:
            hits += _double(make, goal, words, d, t, intercept, extra)
    count = len(words.blocks)
    return [hit for hit in hits if np.isfinite(hit.score)], 2 * count + count * (count + 1)


def _linear(make: Builder, terms: int) -> float:
    """Nats of the coefficients, and of the sums, beyond the terms themselves."""
    own = make.prior.nodes["mul"] + make.prior.nodes["num"]
    return own + terms * (own + make.prior.nodes["add"])


def _offset(make: Builder) -> float:
    return make.prior.nodes["add"] + make.prior.nodes["num"]


def _single(
    make: Builder, goal: Target, words: Vocabulary, d: screen.Design, t: Array, intercept: bool, extra: float
) -> list[Hit]:
    squares = screen.singles(d, t)
    least = np.minimum.reduceat(squares, words.starts)
    scores = length(least, 1 + intercept + words.constants, len(t), goal, inner=words.constants) + words.cost + extra
    ends = np.append(words.starts[1:], len(squares))
    out = []
    for i in best(scores, _KEPT):
        if np.isfinite(scores[i]):
            at = int(np.argmin(squares[words.starts[i] : ends[i]]))
            out.append(_hit(goal, words, [(i, at)], intercept, float(scores[i])))
    return out


def _double(
    make: Builder, goal: Target, words: Vocabulary, d: screen.Design, t: Array, intercept: bool, extra: float
) -> list[Hit]:
    squares = screen.pairs(d, t, d.columns @ d.columns.T)
    least = screen.by_block(squares, words.starts)
    inner = words.constants[:, None] + words.constants[None, :]
    scores = length(least, 2 + intercept + inner, len(t), goal, inner=inner) + words.cost[:, None] + words.cost[None, :]
    scores += extra + _linear(make, 1) - _linear(make, 0)
    scores[np.tril_indices(len(words.blocks), -1)] = np.inf
    out = []
    for flat in best(scores, _KEPT):
        i, j = divmod(flat, len(words.blocks))
        if np.isfinite(scores[i, j]):
            a, b = screen.place(squares, words.starts, i, j)
            at = [(i, a - int(words.starts[i])), (j, b - int(words.starts[j]))]
            out.append(_hit(goal, words, at, intercept, float(scores[i, j])))
    return out


def _hit(goal: Target, words: Vocabulary, at: Sequence[tuple[int, int]], intercept: bool, score: float) -> Hit:
    blocks = [words.blocks[i] for i, _ in at]
    inner = [float(block.inner[k]) for block, (_, k) in zip(blocks, at, strict=True)]

    def build() -> Expr:
        trees = [block.build(value) for block, value in zip(blocks, inner, strict=True)]
        return solved(goal, trees, [block.values[k] for block, (_, k) in zip(blocks, at, strict=True)], intercept=intercept)

    off = partial(_off_grid, goal, words, at, intercept, score) if any(block.constants for block in blocks) else None
    origin = f"sum of terms, {goal.name}"
    return Hit(build=build, score=score, relative=goal.relative, origin=origin, off_grid=off)


def _off_grid(goal: Target, words: Vocabulary, at: Sequence[tuple[int, int]], intercept: bool, score: float) -> Hit:
    """The sum with its inner constants between the points of their grids, the linear ones solved for (variable projection)."""
    blocks = [words.blocks[i] for i, _ in at]
    values = [block.values[k] for block, (_, k) in zip(blocks, at, strict=True)]
    inner = [float(block.inner[k]) for block, (_, k) in zip(blocks, at, strict=True)]
    before = squares = _rest(goal, values, intercept)
    for turn, (block, (_, k)) in enumerate(zip(blocks, at, strict=True)):
        if not block.constants:
            continue
        low, high = block.inner[max(k - 1, 0)], block.inner[min(k + 1, len(block.inner) - 1)]
        for _ in range(_HALVINGS):
            tried = [0.5 * (low + inner[turn]), 0.5 * (inner[turn] + high)]
            rests = []
            for value in tried:
                values[turn] = block.at(value)
                rests.append(_rest(goal, values, intercept))
            if min(rests) < squares:
                pick = int(np.argmin(rests))
                low, high = (low, inner[turn]) if pick == 0 else (inner[turn], high)
                inner[turn], squares = tried[pick], rests[pick]
            else:
                low, high = tried
        values[turn] = block.at(inner[turn])
    rows, one = len(goal.values), np.array([1])
    gained = length(np.array([before]), one, rows, goal, inner=1) - length(np.array([squares]), one, rows, goal)

    def build() -> Expr:
        trees = [block.build(value) for block, value in zip(blocks, inner, strict=True)]
        return solved(goal, trees, values, intercept=intercept)

    return Hit(build=build, score=score - float(gained[0]), relative=goal.relative, origin=f"sum of terms, {goal.name}")


def _rest(goal: Target, values: Sequence[Array], intercept: bool) -> float:
    """Weighted residual sum of squares of the target on terms and intercept."""
    columns = [value * goal.weight for value in values] + ([goal.weight] if intercept else [])
    matrix = np.stack(columns, axis=1)
    size = np.max(np.abs(matrix), axis=0)
    t = goal.values * goal.weight
    if not np.all(np.isfinite(matrix)) or not np.all(size > 0):
        return math.inf
    matrix = matrix / size
    rest = t - matrix @ np.linalg.lstsq(matrix, t, rcond=1e-12)[0]
    return float(rest @ rest)


def longer_sums(make: Builder, goal: Target, words: Vocabulary) -> tuple[list[Hit], int]:
    """Sums of three and more terms without inner constants, each found by adding to the last the term that helps most."""
    plain = np.flatnonzero(words.constants == 0)
    where = words.starts[plain]
    columns, cost = words.values[where], words.cost[plain]
    hits: list[Hit] = []
    rows = len(goal.values)
    for intercept in (False, True):
        d = screen.design(columns, goal.weight, np.arange(len(plain)), centred=intercept)
        t = screen.target(goal.values, goal.weight, centred=intercept)
        chosen: list[int] = []
        rest, left = t, d.columns.copy()
        while len(chosen) < min(_TERMS, rows // 3):
            size = np.linalg.norm(left, axis=1)
            gain = np.where(size > 1e-6, (left @ rest) ** 2 / np.where(size > 1e-6, size, 1.0) ** 2, 0.0)
            squares = np.maximum(float(rest @ rest) - gain, 1e-300)
            scores = 0.5 * rows * np.log(squares) + cost
            scores[chosen] = np.inf
            pick = int(np.argmin(scores))
            chosen.append(pick)
            axis = left[pick] / max(float(size[pick]), 1e-300)
            rest = rest - (rest @ axis) * axis
            left = left - (left @ axis)[:, None] * axis
            if len(chosen) > 2:
                constants = np.array([len(chosen) + intercept])
                nats = length(np.array([rest @ rest]), constants, rows, goal)[0] + float(cost[chosen].sum())
                nats += _linear(make, len(chosen) - 1) + (_offset(make) if intercept else 0.0)
                at = [(int(plain[i]), 0) for i in chosen]
                hits.append(_hit(goal, words, at, intercept, float(nats)))
    return hits, 2 * len(plain) * _TERMS
