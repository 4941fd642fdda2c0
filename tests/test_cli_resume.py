"""A run that dies and is completed with --resume gives what it would have given; benchmarks/resume.py does it with SIGKILL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.run import Run

WORDS = ["--json", "--time", "1h", "--width", "2,1", "--max-complexity", "10", "--functions", "x,sin,1/x"]
WORDS += [word for setting in ("restarts=1", "candidates=2", "beam=2", "grid=3") for word in ("--set", setting)]


class Killed(BaseException):
    """Stands in for whatever ends a process between two units of its work."""


@pytest.fixture
def table(undrawn: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 2, (2, 60))
    y = a * np.sin(2 * b) / (1 + a * b) + rng.normal(0, 0.02, 60)
    rows = ["a,b,y", *(f"{p!r},{q!r},{r!r}" for p, q, r in zip(a.tolist(), b.tolist(), y.tolist(), strict=True))]
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    return "table.csv"


def outcome(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    value = json.loads(capsys.readouterr().out)
    return {key: value[key] for key in ("status", "best", "front", "noise", "baselines", "seed", "warnings")}


@pytest.mark.slow
def test_a_run_that_died_between_its_units_ends_as_if_it_had_not(
    table: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["discover", table, *WORDS, "--out", "whole"]) == 0
    whole = outcome(capsys)
    assert whole["status"] == "done" and len(whole["front"]) > 1
    save = Run.save_unit
    done: list[str] = []

    def dying(run: Run, key: str, value: Any) -> None:
        save(run, key, value)
        done.append(key)
        if len(done) in (2, 3):
            raise Killed

    monkeypatch.setattr(Run, "save_unit", dying)
    for more in ([], ["--resume"]):
        with pytest.raises(Killed):
            main(["discover", table, *WORDS, "--out", "dying", *more])
    capsys.readouterr()
    assert main(["discover", table, *WORDS, "--out", "dying", "--resume"]) == 0
    assert len(list(Path("dying").iterdir())) == 1
    assert len(done) == len(set(done)), "finished units are not done again"
    assert outcome(capsys) == whole


def test_a_run_whose_time_is_up_at_once_has_something_to_show(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", table, "--time", "0.01s", "--json"]) == 0
    found = outcome(capsys)
    assert found["status"] == "timeout" and found["best"]["evidence"] == "none"
    assert any("cut short" in warning for warning in found["warnings"])
