"""Slope and intercept of a law in a function of one column, told by what a structured surrogate predicts."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.reductions.intercept import Parts, parts
from kandisco.reductions.reduction import Reduction
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import fit_surrogate


def rows(law: str, names: str = "abc", n: int = 500, noise: float = 0.0) -> Sample:
    rng = np.random.default_rng(3)
    x = rng.uniform(1.0, 5.0, (len(names), n))
    y = evaluate(parse(law), dict(zip(names, x, strict=True)))
    return Sample(names=tuple(names), x=x, y=y + noise * np.std(y) * rng.normal(size=n))


def found(sample: Sample) -> list[Parts | Reduction]:
    return parts(sample, fit_surrogate(sample))


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_slope_and_what_it_leaves(noise: float) -> None:
    sample = rows("a + b + 2*sqrt(a*b)*cos(c)", noise=noise)
    (way,) = found(sample)
    assert isinstance(way, Parts)
    truth = 2 * np.sqrt(sample.x[0] * sample.x[1])
    assert way.slope.names == ("a", "b")
    assert np.sqrt(np.mean((way.slope.y - truth) ** 2)) < 1.5 * max(way.slope.error, 1e-6)
    rest = way.rest(parse("2*sqrt(a*b)"))
    assert rest.sample.names == ("a", "b")
    clean = rows("a + b + 2*sqrt(a*b)*cos(c)")
    assert np.std(rest.sample.y - sample.x[0] - sample.x[1] - (sample.y - clean.y)) < 1e-12 * np.std(sample.y)
    whole = evaluate(rest.rebuild(parse("a + b")), sample.columns)
    np.testing.assert_allclose(whole, clean.y, rtol=1e-12, atol=1e-12)


def test_a_factor_that_changes_sign_is_divided_out() -> None:
    sample = rows("(1 + a*b)*cos(c)")
    (way,) = found(sample)
    assert isinstance(way, Reduction)
    assert way.sample.names == ("a", "b")
    np.testing.assert_allclose(way.sample.y, 1 + sample.x[0] * sample.x[1], rtol=1e-9)


def test_below_an_outer_function() -> None:
    sample = rows("1/(a*b + 2 + cos(c))")
    (way,) = found(sample)
    assert isinstance(way, Parts) and way.name == "1/y in cos(c)"
    rebuilt = way.rest(parse("1", ("a",))).rebuild(parse("a*b + 2"))
    np.testing.assert_allclose(evaluate(rebuilt, sample.columns), sample.y, rtol=1e-9)


def test_a_constant_slope_has_no_columns() -> None:
    (way,) = found(rows("sin(a)*sin(a*b/4) + 3*log(c)"))
    assert isinstance(way, Parts)
    assert way.slope.names == ()
    assert float(np.mean(way.slope.y)) == pytest.approx(3.0, abs=0.05)


def test_no_form_where_there_is_none_or_too_few_rows() -> None:
    assert found(rows("sin(a*b) + atan(a*c - b)")) == []
    assert found(rows("a + b*cos(c)", n=60)) == []


@pytest.mark.parametrize("law", ["exp(-30*a*b)*cos(c)", "exp(20*a)*b"])
def test_targets_whose_squares_cannot_be_held_give_no_warning(law: str) -> None:
    assert len(found(rows(law, n=300))) <= 1


@pytest.mark.parametrize("values", [[-1.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 2.0, 3.0]])
def test_no_division_by_a_function_that_is_zero_on_some_rows(values: list[float]) -> None:
    rng = np.random.default_rng(5)
    x = np.vstack([rng.uniform(1.0, 5.0, (2, 200)), rng.choice(values, 200)])
    for own in (1 + x[0] * x[1], x[0] + x[1], x[0] * np.sin(x[1])):
        for way in found(Sample(names=("a", "b", "c"), x=x, y=own * x[2])):
            smaller = way.sample if isinstance(way, Reduction) else way.rest(parse("1 + a*b")).sample
            assert np.all(np.isfinite(smaller.y))
