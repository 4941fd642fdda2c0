"""Refine: refit, rank, reduce; and engines that propose but never decide."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from kandisco.control import Control
from kandisco.expr import Expr, complexity, parse, to_text
from kandisco.registry import Registry
from kandisco.specs import RefineProblem, RefinerSpec
from kandisco.stages.candidate import Candidate
from kandisco.stages.refine import curve_fits, propose, refine
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(26).uniform(0.5, 3.0, (2, 120))
SAMPLE = Sample(names=("a", "b"), x=X, y=2 * X[0] ** 2 / X[1])


def candidates(*texts: str) -> list[Candidate]:
    """Unfitted candidates."""
    return [Candidate(expr=parse(text), origin=text) for text in texts]


def test_the_law_comes_out_reduced_and_the_rest_is_passed_over() -> None:
    done = refine(candidates("1.0*a + 1.0*b", "1.5*a**1.8*b**(-1.1)", "1.0*exp(0.3*a)"), SAMPLE)
    assert to_text(done.value[0].expr) == "2*a**2/b"
    assert done.value[0].origin == "1.5*a**1.8*b**(-1.1)"
    assert done.value[0].rmse < 1e-13
    assert done.record.metrics == {"in": 3, "out": len(done.value)}


def test_what_is_not_defined_on_the_rows_is_dropped() -> None:
    assert refine(candidates("1.0*log(a - 2.0)"), SAMPLE).value == []


def test_approximations_above_the_floor_are_not_reduced() -> None:
    (kept,) = refine(candidates("1.0*a + 1.0*b + 0.5"), SAMPLE, floor=lambda: 1e-9).value
    assert len(kept.expr.numbers()) == 3
    assert len(kept.std_errors) == 3


def test_long_formulas_are_dropped() -> None:
    long = "+".join(f"1.0*sin({k}*a)" for k in range(1, 12))
    assert complexity(parse(long)) > 10
    assert refine(candidates(long), SAMPLE, max_complexity=5).value == []


def test_an_interrupt_returns_what_is_there() -> None:
    assert refine(candidates("1.0*a"), SAMPLE, control=Control(interrupted=True)).value == []


def engine(proposals: Iterable[Expr]) -> RefinerSpec:
    """An engine with a fixed answer."""
    return RefinerSpec(name="fixed", refine=lambda problem: proposals)


def asked(spec: RefinerSpec, registry: Registry) -> list[Candidate]:
    """Its proposals after our own refit."""
    options = {"max_complexity": 20, "seed": 0, "control": Control()}
    return propose(spec, [parse("a")], SAMPLE, registry.functions(("elementary",)), **options).value  # type: ignore[arg-type]


def test_proposals_are_refitted_by_us_and_ranked(registry: Registry) -> None:
    found = asked(engine([parse("1.0*a"), parse("7.0*a**2/b"), parse("1.0*log(a - 5)")]), registry)
    assert to_text(found[0].expr) == "2.0*a**2/b"
    assert found[0].rmse < 1e-12
    assert found[0].origin == "refiner fixed"


def test_the_engine_sees_training_rows_seeds_and_allowed_functions(registry: Registry) -> None:
    seen: list[RefineProblem] = []

    def look(problem: RefineProblem) -> list[Expr]:
        seen.append(problem)
        return []

    assert asked(RefinerSpec(name="look", refine=look), registry) == []
    (problem,) = seen
    assert problem.x.shape == (120, 2)
    assert problem.names == ("a", "b")
    assert problem.seeds == (parse("a"),)
    assert "sin" in problem.functions
    assert "besselj" not in problem.functions


def test_a_broken_engine_is_named_and_what_it_proposed_until_then_counts(registry: Registry) -> None:
    def broken(problem: RefineProblem) -> Iterable[Expr]:
        yield parse("7.0*a**2/b")
        raise ValueError("no luck")

    options = {"max_complexity": 20, "seed": 0, "control": Control()}
    spec = RefinerSpec(name="broken", refine=broken)
    done = propose(spec, [parse("a")], SAMPLE, registry.functions(("elementary",)), **options)  # type: ignore[arg-type]
    assert done.record.notes == ("The refiner 'broken' failed: no luck.",)
    assert [to_text(candidate.expr) for candidate in done.value] == ["2.0*a**2/b"]


def test_an_engine_without_end_is_cut_off(registry: Registry) -> None:
    endless = RefinerSpec(name="endless", refine=lambda problem: itertools.repeat(parse("1.0*a")))
    assert len(asked(endless, registry)) == 8


def test_the_engine_is_told_how_long_it_has(registry: Registry) -> None:
    seen: list[RefineProblem] = []
    spec = RefinerSpec(name="look", refine=lambda problem: seen.append(problem) or [])  # type: ignore[func-returns-value]
    control = Control(seconds=10.0, clock=iter([0.0, 4.0, 4.0, 4.0, 4.0]).__next__)
    propose(spec, [], SAMPLE, registry.functions(("elementary",)), max_complexity=20, seed=0, control=control)
    assert seen[0].seconds == 6.0
    control.interrupted = True
    assert seen[0].stop() == "interrupted"


def test_an_engine_draws_functions_through_an_edge(registry: Registry) -> None:
    u = np.linspace(-1, 1, 900)
    seen: list[RefineProblem] = []

    def engine(problem: RefineProblem) -> Iterable[Expr]:
        seen.append(problem)
        yield from (parse("1.1*exp(0.9*sin(3.0*x))"), parse("1.0*x + 0.1"), parse("1.0*log(x)"), parse("2.0"))
        raise OSError("gone")

    spec = RefinerSpec(name="mine", refine=engine, scopes=frozenset({"edge"}))
    done = curve_fits(spec, u, 2 * np.exp(np.sin(3.1 * u)), registry.functions(("elementary",)), seed=3)
    assert [fit.name for fit in done.value] == ["refiner mine"] * 2
    assert to_text(done.value[0].expr, 4) == "2.0*exp(1.0*sin(3.1*x))"
    assert done.value[0].error < 1e-12 < 0.1 < done.value[1].error
    assert done.record.notes == ("The refiner 'mine' failed: gone.",)
    assert (seen[0].names, seen[0].seeds, seen[0].seed) == (("x",), (), 3)
