"""kandisco.data: odd files end as specified; names, cleaning and splits keep their promises."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kandisco.builtins.readers import read_csv
from kandisco.data import read_table, rest, sample_rows, split, to_dataset
from kandisco.data.cells import COMMA, POINT, parse_column, to_number
from kandisco.data.names import RESERVED, identifier, unique_labels, variables
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.types import Dataset, Split, Table, Variable

sys.path.insert(0, str(Path(__file__).parent))
from odd_files.build import cells, text
from odd_files.cases import CASES, Case

RESULTS = [case for case in CASES if not case.error]
SAMPLES = [
    text(cells(8)).encode(),
    text(cells(8), sep=";").replace(".", ",").encode(),
    text(cells(8), sep="\t").encode("utf-16"),
    b"# u v w\n" + text(cells(8), None, sep=" ").encode(),
]
MARKS = [
    b",",
    b";",
    b'"',
    b"\n",
    b"\r",
    b"#",
    b"\n\n",
    b"nan",
    b"inf",
    b"1e999",
    b"\x00",
    b"\xff",
    b"\t",
    b"x",
    b"-",
    b'""',
    b",,",
]
ERRORS = [case for case in CASES if case.error]


def test_there_are_forty_cases_with_names_of_their_own() -> None:
    assert len(CASES) >= 40 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", RESULTS, ids=lambda case: case.name)
def test_odd_file_is_read_with_its_numbers_unchanged(case: Case, tmp_path: Path, registry: Registry) -> None:
    table = read_table(case.build(tmp_path), registry.readers())
    data = to_dataset(table, target=case.target, features=case.features)
    assert tuple(variable.name for variable in data.inputs) == case.inputs
    assert data.x.shape == (case.rows, len(case.inputs)) and np.isfinite(data.x).all() and np.isfinite(data.y).all()
    columns = {variable.name: column for variable, column in zip(data.inputs, data.x.T)}
    np.testing.assert_allclose(
        evaluate(parse(case.law, case.inputs), columns), data.y, rtol=1e-12, atol=1e-12 * np.max(np.abs(data.y))
    )
    for note in case.notes:
        assert any(note in said for said in data.notes), (note, data.notes)
    if not case.notes:
        assert data.notes == ()


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.name)
def test_bad_file_ends_in_an_error_that_says_where_and_what_to_do(case: Case, tmp_path: Path, registry: Registry) -> None:
    path = case.build(tmp_path)
    with pytest.raises(InputError) as caught:
        to_dataset(read_table(path, registry.readers()), target=case.target, features=case.features)
    for fragment in case.error:
        assert fragment in str(caught.value)
    assert caught.value.hint


def test_every_line_number_is_that_of_the_file(tmp_path: Path, registry: Registry) -> None:
    lines = ["# remark", "", "x,z,y", *(f"{i},{i * i},{i**3}" for i in range(30))]
    lines[20:20] = ["# pause", ""]
    lines[28] = "7,oops,9"
    (tmp_path / "gaps.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"row 29, column 'z' holds the text 'oops'"):
        to_dataset(read_table(tmp_path / "gaps.csv", registry.readers()))


# ------------------------------------------------------------------------------------------------------------- cells


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_writing_in_either_style(value: float) -> None:
    assert to_number(repr(value)) == value
    assert to_number(repr(value).replace(".", ","), COMMA) == value


@given(st.integers(-(10**15), 10**15))
def test_thousands_survive_in_either_style(value: int) -> None:
    assert to_number(f"{value:,}.25", POINT) == float(f"{value}.25")
    assert to_number(f"{value:,}".replace(",", ".") + ",25", COMMA) == float(f"{value}.25")


@pytest.mark.parametrize("cell", ["1,23", "1,2345", "1.2.3", "1e", "0x10", "1_000", "12 m", "--5", "e5", "1,234,56"])
def test_what_is_no_number_is_not_guessed(cell: str) -> None:
    assert to_number(cell, POINT) is None


def test_a_column_takes_the_style_in_which_all_of_it_is_numbers() -> None:
    parsed = parse_column(["1,5", "2", "", "3,25"])
    np.testing.assert_array_equal(parsed.values, [1.5, 2.0, np.nan, 3.25])
    assert parsed.text == () and parsed.numbers == 3 and parsed.style == COMMA


def test_what_only_python_reads_as_a_number_is_text() -> None:
    assert parse_column(["1_000", "5", "nan"]).text == (0,)


@given(data=st.data())
def test_any_damage_ends_in_data_or_in_an_error_with_a_hint(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=3) | st.sampled_from(MARKS))
    path = tmp_path_factory.mktemp("damage") / "odd.csv"
    path.write_bytes(content)
    try:
        found = to_dataset(read_csv(path))
    except InputError as error:
        assert "odd.csv" in str(error) and error.hint
    else:
        assert np.isfinite(found.x).all() and np.isfinite(found.y).all() and len(found.y) >= 3


# ------------------------------------------------------------------------------------------------------------- names


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
def test_any_headers_become_different_names_that_a_formula_can_carry(labels: list[str]) -> None:
    unique, _ = unique_labels(labels)
    assert len(set(unique)) == len(labels)
    names = [variable.name for variable in variables(unique)]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.isidentifier() and name not in RESERVED
        assert parse(f"2*{name} + 1", names).variables() == (name,)


@pytest.mark.parametrize(
    ("label", "name"),
    [("E", "E_"), ("pi", "pi_"), ("lambda", "lambda_"), ("class", "class_"), ("λ", "lamda"), ("Ω", "Omega"), ("x'", "xp")]
    + [
        ("v²", "v2"),
        ("Größe", "Grosse"),
        ("µ", "mu"),
        ("ϕ", "phi"),
        ("ς", "sigma"),
        ("a-b", "a_b"),
        ("___", "column"),
        ("T%", "T_percent"),
    ],
)
def test_identifier(label: str, name: str) -> None:
    assert identifier(label) == name


# ---------------------------------------------------------------------------------------------------------- cleaning


def test_a_named_feature_is_kept_though_it_counts_rows() -> None:
    table = Table(columns={"run": np.arange(20.0), "x": np.arange(20.0) ** 2, "y": np.arange(20.0) ** 3})
    assert [v.name for v in to_dataset(table).inputs] == ["x"]
    assert [v.name for v in to_dataset(table, features=("run", "x")).inputs] == ["run", "x"]


def test_features_keep_the_order_asked_for_and_the_target_is_none_of_them() -> None:
    table = Table(columns={name: np.random.default_rng(i).normal(size=20) for i, name in enumerate("abcd")})
    data = to_dataset(table, features=("d", "a"))
    assert [v.name for v in data.inputs] == ["d", "a"] and data.target.name == "c"


def test_names_of_objects_are_no_typing_mistakes() -> None:
    names = [*map(str, range(100, 118)), "S.Mag", "L.Mag"]
    columns = {"object": names, "x": np.arange(20.0), "y": np.arange(20.0) ** 2}
    assert "holds text: 'object'" in to_dataset(Table(columns=columns)).notes[0]
    with pytest.raises(InputError, match="'S.Mag'"):
        to_dataset(Table(columns=columns), features=("object",))


@pytest.mark.parametrize("offset", [0.0, 273.15, 2000.0, 1e6])
def test_a_copy_with_an_offset_is_found_and_a_near_copy_is_kept(offset: float) -> None:
    x = np.random.default_rng(1).uniform(0, 1, 50).round(6)
    columns = {"a": x, "b": (7 * x + offset).round(6), "y": x**2}
    assert [v.name for v in to_dataset(Table(columns=columns)).inputs] == ["a"]
    columns["b"] = columns["b"] + 1e-6 * (np.arange(50) == 30)
    assert [v.name for v in to_dataset(Table(columns=columns)).inputs] == ["a", "b"]


def test_an_ambiguous_target_is_not_guessed() -> None:
    table = Table(columns={"v [m/s]": np.arange(9.0), "v [km/s]": np.arange(9.0) ** 2, "t": np.arange(9.0)})
    with pytest.raises(InputError, match=r"'V' may mean 'v \[m/s\]' or 'v \[km/s\]'"):
        to_dataset(table, target="V")


# ------------------------------------------------------------------------------------------------------------ splits


def dataset(x: np.ndarray, groups: np.ndarray | None = None) -> Dataset:
    inputs = tuple(Variable(name=f"x{i}") for i in range(x.shape[1]))
    return Dataset(name="d", x=x, y=x.sum(axis=1), inputs=inputs, target=Variable(name="y"), groups=groups)


def parts(found: Split) -> list[np.ndarray]:
    return [found.train, found.valid, found.test, found.shell]


@given(st.integers(3, 300), st.integers(1, 4), st.integers(0, 2**31), st.floats(0.05, 0.5))
def test_parts_never_overlap_and_cover_all_rows(rows: int, inputs: int, seed: int, test_size: float) -> None:
    data = dataset(np.random.default_rng(seed).normal(size=(rows, inputs)))
    found = split(data, test_size=test_size, seed=seed)
    together = np.concatenate(parts(found))
    assert sorted(together) == list(range(rows)) and len(found.train) >= 2
    assert len(found.test) > 0 and (len(found.valid) > 0) == (rows >= 8)
    assert len(found.shell) == (0 if rows < 12 else min(2, rows // 10) if rows < 30 else round(rows / 10))
    assert len(rest(data, found)) == 0


def test_sizes_are_those_asked_for() -> None:
    found = split(dataset(np.random.default_rng(1).normal(size=(1000, 2))), test_size=0.25)
    assert [len(rows) for rows in parts(found)] == [500, 150, 250, 100]


@given(st.integers(0, 1000))
def test_rows_with_equal_inputs_stay_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 2))[rng.integers(0, 60, 200)]
    found = split(dataset(x * (1 + 1e-12 * rng.normal(size=x.shape))), seed=seed)
    sides = [{tuple(row) for row in x[rows]} for rows in parts(found)]
    assert sum(map(len, sides)) == len(set().union(*sides))


@given(st.integers(0, 1000))
def test_groups_stay_together_in_parts_and_samples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 300)
    data = dataset(rng.normal(size=(300, 2)), groups)
    found = split(data, seed=seed, max_rows=200)
    sides = [set(groups[rows]) for rows in (*parts(found), rest(data, found))]
    assert sum(map(len, sides)) == len(set(groups))


@given(st.integers(0, 100))
def test_equal_rows_stay_together_whatever_their_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 2))
    x[250:270] = x[:20]  # the same measurement under two groups, some through a third
    groups = np.arange(300) // 5
    found = split(dataset(x, groups), seed=seed)
    for what in (groups, x[:, 0]):
        sides = [set(what[rows]) for rows in parts(found)]
        assert sum(map(len, sides)) == len(set(what))
    assert len(found.test) and len(found.train)


def test_groups_that_sweep_the_same_inputs_are_told_apart() -> None:
    groups = np.repeat(np.arange(20), 25)
    data = replace(dataset(np.tile(np.linspace(0, 1, 25), 20)[:, None], groups), y=np.arange(500.0))
    found = split(data)
    assert all(len(rows) >= 25 for rows in (found.test, found.valid, found.train))


def test_split_depends_on_content_not_on_order_or_units() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 3))
    mark = x[:, 0]
    order = rng.permutation(200)
    first = split(dataset(x), seed=4)
    for other, rows in (
        (split(dataset(x[order]), seed=4), order),
        (split(dataset(x[:, [2, 0, 1]]), seed=4), np.arange(200)),
        (split(dataset(x * [1e-30, 7.0, 1e25]), seed=4), np.arange(200)),
    ):
        for one, two in zip(parts(first), parts(other)):
            assert set(mark[one]) == set(mark[rows[two]])


def test_time_stamps_are_told_apart() -> None:
    seconds = 1.7e9 + 0.1 * np.arange(100)
    found = split(dataset(np.column_stack([seconds, np.zeros(100)])))
    assert [len(rows) for rows in parts(found)] == [55, 15, 20, 10]


def test_seeds_give_different_splits_and_the_same_shell() -> None:
    data = dataset(np.random.default_rng(3).normal(size=(200, 2)))
    one, two = split(data, seed=0), split(data, seed=1)
    assert set(one.test) != set(two.test) and set(one.shell) == set(two.shell)


def test_shell_lies_outside_the_box_of_the_others() -> None:
    x = np.random.default_rng(6).uniform(-1, 1, size=(1000, 3))
    found = split(dataset(x))
    inner = np.concatenate([found.train, found.valid, found.test])
    box = np.max(np.abs(x[inner]), axis=0)
    assert (np.max(np.abs(x[found.shell]) / box, axis=1) > 0.97).all()
    assert (box < 0.99).all()


def test_inputs_with_few_values_are_split_by_whole_rows() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, size=(200, 2)).astype(float)
    data = Dataset(
        name="d", x=x, y=rng.normal(size=200), inputs=(Variable(name="a"), Variable(name="b")), target=Variable(name="y")
    )
    found = split(data)
    assert len({tuple(row) for row in x[found.train]}) == 4 and len(found.test) == 40


def test_large_tables_are_sampled_and_the_rest_is_known() -> None:
    data = dataset(np.random.default_rng(8).normal(size=(5000, 2)))
    found = split(data, max_rows=500)
    assert sum(map(len, parts(found))) == 500 and len(rest(data, found)) == 4500
    np.testing.assert_array_equal(np.sort(np.concatenate(parts(found))), sample_rows(data, max_rows=500))
