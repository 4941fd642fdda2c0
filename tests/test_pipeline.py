"""From rows to a law, as a user sees it: laws as laws, the same numbers every time, and a stop that keeps what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kandisco.config import Config, Loss
from kandisco.control import Control
from kandisco.errors import PluginError
from kandisco.expr import Expr, parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.hookspecs import hookimpl
from kandisco.pipeline import discover
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.report.facts import fitted_rows
from kandisco.run import Run
from kandisco.search import few
from kandisco.specs import Observer, RefineProblem, RefinerSpec
from kandisco.types import Dataset, Formula, Result, StageRecord, Variable

REGISTRY = Registry(load(entry_points=False, environ={}))
X = np.random.default_rng(41).uniform(1.0, 3.0, (3, 90))
A, B, C = X


def table(y: np.ndarray, *columns: np.ndarray, names: str = "abc") -> Dataset:
    """A clean dataset."""
    inputs = tuple(Variable(name=name) for name in names[: len(columns)])
    return Dataset(name="test", x=np.stack(columns, axis=1), y=y, inputs=inputs, target=Variable(name="y"))


def best(result: Result) -> Formula:
    """The best formula, which has to be there."""
    assert result.best is not None
    return result.best


def summary(result: Result) -> list[tuple[Any, ...]]:
    """All of a front that has to repeat bit for bit."""
    return [(f.expr, f.complexity, f.rmse_train, f.rmse_test, f.rmse_shell, f.evidence, f.origin) for f in result.front]


def test_a_law_is_found_with_its_evidence_and_its_baselines() -> None:
    result = discover(table(2 * A * np.exp(-B), A, B, C), Config(), REGISTRY)
    assert (best(result).evidence, result.status, result.noise) == ("exact", "done", 0.0)
    assert set(best(result).expr.variables()) == {"a", "b"}
    far = {"a": np.array([7.0]), "b": np.array([-2.0]), "c": np.array([0.0])}
    np.testing.assert_allclose(evaluate(best(result).expr, far), 14 * np.exp(2), rtol=1e-9)
    assert best(result).rmse_test < 1e-12 < result.baselines["linear"][0] < result.baselines["constant"][0]
    assert best(result) in result.front
    assert result.warnings == ()
    assert "train" not in {record.stage for record in result.records}


@pytest.mark.parametrize(
    ("y", "constants"),
    [(3 * A**2 - B, 0), (A / (B + C), 0), (np.sqrt(A**2 + B**2), 0), (0.7312 * A**1.3, 2), (5 + 0 * A, 0)],
    ids=["polynomial", "rational", "root", "monomial", "constant"],
)
def test_simple_laws_leave_only_the_constants_they_have(y: np.ndarray, constants: int) -> None:
    result = discover(table(y, A, B, C), Config(), REGISTRY)
    assert best(result).evidence == "exact"
    assert len(best(result).expr.numbers()) <= constants


def ordered(order: Sequence[int]) -> Result:
    """What is found where the columns of one law come in this order."""
    data = table(A**2 / (B + C**2), *(X[i] for i in order), names="".join("abc"[i] for i in order))
    return discover(data, Config(), REGISTRY)


@pytest.fixture(scope="module")
def plain() -> Result:
    """The same in the order of the alphabet."""
    return ordered(range(3))


@settings(max_examples=3)
@given(order=st.permutations(range(3)))
def test_permuting_the_columns_permutes_the_formula(plain: Result, order: list[int]) -> None:
    found = ordered(order)
    far = {"a": np.array([4.0, 0.2]), "b": np.array([0.3, 9.0]), "c": np.array([6.0, 0.5])}
    np.testing.assert_allclose(evaluate(best(found).expr, far), evaluate(best(plain).expr, far), rtol=1e-9)
    assert best(found).complexity == best(plain).complexity
    assert best(found).evidence == best(plain).evidence == "exact"


@settings(max_examples=4)
@given(column=st.sampled_from([1e-12, 1e-3, 1e12]), target=st.sampled_from([1e-30, 1.0, 1e30]))
def test_scaling_a_column_or_the_target_rescales_the_formula(column: float, target: float) -> None:
    result = discover(table(target * (3 * A**2 / B + B), A * column, B), Config(), REGISTRY)
    assert best(result).evidence == "exact"
    far = {"a": np.array([4.0, 0.2]) * column, "b": np.array([0.3, 9.0])}
    truth = target * (3 * np.array([4.0, 0.2]) ** 2 / far["b"] + far["b"])
    np.testing.assert_allclose(evaluate(best(result).expr, far), truth, rtol=1e-9)


# One small network, few functions and no refiner: what is tested with it is how a run goes, not how far it gets.
SMALL: dict[str, Any] = {"width": "2,1,1", "restarts": 2, "beam": 2, "candidates": 1, "refiner": "none"}


def noisy() -> Dataset:
    """Rows on which a network is trained."""
    return table(A * np.exp(-B) + 0.01 * np.random.default_rng(3).normal(size=90), A, B)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The folder of a run that went from its first unit to its last."""
    return Run.create(tmp_path_factory.mktemp("whole"), noisy(), Config(seed=7, **SMALL))


