"""kandisco.tasks.ode and ``kandisco ode``: smoothing, weak form, shooting and the whole way from trajectories to equations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.config import Config
from kandisco.errors import InputError
from kandisco.expr import Expr, parse, to_text
from kandisco.registry import Registry
from kandisco.tasks.ode import discover_ode
from kandisco.tasks.ode.multiple import by_integrating
from kandisco.tasks.ode.shooting import increments, integrated
from kandisco.tasks.ode.smooth import Run, runs_of, smoothed
from kandisco.tasks.ode.sparse import sparse
from kandisco.tasks.ode.system import loosened, refined
from kandisco.types import Dataset

PENDULUM = (parse("v", ("q", "v")), parse("-sin(q)", ("q", "v")))
NAMES = ("q", "v")


def swing(noise: float, rows: int = 200) -> Run:
    t = np.linspace(0, 12, rows)
    clean = integrated(PENDULUM, NAMES, np.array([2.0, 0.1]), t)
    deviation = clean.std(axis=1, keepdims=True)
    return Run(t=t, states=clean + noise * deviation * np.random.default_rng(3).standard_normal(clean.shape))


def texts(exprs: tuple[Expr, ...]) -> list[str]:
    return [to_text(expr, 4) for expr in exprs]


@pytest.mark.parametrize("noise, error", [(0.0, 1e-6), (0.01, 0.02), (0.05, 0.08)])
def test_slopes_and_noise_are_found_to_what_is_claimed(noise: float, error: float) -> None:
    run, clean = swing(noise), swing(0.0).states
    curve = smoothed(run)
    truth = np.array([clean[1], -np.sin(clean[0])])
    gaps = np.sqrt(np.mean((curve.slopes - truth)[:, curve.inner] ** 2, axis=1))
    assert np.all(gaps < error * truth.std(axis=1))
    assert np.all(gaps < 2 * curve.errors)
    if noise:
        assert curve.noise == pytest.approx(noise * clean.std(axis=1), rel=0.15)


def test_the_integrator_is_exact_and_says_where_it_breaks_down() -> None:
    t = np.linspace(0, 2, 9)
    assert integrated([parse("-x", ("x",))], ("x",), np.array([1.0]), t)[0] == pytest.approx(np.exp(-t), rel=1e-8)
    assert np.isnan(integrated([parse("x**2", ("x",))], ("x",), np.array([1.0]), t)).all()
    assert np.isnan(integrated([parse("log(x)", ("x",))], ("x",), np.array([-1.0]), t)).all()


def test_constants_far_off_are_fitted_by_integrating() -> None:
    run = swing(0.01)
    start = (parse("0.8*v", NAMES), parse("-1.3*sin(0.9*q)", NAMES))
    joint = by_integrating(start, NAMES, [run], [smoothed(run)])
    values = [number for expr in joint.exprs for number in expr.numbers()]
    errors = [error for each in joint.std_errors for error in each]
    assert np.all(np.abs(np.array(values) - [1, -1, 1]) < 4 * np.array(errors)) and max(errors) < 0.02
    assert joint.rmse == pytest.approx(0.01, rel=0.1)


def test_simple_fractions_within_their_error_are_taken_and_others_kept() -> None:
    t = np.linspace(0, 10, 250)
    law = (parse("-1.2345*y", ("x", "y")), parse("8*x/3 - y/10", ("x", "y")))
    states = integrated(law, ("x", "y"), np.array([2.0, 1.0]), t)
    noisy = states + 1e-3 * np.random.default_rng(0).standard_normal(states.shape)
    run = Run(t=t, states=noisy)
    data = increments(("x", "y"), [run], [smoothed(run)])
    found = refined([sparse(place, data) for place in (0, 1)], ("x", "y"), [run], [smoothed(run)], data)
    assert texts(found.exprs) == ["-1.234*y", "8*x/3 - 0.1*y"] or texts(found.exprs) == ["-1.235*y", "8*x/3 - 0.1*y"]


def test_loosened_frees_coefficients_but_not_exponents() -> None:
    assert loosened(parse("3*x**2 - 4*sin(2*y)", ("x", "y"))).numbers() == (3.0, 4.0, 2.0)


def test_runs_of_different_lengths_and_steps_are_used_together() -> None:
    runs = [swing(0.01, 200), swing(0.01, 90)]
    curves = [smoothed(run) for run in runs]
    data = increments(NAMES, runs, curves)
    assert data.gains.shape[1] == data.weights.shape[0] > 100
    gap = data.integral(PENDULUM[1]) - data.gains[1]
    assert np.sqrt(np.mean(gap**2)) < 0.05 * data.gains[1].std()


def test_a_noisy_pendulum_is_found(registry: Registry) -> None:
    spec = registry.dataset("@flow/pendulum")
    assert spec.generate is not None
    found = discover_ode(_noisy(spec.generate(450, 1), 0.01), Config(time=6, max_attempts=3), registry)
    assert [str(equation) for equation in found.equations] == ["dq/dt = v", "dv/dt = -sin(q)"]
    assert found.rmse < 0.012 and found.notes == ()


def _noisy(data: Dataset, noise: float) -> Dataset:
    rng = np.random.default_rng(5)
    x = data.x.copy()
    x[:, 1:] += noise * x[:, 1:].std(axis=0) * rng.standard_normal(x[:, 1:].shape)
    return replace(data, x=x, y=data.y + noise * data.y.std() * rng.standard_normal(len(x)))


def test_the_command_reads_a_file_with_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "decay.csv"
    lines = [f"{run},{0.05 * i!r},{float((1 + run) * np.exp(-0.1 * i))!r}" for run in (0, 1) for i in range(60)]
    file.write_text("run,t,x\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "decay.card.json").write_text('{"columns": [{"label": "run", "role": "group"}]}', encoding="utf-8")
    assert main(["ode", str(file), "--json", "--time", "5s", "--set", "max_attempts=3"]) == 0
    (equation,) = json.loads(capsys.readouterr().out)["equations"]
    assert (equation["state"], equation["formula"]) == ("x", "-2*x")


@pytest.mark.parametrize(
    "rows, clock, said",
    [
        ([(0.1 * i, i) for i in range(8)], "", "only 8 rows"),
        ([(0.1 * (i % 10), i) for i in range(20)], "", "stands twice"),
        ([(0.1 * i, i) for i in range(20)], "clock", "no column 'clock'"),
    ],
)
def test_what_is_no_trajectory_is_refused(rows: list[tuple[float, float]], clock: str, said: str) -> None:
    from kandisco.data import to_dataset
    from kandisco.types import Table

    table = np.array(rows)
    data = to_dataset(Table(columns={"t": table[:, 0], "x": table[:, 1]}))
    with pytest.raises(InputError, match=said):
        runs_of(data, clock)
