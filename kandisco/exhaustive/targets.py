"""What the target may be a sum of terms in: itself, its reciprocal, logarithm, powers, over a factor or not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.arrays import Array
from kandisco.expr import Expr, add, call, mul, num, power, rat
from kandisco.posterior.prior import Prior

# Targets and weights beyond this square to more than float64 holds.
_LARGEST = 1e120


@dataclass(frozen=True, kw_only=True)
class Target:
    """One way to write the target.

    Attributes:
        name: of the link.
        values: float64 [rows], what is to be a sum of terms.
        weight: float64 [rows], root weights that make its errors those of the target, in the kind of errors of ``relative``.
        relative: whether errors are a share of each value.
        cost: nats that the link and the factor add to a tree.
        outer: the formula of the target, given the sum of terms.
        logarithm: whether terms multiply.
        shift: what is added to n/2 log(mean square) to compare kinds of errors.
        scale: what errors are compared to: the target's spread, or 1 where they are relative.
    """

    name: str
    values: Array
    weight: Array
    relative: bool
    cost: float
    outer: Callable[[Expr], Expr]
    logarithm: bool = False
    shift: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Factor:
    """What a target is divided by before it is a sum of terms."""

    expr: Expr | None
    values: Array | float
    cost: float


NO_FACTOR = Factor(expr=None, values=1.0, cost=0.0)


def targets(y: Array, relative: bool, weights: Array | None, factors: Sequence[Factor], prior: Prior) -> Iterator[Target]:
    """Every link with every factor, for one kind of errors."""
    own = np.ones(len(y)) if weights is None else np.sqrt(weights / np.mean(weights))
    shift = float(np.sum(np.log(np.abs(y)))) if relative else 0.0
    error = np.abs(y) if relative else np.ones(len(y))
    for name, value, slope, cost, inverse in _links(y, prior):
        for factor in factors:
            if name == "log" and factor.expr is not None and np.any(np.asarray(factor.values) <= 0):
                continue
            with np.errstate(all="ignore"):
                scaled = value - np.log(factor.values) if name == "log" else value / factor.values
                lever = 1.0 if name == "log" else np.abs(factor.values)
                weight = own * lever / (np.abs(slope) * error)
            with np.errstate(all="ignore"):
                size = np.max(np.abs(np.stack([scaled, weight, scaled * weight])))
            if not size < _LARGEST or not np.any(weight > 0):
                continue
            yield Target(
                name=name,
                values=scaled,
                weight=weight,
                relative=relative,
                cost=cost + factor.cost,
                outer=_outer(inverse, factor.expr, name == "log"),
                logarithm=name == "log",
                shift=shift,
                scale=1.0 if relative else float(np.std(y)) or 1.0,
            )


def _outer(inverse: Callable[[Expr], Expr], factor: Expr | None, logarithm: bool) -> Callable[[Expr], Expr]:
    if factor is None:
        return inverse
    return lambda terms: mul(factor, terms) if logarithm else inverse(mul(factor, terms))


def _links(y: Array, prior: Prior) -> Iterator[tuple[str, Array, Array, float, Callable[[Expr], Expr]]]:
    """Name, T(y), dT/dy, nats and the inverse of each link that all targets allow."""
    yield "y", y, np.ones(len(y)), 0.0, lambda e: e
    reciprocal = prior.nodes["pow"] + prior.exponents["-1"]
    if np.all(y != 0):
        yield "1/y", 1.0 / y, -1.0 / y**2, reciprocal, lambda e: power(e, rat(-1))
    if not (np.all(y > 0) or np.all(y < 0)):
        return
    sign = 1 if y[0] > 0 else -1
    size = np.abs(y)

    def signed(e: Expr) -> Expr:
        return e if sign > 0 else mul(rat(-1), e)

    yield "log", np.log(size), 1.0 / y, prior.nodes["exp"], signed
    half = prior.nodes["pow"] + prior.exponents["1/2"]
    yield "y^2", size**2, 2.0 * y, half, lambda e: signed(power(e, rat(1, 2)))
    yield "1/y^2", size**-2.0, -2.0 / y**3, half + reciprocal, lambda e: signed(power(e, rat(-1, 2)))
    square = prior.nodes["pow"] + prior.exponents["2"]
    yield "sqrt y", np.sqrt(size), 0.5 / np.sqrt(size), square, lambda e: signed(power(e, rat(2)))


def assembled(target: Target, terms: Sequence[tuple[float, Expr]], intercept: float | None) -> Expr:
    """The formula of the target from its terms with their coefficients."""
    if not target.logarithm:
        parts = [_times(c, e) for c, e in terms]
        return target.outer(add(*([num(intercept)] if intercept is not None else []), *parts))
    factors = [_raised(c, e) for c, e in terms]
    return target.outer(mul(*([num(math.exp(min(intercept, 690.0)))] if intercept is not None else []), *factors))


def _times(coefficient: float, term: Expr) -> Expr:
    return mul(num(coefficient), term)


def _raised(coefficient: float, term: Expr) -> Expr:
    """exp(c u), with x**c for u = log(x)."""
    if term.head == "log":
        return power(term.args[0], num(coefficient))
    return call("exp", mul(num(coefficient), term))
