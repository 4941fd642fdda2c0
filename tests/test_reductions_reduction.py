"""A target divided by a factor: what errors count then."""

from __future__ import annotations

import numpy as np

from kandisco.expr import parse
from kandisco.reductions.reduction import divided
from kandisco.symbolic.sample import Sample

X = np.array([[1.0, 2.0, 4.0, 3.0, 2.5]])
SAMPLE = Sample(names=("a",), x=X, y=np.array([2.0, 8.0, 32.0, 18.0, 12.5]))


def test_an_error_counts_the_factor_squared() -> None:
    part = divided(SAMPLE, parse("a**2"))
    np.testing.assert_allclose(part.y, 2.0)
    assert part.weights is not None
    np.testing.assert_allclose(part.weights / part.weights[0], X[0] ** 4)


def test_relative_errors_stay_alike() -> None:
    from dataclasses import replace

    assert divided(replace(SAMPLE, relative=True), parse("a**2")).weights is None


def test_weights_stay_within_bounds() -> None:
    part = divided(SAMPLE, parse("exp(10*a)"))
    assert part.weights is not None
    assert part.weights.max() / part.weights.min() <= 30.0**4 * (1 + 1e-9)


def test_a_factor_that_is_zero_on_most_rows_raises_nothing() -> None:
    part = divided(Sample(names=("a",), x=np.array([[0.0, 0.0, 0.0, 1.0, 2.0]]), y=SAMPLE.y), parse("a"))
    assert np.isfinite(part.y).tolist() == [False, False, False, True, True]
