"""The refiner that is always there: neighbours of the seeds."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.builtins.refiners import neighbours
from kandisco.expr import Expr, parse, to_text
from kandisco.registry import Registry
from kandisco.specs import RefineProblem
from kandisco.symbolic.sample import Sample
from kandisco.testing.refiners import check_refiner

X = np.random.default_rng(28).uniform(0.5, 2.0, (2, 60))


def problem(*seeds: str, evaluations: int = 300, functions: tuple[str, ...] = ("exp", "log", "sin")) -> RefineProblem:
    """Seeds to be edited."""
    trees = tuple(parse(seed) for seed in seeds)
    return RefineProblem(x=X.T, y=X[0], names=("a", "b"), seeds=trees, functions=functions, evaluations=evaluations)


@pytest.mark.parametrize(
    ("seed", "law"),
    [
        ("1.0*exp(1.2*a)", "3*sin(2*a)"),
        ("2*a", "2*a + 0.3*b"),
        ("a**2", "a**2.4"),
        ("1.0*a", "2*a*b**1.5"),
        ("1.0*a + 1.0*b", "exp(a - 2*b)"),
    ],
)
def test_a_law_one_edit_away_is_among_the_neighbours(seed: str, law: str) -> None:
    from kandisco.expr.numeric import evaluate

    sample = Sample(names=("a", "b"), x=X, y=evaluate(parse(law), {"a": X[0], "b": X[1]}))
    assert sample.refit(parse(seed)).rmse > 1e-3
    assert min(sample.refit(expr, iterations=60).rmse for expr in neighbours(problem(seed))) < 1e-11


def test_proposals_are_new_distinct_and_within_the_budget() -> None:
    found = list(neighbours(problem("1.0*sin(a)", "1.0*a", evaluations=25)))
    assert len(found) == 25
    assert len(set(found)) == 25
    assert not {parse("1.0*sin(a)"), parse("1.0*a")} & set(found)


def test_a_small_budget_is_spread_over_the_seeds() -> None:
    first, second = list(neighbours(problem("1.0*sin(a)", "1.0*b*b", evaluations=2)))
    assert "b*b" not in to_text(first)
    assert "b" in to_text(second)


def test_only_allowed_functions_and_columns_appear() -> None:
    allowed = {"add", "mul", "pow", "num", "rat", "const", "var", "log"}

    def heads(expr: Expr) -> set[str]:
        return {node.head for node in expr.walk()}

    for expr in neighbours(problem("1.0*a", functions=("log", "x^2"))):
        assert heads(expr) <= allowed
        assert set(expr.variables()) <= {"a", "b"}


def test_the_shipped_refiner_passes_the_kit(registry: Registry) -> None:
    findings = list(check_refiner(registry.refiner("neighbours")))
    assert not findings, findings
