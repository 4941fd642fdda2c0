"""kandisco.cli: words in; formulas, exit codes and the JSON contract out. The search itself is replaced by a fake."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco import pipeline, report
from kandisco import plugins as plugin_loader
from kandisco.cli import main
from kandisco.cli.options import DEFAULTS, FLAGS, as_text, config_from, parameters
from kandisco.config import Config
from kandisco.control import Control
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.run import Run
from kandisco.types import Dataset, Formula, Result, StageRecord

WRITE = report.write
CONTRACT = ["schema", "status", "run", "seed", "seconds", "target", "inputs", "best", "front"]
FORMULA = [
    "formula",
    "latex",
    "complexity",
    "rmse_test",
    "r2_test",
    "evidence",
    "origin",
    "judged",
    "probability",
    "law",
    "constants",
]


@dataclasses.dataclass
class Fake:
    """Stands in for pipeline.discover: returns ``a*b`` laws of the dataset's own columns, and remembers its arguments."""

    evidence: str = "exact"
    status: str = "done"
    best: str | None = "2.0*{0}"
    warnings: tuple[str, ...] = ()
    calls: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    during: Callable[[dict[str, Any]], None] = lambda given: None

    def __call__(self, dataset: Dataset, config: Config, registry: object, **given: Any) -> Result:
        self.calls.append({"dataset": dataset, "config": config, **given})
        for observer in given["observers"]:
            observer.stage_started("train", shape="[2,1,1]")
            observer.progress("train", train=0.5, valid=0.25, edges=3, best="x", strange=1)
        self.during(given)
        if given["run"] is not None:
            given["run"].save_unit("fit", [1])
        name = dataset.inputs[0].name
        formula = Formula(
            expr=parse((self.best or "1.0").format(name)),
            complexity=3,
            rmse_train=0.1,
            rmse_valid=0.1,
            rmse_test=0.125,
            rmse_shell=float("nan"),
            r2_test=0.75,
            evidence=self.evidence,  # type: ignore[arg-type]
            origin="fake",
        )
        simple = dataclasses.replace(formula, expr=parse("1.5"), complexity=1, rmse_test=0.5, r2_test=0.0, evidence="none")
        return Result(
            best=formula if self.best else None,
            front=(simple, formula) if self.best else (),
            dataset=dataset,
            baselines={"linear": (0.3, 0.5), "constant": (0.6, -0.01)},
            noise=0.0,
            status=self.status,  # type: ignore[arg-type]
            seed=config.seed,
            seconds=1.5,
            warnings=(*dataset.notes, *self.warnings),
            records=(StageRecord(stage="train"),),
        )