@pytest.fixture(scope="module")
def whole(run: Run) -> Result:
    """What that run found."""
    return discover(noisy(), Config(seed=7, **SMALL), REGISTRY, run=run)


def test_the_same_seed_gives_the_same_formulas_bit_for_bit(whole: Result) -> None:
    assert summary(discover(noisy(), Config(seed=7, **SMALL), REGISTRY)) == summary(whole)
    assert len(whole.front) >= 2


def test_a_replay_from_the_run_folder_is_the_same_and_solves_nothing(run: Run, whole: Result) -> None:
    heard = Heard()
    again = discover(noisy(), Config(seed=7, **SMALL), REGISTRY, run=run, observers=(heard,))
    assert summary(again) == summary(whole)
    assert heard.started == []
    assert heard.finished == 1


class Heard(Observer):
    """Counts what it is told."""

    def __init__(self, act: Callable[[str], None] = lambda shape: None) -> None:
        self.started: list[str] = []
        self.finished = 0
        self.records: list[StageRecord] = []
        self.act = act

    def stage_started(self, stage: str, **details: Any) -> None:
        self.started.append(details["shape"])
        self.act(details["shape"])

    def stage_finished(self, stage: str, record: Any) -> None:
        self.records.append(record)

    def run_finished(self, result: Any) -> None:
        self.finished += 1


def test_an_interrupt_returns_the_best_so_far_and_a_resume_ends_alike(whole: Result, tmp_path: Path) -> None:
    control, config = Control(), Config(seed=7, **SMALL)

    def stop(shape: str) -> None:
        control.interrupted = control.interrupted or shape.startswith("kan")

    run = Run.create(tmp_path, noisy(), config)
    cut = discover(noisy(), config, REGISTRY, run=run, control=control, observers=(Heard(stop),))
    assert cut.status == "interrupted"
    assert cut.best in cut.front
    assert any("cut short (interrupted)" in warning for warning in cut.warnings)
    resumed = discover(noisy(), config, REGISTRY, run=run)
    assert resumed.status == "done"
    assert summary(resumed) == summary(whole)


def test_the_clock_cuts_it_short_and_says_so() -> None:
    ticks = iter(range(10**6))
    result = discover(noisy(), Config(), REGISTRY, control=Control(seconds=3, clock=lambda: float(next(ticks))))
    assert result.status == "timeout"
    assert any("cut short (timeout)" in warning for warning in result.warnings)


