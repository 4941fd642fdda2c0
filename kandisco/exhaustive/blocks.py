"""The terms forms are built from: blocks of columns, each one tree whose inner constant runs over a grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from kandisco.arrays import Array
from kandisco.expr import Expr, add, call, mul, num, power, rat
from kandisco.expr.numeric import evaluate
from kandisco.posterior.prior import Prior
from kandisco.reductions.reduction import raised

NO_CONSTANT = np.array([math.nan])


@dataclass(frozen=True, kw_only=True)
class Block:
    """Terms of one form.

    Attributes:
        build: the tree, given the inner constant (nan where there is none).
        inner: float64 [terms], the grid of inner constants.
        values: float64 [terms, rows], finite.
        cost: nats of the tree, the inner constant's node included.
        columns: variable name -> float64 [rows].
        constants: how many inner constants it has: 0 or 1.
    """

    build: Callable[[float], Expr]
    inner: Array
    values: Array
    cost: float

    columns: Mapping[str, Array]

    @property
    def constants(self) -> int:
        return int(not math.isnan(float(self.inner[0])))

    def at(self, constant: float) -> Array:
        """The term's values with this inner constant, float64 [rows]; of ordinary size whatever the exponential's reach."""
        values = evaluate(self.build(constant), self.columns)
        largest = float(np.max(np.abs(values)))
        return np.asarray(values / largest) if 0 < largest < math.inf else values


@dataclass(frozen=True, kw_only=True)
class Column:
    """An input as the search sees it: a column of the table, or a temperature in degrees Celsius as kelvin."""

    expr: Expr
    values: Array


class Builder:
    """Blocks over the columns of a table; ``allowed`` heads only, each tree priced by the prior."""

    def __init__(self, columns: Sequence[Column], allowed: frozenset[str], prior: Prior) -> None:
        self.columns = columns
        self.allowed = allowed
        self.prior = prior
        self.variables = {str(c.expr.value): c.values for c in columns if c.expr.head == "var"}

    def block(self, build: Callable[[float], Expr], values: Array, inner: Array = NO_CONSTANT) -> Block | None:
        """A block of what is finite and not constant in ``values`` [terms, rows]."""
        values = np.atleast_2d(values)
        with np.errstate(all="ignore"):
            good = np.all(np.isfinite(values), axis=1) & (np.max(np.abs(values), axis=1) < 1e100) & (np.ptp(values, axis=1) > 0)
        if not np.any(good):
            return None
        inner = inner[good]
        tree = build(float(inner[0]))
        if any(node.head in _FUNCTIONS and node.head not in self.allowed for node in tree.walk()):
            return None
        cost = self.prior.cost(tree, len(self.columns))
        return Block(build=build, inner=inner, values=values[good], cost=cost, columns=self.variables)

    def of(self, tree: Expr, values: Array) -> Block | None:
        """A block of one term without a constant."""
        return self.block(lambda _: tree, values)


_FUNCTIONS = frozenset({"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "asin", "acos", "atan"})


def monomial(columns: Sequence[Column], exponents: Sequence[Fraction]) -> tuple[Expr, Array]:
    """A product of powers of columns: tree and values."""
    parts = [raised(c.expr, p) for c, p in zip(columns, exponents, strict=True) if p]
    values = np.ones(len(columns[0].values))
    with np.errstate(all="ignore"):
        for c, p in zip(columns, exponents, strict=True):
            if p:
                values = values * (
                    c.values ** (float(p) if p.denominator > 1 else int(p)) if p > 0 else 1.0 / c.values ** float(-p)
                )
    return mul(*parts), values


_HALVES = tuple(Fraction(p, 2) for p in (-8, -6, -4, -3, -2, -1, 1, 2, 3, 4, 6, 8))
_WHOLE = tuple(Fraction(p) for p in (-2, -1, 1, 2))


def monomials(columns: Sequence[Column], *, most: float) -> Iterator[tuple[Expr, Array]]:
    """Products of powers whose exponents together stay within ``most``, the single columns first."""
    ladder = {
        1: (
            *_HALVES,
            Fraction(1, 3),
            Fraction(2, 3),
            Fraction(-1, 3),
            Fraction(-2, 3),
            Fraction(5),
            Fraction(6),
            Fraction(-6),
            Fraction(-12),
        )
    }
    few = tuple(Fraction(p, 2) for p in (-4, -2, -1, 1, 2, 3, 4, 6))
    for size in range(1, min(len(columns), 4) + 1):
        powers = ladder.get(size, few if size == 2 else _WHOLE)
        for chosen in combinations(range(len(columns)), size):
            for exponents in product(powers, repeat=size):
                if size > 1 and sum(_weight(p) for p in exponents) > most:
                    continue
                yield monomial([columns[i] for i in chosen], exponents)


def _weight(exponent: Fraction) -> float:
    return float(abs(exponent)) if exponent.denominator == 1 else float(abs(exponent)) + 1.0


def _grid(low: float, high: float, count: int) -> Array:
    return np.geomspace(low, high, count)


def of_one(make: Builder, column: Column, *, fine: int) -> Iterator[Block | None]:
    """Functions of one column with one inner constant, which runs over what this column's range can tell apart."""
    x, u = column.expr, column.values
    reach, top = float(np.ptp(u)), float(np.max(np.abs(u)))
    rates = _grid(0.03 / reach, 60.0 / reach, 2 * fine)
    both = np.concatenate([-rates[::-1], rates])
    with np.errstate(all="ignore"):
        centred = both[:, None] * (u - u.max())[None, :]
        yield make.block(
            lambda k: call("exp", mul(num(k), x)),
            np.exp(np.where(both[:, None] > 0, centred, both[:, None] * (u - u.min()))),
            both,
        )
        if np.all(u > 0):
            v = 1.0 / u
            rate = _grid(0.1 / np.ptp(v), 40.0 / np.ptp(v), fine + fine // 2)
            rate = np.concatenate([-rate[::-1], rate])
            shifted = np.where(rate[:, None] > 0, rate[:, None] * (v - v.max()), rate[:, None] * (v - v.min()))
            yield make.block(lambda k: call("exp", mul(num(k), power(x, rat(-1)))), np.exp(shifted), rate)
            free = np.array([p for p in np.arange(-6.0, 6.01, 0.2) if abs(p) > 0.05])
            yield make.block(lambda k: power(x, num(k)), (u / np.exp(np.mean(np.log(u))))[None, :] ** free[:, None], free)
        square = _grid(0.1 / reach**2, 60.0 / reach**2, fine)
        yield make.block(lambda k: call("exp", mul(num(k), power(x, rat(2)))), np.exp(-square[:, None] * u**2), -square)
        yield from _shifted(make, x, u, _shifts(u, reach, top, fine))
        width = _grid(0.02 * top**2, 50.0 * top**2, fine)
        yield make.block(lambda k: power(add(power(x, rat(2)), num(k)), rat(-1)), 1.0 / (u**2 + width[:, None]), width)
        slope = _grid(0.3 / top, 12.0 / top, fine)
        yield make.block(lambda k: call("tanh", mul(num(k), x)), np.tanh(slope[:, None] * u), slope)
        yield make.block(lambda k: call("atan", mul(num(k), x)), np.arctan(slope[:, None] * u), slope)
        if np.all(u >= 0) or np.all(u <= 0):
            yield make.block(
                lambda k: call("log", add(rat(1), mul(num(k), x))),
                np.log1p(rates[:, None] * np.abs(u)),
                rates * (1 if u.max() > 0 else -1),
            )


def _shifts(u: Array, reach: float, top: float, fine: int) -> Array:
    """Where a pole may be: outside the data, on either side, as near as a hundredth of the range."""
    steps = _grid(0.01 * reach, 30.0 * max(reach, top), fine)
    return np.concatenate([-float(u.min()) + steps, -float(u.max()) - steps])


def _shifted(make: Builder, x: Expr, u: Array, shifts: Array) -> Iterator[Block | None]:
    moved = u[None, :] + shifts[:, None]
    yield make.block(lambda k: power(add(x, num(k)), rat(-1)), 1.0 / moved, shifts)
    yield make.block(lambda k: power(add(x, num(k)), rat(-2)), 1.0 / moved**2, shifts)
    yield make.block(lambda k: power(add(x, num(k)), rat(1, 2)), np.sqrt(moved), shifts)
    yield make.block(lambda k: call("log", add(x, num(k))), np.log(moved), shifts)


def fixed(make: Builder, tree: Expr, values: Array) -> Iterator[Block | None]:
    """Functions without a constant of a pure number."""
    with np.errstate(all="ignore"):
        for name in ("exp", "sin", "cos", "tanh", "tan", "sinh", "cosh"):
            yield make.of(call(name, tree), getattr(np, name)(values))
        yield make.of(call("exp", mul(rat(-1), tree)), np.exp(-values))
        yield make.of(call("log", tree), np.log(values))


def sums(columns: Sequence[Column]) -> Iterator[tuple[Expr, Array]]:
    """Sums and differences of two columns, of their squares, and one plus or minus a ratio or product."""
    for (i, a), (j, b) in combinations(enumerate(columns), 2):
        del i, j
        for sign in (1, -1):
            signed = b.expr if sign == 1 else mul(rat(-1), b.expr)
            yield add(a.expr, signed), a.values + sign * b.values
            squared = power(b.expr, rat(2)) if sign == 1 else mul(rat(-1), power(b.expr, rat(2)))
            yield add(power(a.expr, rat(2)), squared), a.values**2 + sign * b.values**2


def ones(terms: Sequence[tuple[Expr, Array]]) -> Iterator[tuple[Expr, Array]]:
    """One plus and one minus each term."""
    for tree, values in terms:
        yield add(rat(1), tree), 1.0 + values
        yield add(rat(1), mul(rat(-1), tree)), 1.0 - values


def kept(blocks: Iterator[Block | None]) -> list[Block]:
    return [block for block in blocks if block is not None]
