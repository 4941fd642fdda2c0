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
