"""The refiner as kandisco sees it: the kit, the same front for the same seed, and survival whatever becomes of its process."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import kandisco_operon
import numpy as np
import pytest

from kandisco.errors import PluginError
from kandisco.expr import Expr, parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.specs import RefineProblem
from kandisco.stages.refine import curve_fits
from kandisco.symbolic.sample import Sample
from kandisco.testing import parametrize_with_checks
from kandisco.workers import propose


@parametrize_with_checks(kandisco_operon)
def test_it_conforms(check) -> None:
    check()


def problem(law: str, *seeds: str, evaluations: int = 6_000, seed: int = 0, **values: object) -> RefineProblem:
    """A law over two columns, one of them a thousand times larger."""
    x = np.random.default_rng(1).uniform(0.5, 2.0, (150, 2)) * [1.0, 1000.0]
    return RefineProblem(
        x=x, y=evaluate(parse(law), dict(zip("ab", x.T, strict=True))), names=("a", "b"), seeds=tuple(map(parse, seeds)),
        functions=("exp", "sin"), evaluations=evaluations, seconds=100.0, seed=seed, **values,
    )  # fmt: skip


def best(task: RefineProblem, found: list[Expr]) -> float:
    """Relative error after kandisco's own refit."""
    sample = Sample(names=task.names, x=task.x.T, y=task.y)
    return min(sample.refit(expr).rmse for expr in found) / sample.scale


def test_a_law_is_found_from_nothing_at_any_scale() -> None:
    task = problem("3e5*exp(-a)*b + 1e9")
    assert best(task, list(kandisco_operon.refine(task))) < 1e-10


def test_a_seed_with_wrong_constants_is_put_right() -> None:
    task = problem("5*sin(1.5*a)*exp(0.001*b)", "4*sin(1.3*a + 0.1)*exp(0.0008*b)")
    assert best(task, list(kandisco_operon.refine(task))) < 1e-10


def test_the_same_seed_gives_the_same_front_and_another_does_not() -> None:
    fronts = [list(kandisco_operon.refine(problem("a*b + sin(a)", evaluations=2_500, seed=seed))) for seed in (7, 7, 8)]
    assert len(fronts[0]) > 1
    assert fronts[0] == fronts[1] != fronts[2]


def test_a_constant_target_and_a_constant_column_do_no_harm() -> None:
    x = np.ones((30, 1))
    flat = RefineProblem(x=x, y=x[:, 0] * 4, names=("a",), functions=("exp",), evaluations=400)
    assert all(np.isfinite(expr.numbers()).all() for expr in kandisco_operon.refine(flat))


LOST = """
import os, signal, sys
from kandisco.workers import serve
from kandisco_operon import worker

def search(problem, report):
    heard = []
    say = report.found
    def found(formulas):
        say(formulas)
        heard.append(1)
        if len(heard) == 2:
            os.kill(os.getpid(), signal.{signal})
    report.found = found
    worker.search(problem, report)

if __name__ == "__main__":
    sys.exit(serve(search))
"""
ENDLESS = problem("sin(a*b) + exp(sin(3*a))/(0.001*b + a)", evaluations=10**9)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("SIGKILL", "was ended by SIGKILL"),
        ("SIGSEGV", "was ended by SIGSEGV"),
        ("SIGSTOP", "did not stop after 4 s and was killed"),
    ],
    ids=["killed", "crashed", "hung"],
)
def test_a_worker_that_is_lost_leaves_its_last_front(tmp_path: Path, number: str, said: str) -> None:
    path = tmp_path / "lost.py"
    path.write_text(LOST.format(signal=number), encoding="utf-8")
    found = []
    with pytest.raises(PluginError, match=said):
        for expr in propose(replace(ENDLESS, seconds=4.0 if number == "SIGSTOP" else 100.0), path):
            found.append(expr)
    assert best(ENDLESS, found) < 0.9


def test_time_over_returns_what_there_is() -> None:
    assert list(kandisco_operon.refine(replace(ENDLESS, seconds=4.0)))


def test_an_edge_is_drawn() -> None:
    registry = Registry(load(entry_points=False, environ={}, modules=[kandisco_operon]))
    u = np.linspace(-1, 1, 200)
    done = curve_fits(registry.refiner("operon"), u, np.exp(np.sin(np.pi * u)), registry.functions(("elementary",)))
    assert done.value[0].error < 1e-12
    assert not done.record.notes
    assert "exp(" in to_text(done.value[0].expr)


def test_auto_takes_it_where_it_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(load(entry_points=False, environ={}, modules=[kandisco_operon]))
    assert [spec.name for spec in registry.engines("auto")] == ["neighbours", "operon"]
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pyoperon" else found(name, *rest))
    assert [spec.name for spec in registry.engines("auto")] == ["neighbours"]
    with pytest.raises(PluginError, match="pyoperon is not installed: pip install"):
        registry.engines("operon")


def test_the_plugin_itself_loads_neither_operon_nor_numpy() -> None:
    code = "import sys, kandisco_operon; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pyoperon", "numpy", "torch"} & set(loaded)


def test_it_is_installed_as_a_plugin() -> None:
    from importlib.metadata import entry_points

    assert "kandisco_operon" in {entry.value for entry in entry_points(group="kandisco")}
    assert Path(kandisco_operon.__file__).parent.name == "kandisco_operon"
