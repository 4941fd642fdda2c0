"""Closed forms: each finds its own kind of law exactly, and proposes nothing where it does not apply."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.stages import structure
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(21).uniform(0.5, 3.0, (2, 150))


def rows(text: str, x: np.ndarray = X) -> Sample:
    """Rows of a law in a and b."""
    return Sample(names=("a", "b"), x=x, y=evaluate(parse(text), {"a": x[0], "b": x[1]}))


@pytest.mark.parametrize(
    ("solve", "law"),
    [
        (structure.linear, "2*a - b/3 + 5"),
        (structure.monomial, "3.7*a**1.5/b**2"),
        (structure.monomial, "-2*a/sqrt(b)"),
        (structure.polynomial, "a**2*b - 4*b + 1"),
        (structure.polynomial, "sqrt(a**2 + b**2)"),
        (structure.polynomial, "exp(a - 2*b)"),
        (structure.polynomial, "1/(1 + a*b)"),
        (structure.rational, "(a + b)/(1 + a*b)"),
        (structure.rational, "(a**2 - b)/(a + 2)"),
    ],
)
def test_each_closed_form_finds_its_law(solve: Callable[[Sample], list[Candidate]], law: str) -> None:
    sample = rows(law)
    errors = [sample.refit(candidate.expr).rmse for candidate in solve(sample)]
    assert min(errors) < 1e-12 * sample.scale


@pytest.mark.parametrize("solve", [structure.linear, structure.monomial, structure.polynomial, structure.rational])
def test_no_closed_form_is_exact_on_another_law(solve: Callable[[Sample], list[Candidate]]) -> None:
    sample = rows("sin(3*a*b) + 2")
    assert all(sample.refit(candidate.expr).rmse > 1e-3 * sample.scale for candidate in solve(sample))


def test_monomials_need_a_target_of_one_sign_and_use_columns_of_one_sign() -> None:
    assert structure.monomial(rows("a - b")) == []
    x = np.vstack([-X[0], X[1] - 1.5])
    sample = Sample(names=("a", "b"), x=x, y=x[0] ** 3)
    (found,) = structure.monomial(sample)
    assert sample.refit(found.expr).rmse < 1e-12 * sample.scale
    assert list(found.expr.variables()) == ["a"]


def test_the_constant_is_the_mean() -> None:
    (found,) = structure.constant(rows("a*b"))
    assert found.expr.numbers() == pytest.approx([float(np.mean(X[0] * X[1]))], rel=1e-14)


def test_one_column_is_read_as_a_curve(registry: Registry) -> None:
    sample = Sample(names=("time",), x=X[:1], y=np.exp(-X[0]) * np.sin(4 * X[0]))
    best = structure.curve(sample, registry.functions(("elementary",)))[0]
    assert sample.refit(best.expr).rmse < 1e-11
    assert list(best.expr.variables()) == ["time"]
