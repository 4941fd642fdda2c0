"""Conserved quantities come out of trajectories as formulas; where there is none, none is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kandisco.cli import main
from kandisco.errors import InputError
from kandisco.expr import parse, to_text
from kandisco.registry import Registry
from kandisco.tasks.conserved import conserved
from kandisco.tasks.trajectories import Trajectories

Right = Callable[[np.ndarray], list[float]]


def trajectories(right: Right, starts: np.ndarray, names: str, end: float = 8.0) -> Trajectories:
    rows, groups = [], []
    for k, start in enumerate(starts):
        at = np.linspace(0, end, 80)
        found = solve_ivp(lambda _, y: right(y), (0, end), start, rtol=1e-11, atol=1e-12, t_eval=at, method="DOP853")
        rows.append(found.y.T)
        groups.append(np.full(len(at), k))
    return Trajectories(names=tuple(names), x=np.concatenate(rows), groups=np.concatenate(groups))


def starts(dimension: int, size: float, centre: float = 0.0) -> np.ndarray:
    return centre + np.random.default_rng(0).uniform(-size, size, (8, dimension))


def test_a_pendulum_and_prey(registry: Registry) -> None:
    swings = conserved(trajectories(lambda y: [y[1], -np.sin(y[0])], starts(2, 1.5), "qp"), registry)
    assert [one.exact for one in swings] == [True]
    assert to_text(swings[0].expr) == "p**2 - 2*cos(q)"
    prey = trajectories(lambda y: [y[0] * (1.1 - 0.4 * y[1]), y[1] * (0.1 * y[0] - 0.4)], starts(2, 2, 5), "xy")
    (found,) = conserved(prey, registry)
    assert to_text(found.expr) == "x/4 + y - log(x) - 11*log(y)/4"


def test_kepler_has_three_of_four(registry: Registry) -> None:
    def right(y: np.ndarray) -> list[float]:
        cube = (y[0] ** 2 + y[1] ** 2) ** 1.5
        return [y[2], y[3], -y[0] / cube, -y[1] / cube]

    rng = np.random.default_rng(0)
    begin = np.stack(
        [rng.uniform(0.7, 1.3, 10), rng.uniform(-0.3, 0.3, 10), rng.uniform(-0.3, 0.3, 10), rng.uniform(0.8, 1.2, 10)]
    )
    found = conserved(trajectories(right, begin.T, "xyuw"), registry)
    assert len(found) == 3
    assert all(one.exact and one.how == "dictionary" for one in found)


def test_an_inner_constant_needs_the_network(registry: Registry) -> None:
    data = trajectories(lambda y: [y[1], -2.5 * np.sin(1.7 * y[0])], starts(2, 0.8), "qp")
    (found,) = conserved(data, registry)
    assert found.exact and found.how == "network"
    values = data.values(found.expr)
    energy = data.values(parse("p**2/2 - 2.5/1.7*cos(1.7*q)"))
    assert abs(np.corrcoef(values, energy)[0, 1]) > 1 - 1e-9


def test_friction_leaves_nothing(registry: Registry) -> None:
    data = trajectories(lambda y: [y[1], -y[0] - 0.3 * y[1]], starts(2, 1.0), "xv")
    assert not any(one.exact for one in conserved(data, registry, degree=2))


def test_a_relation_in_rows_of_no_order(registry: Registry) -> None:
    angle = np.random.default_rng(0).uniform(0, 6, 200)
    x = np.stack([3 * np.cos(angle), 2 * np.sin(angle)], axis=1)
    (found,) = conserved(Trajectories(names=("x", "y"), x=x, groups=np.zeros(200, dtype=np.int64)), registry)
    assert to_text(found.expr) in ("4*x**2/9 + y**2", "x**2 + 9*y**2/4")


def test_rows_must_fit_together() -> None:
    with pytest.raises(InputError, match="belong together"):
        Trajectories(names=("x",), x=np.zeros((3, 2)), groups=np.zeros(3, dtype=np.int64))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    t = np.linspace(0, 6, 40)
    rows = [np.stack([np.full(40, k), t, r * np.cos(t), -r * np.sin(t)], axis=1) for k, r in enumerate((1.0, 2.0, 3.0))]
    file = tmp_path / "swing.csv"
    np.savetxt(file, np.concatenate(rows), delimiter=",", header="run,t,x,v", comments="")
    assert main(["conserved", str(file), "--group", "run", "--ignore", "t", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["formula"] for one in found["conserved"]] == ["x**2 + v**2"]
    assert found["trajectories"] == 3
