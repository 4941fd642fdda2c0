"""The last fit: all rows decide the constants, none of the errors change, and what is exact, undefined or wild is left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco.builtins.provenance import provenance
from kandisco.cli.output import formula_object, text_lines
from kandisco.config import Config
from kandisco.evidence.errors import error, misfit, score
from kandisco.evidence.final import fitted_to_all
from kandisco.evidence.rows import Rows, rows_of
from kandisco.expr import Expr, parse
from kandisco.expr.numeric import evaluate
from kandisco.pipeline import discover
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.report.facts import fitted_rows
from kandisco.report.markdown import markdown
from kandisco.run import Run
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import EXACT
from kandisco.types import Array, Dataset, Formula, Result, Split, Variable
from kandisco.viz.figures import panels

REGISTRY = Registry(load(entry_points=False, environ={}))
X = np.random.default_rng(5).uniform(1.0, 3.0, 60)
NOISE = np.random.default_rng(6).normal(0, 0.1, 60)
# Of so many that some are held out: among few all count from the start.
MANY = np.random.default_rng(5).uniform(1.0, 3.0, 240)
LINE = 2.7183 * MANY + np.random.default_rng(6).normal(0, 0.1, 240)


def data_of(y: Array, x: Array = X, weights: Array | None = None) -> Dataset:
    """A dataset of one column."""
    return Dataset(name="t", x=x[:, None], y=y, inputs=(Variable(name="x"),), target=Variable(name="y"), weights=weights)


def rows_for(y: Array, x: Array = X, weights: Array | None = None) -> Rows:
    """Of each ten rows seven fitted, one validated, one tested and one withheld."""
    place = np.arange(len(y)) % 10
    train, valid, test, shell = (np.flatnonzero(part) for part in (place < 7, place == 7, place == 8, place == 9))
    return rows_of(data_of(y, x, weights), Split(train=train, valid=valid, test=test, shell=shell))


def judged(text: str, rows: Rows) -> Formula:
    """A form fitted to the rows that may be seen, and scored."""
    fit = rows.fit.refit(parse(text, ("x",)))
    return score(Candidate(expr=fit.expr, origin="test", rmse=fit.rmse, std_errors=tuple(fit.std_errors)), rows)


def last(formula: Formula, rows: Rows) -> Formula:
    """The last fit, as a run asks for it."""
    return fitted_to_all(formula, rows.every, floor=EXACT * rows.fit.spread, misfit=misfit)


@pytest.mark.parametrize("weights", [None, np.linspace(0.1, 5.0, 60)], ids=["alike", "weighted"])
def test_all_rows_decide_the_constants_and_no_error_changes(weights: Array | None) -> None:
    rows = rows_for(2.7 * X + NOISE, weights=weights)
    before = judged("2.5*x", rows)
    after = last(before, rows)
    weight = np.ones(60) if weights is None else weights
    slope = float(np.sum(weight * X * (2.7 * X + NOISE)) / np.sum(weight * X**2))
    assert after.expr.numbers() == pytest.approx([slope], rel=1e-12)
    assert after.judged == before.expr != after.expr
    assert replace(after, expr=before.expr, judged=None, std_errors=before.std_errors) == before
    np.testing.assert_allclose(after.std_errors, rows.every.refit(before.expr).std_errors, rtol=1e-6)


def test_relative_errors_stay_relative() -> None:
    y = 2.7 * X * (1 + NOISE)
    rows = rows_for(y).relative()
    after = last(judged("2.5*x", rows), rows)
    ratio = X / y
    assert after.expr.numbers() == pytest.approx([np.sum(ratio) / np.sum(ratio**2)], rel=1e-9)


def test_exact_numbers_stay_and_so_do_exact_laws() -> None:
    noisy = rows_for(2 * X + NOISE)
    assert last(judged("2*x", noisy), noisy).judged is None
    mixed = last(judged("2*x + 0.1", noisy), noisy)
    assert len(mixed.expr.numbers()) == 1 and mixed.judged is not None
    clean = rows_for(2.7183 * X)
    law = judged("2.5*x", clean)
    assert last(law, clean) is law


def test_a_formula_that_is_undefined_on_other_rows_is_left_alone() -> None:
    x = np.where(np.arange(60) % 10 == 9, -1.0 - X, X)
    rows = rows_for(1.5 * np.sqrt(np.abs(x)) + NOISE, x)
    formula = judged("1.4*sqrt(x)", rows)
    assert last(formula, rows) is formula


def test_a_pole_between_rows_is_left_alone() -> None:
    x = np.where(np.arange(60) % 10 == 9, -1.0 - X, X)
    rows = rows_for(1.3 / (x + 0.9) + 0.01 * NOISE, x)
    formula = judged("1.0/(x + 1.0)", rows)
    assert rows.every.refit(formula.expr).rmse < error(formula.expr, rows.every)
    assert last(formula, rows) is formula


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A line with two slipped rows, found with the robust loss."""
    y = LINE.copy()
    y[[4, 50]] += 40.0
    data, config = data_of(y, MANY), Config(loss="robust", refiner="none", max_attempts=4)
    folder = Run.create(tmp_path_factory.mktemp("final"), data, config)
    folder.finish(discover(data, config, REGISTRY, run=folder))
    return folder


