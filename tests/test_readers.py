"""kandisco.builtins.readers and the way to them: each format gives back what was written, and says what it lacks."""

from __future__ import annotations

import dataclasses
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kandisco.builtins.readers import read_csv, read_excel, read_npz, read_parquet
from kandisco.data import delimited, read_table, to_dataset
from kandisco.errors import InputError, PluginError
from kandisco.registry import Registry
from kandisco.specs import ReaderSpec
from kandisco.testing import check_reader
from kandisco.types import Table

VALUES = {
    "x": np.array([1.5, -2.25e-30, np.nan, 1 / 3]),
    "n": np.array([1.0, 2.0, 3.0, 2.0**53]),
    "who": ["Ann", "", "Zoë", "Bob"],
}


def write_csv(path: Path) -> None:
    rows = zip(*(map(str, np.asarray(column).tolist()) for column in VALUES.values()))
    path.write_text("\n".join([",".join(VALUES), *(",".join(row) for row in rows)]), encoding="utf-8")


def write_npz(path: Path) -> None:
    np.savez(path, **{name: np.asarray(column) for name, column in VALUES.items()})


def write_parquet(path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    who = pyarrow.array([name or None for name in VALUES["who"]])
    parquet.write_table(pyarrow.table({"x": VALUES["x"], "n": VALUES["n"].astype(np.int64), "who": who}), path)


def write_excel(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(list(VALUES))
    for x, n, who in zip(*VALUES.values()):
        book.active.append([None if np.isnan(x) else float(x), int(n), who or None])
    book.save(path)


FORMATS = [("t.csv", write_csv), ("t.npz", write_npz), ("t.parquet", write_parquet), ("t.xlsx", write_excel)]


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_each_format_gives_back_what_was_written(
    name: str, write: Callable[[Path], None], tmp_path: Path, registry: Registry
) -> None:
    write(tmp_path / name)
    table = read_table(tmp_path / name, registry.readers())
    assert list(table.columns) == list(VALUES) and table.source == str(tmp_path / name)
    np.testing.assert_array_equal(table.columns["x"], VALUES["x"])
    np.testing.assert_array_equal(table.columns["n"], VALUES["n"])
    assert table.columns["who"] == VALUES["who"]


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_readers_pass_the_kit(name: str, write: Callable[[Path], None], tmp_path: Path, registry: Registry) -> None:
    write(tmp_path / name)
    assert check_reader(registry.reader_for(name), sample=tmp_path / name) == ()


@pytest.mark.parametrize(
    ("read", "name", "library", "extra"),
    [(read_parquet, "t.parquet", "pyarrow", "kandisco[parquet]"), (read_excel, "t.xlsx", "openpyxl", "kandisco[excel]")],
)
def test_a_missing_library_is_named_with_its_extra(
    read: Callable[[Path], Table], name: str, library: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(PluginError, match=f"needs {library}") as caught:
        read(tmp_path / name)
    assert f"pip install {extra}" in caught.value.hint and caught.value.exit_code == 4


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=30))
def test_text_gives_back_every_float_to_the_last_bit(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("floats") / "t.csv"
    for sep, mark in ((",", "."), (";", ",")):
        lines = [f"{value!r}{sep}{number}" for number, value in enumerate(values)]
        path.write_text(f"x{sep}n\n" + "\n".join(lines).replace(".", mark) + "\n")
        np.testing.assert_array_equal(read_csv(path).columns["x"], values)


def test_a_table_of_two_axes_becomes_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.arange(6.0).reshape(3, 2), y=np.arange(3))
    table = read_npz(tmp_path / "t.npz")
    assert list(table.columns) == ["X_1", "X_2", "y"]
    np.testing.assert_array_equal(table.columns["X_2"], [1.0, 3.0, 5.0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.arange(3), "y": np.arange(4)}, "differ in length"),
        ({"x": np.zeros((2, 2, 2))}, "'x' has 3 axes"),
        ({"x": np.zeros(3, dtype=complex)}, "'x' is complex"),
        ({"x": np.zeros(0)}, "no rows"),
    ],
)
def test_arrays_that_are_no_table_are_refused(arrays: dict[str, np.ndarray], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=message):
        read_npz(tmp_path / "t.npz")


def test_rows_of_a_sheet_are_counted_as_excel_counts_them(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in ([None, None], ["x", "y"], *([i, i * i] for i in range(5)), [5, "n. d. yet"], *([i, i * i] for i in range(6, 9))):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="row 8, column 'y' holds the text 'n. d. yet'"):
        to_dataset(read_excel(tmp_path / "t.xlsx"))


