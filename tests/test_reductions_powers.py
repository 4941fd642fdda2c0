"""Powers that divide out, told by regression in logarithms: with decades, both signs, noise; no column that still matters."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.reductions.powers import log_factors
from kandisco.symbolic.sample import Sample

RNG = np.random.default_rng(8)
DECADES = np.exp(RNG.uniform(np.log(0.1), np.log(10), (4, 600))) * RNG.choice([-1, 1], (4, 600))
NEAR = RNG.uniform(1.0, 5.0, (4, 600))
NAMES = ("a", "b", "c", "d")


def test_powers_of_columns_of_both_signs_over_decades_divide_out() -> None:
    a, b, c, d = DECADES
    y = 3 * a * b**2 / (c**2 + d**2)
    found, *_ = log_factors(Sample(names=NAMES, x=DECADES, y=y))
    assert found.sample.names == ("c", "d")
    np.testing.assert_allclose(found.sample.y, 3 / (c**2 + d**2), rtol=1e-12)


def test_noise_does_not_hide_them() -> None:
    a, b, c, d = NEAR
    y = np.sqrt(a) / b * np.cosh(c / d) * np.exp(0.03 * RNG.normal(size=600))
    found, *_ = log_factors(Sample(names=NAMES, x=NEAR, y=y))
    assert found.sample.names == ("c", "d")


@pytest.mark.parametrize("text", ["sqrt(a**2 + b**2 - a*b*cos(c)) + d", "a + b + c + d"])
def test_a_column_that_matters_otherwise_stays(text: str) -> None:
    y = evaluate(parse(text, NAMES), dict(zip(NAMES, NEAR, strict=True)))
    assert log_factors(Sample(names=NAMES, x=NEAR, y=y)) == []


def test_a_monomial_is_left_to_those_who_solve_it() -> None:
    a, b, c, d = NEAR
    assert log_factors(Sample(names=NAMES, x=NEAR, y=a * b / (c * d))) == []


def test_a_half_that_is_only_like_a_power_is_left_in() -> None:
    a, b, c, d = NEAR
    found = log_factors(Sample(names=NAMES, x=NEAR, y=(c**4 / b**2 + d**2 * (1 - 2 * b)) / a))
    assert all("b" in reduction.sample.names for reduction in found)
    assert found and "a" not in found[0].sample.names


def test_a_doubtful_factor_can_be_put_back() -> None:
    a, b, c, d = NEAR
    y = a / np.sqrt(c**2 + b**2 - 2 * c * b * np.cos(6 * d)) * np.exp(0.05 * RNG.normal(size=600)) / np.sqrt(b)
    found = log_factors(Sample(names=NAMES, x=NEAR, y=y))
    assert all("a" not in reduction.sample.names for reduction in found[:1])
    assert len({reduction.name for reduction in found}) == len(found)
