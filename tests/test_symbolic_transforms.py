"""Outer functions undone and put back."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr.numeric import evaluate
from kandisco.symbolic.transforms import transforms

CASES = {
    "positive": np.linspace(0.1, 1.4, 9),
    "negative": np.linspace(-5.0, -0.3, 9),
    "both signs": np.linspace(-2.0, 2.0, 8),
    "with zero": np.linspace(0.0, 3.0, 7),
    "large": np.linspace(10.0, 1e6, 9),
    "very large": np.linspace(1e100, 1e150, 9),
}


@pytest.mark.parametrize("y", CASES.values(), ids=CASES)
def test_every_transformation_is_undone_by_its_outer_function(y: np.ndarray) -> None:
    found = list(transforms(y))
    assert found[0].name == "y"
    for undone in found:
        back = evaluate(undone.outer, {"x": undone.values})
        np.testing.assert_allclose(back, y, rtol=1e-10, atol=1e-12, err_msg=undone.name)


def test_only_what_the_sign_and_range_allow_is_offered() -> None:
    names = {case: {undone.name for undone in transforms(y)} for case, y in CASES.items()}
    assert {"log y", "sqrt y", "1/y", "y^2"} <= names["positive"] & names["negative"]
    assert not {"log y", "sqrt y", "y^2"} & names["both signs"]
    assert "1/y" not in names["with zero"]
    assert "asin" not in names["large"]
    assert not {"exp y", "sin y", "cos y"} & names["large"]


def test_rows_that_noise_has_carried_past_the_border_do_not_count() -> None:
    y = np.linspace(0.2, 3.0, 100)
    y[5] = -0.01
    squared = next(undone for undone in transforms(y) if undone.name == "y^2")
    assert squared.weights[5] == 0
    assert np.mean(squared.weights) == pytest.approx(1.0)
    y[6:12] = -0.01
    assert "y^2" not in {undone.name for undone in transforms(y)}


def test_weights_are_the_inverse_square_of_what_the_transformation_makes_of_an_error() -> None:
    y = np.linspace(1.0, 4.0, 50)
    for undone in transforms(y):
        near = next(other for other in transforms(y + 1e-6) if other.name == undone.name)
        slope = (near.values - undone.values) / 1e-6
        np.testing.assert_allclose(undone.unit**2 * undone.weights * slope**2, 1.0, rtol=1e-3, err_msg=undone.name)
