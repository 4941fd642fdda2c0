"""kandisco.data.card, .described, .known, .writing: what a card says is done, and what it says wrongly is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.data import card_from, check_law, read_dataset
from kandisco.errors import InputError
from kandisco.registry import Registry
from kandisco.testing import check_dataset
from kandisco.types import KnownLaw

ROWS = 30
COLUMNS = [
    {"label": "run", "role": "group"},
    {"label": "h [m]", "name": "height", "role": "input", "missing": ["-1"]},
    {"label": "t [ms]", "name": "t", "unit": "ms", "role": "target"},
    {"label": "again", "role": "target"},
    {"label": "w", "role": "weight"},
    {"label": "code", "role": "ignore"},
]


def table(path: Path, *, weight: str = "2", height: str = "") -> Path:
    lines = ["run,h [m],t [ms],again,w,code,other"]
    lines += [f"r{i // 3},{i + 1},{(i + 1) ** 2},{i},{weight if i == 4 else 1},{i % 7},{(i * i) % 11}" for i in range(ROWS)]
    lines[3] = lines[3].replace("r0,3,", f"r0,{height or 3},")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def card(path: Path, **keys: Any) -> Path:
    path.write_text(json.dumps({"columns": COLUMNS, **keys}), encoding="utf-8")
    return path


def test_roles_names_units_groups_weights_and_missing_marks(tmp_path: Path, registry: Registry) -> None:
    file = table(tmp_path / "fall.csv", height="-1")
    card(tmp_path / "fall.card.json", name="falling")
    data = read_dataset(file, registry.readers())
    assert [(v.name, v.unit) for v in (*data.inputs, data.target)] == [("height", "m"), ("other", ""), ("t", "ms")]
    assert data.name == "falling" and len(data.y) == ROWS - 1 and 3.0 not in data.x[:, 0]
    assert data.groups is not None and data.weights is not None
    assert len(set(data.groups.tolist())) == 10 and data.weights[3] == 2.0
    assert [len(set(data.y[data.groups == g])) for g in sorted(set(data.groups.tolist()))].count(3) == 9


def test_target_and_features_go_before_the_card(tmp_path: Path, registry: Registry) -> None:
    card(tmp_path / "fall.card.json")
    file = table(tmp_path / "fall.csv")
    other = read_dataset(file, registry.readers(), target="again", features=("height", "code"))
    assert [v.name for v in (*other.inputs, other.target)] == ["height", "code", "again"]


@pytest.mark.parametrize("name, found", [("fall.csv", True), ("free.csv", False)])
def test_card_json_is_taken_for_the_file_it_names(tmp_path: Path, registry: Registry, name: str, found: bool) -> None:
    card(tmp_path / "card.json", file="fall.csv", sha256="0" * 64)
    data = read_dataset(table(tmp_path / name), registry.readers())
    assert (data.target.name == "t") is found
    assert any("was changed since card.json" in note for note in data.notes) is found


@pytest.mark.parametrize("text", ["[]", "{", '{"license": 5}', '{"language": "en"}'])
def test_a_card_of_another_program_is_passed_over(tmp_path: Path, registry: Registry, text: str) -> None:
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    assert read_dataset(table(tmp_path / "fall.csv"), registry.readers()).target.name == "other"


def test_split_by_makes_groups_of_columns_that_take_part(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "fall.card.json").write_text('{"split_by": ["code"]}', encoding="utf-8")
    data = read_dataset(table(tmp_path / "fall.csv"), registry.readers())
    assert data.groups is not None and "code" in [v.name for v in data.inputs]
    assert len(set(data.groups.tolist())) == 7


@pytest.mark.parametrize(
    "keys, said",
    [
        ({"licence": "MIT"}, "unknown key 'licence'. Did you mean 'license'"),
        ({"license": "public domain!"}, "license is 'public domain!'"),
        ({"columns": [{"label": "h"}, {"label": "t", "role": "output"}]}, r"columns\[1\].role is 'output'"),
        ({"columns": [{"name": "h"}]}, r"columns\[0\].label is ''"),
        ({"columns": [{"label": "h", "unit": 3}]}, r"columns\[0\].unit is 3"),
        ({"columns": [{"label": "h", "name": "sin"}]}, r"columns\[0\].name is 'sin'"),
        ({"columns": [{"label": "h"}, {"label": "h"}]}, r"columns\[1\].label is 'h'"),
        ({"columns": [{"label": "u", "role": "weight"}, {"label": "v", "role": "weight"}]}, "weight to one column"),
        ({"columns": {"h": "input"}}, "columns is {'h': 'input'}"),
        ({"missing": [None]}, r"missing\[0\] is None"),
        ({"laws": [{"expression": "a = b", "kind": "true"}]}, r"laws\[0\].kind is 'true'"),
        ({"laws": [{"expression": "a = b", "tolerance": -1}]}, r"laws\[0\].tolerance is -1"),
        ({"laws": ["a = b"]}, r"laws\[0\] is 'a = b'"),
    ],
)
def test_a_wrong_card_is_refused_with_file_and_key(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=r"my\.card\.json: .*" + said):
        card_from(keys, "my.card.json")


@pytest.mark.parametrize(
    "columns, more, said",
    [
        ([{"label": "height"}], {}, r"columns\[0\]\.label: .*no column 'height'"),
        ([], {"split_by": ["runs"]}, r"split_by\[0\]: .*no column 'runs'. Did you mean 'run'"),
        ([{"label": "run", "role": "weight"}], {}, "the weight 'run' holds text"),
        ([{"label": "h [m]", "name": "x"}, {"label": "code", "name": "other"}], {}, "two columns are called 'other'"),
    ],
)
def test_a_card_that_does_not_fit_its_file(tmp_path: Path, registry: Registry, columns: list[Any], more: Any, said: str) -> None:
    (tmp_path / "fall.card.json").write_text(json.dumps({"columns": columns, **more}), encoding="utf-8")
    with pytest.raises(InputError, match="fall.card.json: .*" + said):
        read_dataset(table(tmp_path / "fall.csv"), registry.readers())


def test_a_weight_of_zero_is_refused_with_its_row(tmp_path: Path, registry: Registry) -> None:
    card(tmp_path / "fall.card.json")
    with pytest.raises(InputError, match="row 6 of the weight 'w' holds 0"):
        read_dataset(table(tmp_path / "fall.csv", weight="0"), registry.readers())


@pytest.mark.parametrize(
    "law, ok",
    [
        (KnownLaw(expression="T**2 = a**3", kind="exact", tolerance=0.01), True),
        (KnownLaw(expression="T = a**(3/2)", kind="exact", tolerance=1e-6), False),
        (KnownLaw(expression="T = a**(3/2)", kind="approximate", tolerance=1e-3), True),
        (KnownLaw(expression="T = a**1.4", kind="approximate", tolerance=1e-3), False),
        (KnownLaw(expression="T > 0", kind="inequality"), True),
        (KnownLaw(expression="T > a", kind="inequality"), False),
        (KnownLaw(expression="a > 2 <=> T > 2.8", kind="boundary"), True),
        (KnownLaw(expression="a > 5 <=> T > 1", kind="boundary", tolerance=0.1), False),
        (KnownLaw(expression="log(T - 100) = a", kind="exact", tolerance=1.0), False),
    ],
)
def test_laws_are_checked_by_kind(registry: Registry, law: KnownLaw, ok: bool) -> None:
    assert check_law(law, registry.dataset("@kepler").load()).ok is ok


@pytest.mark.parametrize("law", [KnownLaw(expression="T", kind="exact"), KnownLaw(expression="T < b", kind="inequality")])
def test_a_law_that_cannot_be_read_is_refused(registry: Registry, law: KnownLaw) -> None:
    with pytest.raises(InputError):
        check_law(law, registry.dataset("@kepler").load())


def test_the_kit_finds_laws_that_do_not_hold_and_seeds_that_do_nothing(registry: Registry) -> None:
    spec = registry.dataset("@kepler")
    false = replace(
        spec, laws=(KnownLaw(expression="T = a"), KnownLaw(expression="T = b")), generate=lambda rows, seed: spec.load()
    )
    found = {(finding.rule, finding.message.split(";")[0]) for finding in check_dataset(false)}
    assert ("laws", "law 'T = a' (exact) does not hold: misfit 0.879, tolerance 0") in found
    assert {rule for rule, _ in found} == {"laws", "generated"}


def test_get_writes_a_file_and_card_that_read_back_the_same(tmp_path: Path, registry: Registry) -> None:
    file = tmp_path / "fields.csv"
    assert main(["datasets", "get", "@feynman/I.12.2", "--rows", "40", "--seed", "3", "-o", str(file)]) == 0
    spec = registry.dataset("@feynman/I.12.2")
    assert spec.generate is not None
    made, back = spec.generate(40, 3), read_dataset(file, registry.readers())
    assert np.array_equal(made.x, back.x) and np.array_equal(made.y, back.y)
    assert (made.inputs, made.target) == (back.inputs, back.target) and back.target.unit


def test_a_measured_set_is_sampled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "get", "hubble1929", "--rows", "9", "--seed", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10


def test_describe_tells_columns_laws_and_terms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "describe", "@kepler"]) == 0
    said = capsys.readouterr().out
    for part in ("T (T [yr])", "target  yr", "T = a**(3/2) (approximate; holds", "CC0-1.0", "Kepler"):
        assert part in said


LAWS = """
from kandisco import Dataset, hookimpl
from kandisco.specs import DatasetSpec
from kandisco.types import KnownLaw, Variable

