"""Every reduction is found on a small law that has it, puts solutions back exactly, and is not proposed where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.reductions.gradients import reductions
from kandisco.reductions.index import single_index
from kandisco.reductions.reduction import Reduction
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import fit_surrogate

X = np.random.default_rng(3).uniform(1.0, 3.0, (3, 250))
COLUMNS = dict(zip("abc", X, strict=True))
FAR = {"a": np.array([4.0, 9.0]), "b": np.array([5.0, 0.3]), "c": np.array([0.2, 7.0])}


def rows(text: str) -> Sample:
    """Rows of a law in a, b and c."""
    return Sample(names=("a", "b", "c"), x=X, y=evaluate(parse(text), COLUMNS))


def found(text: str) -> dict[str, Reduction]:
    """What is proposed for a law, by name."""
    return {r.name: r for r in reductions(fit_surrogate(rows(text), tuning_rows=120))}


@pytest.mark.parametrize(
    ("law", "name", "smaller"),
    [
        ("a**2*sin(b*c/2 + c)", "divide by a^2", "sin(b*c/2 + c)"),
        ("log(b + c)/a", "divide by a^-1", "log(b + c)"),
        ("sqrt(b)*exp(a/c)", "divide by b^1/2", "exp(a/c)"),
        ("a**2*b*cos(c/a)", "scale c by a", "b*cos(z)"),
        ("sin(a/b) + c", "group a,b", "sin(1/z) + c"),
        ("exp(-a*b/4)*c + log(c)", "group a,b", "exp(-z/4)*c + log(c)"),
        ("exp(-(2*a + b)/4)*c + log(c)", "group a,b", "exp(-z/4)*c + log(c)"),
        ("sqrt(a**2 + b**2)*c + log(c)", "group a,b", "sqrt(z)*c + log(c)"),
    ],
    ids=["power", "inverse", "root", "scaling", "quotient", "product", "linear", "quadrature"],
)
def test_the_reduction_is_found_and_rebuilds_the_law(law: str, name: str, smaller: str) -> None:
    reduction = found(law)[name]
    sample = reduction.sample
    assert len(sample.names) == 2
    new = next((n for n in sample.names if n not in "abc"), "z")
    solution = parse(smaller).substitute({"z": parse(new)})
    on_rows = evaluate(solution, sample.columns)
    np.testing.assert_allclose(on_rows, sample.y, rtol=1e-6)
    np.testing.assert_allclose(evaluate(reduction.rebuild(solution), FAR), evaluate(parse(law), FAR), rtol=1e-6)


def test_laws_without_such_structure_are_not_divided() -> None:
    assert found("sin(2*a) + b**2*c + exp(a*b - c)") == {}


@pytest.mark.parametrize("tuned", [90, 100, 110, 120, 130])
def test_of_two_equal_scalings_the_first_is_taken_whatever_the_rounding(tuned: int) -> None:
    y = evaluate(parse("exp(-(a/b)**2/2)/b"), COLUMNS)
    found = reductions(fit_surrogate(Sample(names=("a", "b"), x=X[:2], y=y), tuning_rows=tuned))
    assert [r.name for r in found if r.kind == "scale"] == ["scale b by a", "scale a by b"]
    assert found[0].doubt == pytest.approx(found[1].doubt, rel=1e-6)


def test_half_powers_of_negative_columns_are_not_divided_out() -> None:
    x = X.copy()
    x[0] -= 2.0
    y = np.abs(x[0]) ** 0.5 * np.exp(X[1] / X[2])
    proposed = reductions(fit_surrogate(Sample(names=("a", "b", "c"), x=x, y=y), tuning_rows=120))
    assert not [r for r in proposed if r.kind == "divide" and "a" not in r.sample.names]
    for reduction in proposed:
        assert np.all(np.isfinite(reduction.sample.y))
        assert np.all(np.isfinite(reduction.sample.x))


@pytest.mark.parametrize(
    ("law", "names", "smaller"),
    [("sin(9*a*b)", "ab", "sin(9*z)"), ("b*sin(15*(a - c))", "abc", "sin(15*z)"), ("cos(20*a/c)", "abc", "cos(20*z)")],
)
def test_a_curve_too_wild_for_any_surrogate_is_found_by_sorting(law: str, names: str, smaller: str) -> None:
    x = np.random.default_rng(5).uniform(1.0, 3.0, (len(names), 1500))
    y = evaluate(parse(law), dict(zip(names, x, strict=True)))
    best = single_index(Sample(names=tuple(names), x=x, y=y))[0]
    z = best.sample.x[0]
    truth = evaluate(parse(smaller), {"z": z})
    np.testing.assert_allclose(best.sample.y, truth, atol=1e-9)
    rebuilt = best.rebuild(parse(smaller))
    far = {name: FAR[name] for name in names}
    np.testing.assert_allclose(evaluate(rebuilt, far), evaluate(parse(law), far), rtol=1e-9)


def test_noise_is_no_curve_of_any_index() -> None:
    rng = np.random.default_rng(6)
    assert single_index(Sample(names=("a", "b"), x=rng.uniform(1, 3, (2, 800)), y=rng.normal(size=800))) == []
