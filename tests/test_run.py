"""kandisco.run: a folder that survives a kill at any moment, and from which nothing is executed."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kandisco.config import Config
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.run import Run, find_resumable, fingerprint, list_runs, versions
from kandisco.runjson import formula_from_json, formula_to_json, result_from_json, result_to_json
from kandisco.types import EXCEEDED, RELATIVE, Dataset, Formula, Result, StageRecord, Variable


def dataset(rows: int = 30, shift: float = 0.0) -> Dataset:
    x = np.random.default_rng(1).uniform(0, 1, (rows, 2))
    inputs = (Variable(name="x1", label="x 1", unit="m"), Variable(name="x2", label="x2"))
    return Dataset(name="toy data", x=x, y=x[:, 0] * 2.5 + shift, inputs=inputs, target=Variable(name="y"), notes=("a note",))


def formula(text: str = "2.5*x1", **changes: float) -> Formula:
    numbers = {"rmse_train": 0.1, "rmse_valid": 0.2, "rmse_test": 0.3, "rmse_shell": 0.4, "r2_test": 0.9} | changes
    return Formula(expr=parse(text), complexity=3, evidence="supported", origin="test", std_errors=(0.1,), **numbers)


def result(data: Dataset, **changes: object) -> Result:
    best = formula()
    whole = Result(
        best=best,
        front=(formula("1.5"), best),
        dataset=data,
        baselines={"linear": (0.5, 0.8), "constant": (1.0, 0.0)},
        noise=0.01,
        status="done",
        seed=3,
        seconds=1.25,
        warnings=("beware",),
        records=(StageRecord(stage="train", params={"grid": 5}, metrics={"rmse": np.float64(0.5)}, notes=("n",)),),
    )
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


def test_a_result_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    data = dataset()
    run = Run.create(tmp_path, data, Config(seed=3))
    stored = result(data)
    for record in stored.records:
        run.write_record(record)
    run.finish(stored, {"formula.tex": "x"})
    opened = Run.open(run.path)
    back = opened.result()
    assert (back.best, back.front, back.baselines) == (stored.best, stored.front, stored.baselines)
    assert (back.noise, back.status, back.seed, back.seconds, back.warnings) == (0.01, "done", 3, 1.25, ("beware",))
    assert back.records == stored.records
    assert back.dataset.inputs == data.inputs
    np.testing.assert_array_equal(back.dataset.x, data.x)
    np.testing.assert_array_equal(back.dataset.y, data.y)
    assert opened.config == Config(seed=3)
    assert opened.status() == "done"
    assert opened.verify() == ()


def test_what_older_results_tell_among_their_warnings_is_read_as_fields() -> None:
    data = dataset()
    new = result_to_json(result(data, relative=True, exceeds=True))
    back = result_from_json(new, data, ())
    assert (back.relative, back.exceeds) == (True, True)
    old = {name: value for name, value in result_to_json(result(data)).items() if name not in ("relative", "exceeds")}
    back = result_from_json(old, data, ())
    assert (back.relative, back.exceeds) == (False, False)
    back = result_from_json({**old, "warnings": [RELATIVE, EXCEEDED]}, data, ())
    assert (back.relative, back.exceeds) == (True, True)
    assert result_from_json(old, dataclasses.replace(data, relative=True), ()).relative


@pytest.mark.parametrize(
    ("origin", "found_by"),
    [
        ("kan [2,1,1] (held-out error 1e-6) > symbolic(sin, x^2, exp)", (("network",), "[2,1,1]", "")),
        ("divide by a > monomial", (("division",), "", "")),
        ("refiner operon, started from: kan [3,2,1] > symbolic(sin)", (("network", "engine"), "[3,2,1]", "operon")),
        ("polynomial", ((), "", "")),
    ],
)
def test_what_found_a_formula_is_read_off_the_origin_of_older_files(origin: str, found_by: tuple[object, ...]) -> None:
    new = formula_to_json(formula())
    assert formula_from_json(new) == formula()
    old = {name: value for name, value in new.items() if name not in ("methods", "shape", "engine")}
    back = formula_from_json({**old, "origin": origin})
    assert (back.methods, back.shape, back.engine) == found_by
    with pytest.raises(InputError, match="damaged"):
        formula_from_json({**new, "methods": ["guessing"]})


def test_numbers_that_are_not_finite_survive_as_nan_in_plain_json(tmp_path: Path) -> None:
    data = dataset()
    run = Run.create(tmp_path, data, Config())
    run.finish(result(data, best=formula(rmse_shell=math.nan, rmse_test=math.inf)))
    text = (run.path / "formulas.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    best = Run.open(run.path).result().best
    assert best is not None and math.isnan(best.rmse_shell) and math.isnan(best.rmse_test)


def test_units_come_back_unchanged_and_by_key(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    value = {"numbers": [0.1, 1e-300, 3], "text": "ü", "nothing": None}
    run.save_unit("fit [2,1,1] / 3", value)
    assert Run.open(run.path).load_unit("fit [2,1,1] / 3") == value
    assert run.load_unit("another") is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "other", "value": 1}', "\x00\x00"])
def test_a_damaged_unit_counts_as_missing(tmp_path: Path, damage: str) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    run.save_unit("key", 1)
    (unit,) = (run.path / "units").iterdir()
    unit.write_text(damage)
    assert run.load_unit("key") is None


def test_models_come_back(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    arrays = {"weights": np.arange(6.0).reshape(2, 3), "mask": np.array([1.0])}
    run.save_model("a.first", {}, {})
    run.save_model("[2,1,1] best", arrays, {"width": "2,1,1"})
    back, meta = Run.open(run.path).load_model("[2,1,1] best")
    assert meta["width"] == "2,1,1"
    for name, values in arrays.items():
        np.testing.assert_array_equal(back[name], values)
    with pytest.raises(InputError, match="no model"):
        run.load_model("other")


def test_a_pickle_in_the_folder_is_not_read(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    np.savez(run.path / "data.npz", x=np.array([{"a": 1}], dtype=object), y=np.zeros(1))
    with pytest.raises(InputError, match="damaged"):
        run.dataset()


def test_a_record_cut_by_a_kill_is_left_out_and_mended(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    run.write_record(StageRecord(stage="one"))
    with (run.path / "records.jsonl").open("a") as file:
        file.write('{"stage": "tw')
    assert [record.stage for record in run.records()] == ["one"]
    with (run.path / "records.jsonl").open("a") as file:
        file.write('o"}\n[]\n"text"\n{}\n{"stage": 1}\n{"stage": "odd", "notes": 3}\n')
    assert [record.stage for record in run.records()] == ["one"]
    run.reopen()
    run.write_record(StageRecord(stage="three"))
    assert [record.stage for record in run.records()] == ["one", "three"]


def test_verify_names_what_was_changed_and_what_is_missing(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    assert run.verify() == ("The run did not finish.",)
    run.finish(result(dataset()), {"formula.tex": "x", "formula.py": "y"})
    (run.path / "formula.tex").write_text("z")
    (run.path / "formula.py").unlink()
    (run.path / "report.html").write_text("written later, no part of the result")
    assert sorted(run.verify()) == ["formula.py is missing.", "formula.tex was changed."]


def test_resume_wants_the_same_data_settings_and_versions(tmp_path: Path) -> None:
    data, config = dataset(), Config(seed=1, time=10)
    run = Run.create(tmp_path, data, config)
    assert find_resumable(tmp_path, data, config) is None, "a living process holds it"
    run.unlock()
    found = find_resumable(tmp_path, dataset(), dataclasses.replace(config, time=99.0))
    assert found is not None and found.path == run.path
    found.unlock()
    assert find_resumable(tmp_path, dataset(shift=1e-9), config) is None
    assert find_resumable(tmp_path, data, Config(seed=2)) is None
    assert find_resumable(tmp_path, data, config, {**versions(), "torch": "0"}) is None
    assert find_resumable(tmp_path / "nowhere", data, config) is None


def test_the_newest_of_several_is_resumed(tmp_path: Path) -> None:
    runs = [Run.create(tmp_path, dataset(), Config()) for _ in range(3)]
    for age, run in enumerate(runs):
        meta = json.loads((run.path / "run.json").read_text())
        (run.path / "run.json").write_text(json.dumps({**meta, "created": f"2030-01-0{age + 1}T00:00:00+00:00"}))
        run.unlock()
    found = find_resumable(tmp_path, dataset(), Config())
    assert found is not None and found.path == runs[2].path
    assert len({run.path for run in runs}) == 3
    assert [run.path for run in list_runs(tmp_path)] == [run.path for run in reversed(runs)]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"schema": 99}'])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(InputError):
        Run.open(tmp_path)
    assert list_runs(tmp_path.parent) == []


def test_fingerprint_sees_numbers_names_and_units() -> None:
    base = dataset()
    changed = base.y.copy()
    changed[-1] = np.nextafter(changed[-1], 9)
    others = [
        dataclasses.replace(base, y=changed),
        dataclasses.replace(base, target=Variable(name="z")),
        dataclasses.replace(base, inputs=(Variable(name="x1", label="x 1", unit="km"), base.inputs[1])),
        dataclasses.replace(base, groups=np.arange(30)),
        dataclasses.replace(base, weights=np.arange(1.0, 31.0)),
    ]
    assert len({fingerprint(one) for one in (base, *others)}) == 6
    assert fingerprint(dataclasses.replace(base, name="other", source="elsewhere")) == fingerprint(base)


def test_the_sample_keeps_the_extremes_of_a_large_table(tmp_path: Path) -> None:
    data = dataset(rows=20_001)
    back = Run.create(tmp_path, data, Config()).dataset()
    assert 2000 <= len(back.y) <= 2006
    np.testing.assert_array_equal(back.x.max(axis=0), data.x.max(axis=0))
    np.testing.assert_array_equal(back.x.min(axis=0), data.x.min(axis=0))


def test_weights_come_back_with_their_rows(tmp_path: Path) -> None:
    data = dataclasses.replace(dataset(), weights=np.arange(1.0, 31.0))
    run = Run.create(tmp_path, data, Config())
    back = run.dataset()
    assert back.weights is not None
    np.testing.assert_array_equal(back.weights, data.weights[[int(np.flatnonzero(data.y == y)[0]) for y in back.y]])
    assert Run.create(tmp_path, dataset(), Config()).dataset().weights is None


def test_a_folder_that_cannot_be_written_is_the_users_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"):
        Run.create(tmp_path / "file" / "runs", dataset(), Config())


_WRITER = """
import sys
from pathlib import Path
from kandisco.config import Config
from kandisco.run import Run
import numpy as np
run = Run.open(Path(sys.argv[1]))
value = [float(i) for i in range(20000)]
print("ready", flush=True)
for i in range(10**9):
    run.save_unit(f"unit {i % 7}", value)
    run.save_model("model", {"a": np.zeros(50000)}, {"i": i})
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_sigkill_leaves_whole_files_only(tmp_path: Path) -> None:
    run = Run.create(tmp_path, dataset(), Config())
    for delay in (0.02, 0.05, 0.11):
        child = subprocess.Popen([sys.executable, "-c", _WRITER, str(run.path)], stdout=subprocess.PIPE, env={**os.environ})
        assert child.stdout is not None
        with child.stdout as stream:
            stream.readline()
            try:
                child.wait(delay)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for i in range(7):
            assert run.load_unit(f"unit {i}") in (None, [float(k) for k in range(20000)])
        for path in (*run.path.glob("units/*.json"), *run.path.glob("models/*.json")):
            json.loads(path.read_text())
        for path in run.path.glob("models/*.npz"):
            with np.load(path, allow_pickle=False) as file:
                assert file["a"].shape == (50000,)
    assert any(run.load_unit(f"unit {i}") for i in range(7))
