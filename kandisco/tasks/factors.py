"""What a score may be built of: functions of columns and of sums of two squares, as expressions with their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, add, call, complexity, mul, num, parse, power, rat, to_text, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.types import Array

_LARGEST = 1e6
_KINKS = (0.1, 0.25, 0.5, 0.75, 0.9)
_NEVER_ZERO = ("exp", "cosh")


@dataclass(frozen=True, kw_only=True)
class Factors:
    """Candidate factors.

    Attributes:
        exprs: one tree each, in the columns' names.
        values: float64 [factors, rows], finite, each scaled to root mean square 1.
        scales: float64 [factors], what the values were divided by.
        costs: int64 [factors], the trees' complexity.
    """

    exprs: tuple[Expr, ...]
    values: Array
    scales: Array
    costs: NDArray[np.int64]


def factors(names: Sequence[str], x: Array, functions: Sequence[FunctionSpec]) -> Factors:
    """Each function of each column, its distance from a kink, and powers of the sum of two columns' squares.

    Args:
        names: one per column.
        x: float64 [rows, columns].
        functions: univariate functions; ``abs`` is always among them.

    Returns:
        Those that are finite on all rows, vary, and do not span more than six orders of magnitude; equal ones once.
    """
    columns = dict(zip(names, x.T))
    shapes = [parse(spec.sympy, ("x",)) for spec in functions]
    # A score divided by what is never zero has the same boundary, and may have fewer terms.
    shapes += [power(shape, rat(-1)) for shape in shapes if shape.head in _NEVER_ZERO and shape.args[0].head == "var"]
    candidates = [shape.substitute({"x": var(name)}) for name in names for shape in (*shapes, call("abs", var("x")))]
    candidates += [kink for name in names for kink in _kinks(name, columns[name])]
    candidates += [form for a, b in combinations(names, 2) for form in _moduli(a, b)]
    kept: dict[str, tuple[Expr, Array, float]] = {}
    for expr in candidates:
        value = evaluate(expr, columns)
        size = float(np.sqrt(np.mean(value * value))) if np.all(np.isfinite(value)) else np.inf
        if not 0 < size < np.inf or np.max(np.abs(value)) > _LARGEST * size or np.ptp(value) < 1e-9 * size:
            continue
        kept.setdefault(to_text(expr), (expr, value / size, size))
    found = _distinct(list(kept.values()))
    return Factors(
        exprs=tuple(expr for expr, _, _ in found),
        values=np.array([value for _, value, _ in found]).reshape(len(found), len(x)),
        scales=np.array([size for _, _, size in found]),
        costs=np.array([complexity(expr) for expr, _, _ in found], dtype=np.int64),
    )


def _distinct(found: list[tuple[Expr, Array, float]]) -> list[tuple[Expr, Array, float]]:
    """Of factors with the same values up to sign (abs of a positive column) the simplest one."""
    seen: dict[bytes, tuple[Expr, Array, float]] = {}
    for item in sorted(found, key=lambda one: complexity(one[0])):
        value = item[1]
        key = np.round(value * np.sign(value[np.argmax(np.abs(value))]), 9)
        seen.setdefault((key + 0.0).tobytes(), item)
    return list(seen.values())


def _kinks(name: str, column: Array) -> list[Expr]:
    """|x - q| and |x^2 - q| at quantiles q: where a column, or its square, passes a threshold that the fit will move."""
    if len(np.unique(column[:1000])) < 10:
        return []
    found = []
    for base, values in ((var(name), column), (power(var(name), rat(2)), column**2)):
        found += [call("abs", add(base, num(-float(q)))) for q in np.quantile(values, _KINKS)]
    return found


def _moduli(a: str, b: str) -> list[Expr]:
    squares = add(power(var(a), rat(2)), power(var(b), rat(2)))
    return [squares, *(power(squares, rat(*p)) for p in ((1, 2), (-1, 2), (-1, 1)))]


def product(parts: Sequence[Expr]) -> Expr:
    """The product of factors, powers of one base joined: x, 1/x, y -> y."""
    powers: dict[str, tuple[Expr, Expr]] = {}
    rest = []
    for part in parts:
        base, exponent = part.args if part.head == "pow" and part.args[1].head == "rat" else (part, rat(1))
        if base.head == "num":
            rest.append(part)
            continue
        key = to_text(base)
        total = exponent if key not in powers else _sum(powers[key][1], exponent)
        powers[key] = (base, total)
    joined = [base if e.value == 1 else power(base, e) for base, e in powers.values() if e.value != 0]
    return mul(*rest, *joined)


def _sum(a: Expr, b: Expr) -> Expr:
    from fractions import Fraction

    return rat(Fraction(a.value or 0) + Fraction(b.value or 0))
