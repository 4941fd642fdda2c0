"""The spectral start: one eigenproblem tells laws y = g(f_1 + ... + f_n) from all others."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.symbolic.spectral import even_out, spectral_start, spline_features

RNG = np.random.default_rng(8)
X = RNG.uniform(0.5, 3.0, (2, 800))
A, B = X


@pytest.mark.parametrize("y", [np.exp(-A - B**2 / 4), A * B, np.sqrt(A**2 + B**2), 1 / (A + 2 * B), A + np.sin(2 * B)])
def test_a_link_of_a_sum_leaves_almost_nothing(y: np.ndarray) -> None:
    assert spectral_start(X, y).missing < 1e-5


@pytest.mark.parametrize("y", [A * np.sin(4 * B) + B, np.sin(3 * A * B), RNG.normal(size=800)])
def test_any_other_law_and_noise_leave_much(y: np.ndarray) -> None:
    assert spectral_start(X, y).missing > 0.02


def test_parts_and_theta_are_the_functions_of_the_law() -> None:
    start = spectral_start(X, np.exp(A**2 / 2 - B))
    for part, truth in ((start.parts[0], A**2 / 2), (start.parts[1], -B), (start.theta, A**2 / 2 - B)):
        assert np.corrcoef(part, truth)[0, 1] > 0.999
    assert np.std(start.theta) == pytest.approx(1.0, rel=1e-6)
    assert np.sqrt(np.mean((start.theta - start.parts.sum(axis=0)) ** 2)) < 0.02


def test_a_column_that_does_not_matter_has_no_part() -> None:
    x = np.vstack([X, RNG.uniform(0, 1, 800)])
    spread = np.std(spectral_start(x, A * B).parts, axis=1)
    assert spread[2] < 0.01 < spread[:2].min()


def test_splines_are_centred_and_draw_cubics_exactly() -> None:
    features = spline_features(A, 6)
    np.testing.assert_allclose(features.mean(axis=1), 0.0, atol=1e-12)
    target = A**3 - 2 * A
    coef = np.linalg.lstsq(features.T, target - target.mean(), rcond=None)[0]
    np.testing.assert_allclose(coef @ features, target - target.mean(), atol=1e-9)
    assert spline_features(np.full(20, 3.0), 6).shape == (0, 20)


def test_columns_of_one_sign_over_decades_are_taken_as_logarithms() -> None:
    wide = np.array([1.0, 5.0, 200.0])
    np.testing.assert_array_equal(even_out(wide), np.log(wide))
    np.testing.assert_array_equal(even_out(-wide), np.log(wide))
    for same in (np.array([1.0, 5.0, 9.0]), np.array([-1.0, 5.0, 200.0])):
        np.testing.assert_array_equal(even_out(same), same)


def test_columns_that_do_not_vary_leave_everything_open() -> None:
    start = spectral_start(np.ones((2, 40)), np.linspace(0, 1, 40))
    assert start.missing == 1.0 and start.parts.shape == (2, 40) and not start.theta.any()