@pytest.fixture
def fake(undrawn: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    monkeypatch.chdir(tmp_path)
    made = Fake()
    monkeypatch.setattr(pipeline, "discover", made)
    return made


@pytest.fixture
def table(tmp_path: Path) -> str:
    rng = np.random.default_rng(0)
    rows = rng.uniform(1, 2, (40, 2))
    lines = ["v [m/s],b,y", *(f"{v!r},{b!r},{2 * v!r}" for v, b in rows.tolist())]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    return "data.csv"


def finished(table: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The folder of a finished run."""
    assert main(["discover", table, "--json"]) == 0
    return str(json.loads(capsys.readouterr().out)["run"])


# ---- flags


@pytest.mark.parametrize("module", ["kandisco", "kandisco.cli"])
def test_the_command_line_runs_as_a_module(module: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kandisco ")
    assert subprocess.run([sys.executable, "-m", module, "plot"], capture_output=True, check=False).returncode == 2


def test_every_flag_is_a_field_of_config_with_its_default_and_help() -> None:
    fields = {field.name: field for field in dataclasses.fields(Config)}
    for parameter in parameters():
        option = parameter.default
        assert option.help == fields[parameter.name].metadata["help"]
        default = DEFAULTS.get(parameter.name, fields[parameter.name].default)
        assert getattr(Config.from_dict({parameter.name: option.default}), parameter.name) == default
        assert f"--{parameter.name.replace('_', '-')}" in [name.split("/")[0] for name in option.param_decls]
    assert {parameter.name for parameter in parameters()} == set(FLAGS)


def test_the_flags_of_the_contract_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "--help"]) == 0
    shown = capsys.readouterr().out
    wanted = [*FLAGS, "out", "set", "json", "resume"]
    assert set(wanted) >= {"target", "features", "lamb", "width", "grid", "basis", "functions", "refiner", "time", "seed"}
    for flag in [*(f"--{name.replace('_', '-')}" for name in wanted), "-y", "-q", "-v"]:
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", shown), flag


def test_flags_and_set_reach_the_config(fake: Fake, table: str) -> None:
    words = ["-y", "y", "--features", "b", "--lamb", "0.01", "--width", "1,2,1", "--grid", "7", "--time", "5m", "--seed", "9"]
    words += [
        "--test-size",
        "0.3",
        "--max-complexity",
        "12",
        "--functions",
        "sin, exp",
        "--set",
        "restarts=3",
        "--set",
        "max-rows=500",
    ]
    assert main(["discover", table, "--refiner", "none", *words]) == 0
    config = fake.calls[0]["config"]
    assert config == Config(
        target="y",
        features=("b",),
        lamb=0.01,
        width="1,2,1",
        grid=7,
        time=300.0,
        jobs="auto",
        seed=9,
        test_size=0.3,
        max_complexity=12,
        functions=("sin", "exp"),
        refiner="none",
        restarts=3,
        max_rows=500,
    )
    assert fake.calls[0]["control"].seconds == 300.0


def test_defaults_of_the_command_are_those_of_config() -> None:
    fields = {field.name: as_text(field.name, field.default) for field in dataclasses.fields(Config) if field.name in FLAGS}
    assert config_from(fields, []) == Config()


# ---- exit codes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["nonsense"], 2),
        (["discover"], 2),
        (["discover", "data.csv", "--nonsense"], 2),
        (["discover", "data.csv", "--lamb", "much"], 2),
        (["discover", "data.csv", "--lamb", "-1"], 2),
        (["discover", "data.csv", "--grid", "2.5"], 2),
        (["discover", "data.csv", "--time", "soon"], 2),
        (["discover", "data.csv", "--set", "nonsense=1"], 2),
        (["discover", "data.csv", "--set", "grid"], 2),
        (["discover", "data.csv", "-q", "-v"], 2),
        (["discover", "data.csv", "--block"], 2),
        (["discover", "missing.csv"], 3),
        (["discover", "data.csv", "-y", "nonsense"], 3),
        (["discover", "@nonsense"], 4),
        (["discover", "data.csv", "--basis", "nonsense"], 4),
        (["discover", "data.csv", "--functions", "nonsense"], 4),
        (["discover", "data.csv", "--refiner", "nonsense"], 4),
        (["discover", "data.csv", "--plugins-dir", "nowhere"], 4),
        (["list", "nonsense"], 2),
        (["show", "nowhere"], 3),
        (["export", "nowhere"], 3),
        (["export", "nowhere", "--to", "nonsense"], 4),
        (["predict", "nowhere", "data.csv"], 3),
    ],
)
def test_exit_codes(fake: Fake, table: str, capsys: pytest.CaptureFixture[str], words: list[str], code: int) -> None:
    assert main(words) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    if code:
        assert said.err and not said.out
    assert not fake.calls


@pytest.mark.parametrize("status", ["done", "timeout"])
def test_zero_also_at_the_time_limit_with_a_result(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    fake.status = status
    assert main(["discover", table, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == status


def test_without_any_formula_the_exit_code_says_so(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    fake.best = None
    assert main(["discover", table, "--json"]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out)["best"] is None
    assert "--time" in said.err


def test_a_bug_is_one_line_and_its_traceback_is_in_the_run_folder(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(given: dict[str, Any]) -> None:
        raise ZeroDivisionError("boom")

    fake.during = fail
    assert main(["discover", table]) == 1
    said = capsys.readouterr()
    (line,) = [line for line in said.err.splitlines() if "boom" in line]
    assert "bug" in line and "Traceback" not in said.err and not said.out
    (folder,) = (tmp_path / "runs").iterdir()
    assert "ZeroDivisionError: boom" in (folder / "error.txt").read_text()
    assert str(folder.name) in line
    assert Run.open(folder).status() == "failed"
    assert main(["discover", table, "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_deliberate_errors_of_the_pipeline_keep_their_code(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(given: dict[str, Any]) -> None:
        raise InputError("The data are bad.", hint="Get better ones.")

    fake.during = fail
    assert main(["discover", table]) == 3
    assert "The data are bad. Get better ones." in capsys.readouterr().err


# ---- what is shown


def test_the_ending(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", table]) == 0
    said = capsys.readouterr()
    name = fake.calls[0]["dataset"].inputs[0].name
    lines = said.out.splitlines()
    assert lines[0] == f"y = 2.0*{name}"
    assert any(re.search(r"formula +RMSE 0.125 +R2 0.7500", line) for line in lines)
    assert any(re.search(r"linear +RMSE 0.3 +R2 0.5000", line) for line in lines)
    assert any(re.search(r"constant +RMSE 0.6 +R2 -0.0100", line) for line in lines)
    assert any(re.match(rf"\* +2 +3 +0.125 +0.7500  \w+ +2.0\*{name}$", line) for line in lines)
    assert f"{name} is the column 'v [m/s]'" in said.out
    assert [line.split()[:2] for line in lines[-2:]] == [["kandisco", "export"], ["kandisco", "predict"]]


@pytest.mark.parametrize("evidence", ["weak", "none"])
def test_what_is_no_law_is_said_to_be_none_first(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], evidence: str
) -> None:
    fake.evidence = evidence
    assert main(["discover", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("No trustworthy formula was found")
    assert "R2 0.7500" in lines[1] and "RMSE 0.125" in lines[1] and "linear" in lines[1]
    assert lines[2].startswith("  y ~ 2.0*")
    assert not any(line.startswith("y =") for line in lines)


def test_json_is_one_object_and_nothing_else(fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["discover", table, "--json", "-v", "--seed", "4"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    value = json.loads(out, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    assert list(value)[: len(CONTRACT)] == CONTRACT
    assert (value["schema"], value["status"], value["seed"], value["target"]) == (1, "done", 4, "y")
    for formula in [value["best"], *value["front"]]:
        assert list(formula) == FORMULA
    assert value["best"] in value["front"]
    name = value["inputs"][0]
    assert value["names"] == {name: "v [m/s]"} and name.isidentifier()
    assert parse(value["best"]["formula"], value["inputs"]) == parse(f"2.0*{name}")
    assert (tmp_path / value["run"] / "formulas.json").exists()


def test_the_clock_starts_with_the_search_not_with_the_command(fake: Fake, table: str) -> None:
    before = time.monotonic()
    assert main(["discover", table, "--time", "90s", "-q"]) == 0
    control = fake.calls[0]["control"]
    assert control.seconds == 90 and control.started > before


@pytest.mark.parametrize("evidence", ["weak", "none"])
def test_that_it_is_no_law_is_said_once(fake: Fake, table: str, capsys: pytest.CaptureFixture[str], evidence: str) -> None:
    from kandisco.types import CAVEATS

    fake.evidence = evidence
    fake.warnings = (CAVEATS[evidence], "Dropped 2 rows.")  # type: ignore[index]
    assert main(["discover", table]) == 0
    shown = capsys.readouterr().out
    assert "No trustworthy formula was found" in shown and CAVEATS[evidence] not in shown  # type: ignore[index]
    assert shown.count("Dropped 2 rows.") == 1
    assert main(["discover", table, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == list(fake.warnings)


def test_quiet_shows_the_formula_only(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", table, "-q"]) == 0
    said = capsys.readouterr()
    assert said.out == f"y = 2.0*{fake.calls[0]['dataset'].inputs[0].name}\n"
    assert said.err == ""


def test_verbose_shows_each_stage_on_stderr_only(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", table, "-v"]) == 0
    said = capsys.readouterr()
    assert "train  [2,1,1]" in said.err and "train  [2,1,1]" not in said.out


def test_a_run_folder_has_all_that_was_promised(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("kandisco.report.write", WRITE)
    folder = tmp_path / finished(table, capsys)
    have = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"run.json", "formulas.json", "formula.tex", "formula.py", "report.md", "report.html", "figures/pareto.svg"} <= have
    assert not [name for name in have if name.endswith(".tmp")]
    assert Run.open(folder).verify() == ()
    assert folder.parent.name == "runs" and re.fullmatch(r"\d{8}T\d{6}Z-test_a_run_folder\w*-[0-9a-f]{8}", folder.name)


def test_a_report_that_fails_does_not_cost_the_result(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise ValueError("no ink")

    monkeypatch.setattr("kandisco.report.write", fail)
    assert main(["discover", table]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("y = ") and "no ink" in said.err


# ---- resume


def test_resume_shows_a_finished_run(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = finished(table, capsys)
    assert main(["discover", table, "--json", "--resume"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["run"] == folder
    assert "has finished" in said.err and len(fake.calls) == 1


def test_resume_completes_an_unfinished_run_with_its_journal(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(given: dict[str, Any]) -> None:
        given["run"].save_unit("before", "kept")
        raise ZeroDivisionError

    fake.during = stop
    assert main(["discover", table]) == 1
    fake.during = lambda given: None
    assert main(["discover", table, "--json", "--resume", "--time", "99"]) == 0
    run = fake.calls[-1]["run"]
    assert run.load_unit("before") == "kept"
    assert run.path == fake.calls[0]["run"].path
    assert json.loads(capsys.readouterr().out)["run"] == str(run.path)
    assert run.status() == "done" and not (run.path / "error.txt").exists()


@pytest.mark.parametrize("change", [["--seed", "1"], ["--lamb", "0.5"], ["--features", "b"], ["--out", "elsewhere"]])
def test_resume_starts_anew_and_says_so_where_nothing_fits(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], change: list[str]
) -> None:
    folder = finished(table, capsys)
    assert main(["discover", table, "--json", "--resume", *change]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["run"] != folder
    assert "starting a new one" in said.err


# ---- using a run


def test_show_repeats_the_ending(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", table]) == 0
    out = capsys.readouterr().out
    folder = str(fake.calls[0]["run"].path)
    for path in (folder, "runs"):
        assert main(["show", path]) == 0
        assert capsys.readouterr().out == out
    assert main(["show", folder, "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out))[: len(CONTRACT)] == CONTRACT


def test_show_tells_of_changed_files(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = finished(table, capsys)
    Path(folder, "formula.tex").write_text("changed")
    assert main(["show", folder]) == 0
    assert "formula.tex was changed" in capsys.readouterr().err


@pytest.mark.parametrize("exporter", ["latex", "latex-table", "python", "sympy", "json"])
def test_export(fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, exporter: str) -> None:
    folder = finished(table, capsys)
    assert main(["export", folder, "--to", exporter, "-o", "out.txt"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("kandisco: checked: ") == (exporter in ("python", "sympy"))
    assert main(["export", folder, "--to", exporter]) == 0
    assert capsys.readouterr().out == (tmp_path / "out.txt").read_text()


def test_pick(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = finished(table, capsys)
    got = {}
    for pick in ("best", "accurate", "1", "2"):
        assert main(["export", folder, "--to", "json", "--pick", pick]) == 0
        (formula,) = json.loads(capsys.readouterr().out)["formulas"]
        got[pick] = formula["formula"]
    assert got["1"] == "1.5" and got["2"] == got["best"] == got["accurate"] != "1.5"
    assert main(["export", folder, "--to", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["formulas"]) == 2
    for wrong in ("0", "3", "-1", "worst"):
        assert main(["export", folder, "--pick", wrong]) == 2


def test_predict_matches_columns_by_label_and_marks_gaps_and_extrapolation(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = finished(table, capsys)
    (tmp_path / "new.csv").write_text("note,y,v [m/s]\na,3.0,1.5\nb,,\nc,9.0,4.5\nd,3.25,1.625\n")
    assert main(["predict", folder, "new.csv"]) == 0
    said = capsys.readouterr()
    rows = [line.split(",") for line in said.out.splitlines()]
    assert rows[0] == ["note", "y", "v [m/s]", "y_predicted"]
    assert [row[0] for row in rows[1:]] == ["a", "b", "c", "d"]
    assert [row[3] for row in rows[1:]] == ["3", "", "9", "3.25"]
    assert "1 of 4 rows have a missing cell" in said.err
    assert "extrapolation: v [m/s]" in said.err and "1 of 4 rows (first: row 4)" in said.err
    assert "RMSE 0 on 3 rows" in said.err
    assert main(["predict", folder, "new.csv", "-o", "out.csv", "--pick", "1"]) == 0
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "a,3,1.5,1.5"


def test_predict_adds_intervals(fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fake.best = "2.0*{0} + 0.1"
    folder = finished(table, capsys)
    (tmp_path / "new.csv").write_text("v [m/s]\n1.5\n\n4.5\n")
    assert main(["predict", folder, "new.csv", "--interval", "0.9"]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()]
    assert rows[0][1:] == ["y_predicted", "y_low", "y_high"]
    assert all(float(low) < float(value) < float(high) for _, value, low, high in rows[1:] if value)
    for wrong in ("2", "-0.1"):
        assert main(["predict", folder, "new.csv", "--interval", wrong]) == 2
    assert main(["predict", folder, "new.csv", "--interval", "0.9", "--pick", "1"]) == 3, "a constant has no columns"


def test_predict_reproduces_the_formula_to_the_last_digit(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fake.best = "2.1234567890123456*{0}**1.7"
    folder = finished(table, capsys)
    assert main(["predict", folder, table]) == 0
    out = capsys.readouterr().out.splitlines()[1:]
    v = np.loadtxt(tmp_path / table, delimiter=",", skiprows=1)[:, 0]
    got = np.array([float(line.split(",")[3]) for line in out])
    np.testing.assert_allclose(got, 2.1234567890123456 * v**1.7, rtol=1e-15)


@pytest.mark.parametrize(("text", "word"), [("a,b\n1,2\n1,3\n", "v [m/s]"), ("v [m/s],b\nfast,2\nslow,3\n", "text")])
def test_predict_refuses_what_it_cannot_use(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, word: str
) -> None:
    folder = finished(table, capsys)
    (tmp_path / "new.csv").write_text(text)
    assert main(["predict", folder, "new.csv"]) == 3
    said = capsys.readouterr()
    assert word in said.err and not said.out


def test_commands_on_a_run_without_formula_say_so(fake: Fake, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    fake.best = None
    assert main(["discover", table, "--json"]) == 3
    folder = json.loads(capsys.readouterr().out)["run"]
    assert main(["export", folder]) == 3
    assert main(["predict", folder, table]) == 3
    assert main(["show", folder]) == 0
    assert "No formula was found." in capsys.readouterr().out


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, part in inner for found in _places(part, (*path, key))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(copy[path[0]], path[1:], new)
    return copy


def test_a_damaged_run_folder_is_never_a_bug(
    fake: Fake, table: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kandisco.plugins.load", functools.cache(plugin_loader.load))  # the same for each of the many calls
    folder = finished(table, capsys)
    refused = 0
    for file in ("run.json", "formulas.json"):
        good = Path(folder, file).read_text()
        value = json.loads(good)
        texts = ["", "[]", "{}", "[" * 100_000, good[: len(good) // 2]]
        texts += [json.dumps(_replaced(value, path, new)) for path in _places(value) for new in (None, "odd", [], -1)]
        for text in texts:
            Path(folder, file).write_text(text)
            codes = {main(["show", folder]), main(["export", folder, "--to", "json"]), main(["predict", folder, table])}
            assert codes <= {0, 2, 3}, (text[:300], capsys.readouterr().err)
            refused += codes == {3}
            capsys.readouterr()
        Path(folder, file).write_text(good)
    assert refused > 50


# ---- plugins

_PLUGIN = """
import kandisco
from kandisco.specs import CommandSpec

def app():
    import typer
    made = typer.Typer()
    @made.command()
    def hello(fail: bool = False):
        if fail:
            raise RuntimeError("theirs")
        print("hello from the plugin")
    return made

@kandisco.hookimpl
def kandisco_commands():
    return [CommandSpec(name="greet", app=app, summary="Says hello."), CommandSpec(name="show", app=app, summary="Clashes.")]
"""


@pytest.fixture
def plugins(tmp_path: Path) -> list[str]:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "greeter.py").write_text(_PLUGIN)
    return ["--plugins-dir", str(tmp_path / "plugins")]


def test_a_plugins_command_runs_is_listed_and_can_be_blocked(plugins: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*plugins, "greet"]) == 0
    assert capsys.readouterr().out == "hello from the plugin\n"
    assert main(["--help", *plugins]) == 0
    assert "Says hello." in capsys.readouterr().out
    assert main(["greet", *plugins, "--block=greeter"]) == 2


def test_a_plugins_bug_gets_its_name(plugins: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["greet", "--fail", *plugins]) == 1
    assert "RuntimeError: theirs (in the command 'greet' of greeter)" in capsys.readouterr().err


def test_a_plugin_cannot_replace_one_of_our_commands(plugins: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "nowhere", *plugins]) == 3
    assert main(["greet", *plugins]) == 0
    assert "'show' is one of kandisco's own" in capsys.readouterr().err
    assert main(["greet", "--strict-plugins", *plugins]) == 4


def test_a_run_is_not_resumed_with_another_content_of_a_plugin_file(
    fake: Fake, table: str, plugins: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["discover", table, "--json", "--resume", *plugins]
    folders = []
    for text in (_PLUGIN, _PLUGIN, _PLUGIN + "# changed"):
        (tmp_path / "plugins" / "greeter.py").write_text(text)
        assert main(words) == 0
        folders.append(json.loads(capsys.readouterr().out)["run"])
    assert folders[0] == folders[1] != folders[2]


# ---- lists


@pytest.mark.parametrize(
    ("kind", "name"),
    [("functions", "sin"), ("bases", "bspline"), ("readers", "csv"), ("exporters", "latex-table"), ("refiners", "")],
)
def test_list(capsys: pytest.CaptureFixture[str], kind: str, name: str) -> None:
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("name")
    assert not name or any(line.split()[0] == name for line in lines[1:])


def test_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--all", "--block", "nobody"]) == 0
    out = capsys.readouterr().out
    assert "kandisco.functions" in out and "blocked: nobody" in out


# ---- the process as a whole


def python(*words: str, cwd: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=cwd, input=text, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["discover", "--help"], ["plugins"], ["list", "functions"]])
def test_nothing_heavy_is_imported_before_it_is_needed(tmp_path: Path, words: list[str]) -> None:
    code = f"import sys; from kandisco.cli import main; main({words!r}); print([m for m in sys.argv[1:] if m in sys.modules])"
    done = python("-c", code, "torch", "sympy", "sklearn", "pandas", "scipy", "matplotlib", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_data_from_standard_input(fake: Fake, table: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / table).open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert main(["discover", "-", "-q"]) == 0
    assert len(fake.calls[0]["dataset"].y) == 40


def test_a_terminal_without_greek_costs_no_run(tmp_path: Path) -> None:
    code = "import sys; from kandisco.cli import main; print('x'); sys.exit(main(['show', 'λ']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 3
    assert b"\\u03bb" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_reader_that_has_gone_is_no_bug(tmp_path: Path) -> None:
    code = "import sys; from kandisco.cli import main; sys.exit(main(['list', 'functions']))"
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    with child.stderr as stream:
        said = stream.read()
    assert (child.wait(60), said) == (0, "")


_SLOW = """
import sys, time, types
pipeline = sys.modules["kandisco.pipeline"] = types.ModuleType("kandisco.pipeline")  # the real one imports torch, and is replaced
from kandisco import report
from kandisco.cli import main
sys.path.insert(0, {here!r})
from test_cli import Fake
fake = Fake()
def wait(given):
    print("searching", file=sys.stderr, flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end and not ({gentle} and given["control"].reason()):
        time.sleep(0.01)
    fake.status = given["control"].reason() or "done"
fake.during = wait
pipeline.discover = fake
report.write = lambda run, result, registry=None: None
sys.exit(main(["discover", "data.csv", "--json"]))
"""


def interrupt(tmp_path: Path, *, gentle: bool, times: int) -> tuple[int, str, str]:
    code = _SLOW.format(here=str(Path(__file__).parent), gentle=gentle)
    child = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert child.stderr is not None
    said = ""
    for word in ("searching", "interrupted")[:times]:  # a second signal before the first is heard would be the same one
        while word not in said:
            said += child.stderr.readline()
        child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    return child.returncode, out, said + err


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_once_saves_and_shows_the_best(table: str, tmp_path: Path) -> None:
    code, out, err = interrupt(tmp_path, gentle=True, times=1)
    value = json.loads(out)
    assert (code, value["status"]) == (130, "interrupted")
    assert value["best"]["formula"].startswith("2.0*")
    assert "interrupted" in err and "Traceback" not in err
    assert Run.open(tmp_path / value["run"]).status() == "interrupted"


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_twice_stops_at_once(table: str, tmp_path: Path) -> None:
    code, out, err = interrupt(tmp_path, gentle=False, times=2)
    assert (code, out) == (130, "")
    assert "Traceback" not in err
    (folder,) = (tmp_path / "runs").iterdir()
    assert Run.open(folder).load_unit("fit") is None


def test_the_live_panel_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from kandisco.cli.panel import shown

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with shown(Control(seconds=60.0), quiet=False, verbose=False, stream=stream) as progress:
        progress.stage_started("train", shape="[2,1,1]")
        progress.progress("train", train=0.125, valid=0.25, edges=3, best="[bold]x[/bold]")
    drawn = stream.getvalue()
    for word in ("train", "[2,1,1]", "0.125", "0.25", "live edges", "[bold]x[/bold]", "of 60 s"):
        assert word in drawn, word


def test_progress_in_a_pipe_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from kandisco.cli import panel

    now = 0.0
    monkeypatch.setattr(panel.time, "monotonic", lambda: now)
    with panel.shown(Control(seconds=60.0), quiet=False, verbose=False) as progress:
        for _ in range(100):
            now += 0.1
            progress.progress("train", train=0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) in (1, 2)
    assert "train error 0.5" in lines[0]


def test_progress_in_a_pipe_says_at_once_when_a_law_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    from kandisco.cli import panel

    with panel.shown(Control(seconds=60.0), quiet=False, verbose=False) as progress:
        progress.progress("search", train=0.5, law=None)
        progress.progress("search", train=0.1, law=1.234)
        progress.progress("search", train=0.1, law=1.234)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "law found after 1.2 s; looking for rivals" in lines[0]


def test_control_is_interrupted_by_its_flag() -> None:
    control = Control()
    assert control.reason() == ""
    control.interrupted = True
    assert control.reason() == "interrupted"
