"""The readers that come with kandisco: delimited text, npz, parquet, Excel."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kandisco.errors import InputError, PluginError
from kandisco.hookspecs import hookimpl
from kandisco.specs import ReaderSpec

if TYPE_CHECKING:
    from kandisco.types import Array, Table


@hookimpl
def kandisco_readers() -> Iterable[ReaderSpec]:
    """The readers that come with kandisco."""
    text = (".csv", ".tsv", ".tab", ".txt", ".dat")
    return (
        ReaderSpec(
            name="csv",
            suffixes=(*text, *(f"{suffix}.gz" for suffix in text)),
            read=read_csv,
            summary="delimited text; delimiter, decimal mark, header and encoding are found out",
        ),
        ReaderSpec(name="npz", suffixes=(".npz",), read=read_npz, summary="numpy archive: one array a column, or one table"),
        ReaderSpec(name="parquet", suffixes=(".parquet",), read=read_parquet, summary="Apache Parquet (kandisco[parquet])"),
        ReaderSpec(name="excel", suffixes=(".xlsx",), read=read_excel, summary="first sheet of a workbook (kandisco[excel])"),
    )


def read_csv(path: Path) -> Table:
    """Delimited text in any of its usual forms, packed with gzip or not."""
    from kandisco.data.delimited import read_delimited

    return read_delimited(path)


def read_npz(path: Path) -> Table:
    """Arrays of equal length, each a column (or, with two axes, several: ``x_1``, ``x_2``); nothing is unpickled."""
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile, EOFError) as error:
        what = "it holds objects" if "pickle" in str(error) else "the archive is damaged"
        raise InputError(f"{path} cannot be read: {what}.", hint="Write arrays of numbers with numpy.savez.") from None
    columns: dict[str, Any] = {}
    for name, array in arrays.items():
        if array.ndim == 1:
            columns[name] = array
        elif array.ndim == 2:
            columns.update({f"{name}_{i + 1}" if array.shape[1] > 1 else name: array[:, i] for i in range(array.shape[1])})
        else:
            raise InputError(f"{path}: array {name!r} has {array.ndim} axes.", hint="Give arrays of one or two axes.")
    return _table(path, columns, first_row=1)


def read_parquet(path: Path) -> Table:
    """The columns of a parquet file."""
    pyarrow = _library("pyarrow", "parquet")
    parquet = importlib.import_module("pyarrow.parquet")
    try:
        frame = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError):
        raise InputError(f"{path} is no parquet file, or a damaged one.", hint="Write it again, or give a CSV.") from None
    columns = {name: _arrow_column(pyarrow, frame.column(name)) for name in frame.column_names}
    return _table(path, columns, first_row=1)


def _arrow_column(pyarrow: Any, column: Any) -> Any:
    kind = pyarrow.types
    if any(test(column.type) for test in (kind.is_integer, kind.is_floating, kind.is_boolean, kind.is_decimal)):
        return column.cast(pyarrow.float64()).to_numpy()
    return ["" if cell is None else str(cell) for cell in column.to_pylist()]


def read_excel(path: Path) -> Table:
    """The first sheet of a workbook: a header row, then rows; values of formulas as last saved."""
    import zipfile

    openpyxl = _library("openpyxl", "excel")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise InputError(f"{path} is no Excel workbook, or a damaged one.", hint="Save it again, or give a CSV.") from None
    try:
        rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
    return _sheet(path, rows)


def _sheet(path: Path, rows: list[list[Any]]) -> Table:
    from kandisco.data.names import unique_labels

    first = next((number for number, row in enumerate(rows) if any(cell is not None for cell in row)), None)
    if first is None or first + 1 == len(rows):
        raise InputError(f"{path}: the first sheet has no rows.", hint="Put a header and one row for each measurement on it.")
    header, notes = rows[first], []
    if all(isinstance(cell, int | float) for cell in header):
        header, first = [*(f"x{i + 1}" for i in range(len(header) - 1)), "y"], first - 1
        notes.append(f"{path} has no header; its columns are called x1, ..., y.")
    labels, renamed = unique_labels(["" if cell is None else str(cell) for cell in header])
    body = rows[first + 1 :]
    columns = {label: [row[i] if i < len(row) else None for row in body] for i, label in enumerate(labels)}
    table = {label: _cells(cells) for label, cells in columns.items() if any(cell is not None for cell in cells)}
    return _table(path, table, first_row=first + 2, notes=(*notes, *renamed))


def _cells(cells: list[Any]) -> Any:
    import numpy as np

    if all(cell is None or isinstance(cell, int | float) for cell in cells):
        return np.array([np.nan if cell is None else float(cell) for cell in cells])
    return ["" if cell is None else str(cell) for cell in cells]


def _table(path: Path, columns: dict[str, Any], *, first_row: int, notes: tuple[str, ...] = ()) -> Table:
    """Columns of equal length as a Table: numbers as float64, all else as text, read as numbers where it can be."""
    import numpy as np

    from kandisco.data.cells import POINT
    from kandisco.data.delimited import from_text
    from kandisco.types import Table

    lengths = {label: len(column) for label, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{label}: {length}" for label, length in list(lengths.items())[:5])
        raise InputError(f"{path}: the columns differ in length ({shown}).", hint="Give columns of equal length.")
    if not lengths or not next(iter(lengths.values())):
        raise InputError(f"{path} has no rows.", hint="Give one row for each measurement.")
    remarks: list[str] = []
    found: dict[str, Array | list[str]] = {}
    for label, column in columns.items():
        if isinstance(column, np.ndarray) and column.dtype.kind in "fiub":
            found[label] = column.astype(np.float64)
        elif isinstance(column, np.ndarray) and column.dtype.kind == "c":
            raise InputError(f"{path}: column {label!r} is complex.", hint="Give real and imaginary part as two columns.")
        else:
            found[label] = from_text([str(cell) for cell in column], label, POINT, remarks)
    return Table(columns=found, source=str(path), first_row=first_row, notes=(*notes, *remarks))


def _library(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise PluginError(f"Reading this format needs {name}.", hint=f"Install it: pip install kandisco[{extra}]") from None
