"""Lagrangians from motion: the Euler-Lagrange equation is linear in L, so a Lagrangian is a null vector.

For one coordinate q with velocity v and acceleration a, L must satisfy L_vv a + L_qv v - L_q = 0 in every row. Terms of a
dictionary are taken from simple to rich, as for conserved quantities (``kandisco.tasks.conserved``), until one depends on
those before it. Terms that satisfy the equation whatever the motion (constants, f(q) v) are left out, and so is what does
so with shuffled accelerations. (KAN 2.0, arXiv:2408.10205, section 4.2, trains a network for L by descent, with L_vv kept
positive.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kandisco.errors import InputError
from kandisco.expr import Expr, add, call, mul, num, power, rat, var
from kandisco.expr.derivative import derivative
from kandisco.expr.numeric import evaluate
from kandisco.types import Array

_TOLERANCE = 1e-6
_Q, _V = var("q"), var("v")


@dataclass(frozen=True, kw_only=True)
class Lagrangian:
    """What was found.

    Attributes:
        expr: L in ``q`` and ``v``, with the kinetic term positive; only up to a factor and total derivatives.
        misfit: root mean square of the Euler-Lagrange equation over that of its terms, at rows it was not fitted to.
    """

    expr: Expr
    misfit: float


def lagrangian(q: Array, v: Array, a: Array) -> Lagrangian | None:
    """A Lagrangian of one coordinate, or None.

    Args:
        q, v, a: float64 [rows], coordinate, velocity and acceleration of motions of one system.

    Raises:
        InputError: fewer than 20 rows, or not as many of each.

    Example:
        >>> from kandisco.expr import to_text
        >>> rng = np.random.default_rng(0)
        >>> q, v = rng.uniform(-1, 1, (2, 100))
        >>> to_text(lagrangian(q, v, -np.sin(q)).expr)
        'v**2 + 2*cos(q)'
    """
    if not len(q) == len(v) == len(a) or len(q) < 20:
        raise InputError("A Lagrangian needs 20 rows of q, v and a.", hint="Give as many of each.")
    expr = _of_dictionary(q[::2], v[::2], a[::2])
    if expr is None:
        return None
    expr = _upright(expr, q, v)
    found = Lagrangian(expr=expr, misfit=misfit(expr, q[1::2], v[1::2], a[1::2]))
    return found if found.misfit < 100 * _TOLERANCE else None


def equation(expr: Expr) -> tuple[Expr, Expr, Expr]:
    """L_vv, L_qv and L_q."""
    by_v = derivative(expr, "v")
    return derivative(by_v, "v"), derivative(by_v, "q"), derivative(expr, "q")


def _applied(expr: Expr, q: Array, v: Array, a: Array) -> tuple[Array, Array]:
    """The Euler-Lagrange equation of a term at every row, and the size of its parts."""
    zero = np.zeros_like(q)
    second, mixed, force = (evaluate(part, {"q": q, "v": v}) + zero for part in equation(expr))
    return second * a + mixed * v - force, np.abs(second * a) + np.abs(mixed * v) + np.abs(force)


def misfit(expr: Expr, q: Array, v: Array, a: Array) -> float:
    """Root mean square of the Euler-Lagrange equation over that of the sum of its parts' sizes."""
    left, size = _applied(expr, q, v, a)
    whole = float(np.sqrt(np.mean(size**2)))
    return float(np.sqrt(np.mean(left**2))) / whole if whole > 0 else np.inf


def _terms(q: Array, v: Array) -> Iterator[Expr]:
    """From simple to rich: one variable at a time, then products."""
    two = rat(2)
    yield power(_V, two)
    yield _Q
    yield power(_Q, two)
    yield from (call(name, _Q) for name in ("cos", "sin"))
    for x, values in ((_V, v), (_Q, q)):
        if np.all(np.abs(values) < 1):
            yield power(add(rat(1), mul(rat(-1), power(x, two))), rat(1, 2))
        yield power(add(rat(1), power(x, two)), rat(1, 2))
        yield power(x, rat(3))
        yield power(x, rat(4))
        yield call("exp", x)
        if np.all(values > 0):
            yield from (call("log", x), power(x, rat(-1)), power(x, rat(1, 2)))
    yield call("cos", _V)
    yield from (mul(f, power(_V, two)) for f in (_Q, power(_Q, two), call("cos", _Q), call("exp", _Q)))


def _of_dictionary(q: Array, v: Array, a: Array) -> Expr | None:
    active: list[Expr] = []
    for term in _terms(q, v):
        column, _ = _applied(term, q, v, a)
        if not np.all(np.isfinite(column)):
            continue
        table = np.stack([_applied(one, q, v, a)[0] for one in (*active, term)], axis=1)
        scale = np.linalg.norm(table, axis=0)
        if active and scale[-1] > 0:
            solution = np.linalg.lstsq(table[:, :-1] / scale[:-1], -table[:, -1] / scale[-1], rcond=1e-13)[0]
            rest = table[:, :-1] / scale[:-1] @ solution + table[:, -1] / scale[-1]
            if np.linalg.norm(rest) < _TOLERANCE:
                expr = _sum([*active, term], np.array([*solution, 1.0]) / scale)
                if _says_something(expr, q, v, a):
                    return expr
                continue
        active.append(term)
    return None


def _says_something(expr: Expr, q: Array, v: Array, a: Array) -> bool:
    """Whether the equation fails for accelerations in another order: if not, it is an identity."""
    return misfit(expr, q, v, np.random.default_rng(0).permutation(a)) > 1e3 * max(misfit(expr, q, v, a), 1e-12)


def _sum(terms: list[Expr], coefficients: Array) -> Expr:
    """Without idle terms, over the coefficient that makes most of the others simple."""
    kept = [(term, float(c)) for term, c in zip(terms, coefficients, strict=True) if abs(c) > 1e-4 * np.abs(coefficients).max()]
    values = np.array([c for _, c in kept])
    best = max((values / c for c in values), key=lambda r: sum(_near(x) is not None for x in r.tolist()))
    parts = []
    for (term, _), value in zip(kept, best.tolist(), strict=True):
        near = _near(value)
        parts.append(term if near == 1 else mul(num(value) if near is None else rat(near), term))
    return add(*parts)


def _near(value: float) -> Fraction | None:
    found = Fraction(value).limit_denominator(6)
    return found if found and abs(float(found) - value) < 1e-5 * abs(value) else None


def _upright(expr: Expr, q: Array, v: Array) -> Expr:
    """The sign for which L_vv is positive."""
    second = evaluate(equation(expr)[0], {"q": q, "v": v}) + np.zeros_like(q)
    if np.mean(second) >= 0:
        return expr
    flipped = []
    for term in expr.args if expr.head == "add" else (expr,):
        value = term.args[0].value if term.head == "mul" and term.args[0].head in ("rat", "num") else None
        if isinstance(value, Fraction | float):
            rest = mul(*term.args[1:])
            flipped.append(rest if value == -1 else mul(rat(-value) if isinstance(value, Fraction) else num(-value), rest))
        else:
            flipped.append(mul(rat(-1), term))
    return add(*flipped)
