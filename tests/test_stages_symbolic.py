"""Symbols chosen in context: the right assignment is the one that drops the whole formula to machine precision."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.control import Control
from kandisco.expr import parse, var
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.stages.start import link_additive
from kandisco.stages.symbolic import symbolic
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.graph import Curve, Graph
from kandisco.symbolic.refit import refit
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(25).uniform(0.5, 3.0, (2, 400))
FAR = {"a": np.array([4.0, 5.0]), "b": np.array([0.1, 6.0])}


@pytest.mark.parametrize("law", ["exp(-a)*b**2", "sqrt(a**2 + 3*b)", "log(a + sin(b) + 1)"])
def test_the_right_assignment_is_exact_and_extrapolates(registry: Registry, law: str) -> None:
    sample = Sample(names=("a", "b"), x=X, y=evaluate(parse(law), {"a": X[0], "b": X[1]}))
    graph, _ = link_additive(sample, threshold=0.01)
    found = symbolic(graph, sample, registry.functions(("elementary",)), origin="test")
    best = found.value[0]
    assert best.rmse < 1e-11 * sample.scale
    assert best.origin.startswith("test > symbolic(")
    assert {(edge.start, edge.end) for edge in best.edges} == {("a", "h1,1"), ("b", "h1,1"), ("h1,1", "output")}
    assert f"symbolic({', '.join(edge.symbol for edge in best.edges)})" in best.origin
    assert all(edge.r2 > 0.99 and "x" in edge.curve for edge in best.edges)
    np.testing.assert_allclose(evaluate(best.expr, FAR), evaluate(parse(law), FAR), rtol=1e-6)
    assert found.record.metrics["edges"] == 3


def test_candidates_are_sorted_counted_and_true(registry: Registry) -> None:
    y = np.exp(np.sin(3 * X[0]) * X[1])
    sample = Sample(names=("a", "b"), x=X[:, :150], y=y[:150])
    graph, _ = link_additive(sample, threshold=0.0)
    done = symbolic(graph, sample, registry.functions(("powers",)), origin="test", candidates=2, beam=3)
    assert len(done.value) == 3
    assert done.record.metrics["assignments"] <= 12
    assert done.value[0].rmse == min(c.rmse for c in done.value)
    columns = {"a": sample.x[0], "b": sample.x[1]}
    for candidate in done.value:
        left = evaluate(candidate.expr, columns) - sample.y
        assert candidate.rmse == pytest.approx(float(np.sqrt(np.mean(left**2))), rel=1e-9)


def test_an_interrupt_ends_the_choice(registry: Registry) -> None:
    sample = Sample(names=("a", "b"), x=X[:, :60], y=X[0, :60] * X[1, :60])
    graph, _ = link_additive(sample, threshold=0.01)
    stopped = symbolic(graph, sample, registry.functions(("powers",)), origin="t", control=Control(interrupted=True))
    assert stopped.value == []
    assert stopped.record.metrics["assignments"] == 0


def test_an_engine_is_asked_only_for_edges_that_the_library_draws_poorly(registry: Registry) -> None:
    asked: list[float] = []

    def engine(u: np.ndarray, v: np.ndarray, seeds: list[CurveFit]) -> list[CurveFit]:
        assert seeds
        asked.append(float(np.ptp(v)))
        fit = refit(parse("1.0*exp(1.0*sin(3.0*x)) + 0.1"), ("x",), u[None, :], v)
        return [CurveFit(name="engine", expr=fit.expr, error=fit.rmse / float(np.std(v)), complexity=11)]

    u = np.linspace(-1, 1, 200)
    inputs = (var("a"),)

    def best(v: np.ndarray) -> str:
        curve = Curve(layer=0, source=0, sub=0, u=u, v=v)
        graph = Graph(inputs=inputs, nodes=(((0,),),), curves=(curve,))
        sample = Sample(names=("a",), x=u[None, :], y=v)
        return symbolic(graph, sample, registry.functions(("powers",)), origin="t", engine=engine).value[0].origin

    assert best(2 * u**2 + 1) == "t > symbolic(x^2)"
    assert not asked
    assert best(np.exp(np.sin(3 * u))) == "t > symbolic(engine)"
    assert len(asked) == 1
