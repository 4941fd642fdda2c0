"""The product start: y = d + f_1(x_1) f_2(x_2) ..., whatever the signs."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.symbolic.separable import product_start

RNG = np.random.default_rng(9)
X = RNG.uniform(-2.0, 2.0, (3, 600))
A, B, C = X


def test_factors_of_changing_sign_and_an_offset_are_found() -> None:
    y = 3.0 + np.sin(A) * (B**2 - 1) * C
    start = product_start(X, y)
    assert start.missing < 1e-6
    assert start.offset == pytest.approx(3.0, abs=1e-2)
    for factor, truth in zip(start.factors, (np.sin(A), B**2 - 1, C), strict=True):
        assert abs(np.corrcoef(factor, truth)[0, 1]) > 0.9999
    left = start.offset + np.prod(start.factors, axis=0) - y
    assert start.missing == pytest.approx(float(np.mean(left**2) / np.var(y)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("y", [A * B + B * C + C * A, np.sin(2 * A * B), RNG.normal(size=600)])
def test_what_is_no_product_leaves_much(y: np.ndarray) -> None:
    assert product_start(X, y).missing > 0.02


def test_a_column_that_does_not_matter_has_a_flat_factor() -> None:
    factors = product_start(X, np.exp(A / 2) * (1 + B**2)).factors
    spread = np.std(factors, axis=1) / np.sqrt(np.mean(factors**2, axis=1))
    assert spread[2] < 0.01 < spread[:2].min()
