"""Roots of squares are taken apart where the data show one sign."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.expr.rewrite import without_roots_of_squares

COLUMNS = {"x": np.linspace(5.0, 10.0, 40), "t": np.linspace(1.0, 2.0, 40), "c": np.linspace(3.0, 20.0, 40)[::-1]}


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("sqrt((x - t)**2/(1 - 1/c**2))", "(x - t)/sqrt(1 - (1/c)**2)"),
        ("sqrt((t - x)**2)", "x - t"),
        ("((x - t)**2*c)**(3/2)", "(x - t)**3*c**(3/2)"),
    ],
)
def test_one_sign(long: str, short: str) -> None:
    plain = without_roots_of_squares(parse(long), COLUMNS)
    np.testing.assert_allclose(evaluate(plain, COLUMNS), evaluate(parse(long), COLUMNS), rtol=1e-14)
    wide = {"x": np.array([0.5]), "t": np.array([1.5]), "c": np.array([2.0])}
    np.testing.assert_allclose(evaluate(plain, wide), evaluate(parse(short), wide), rtol=1e-12)


@pytest.mark.parametrize("text", ["sqrt((x - 7)**2)", "sqrt(x**2 + t)", "((x - t)**2)**(1/3)"])
def test_what_has_both_signs_or_no_square_stays(text: str) -> None:
    assert without_roots_of_squares(parse(text), COLUMNS) == parse(text)
