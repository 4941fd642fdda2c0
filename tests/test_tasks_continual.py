"""Tables learnt one after another: nothing is forgotten, and what new rows do not reach does not move at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.errors import ConfigError, InputError
from kandisco.registry import Registry
from kandisco.tasks import continual
from kandisco.tasks.continual import begin, learn

CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)


def peaks(x: np.ndarray) -> np.ndarray:
    return np.asarray(sum(np.exp(-300.0 * (x - centre) ** 2) for centre in CENTRES))


def test_five_peaks_in_turn(registry: Registry) -> None:
    memory, windows = begin([(-1.0, 1.0)], registry, grid=200), []
    for centre in CENTRES:
        windows.append(np.linspace(centre - 0.2, centre + 0.2, 150)[:, None])
        memory = learn(memory, windows[-1], peaks(windows[-1][:, 0]))
    assert max(float(np.abs(memory(x) - peaks(x[:, 0])).max()) for x in windows) < 1e-4
    assert memory.rows == 750


def test_what_the_new_rows_do_not_reach_stays_to_the_last_bit(registry: Registry) -> None:
    first = learn(begin([(0.0, 1.0)], registry, grid=20), np.linspace(0, 0.4, 80)[:, None], np.linspace(0, 0.4, 80) ** 2)
    second = learn(first, np.linspace(0.6, 1, 80)[:, None], np.ones(80))
    x = np.linspace(0, 0.4, 33)[:, None]
    np.testing.assert_array_equal(first(x), second(x))


def test_rows_that_overlap_are_learnt_as_if_together(registry: Registry) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 200)[:, None]
    y = np.sin(5 * x[:, 0]) + 0.1 * rng.normal(size=200)
    begun = begin([(0.0, 1.0)], registry, grid=8)
    apart = learn(learn(begun, x[:90], y[:90]), x[90:], y[90:])
    np.testing.assert_allclose(apart(x), learn(begun, x, y)(x), atol=1e-5)


def test_a_step_that_is_refused_costs_no_jacobian(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(continual, "_system", lambda *given, whole=continual._system: made.append(given) or whole(*given))
    monkeypatch.setattr(continual, "_loss", lambda *given: 1.0)  # no step is ever better
    x = np.linspace(0, 1, 30)[:, None]
    first = begin([(0.0, 1.0)], registry, grid=5)
    kept = learn(first, x, x[:, 0] ** 2)
    assert len(made) == 1
    np.testing.assert_array_equal(kept(x), first(x))
    assert kept.rows == 30 and bool((kept.hessian != 0).any())


def test_rows_outside_and_shapes_of_many_outputs_are_refused(registry: Registry) -> None:
    with pytest.raises(InputError, match="outside"):
        learn(begin([(0.0, 1.0)], registry), np.array([[2.0]]), np.array([0.0]))
    with pytest.raises(ConfigError, match="outputs"):
        begin([(0.0, 1.0)], registry, width="1,2")


def test_a_hidden_layer_keeps_most(registry: Registry) -> None:
    rng = np.random.default_rng(1)
    left, right = rng.uniform(0, 1, (150, 2)), rng.uniform(0, 1, (150, 2)) + [1.0, 0.0]
    first = learn(begin([(0.0, 2.0), (0.0, 1.0)], registry, width="2,2,1", grid=8), left, left.prod(1))
    second = learn(first, right, right.prod(1))
    assert float(np.sqrt(np.mean((second(right) - right.prod(1)) ** 2))) < 0.05
    assert float(np.sqrt(np.mean((second(left) - left.prod(1)) ** 2))) < 0.05


def test_the_command_shows_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for i, centre in enumerate((-0.5, 0.5)):
        x = np.linspace(centre - 0.5, centre + 0.5, 60)
        files.append(str(tmp_path / f"{i}.csv"))
        np.savetxt(files[-1], np.stack([x, x**2], axis=1), delimiter=",", header="x,y", comments="")
    assert main(["continual", *files, "--grid", "20", "--json"]) == 0
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert [len(row) for row in errors] == [1, 2]
    assert max(errors[1]) < 1e-8
