"""The contract with the real pysr package: its constructor, its fit, its files. Only Julia is a stand-in."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from kandisco_pysr.engine import build
from kandisco_pysr.hall import read_hall
from kandisco_pysr.mapping import checked, settings, units
from tasks import STAND_IN, problem

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate

HALL = Path(__file__).parent / "hall" / "run"
COLUMNS = {"a": "x0", "b": "x1"}
OPERATORS = {1: ["sin", "sqrt"], 2: ["+", "-", "*", "/", "^"]}


@pytest.fixture
def pysr(stand_in: Path) -> ModuleType:
    """The installed pysr, imported over the stand-in."""
    import pysr

    assert sys.modules["juliacall"].__file__ == str(STAND_IN / "juliacall.py")
    return pysr


def test_it_is_the_real_package_of_version_2(pysr: ModuleType) -> None:
    assert pysr.__version__.startswith("2.")
    assert "site-packages" in str(pysr.__file__)


def test_every_argument_is_one_of_the_installed_constructor(pysr: ModuleType, tmp_path: Path) -> None:
    wanted = settings(problem(), str(tmp_path))
    accepted, unknown = checked(wanted, pysr.PySRRegressor.__init__)
    assert unknown == ()
    assert accepted == wanted
    model = pysr.PySRRegressor(**accepted)
    assert {name: getattr(model, name) for name in wanted} == wanted


def test_every_argument_of_fit_is_one_of_the_installed_fit(pysr: ModuleType) -> None:
    given = units(problem(units={"E": "m", "N": "s", "": "m/s"}))
    assert given == {"X_units": ["m", "s"], "y_units": "m/s"}
    assert {*given, "weights"} <= set(inspect.signature(pysr.PySRRegressor.fit).parameters)


def test_fit_hands_to_julia_what_we_meant(pysr: ModuleType, tmp_path: Path) -> None:
    calls: dict[str, dict[str, Any]] = sys.modules["juliacall"].CALLS
    task = problem(units={"E": "m", "N": "s", "": "m/s"}, weights=np.ones(60), evaluations=777)
    model, arguments = build(task, str(tmp_path))
    model.fit(task.x, task.y, **arguments)
    options, search = calls["options"], calls["search"]
    assert (options["maxsize"], options["max_evals"], options["deterministic"]) == (20, 777, True)
    assert isinstance(options["seed"], int)  # drawn by pysr from our random_state
    assert options["timeout_in_seconds"] == 60.0
    assert search["guesses"] == [["((1.5 * x0) + sin(x1))"]]
    assert search["variable_names"] == ["x0", "x1"]
    assert (search["X_units"], search["y_units"]) == (["m", "s"], "m/s")
    assert str(Path(options["output_directory"]) / search["run_id"]) == str(tmp_path / "run")
    assert list(model.equations_.equation) == ["x0", "(2.0 * x0) + sin(1.3 * x1)"]


def test_from_file_and_we_read_the_same_formulas(pysr: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(HALL, tmp_path / "run")
    model = pysr.PySRRegressor.from_file(run_directory=str(tmp_path / "run"), operators=OPERATORS, n_features_in=2)
    ours = read_hall(tmp_path / "run", COLUMNS)
    assert {"complexity", "loss", "equation", "sympy_format"} <= set(model.equations_.columns)
    theirs = list(model.equations_.sort_values("loss").index)
    x = np.random.default_rng(2).uniform(0.5, 2.0, (9, 2))
    assert len(ours) == len(theirs) == 5
    for expr, index in zip(ours, theirs, strict=True):
        want = np.broadcast_to(model.predict(x, index=index), 9)
        np.testing.assert_allclose(evaluate(expr, {"a": x[:, 0], "b": x[:, 1]}), want, rtol=1e-12)


def test_its_latex_is_there(pysr: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(HALL, tmp_path / "run")
    model = pysr.PySRRegressor.from_file(run_directory=str(tmp_path / "run"), operators=OPERATORS, n_features_in=2)
    assert r"\sin" in model.latex()
    assert model.latex_table().count(r"\\") >= 6


def test_an_argument_that_the_api_lost_is_left_out_or_named() -> None:
    def older(self: object, *, operators: object, **kwargs: object) -> None: ...

    with pytest.raises(RuntimeError, match="has no max_evals, maxsize, run_id; update kandisco-pysr"):
        checked({"operators": 1, "maxsize": 2, "max_evals": 3, "run_id": 4}, older)
    assert checked({"operators": 1, "guesses": 2}, older) == ({"operators": 1}, ("guesses",))


def test_looking_for_it_imports_neither_pysr_nor_juliacall_and_prints_nothing() -> None:
    code = "import sys, kandisco_pysr as k; k.unavailable(); print(*{n.split('.')[0] for n in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pysr", "juliacall", "juliapkg", "numpy", "torch"} & set(done.stdout.split())
    assert done.stderr == ""


def test_the_julia_it_asks_for_is_read_from_the_package() -> None:
    import importlib.util

    from kandisco_pysr.availability import _in_words, _julia_versions

    (place,) = importlib.util.find_spec("pysr").submodule_search_locations  # type: ignore[union-attr]
    asked = json.loads((Path(place) / "juliapkg.json").read_text(encoding="utf-8"))["julia"]
    assert _julia_versions() == _in_words(asked)
    assert _in_words("=1.10.0, 1.10.3") == "1.10.0, or 1.10.3 and later 1.x"
    assert _in_words("1.12") == "1.12"


def test_guesses_hold_only_operators_it_was_given() -> None:
    from kandisco_pysr.mapping import guesses

    assert guesses(problem(seeds=(parse("tanh(E)", ("E",)), parse("besselj(0, N)")))) is None
