"""The order of attempts: simplest first, counted in work, and only where a law is left to find."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from kandisco import kan as net
from kandisco.config import Config
from kandisco.control import Control
from kandisco.evidence.errors import score
from kandisco.evidence.rows import Rows
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.search import Problem, attempts, reachable_error, settled, smooth_error
from kandisco.search.division import divisions
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import fit_surrogate
from kandisco.types import StageRecord


def rows(law: str, names: str = "ab", n: int = 240, noise: float = 0.0) -> Rows:
    """Split rows of a law."""
    rng = np.random.default_rng(31)
    x = rng.uniform(1.0, 3.0, (len(names), n))
    y = evaluate(parse(law), dict(zip(names, x, strict=True))) + noise * rng.normal(size=n)
    whole, cut = Sample(names=tuple(names), x=x, y=y), [int(n * f) for f in (0.6, 0.75, 0.9)]
    train, valid, test, shell = (whole.rows(part) for part in np.split(np.arange(n), cut))
    return Rows(fit=whole.rows(np.arange(cut[1])), train=train, valid=valid, test=test, shell=shell)


def problem(registry: Registry, data: Rows, **settings: object) -> Problem:
    """A problem with the shipped library."""
    functions = registry.functions(("elementary",))
    return Problem(rows=data, functions=functions, basis=registry.basis("bspline"), config=Config(**settings))  # type: ignore[arg-type]


def test_the_simplest_come_first_and_networks_last(registry: Registry) -> None:
    names = [attempt.name for attempt in attempts(problem(registry, rows("a*b")))]
    assert names[:3] == ["constant", "linear", "monomial"]
    first = names.index("kan [2,1,1]")
    assert all(name.startswith("kan") for name in names[first:])
    assert not any(name.startswith("kan") for name in names[:first])
    for earlier, later in (("polynomial", "[n,1,1] spectral"), ("[n,1,1] spectral", "divide"), ("divide", "kan [2,1,1]")):
        assert names.index(earlier) < names.index(later)
    assert len(set(names)) == len(names)


def test_one_column_is_a_curve_and_no_network(registry: Registry) -> None:
    names = [attempt.name for attempt in attempts(problem(registry, rows("a**2", "a")))]
    assert "curve" in names
    assert not any(name.startswith("kan") for name in names)


def test_a_width_replaces_the_search(registry: Registry) -> None:
    names = [attempt.name for attempt in attempts(problem(registry, rows("a*b"), width="2,1,1"))]
    assert names == ["constant", "linear", "kan [2,1,1]"]


def test_wide_tables_are_searched_among_their_most_relevant_columns(registry: Registry) -> None:
    wide = rows("3*a*C", "abcdefghijklmnopqrstuvwxyzABCDEF", n=300)
    networks = [attempt.name for attempt in attempts(problem(registry, wide)) if attempt.name.startswith("kan")]
    assert networks and all(name.startswith("kan [10,") or name.endswith("(2 of 10 columns)") for name in networks)
    polynomial = next(attempt for attempt in attempts(problem(registry, wide)) if attempt.name == "polynomial")
    assert any(set(c.expr.variables()) == {"a", "C"} for c in polynomial.run(Control()))


def test_columns_without_influence_are_left_out_first_and_come_back_later(registry: Registry) -> None:
    names = [attempt.name for attempt in attempts(problem(registry, rows("exp(a)/b + sin(a*b)", "abcde")))]
    fewer, whole = names.index("divide (2 of 5 columns)"), names.index("divide")
    assert names.index("rational") < fewer < whole
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("law", ["exp(a)/b + 0.01*c", "a*b*c", "exp(a)/b + 0.001*sin(c)"])
def test_a_column_with_a_small_or_straight_effect_is_kept(registry: Registry, law: str) -> None:
    assert not any("of 3 columns" in attempt.name for attempt in attempts(problem(registry, rows(law, "abc"))))


def test_a_network_is_trained_pruned_and_read_off(registry: Registry) -> None:
    records: list[StageRecord] = []
    kept: list[net.KAN] = []
    task = problem(registry, rows("exp(-a)*b**2", n=400), width="2,1,1", restarts=4, beam=8)
    task = Problem(
        rows=task.rows,
        functions=task.functions,
        basis=task.basis,
        config=task.config,
        report=records.append,
        keep=lambda name, kan, about: kept.append(kan),
    )
    found = list(attempts(task))[-1].run(Control())
    assert [record.stage for record in records][:3] == ["train", "sparsify", "prune"]
    assert len(kept) == 4  # trained, sparse, pruned, refined
    assert len(kept[-1].live_edges()) == 3
    assert min(candidate.rmse for candidate in found) < 1e-11 * task.sample.scale
    assert all(candidate.origin.startswith("kan [2,1,1]") for candidate in found)


def test_the_wrong_shape_is_not_read_off(registry: Registry) -> None:
    spectral = next(a for a in attempts(problem(registry, rows("a*sin(3*b) + b"))) if a.name == "[n,1,1] spectral")
    assert spectral.run(Control()) == []


@pytest.mark.parametrize("law", ["c**2*log(a**2 + b**2)", "a**2*(sin(b) + c)"])
def test_dividing_solves_a_law_of_three_columns(registry: Registry, law: str) -> None:
    task = problem(registry, rows(law, "abc"))
    found = [c for attempt in divisions(task, task.sample, partial(fit_surrogate, task.sample)) for c in attempt.run(Control())]
    far = {"a": np.array([4.0, 0.5]), "b": np.array([0.3, 5.0]), "c": np.array([6.0, 0.4])}
    best = min(found, key=lambda candidate: candidate.rmse)
    assert best.rmse < 1e-11 * task.sample.scale
    np.testing.assert_allclose(evaluate(best.expr, far), evaluate(parse(law), far), rtol=1e-6)


def test_an_interrupt_ends_dividing(registry: Registry) -> None:
    task = problem(registry, rows("c*sqrt(a**2 + b**2)", "abc"))
    stopped = divisions(task, task.sample, partial(fit_surrogate, task.sample))
    assert [attempt.run(Control(interrupted=True)) for attempt in stopped] == [[], [], []]


def test_a_smooth_surrogate_tells_what_a_law_has_to_match(registry: Registry) -> None:
    clean = problem(registry, rows("sin(a)*b"))
    noisy = problem(registry, rows("sin(a)*b", noise=0.1))
    assert smooth_error(clean) < 1e-3
    assert 0.07 < smooth_error(noisy) < 0.15
    assert smooth_error(problem(registry, rows("a", n=20))) == float("inf")


def test_a_closed_form_that_holds_exactly_is_what_others_have_to_match(registry: Registry) -> None:
    assert reachable_error(problem(registry, rows("1.7*a**2*b"))) == 0
    assert reachable_error(problem(registry, rows("sin(a)*b"))) == smooth_error(problem(registry, rows("sin(a)*b")))


def test_settled_means_exact_everywhere() -> None:
    data = rows("a*b")
    law, near = (score(Candidate(expr=parse(text), origin="t"), data) for text in ("a*b", "1.000000001*a*b"))
    assert settled([near, law], data)
    assert not settled([near], data)
    assert not settled([], data)