def rows():
    import numpy as np

    x = np.linspace(1, 2, 9)
    return Dataset(name="line", x=x[:, None], y=2 * x, inputs=(Variable(name="x"),), target=Variable(name="y"))

@hookimpl
def kandisco_datasets():
    laws = [KnownLaw(expression="y = 2*x", kind=kind) for kind in ("exact", "approximate")]
    return [DatasetSpec(name="line", load=rows, summary="a line", source="made", license="CC0-1.0", laws=tuple(laws))]
"""


def test_describe_prints_the_limit_that_each_law_was_held_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "line.py").write_text(LAWS, encoding="utf-8")
    assert main(["datasets", "describe", "@line", "--plugins-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "(exact; holds, misfit 0 of 1e-09 allowed)" in said and "(approximate; holds, misfit 0 of 0 allowed)" in said


def test_list_folds_families(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "list"]) == 0
    folded = capsys.readouterr().out
    assert main(["datasets", "list", "@feynman"]) == 0
    members = capsys.readouterr().out
    assert "@feynman/... " in folded and "I.12.2 " not in folded and "@feynman/I.12.2 " in members
    assert main(["datasets", "list", "nothing"]) == 2


def test_a_named_set_keeps_units_when_columns_are_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from kandisco.cli.session import Session
    from kandisco.cli.source import load

    data = load(Session(), "@hubble1929", target="distance_mpc")
    assert (data.target.unit, data.inputs[0].unit, data.name) == ("Mpc", "km/s", "hubble1929")
