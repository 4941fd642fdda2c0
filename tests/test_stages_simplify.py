"""Simplify: shorter, same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.control import Control
from kandisco.expr import complexity, parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.stages.candidate import Candidate
from kandisco.stages.simplify import simplify
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(27).uniform(0.5, 3.0, (2, 100))
FAR = {"a": np.array([4.0, 5.0]), "b": np.array([0.1, 6.0])}


@pytest.mark.parametrize(
    ("long", "law"),
    [
        ("exp(log(a) + 2.0*log(b))", "a*b**2"),
        ("1/(1/a + 1/b)", "a*b/(a + b)"),
        ("(2.0*a + 2.0*b)/2.0", "a + b"),
        ("exp(-a)*exp(-b)*3.0", "3*exp(-a - b)"),
    ],
)
def test_an_exact_formula_gets_no_longer_and_says_the_same(long: str, law: str) -> None:
    sample = Sample(names=("a", "b"), x=X, y=evaluate(parse(law), {"a": X[0], "b": X[1]}))
    candidate = Candidate(expr=parse(long), origin="test", rmse=0.0)
    (short,) = simplify([candidate], sample).value
    assert complexity(short.expr) <= min(complexity(candidate.expr), complexity(parse(law)))
    assert short.origin == "test"
    np.testing.assert_allclose(evaluate(short.expr, FAR), evaluate(parse(law), FAR), rtol=1e-12)


def test_a_noisy_formula_keeps_its_error() -> None:
    y = 2.3456 * X[0] + 0.05 * np.random.default_rng(1).normal(size=100)
    sample = Sample(names=("a", "b"), x=X, y=y)
    fit = sample.refit(parse("1.1*(2.0*a + 0.1*a)"))
    (short,) = simplify([Candidate(expr=fit.expr, origin="test", rmse=fit.rmse)], sample).value
    assert len(short.expr.numbers()) <= 1
    assert short.rmse <= 1.05 * fit.rmse
    assert complexity(short.expr) < complexity(fit.expr)


def test_an_interrupt_and_a_long_approximation_leave_things_as_they_are() -> None:
    sample = Sample(names=("a", "b"), x=X, y=X[0])
    candidate = Candidate(expr=parse("exp(log(a))"), origin="test", rmse=0.0)
    assert simplify([candidate], sample, control=Control(interrupted=True)).value == [candidate]
    long = Candidate(expr=parse("+".join(f"1.5*sin({k}*a)" for k in range(1, 12))), origin="test", rmse=0.3)
    assert to_text(simplify([long], sample).value[0].expr) == to_text(long.expr)
