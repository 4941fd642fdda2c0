"""kandisco.symbolic.intervals and codata: intervals hold what they promise, suggestions are no accidents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.symbolic.codata import suggestions
from kandisco.symbolic.intervals import infer
from kandisco.symbolic.sample import Sample


def sample(seed: int, noise: float = 0.05, *, relative: bool = False, rows: int = 40) -> Sample:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 3, rows)
    y = 2.37 * np.exp(-0.8 * x) + 0.6
    y = y * (1 + noise * rng.normal(size=rows)) if relative else y + noise * rng.normal(size=rows)
    return Sample(names=("x",), x=x[None, :], y=y, relative=relative)


@pytest.mark.parametrize("relative", [False, True])
def test_intervals_cover_the_truth_as_often_as_they_say(relative: bool) -> None:
    law = parse("2.37*exp(-0.8*x) + 0.6")
    truth, hits, inside = np.array(law.numbers()), 0, 0
    for seed in range(60):
        rows = sample(seed, relative=relative)
        found = infer(rows.refit(law).expr, rows)
        low, high = found.constants(0.95).T
        hits += int(np.sum((low <= truth) & (truth <= high)))
        new = sample(1000 + seed, relative=relative)
        _, below, above = found.predictions({"x": new.x[0]}, 0.95)
        inside += int(np.sum((below <= new.y) & (new.y <= above)))
    assert 0.88 < hits / (60 * 3) <= 0.99
    assert 0.92 < inside / (60 * 40) < 0.98


def test_a_straight_line_has_the_textbook_errors() -> None:
    from scipy.stats import linregress

    rng = np.random.default_rng(3)
    x = rng.uniform(0, 5, 30)
    rows = Sample(names=("x",), x=x[None, :], y=1.7 * x + 0.4 + rng.normal(0, 0.3, 30))
    fit = rows.refit(parse("1.7*x + 0.4"))
    known = linregress(x, rows.y)
    np.testing.assert_allclose(infer(fit.expr, rows).std_errors, [known.stderr, known.intercept_stderr], rtol=1e-8)
    np.testing.assert_allclose(infer(fit.expr, rows).std_errors, fit.std_errors, rtol=1e-8)


def test_a_weight_is_worth_as_many_rows() -> None:
    rows, law = sample(4), parse("2.37*exp(-0.8*x) + 0.6")
    weighted = replace(rows, weights=np.where(np.arange(40) < 20, 1e-12, 1.0))
    fit = weighted.refit(law)
    half = rows.rows(np.arange(20, 40))
    alone = infer(fit.expr, half)
    found = infer(fit.expr, weighted)
    np.testing.assert_allclose(found.std_errors, fit.std_errors, rtol=1e-8)
    np.testing.assert_allclose(found.std_errors * np.sqrt(37), alone.std_errors * np.sqrt(17), rtol=1e-6)


def test_what_the_rows_do_not_fix_has_no_interval() -> None:
    rows = sample(0)
    assert np.all(np.isnan(infer(parse("2.0*3.0*x"), rows).constants()))
    assert infer(parse("x"), rows).constants().shape == (0, 2)
    value, low, high = infer(parse("x"), rows).predictions({"x": np.array([1.0])})
    assert low[0] < value[0] == 1.0 < high[0]


@pytest.mark.parametrize(
    ("value", "error", "sign"),
    [
        (6.674e-11, 2e-15, "G"),
        (8.9876e9, 1e5, "1/(4π ε₀)"),
        (-9.8067, 0.0004, "g"),
        (2.99792e8, 1e3, "c"),
        (1.2566e-6, 1e-10, "μ₀"),
    ],
)
def test_a_physical_constant_is_recognised(value: float, error: float, sign: str) -> None:
    assert sign in {found.sign for found in suggestions(value, error)}


@pytest.mark.parametrize(("value", "error"), [(9.8, 0.5), (0.0, 1.0), (1.0, float("nan")), (3.3333, 1e-9), (6.7e-11, 2e-12)])
def test_nothing_is_suggested_where_it_would_mean_little(value: float, error: float) -> None:
    assert suggestions(value, error) == []
