"""Derivatives of formulas: every head's chain rule agrees with differences, and nothing is left where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.errors import InputError
from kandisco.expr import parse, rat, to_text
from kandisco.expr.derivative import derivative
from kandisco.expr.heads import HEADS
from kandisco.expr.numeric import evaluate

X = np.linspace(0.31, 0.87, 7)


def differences(text: str) -> np.ndarray:
    step = 1e-6
    up, down = (evaluate(parse(text), {"x": X + h}) for h in (step, -step))
    return (up - down) / (2 * step)


def call_of(name: str) -> str:
    argument = "1.2 + x" if name == "acosh" else "x"
    return f"{name}({', '.join(['2'] * (HEADS[name].arity - 1) + [argument])})"


@pytest.mark.parametrize("text", [*map(call_of, sorted(HEADS)), "x**x", "x**3*exp(-x**2)/(1 + x)", "sqrt(x)", "2.5"])
def test_agrees_with_differences(text: str) -> None:
    found = evaluate(derivative(parse(text), "x"), {"x": X})
    np.testing.assert_allclose(found, differences(text), rtol=2e-6, atol=1e-7)


def test_zeros_and_ones_are_folded_away() -> None:
    assert to_text(derivative(parse("3*x + y"), "x")) == "3"
    assert derivative(parse("y**2"), "x") == rat(0)


def test_an_order_that_varies_is_refused() -> None:
    with pytest.raises(InputError, match="order"):
        derivative(parse("besselj(x, 2)"), "x")
