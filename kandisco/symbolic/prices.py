"""What numbers cost to state, in nats: exact ones by how simple they are, fitted ones by how well the data know them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from kandisco.expr import Expr, complexity

_ALL_DIGITS = 36.0


def price(fraction: Fraction) -> float:
    """Nats to name a fraction: there are many with large terms, so one of them always lies near, and proves little."""
    return 0.5 + math.log(abs(fraction.numerator)) + 1.5 * math.log(fraction.denominator) if fraction else 0.0


def price_of_numbers(expr: Expr) -> float:
    """Nats it takes to name the exact numbers of a tree: data that choose 1/12 or 40 pay for it, though they are no constants."""
    exact = [Fraction(node.value) for node in expr.walk() if node.head == "rat"]  # type: ignore[arg-type]
    return float(sum(price(value) for value in exact))


def price_of_constants(values: Sequence[float], errors: Sequence[float], *, least: float = 0.0) -> float:
    """Nats to write fitted constants to the precision the data give them: log(value / standard error), at least ``least`` each.

    A formula that needs its constants to six digits says more than one that needs two, however many rows there are.
    """
    errors = errors if len(errors) == len(values) else (math.nan,) * len(values)
    ratios = [abs(v) / e if e > 0 and math.isfinite(e) else math.inf for v, e in zip(values, errors, strict=True)]
    return float(sum(min(max(math.log(max(ratio, 1.0)), least), _ALL_DIGITS) for ratio in ratios))


def price_of_form(expr: Expr, errors: Sequence[float]) -> float:
    """Nats to state a form and its numbers: 6.86 +- 0.13 as 7 costs more digits of an exponent beside it than it saves."""
    return complexity(expr) + price_of_numbers(expr) + price_of_constants(expr.numbers(), errors)
