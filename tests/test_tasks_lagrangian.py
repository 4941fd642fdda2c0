"""Lagrangians come out of rows of coordinate, velocity and acceleration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kandisco.cli.app import main
from kandisco.errors import InputError
from kandisco.expr import to_text
from kandisco.tasks.lagrangian import lagrangian

ROWS = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 120))
Force = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.mark.parametrize(
    ("force", "wanted"),
    [
        (lambda q, v: -2.5 * q, "v**2 - 5*q**2/2"),
        (lambda q, v: -np.sin(q), "v**2 + 2*cos(q)"),
        (lambda q, v: (1 - v**2) ** 1.5, "q - sqrt(1 - v**2)"),
    ],
)
def test_known_motions(force: Force, wanted: str) -> None:
    q, v = ROWS
    found = lagrangian(q, v, force(q, v))
    assert found is not None and found.misfit < 1e-12
    assert to_text(found.expr) == wanted


def test_friction_has_none_in_the_dictionary() -> None:
    q, v = ROWS
    assert lagrangian(q, v, -q - 0.1 * v) is None


def test_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="20 rows"):
        lagrangian(np.zeros(3), np.zeros(3), np.zeros(3))


def swing(folder: Path, header: str, a: np.ndarray | None = None) -> str:
    """A file of rows of the pendulum."""
    q, v = ROWS
    file = folder / "swing.csv"
    np.savetxt(file, np.stack([q, v, -np.sin(q) if a is None else a], axis=1), delimiter=",", header=header, comments="")
    return str(file)


def test_the_command_speaks_of_the_columns_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = swing(tmp_path, "angle [rad],v,push")
    assert main(["lagrangian", file, "--coordinate", "angle [rad]", "--acceleration", "push", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lagrangian"]["formula"], told["rows"]) == ("v**2 + 2*cos(angle)", 120)
    assert main(["lagrangian", file, "--coordinate", "angle [rad]", "--acceleration", "push"]) == 0
    assert "angle is the column 'angle [rad]'" in capsys.readouterr().out


def test_the_command_says_when_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    q, v = ROWS
    file = swing(tmp_path, "q,v,a", -q - 0.1 * v)
    assert main(["lagrangian", file]) == 0
    assert capsys.readouterr().out == "No Lagrangian was found.\n"
    assert main(["lagrangian", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"lagrangian": None, "rows": 120}


@pytest.mark.parametrize(("given", "said"), [("--velocity=w", "no column 'w'"), ("--velocity=q", "cannot be two")])
def test_wrong_columns_are_named(given: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lagrangian", swing(tmp_path, "q,v,a"), given]) == 2
    assert said in capsys.readouterr().err
