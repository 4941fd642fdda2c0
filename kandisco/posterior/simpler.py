"""What a fitted form might be in plainer words: a constant exact, a summand less, two coefficients alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, add, mul, num, rat
from kandisco.symbolic.snap import replace_number, roles_of, without_neutral, without_one_term

# Exact values are tried for a constant within this many standard errors.
_NEAR = 2.5


def simpler_than(tree: Expr, errors: Sequence[float]) -> Iterator[Expr]:
    """The tree with one constant exact, one summand less, or two coefficients alike."""
    roles = list(roles_of(tree))
    for i, (value, error) in enumerate(zip(tree.numbers(), errors, strict=True)):
        for exact in _exact_values(value, error, roles[i]):
            yield without_neutral(replace_number(tree, i, rat(exact)))
    yield from without_one_term(tree)
    yield from _alike(tree)


def _exact_values(value: float, error: float, role: str) -> Iterator[Fraction]:
    """Exact numbers near a constant: any small fraction for an exponent, one or minus one for a factor, zero for a term."""
    width = max(_NEAR * error, 1e-9 * abs(value)) if math.isfinite(error) else 0.3 * abs(value)
    candidates = {Fraction(1), Fraction(-1)} if role != "term" else {Fraction(0), Fraction(1), Fraction(-1)}
    limits = (1, 2, 3, 4) if role == "exponent" else (1, 2)
    for limit in limits:
        near = Fraction(value).limit_denominator(limit) if abs(value) < 1e6 else Fraction(0)
        if near and abs(near.numerator) <= 100:
            candidates.add(near)
    yield from sorted((c for c in candidates if abs(float(c) - value) <= width), key=lambda c: abs(float(c) - value))


def _alike(tree: Expr) -> Iterator[Expr]:
    """Sums of terms whose coefficients are equal, or opposite, within their errors: one coefficient in front."""

    def change(expr: Expr) -> Iterator[Expr]:
        if expr.head == "add":
            parts = [_coefficient(arg) for arg in expr.args]
            known = [c for c, _ in parts if c is not None]
            if len(known) == len(parts) >= 2 and max(map(abs, known)) <= 1.2 * min(map(abs, known)):
                size = float(np.mean(np.abs(known)))
                lead = math.copysign(size, known[0])
                signed = [e if c * lead > 0 else mul(rat(-1), e) for (_, e), c in zip(parts, known, strict=True)]
                yield mul(num(lead), add(*signed))
        for i, arg in enumerate(expr.args):
            for changed in change(arg):
                yield Expr(expr.head, (*expr.args[:i], changed, *expr.args[i + 1 :]), expr.value)

    yield from change(tree)


def _coefficient(expr: Expr) -> tuple[float | None, Expr]:
    """The fitted factor of a term and what it multiplies."""
    if expr.head == "mul":
        numbers = [arg for arg in expr.args if arg.head == "num"]
        rest = [arg for arg in expr.args if arg.head != "num"]
        if len(numbers) == 1 and rest:
            return float(numbers[0].value), mul(*rest)  # type: ignore[arg-type]
    return None, expr