@pytest.fixture(scope="module")
def result(run: Run) -> Result:
    """As the folder holds it."""
    return run.result()


def law(result: Result) -> tuple[Expr, Expr]:
    """The law with its last constants, and with those that were judged."""
    assert result.best is not None and result.best.judged is not None
    return result.best.expr, result.best.judged


def test_a_run_ends_with_the_constants_of_all_rows_but_outliers(run: Run, result: Result) -> None:
    last, before = law(result)
    data = result.dataset
    assert len(data.y) == 238
    best = result.best
    assert best is not None and best in result.front
    sample = fitted_rows(run, result)
    assert len(sample.y) == 238
    assert sample.refit(last).expr.numbers() == pytest.approx(last.numbers(), rel=1e-9)
    held = data_of(data.y[run.split().test], data.x[run.split().test, 0])
    residual = evaluate(before, {"x": held.x[:, 0]}) - held.y
    assert best.rmse_test == pytest.approx(float(np.sqrt(np.mean(residual**2))), rel=1e-9)


def test_the_result_says_so_wherever_it_is_read(run: Run, result: Result) -> None:
    assert result.best is not None
    said = "errors and evidence are of constants fitted without the held-out rows"
    assert any(said in line for line in text_lines(result, run.path))
    assert said in markdown(run.meta, result)
    assert formula_object(result.best, result.dataset)["judged"] is not None
    assert any("with constants fitted without them" in line for line in provenance(result.best, result.dataset))
    plain = replace(result, best=replace(result.best, judged=None))
    assert not any(said in line for line in text_lines(plain, run.path))


def test_figures_of_held_out_rows_show_the_constants_that_were_judged(run: Run, result: Result) -> None:
    from matplotlib.figure import Figure

    def drawn(rows: object) -> Array:
        axes = Figure().add_subplot()
        panels(result, rows)["fit"](axes)
        return np.asarray(axes.lines[-1].get_ydata(), dtype=np.float64)

    last, before = law(result)
    few = run.split().test
    np.testing.assert_allclose(drawn(few), evaluate(before, {"x": result.dataset.x[few, 0]}))
    np.testing.assert_allclose(drawn(None), evaluate(last, {"x": result.dataset.x[:, 0]}))


def test_a_replay_gives_the_same_constants(tmp_path: Path) -> None:
    data = data_of(LINE, MANY)
    config = Config(refiner="none", max_attempts=3)
    folder = Run.create(tmp_path, data, config)
    first = discover(data, config, REGISTRY, run=folder)
    again = discover(data, config, REGISTRY, run=folder)
    assert [(f.expr, f.judged) for f in first.front] == [(f.expr, f.judged) for f in again.front]
    assert any(f.judged is not None for f in first.front)