def test_no_time_at_all_is_enough_for_the_constant_the_line_and_the_monomial(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    a, b, c = rng.uniform(1, 3, (3, 300))
    data, config, heard = table(2.3 * a * b / c + 0.02 * rng.normal(size=300), a, b, c), Config(refiner="none"), Heard()
    run = Run.create(tmp_path, data, config)
    result = discover(data, config, REGISTRY, run=run, control=Control(seconds=-1), observers=(heard,))
    assert (result.status, heard.started) == ("timeout", ["constant", "linear", "monomial"])
    assert to_text(best(result).expr, 2) == "2.3*a*b/c"
    assert [run.load_unit(name) for name in heard.started] == [None, None, None], "a resumed run solves them with all its time"


def test_when_a_law_was_found_is_told() -> None:
    class Laws(Observer):
        def progress(self, stage: str, **values: Any) -> None:
            told.append(values["law"])

    told: list[Any] = []
    x = np.random.default_rng(4).uniform(1, 3, (2, 300))
    discover(table(x[0] * x[1], *x), Config(), REGISTRY, observers=(Laws(),))
    assert told[0] is None and told[-1] >= 0


def test_observers_hear_every_attempt_once() -> None:
    heard = Heard()
    result = discover(table(A * B, A, B), Config(), REGISTRY, observers=(heard,))
    assert heard.started == list(dict.fromkeys(heard.started))
    assert heard.started[0] == few.NAME
    assert tuple(heard.records) == result.records
    assert heard.finished == 1


def test_no_formula_is_longer_than_allowed() -> None:
    result = discover(noisy(), Config(max_complexity=5, **SMALL), REGISTRY)
    assert max(formula.complexity for formula in result.front) <= 5


def test_rows_beyond_the_sample_verify_the_result() -> None:
    x = np.random.default_rng(4).uniform(1, 3, (2, 400))
    result = discover(table(x[0] * x[1], *x), Config(max_rows=80), REGISTRY)
    assert any("on the other 320 rows" in warning for warning in result.warnings) or result.verified == 320
    assert to_text(best(result).expr) in ("a*b", "b*a")


def test_errors_that_grow_with_the_target_are_fitted_as_relative_ones() -> None:
    rng = np.random.default_rng(5)
    t = rng.uniform(0.1, 4.0, 150)
    y = 3 * np.exp(1.5 * t) * (1 + 0.03 * rng.normal(size=150))
    config, heard = Config(functions=("exp", "x"), refiner="none", max_attempts=6), Heard()
    result = discover(table(y, t), config, REGISTRY, observers=(heard,))
    assert len(heard.started) == len(set(heard.started)), "forms tried with relative errors are not solved again for good"
    far = {"a": np.array([6.0])}
    assert any("grow with the target" in warning for warning in result.warnings)
    np.testing.assert_allclose(evaluate(best(result).expr, far), 3 * np.exp(9.0), rtol=0.05)


def test_a_robust_run_sets_slipped_rows_aside_and_tells_which() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.uniform(1, 3, (2, 120))
    y = a / b**2
    y[[4, 50]] += 40.0
    settings = (Config(loss=loss, refiner="none", max_attempts=4) for loss in get_args(Loss))
    plain, robust = (discover(table(y, a, b, names="ab"), config, REGISTRY) for config in settings)
    assert plain.best is not None and plain.best.evidence != "exact"
    assert any("--loss robust" in warning for warning in plain.warnings)
    assert robust.best is not None and robust.best.evidence == "exact" and to_text(robust.best.expr) == "a/b**2"
    assert "2 of 120 rows set aside as outliers, counted from 1 after the header: 5, 51." in robust.warnings


def test_a_robust_run_keeps_where_a_formula_was_read_and_reports_without_the_outliers(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    a = rng.uniform(-1, 1, 150)
    y = 0.7 * np.sin(2 * a) + 0.01 * rng.normal(size=150)
    y[[4, 50]] += 40.0
    config = Config(loss="robust", refiner="none", width="1,1", restarts=2)
    data = table(y, a, names="a")
    folder = Run.create(tmp_path, data, config)
    result = discover(data, config, REGISTRY, run=folder)
    assert result.best is not None and result.best.edges
    assert np.max(folder.dataset().y) > 30
    folder.finish(result)
    assert np.max(folder.dataset().y) < 1 and len(folder.dataset().y) == len(result.dataset.y)
    assert len(fitted_rows(folder, result).y) < len(result.dataset.y)


def with_engine(engine: Callable[[RefineProblem], Iterable[Expr]], name: str = "mine", *, auto: bool = False) -> Registry:
    """The registry with one more refiner."""
    plugin = ModuleType("mine_plugin")
    spec = RefinerSpec(name=name, refine=engine, auto=auto)
    plugin.kandisco_refiners = hookimpl(lambda: [spec])  # type: ignore[attr-defined]
    return Registry(load(entry_points=False, environ={}, modules=[plugin]))


HARD = table((A[:40] * B[:40] + 1) / (A[:40] + B[:40] ** 2), A[:40], B[:40])
LAW = parse("1.2*(0.9*a*b + 1.0)/(1.0*a + 1.1*b**2)")
SHORT = {
    "width": "2,1",
    "restarts": 1,
    "functions": ("x",),
    "beam": 1,
    "max_complexity": 16,
}  # one network of the wrong shape, so that there is something left to find


def test_what_an_engine_found_before_it_died_is_refitted_scored_and_kept() -> None:
    def dying(problem: RefineProblem) -> Iterable[Expr]:
        yield LAW
        raise PluginError("The worker was ended by SIGSEGV.")

    result = discover(HARD, Config(refiner="mine", **SHORT), with_engine(dying))
    assert (best(result).evidence, best(result).origin) == ("exact", "refiner mine")
    assert best(result).rmse_test < 1e-12
    assert result.warnings[-1] == "The refiner 'mine' failed: The worker was ended by SIGSEGV."
    assert len(result.front) > 1, "its formulas stand on one front with ours"


def test_auto_asks_an_engine_only_while_something_is_left_to_find() -> None:
    asked: list[RefineProblem] = []

    def engine(problem: RefineProblem) -> Iterable[Expr]:
        asked.append(problem)
        return [LAW]

    registry = with_engine(engine, auto=True)
    assert best(discover(table(2 * A * B, A, B), Config(), registry)).evidence == "exact"
    assert not asked
    data = replace(HARD, inputs=(Variable(name="a", unit="m"), Variable(name="b")))
    assert best(discover(data, Config(**SHORT), registry)).origin == "refiner mine"
    assert asked[0].units == {"a": "m"}
    assert asked[0].seeds


def test_a_missing_name_is_an_error_that_names_it() -> None:
    for setting in ({"functions": ("sinn",)}, {"basis": "nope"}):
        with pytest.raises(PluginError, match="sinn|nope"):
            discover(table(A, A), Config(**setting), REGISTRY)  # type: ignore[arg-type]
