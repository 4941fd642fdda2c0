"""The whole way with the real pysr and a stand-in for Julia; and, where there is a Julia, with the real engine."""

from __future__ import annotations

import sys
from pathlib import Path

import kandisco_pysr
import numpy as np
import pytest
from kandisco_pysr.availability import unavailable
from tasks import problem

from kandisco.config import Config
from kandisco.errors import PluginError
from kandisco.expr import to_text
from kandisco.pipeline import discover
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.testing import parametrize_with_checks
from kandisco.types import Dataset, Variable

FOUND = ["2.0*E + sin(1.3*N)", "E"]


@parametrize_with_checks(kandisco_pysr)
def test_it_conforms(check) -> None:
    check()


def run(**values: object) -> tuple[list[str], str]:
    """What the refiner yields, and the error at its end."""
    out = []
    try:
        for expr in kandisco_pysr.refine(problem(**values)):
            out.append(to_text(expr))
    except PluginError as error:
        return out, str(error)
    return out, ""


@pytest.mark.parametrize(
    ("scene", "said"),
    [("whole", ""), ("crash", "PySR failed: it ended with code -11."), ("fail", "PySR failed: JuliaError: MethodError")],
)
def test_the_hall_of_fame_comes_back_however_it_ends(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, scene: str, said: str
) -> None:
    monkeypatch.setenv("STAND_IN", scene)
    found, message = run()
    assert found == FOUND
    assert said in message if said else not message


def test_a_file_cut_off_is_read_from_its_copy(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "half")
    assert run() == (FOUND, "")


def test_a_search_that_hangs_is_ended_with_what_it_has(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "hang")
    assert run(seconds=20.0) == (FOUND, "")


def test_discover_asks_it_and_survives_it(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN", "fail")
    task = problem()
    noisy = task.y + 0.01 * np.random.default_rng(3).normal(size=len(task.y))
    names = (Variable(name="E"), Variable(name="N"))
    data = Dataset(name="t", x=task.x, y=noisy, inputs=names, target=Variable(name="y"))
    registry = Registry(load(entry_points=False, environ={}, modules=[kandisco_pysr]))
    config = Config(refiner="pysr", width="2,1", restarts=1, functions=("x", "sin"), beam=1, max_complexity=12)
    result = discover(data, config, registry)
    assert [record.metrics["proposals"] for record in result.records if record.stage == "refiner pysr"] == [2]
    assert "The refiner 'pysr' failed" in result.warnings[-1]
    assert result.best is not None


def test_without_julia_it_says_so_with_the_recipe(tmp_path: Path) -> None:
    said = unavailable({"PYTHON_JULIAPKG_PROJECT": str(tmp_path), "PATH": str(tmp_path)})
    first, *recipe = said.splitlines()
    assert first == "Julia is not set up for PySR: run once, with network: python -c 'import pysr'."
    assert any("PYTHON_JULIAPKG_OFFLINE=yes" in line for line in recipe)


def test_a_julia_without_the_packages_is_told_from_none(tmp_path: Path) -> None:
    julia = tmp_path / "julia"
    julia.write_text("#!/bin/sh\n", encoding="utf-8")
    julia.chmod(0o755)
    said = unavailable({"PYTHON_JULIAPKG_PROJECT": str(tmp_path / "none"), "PATH": str(tmp_path)})
    assert said.startswith(f"Julia is here ({julia}), but PySR's Julia packages are not")


def test_a_julia_that_has_gone_is_told(stand_in: Path) -> None:
    (stand_in / "pyjuliapkg" / "meta.json").write_text('{"executable": "/nowhere/julia"}', encoding="utf-8")
    assert "/nowhere/julia, which is gone" in unavailable()
    (stand_in / "pyjuliapkg" / "meta.json").write_text('{"exec', encoding="utf-8")
    assert "Julia" in unavailable()


def test_another_major_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kandisco_pysr.availability.version", lambda name: "1.5.9")
    assert unavailable().startswith("pysr 1.5.9 is installed, but this plugin speaks to 2.x: pip install")


def test_it_takes_no_part_in_auto(stand_in: Path) -> None:
    registry = Registry(load(entry_points=False, environ={}, modules=[kandisco_pysr]))
    assert [spec.name for spec in registry.engines("auto")] == ["neighbours"]
    assert [spec.name for spec in registry.engines("pysr")] == ["pysr"]


@pytest.mark.julia
@pytest.mark.skipif(
    bool(unavailable()), reason=f"THE REAL ENGINE IS NOT RUN: {unavailable().splitlines()[0] if unavailable() else ''}"
)
@pytest.mark.timeout(1200)
def test_the_real_engine_finds_a_law_and_repeats_itself() -> None:
    from kandisco.symbolic.sample import Sample

    task = problem(evaluations=200_000, seconds=600.0)
    first = list(kandisco_pysr.refine(task))
    sample = Sample(names=task.names, x=task.x.T, y=task.y)
    assert min(sample.refit(expr).rmse for expr in first) < 1e-8 * np.std(task.y)
    assert list(kandisco_pysr.refine(task)) == first
    assert "pysr" not in sys.modules