def test_a_sheet_without_header_gets_one(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for i in range(5):
        book.active.append([i, i * i])
    book.save(tmp_path / "t.xlsx")
    data = to_dataset(read_excel(tmp_path / "t.xlsx"))
    assert data.x[:, 0].tolist() == [0, 1, 2, 3, 4] and "no header" in data.notes[0]


# ------------------------------------------------------------------------------------------------------------ the way


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))


@pytest.mark.parametrize(("name", "write"), FORMATS)
def test_standard_input_takes_every_format(
    name: str, write: Callable[[Path], None], tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / name)
    feed(monkeypatch, (tmp_path / name).read_bytes())
    table = read_table("-", registry.readers())
    assert table.source == "-"
    np.testing.assert_array_equal(table.columns["n"], VALUES["n"])


def test_messages_about_standard_input_name_no_temporary_file(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"x,y\n1,2\n3,4,5\n6,7\n8,9\n")
    with pytest.raises(InputError, match=r"^standard input: row 3 has 3 cells"):
        read_table("-", registry.readers())
    feed(monkeypatch, "größe,y\n1,2\n3,4\n5,7\n".encode("latin-1"))
    data = to_dataset(read_table("-", registry.readers()))
    assert data.name == "stdin" and data.notes[0].startswith("standard input is not UTF-8")


def test_the_longest_suffix_decides_and_other_files_are_text(tmp_path: Path, registry: Registry) -> None:
    spied: list[str] = []

    def reader(name: str, *suffixes: str) -> ReaderSpec:
        return ReaderSpec(name=name, suffixes=suffixes, read=lambda path: spied.append(name) or Table(columns={}))

    readers = (reader("gz", ".gz"), reader("log", ".log.gz"), dataclasses.replace(registry.reader("csv"), suffixes=(".csv",)))
    for name in ("a.log.gz", "a.b.gz", "A.LOG.GZ"):
        (tmp_path / name).write_bytes(b"")
        read_table(tmp_path / name, readers)
    assert spied == ["log", "gz", "log"]
    (tmp_path / "measured").write_text("x y\n1 2\n3 4\n")
    assert list(read_table(tmp_path / "measured", readers).columns) == ["x", "y"]


def test_a_file_nobody_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match="Nothing reads files like 't.csv'"):
        read_table(tmp_path / "t.csv", ())


def test_looking_for_readers_loads_no_library() -> None:
    import subprocess

    code = (
        "import sys; from kandisco.plugins import load; from kandisco.registry import Registry;"
        "Registry(load(entry_points=False)).readers();"
        "print(sorted({'pandas', 'pyarrow', 'openpyxl', 'torch', 'sympy', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


PLAIN = {
    "numbers": "a,b\n1,2.5\n-3e-7,+4\n.5,6.\n",
    "windows": "a;b\r\n1;2.5\r\n9007199254740993;0.1\r\n",
    "tabs": "a\tb\n1\t2\n3\t4",
    "blanks": "a b\n 1   2\n3 4 \n",
    "a comment above": "# made by hand\na,b\n1,2\n3,4\n",
    "seventeen digits": "a,b\n0.30000000000000004,1.7976931348623157e308\n5e-324,123456789.123456789\n",
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_numbers_are_read_without_pandas_to_the_same_bits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(PLAIN[name].encode())
    with monkeypatch.context() as patch:
        patch.setattr(delimited, "_parse", None)
        quick = delimited.read_delimited(path)
    monkeypatch.setattr(delimited, "_SMALL", 0)
    slow = delimited.read_delimited(path)
    assert quick.first_row == slow.first_row and quick.notes == slow.notes and list(quick.columns) == list(slow.columns)
    for label, column in slow.columns.items():
        assert np.asarray(quick.columns[label]).tobytes() == np.asarray(column).tobytes()


@pytest.mark.parametrize(
    "text", ["a,b\n1,\n2,3\n", "a,b\n1,x\n2,y\n", "a,b\n1,2\n\n3,4\n", "a,b\n1,-0\n2,3\n", 'a,b\n1,"2"\n3,4\n']
)
def test_what_is_not_plain_is_left_to_pandas(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    parse = delimited._parse
    monkeypatch.setattr(delimited, "_parse", lambda *args: asked.append(1) or parse(*args))
    path = tmp_path / "t.csv"
    path.write_text(text)
    delimited.read_delimited(path)
    assert asked
