"""The smooth stand-in: its gradients against the law's own."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import Surrogate, fit_surrogate

X = np.random.default_rng(10).uniform(1.0, 3.0, (2, 300))
FRESH = np.random.default_rng(12).uniform(1.2, 2.8, (2, 100))


def fitted(y: np.ndarray, x: np.ndarray = X) -> Surrogate:
    """Of rows in ``a`` and ``b``."""
    return fit_surrogate(Sample(names=("a", "b"), x=x, y=y), tuning_rows=150)


def test_gradients_are_those_of_the_law() -> None:
    def law(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value = np.sin(x[0] * x[1]) + x[0] ** 2
        return value, np.stack([x[1] * np.cos(x[0] * x[1]) + 2 * x[0], x[0] * np.cos(x[0] * x[1])])

    model = fitted(law(X)[0])
    value, slope = model.predict(FRESH)
    truth, exact = law(FRESH)
    assert model.missing < 1e-6
    assert np.sqrt(np.mean((value - truth) ** 2)) < 1e-3 * np.std(truth)
    for got, want in zip(slope, exact, strict=True):
        assert np.sqrt(np.mean((got - want) ** 2)) < 1e-2 * np.std(want)


def test_gradients_are_in_the_units_of_the_columns_where_logarithms_are_fitted() -> None:
    x = 10.0 ** np.random.default_rng(13).uniform(-1, 2, (2, 200))
    model = fitted(-(x[0] ** 2) / x[1], x)
    assert model.logs.all()
    assert model.log_target == -1
    point = np.array([[2.0, 20.0], [3.0, 0.5]])
    _, slope = model.predict(point)
    np.testing.assert_allclose(slope[0], -2 * point[0] / point[1], rtol=2e-3)
    np.testing.assert_allclose(slope[1], (point[0] / point[1]) ** 2, rtol=2e-3)


@pytest.mark.parametrize("noise", [0.02, 0.2])
def test_missing_measures_the_noise(noise: float) -> None:
    y = X[0] ** 2 + X[1]
    noisy = y + noise * np.std(y) * np.random.default_rng(14).normal(size=300)
    assert noise**2 / 3 < fitted(noisy).missing < 3 * noise**2


def test_pure_noise_is_explained_by_nothing() -> None:
    assert fitted(np.random.default_rng(15).normal(size=300)).missing > 0.7
