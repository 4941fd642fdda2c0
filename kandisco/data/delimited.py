"""Delimited text as a Table: what ``sniff`` found is read by pandas's C parser, and what it cannot read is explained."""

from __future__ import annotations

import dataclasses
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.data.cells import COMMA, POINT, Style, parse_column
from kandisco.data.encoding import load_bytes, to_utf8
from kandisco.data.sniff import Layout, blank_comments, layout
from kandisco.errors import InputError
from kandisco.types import Array, Table

if TYPE_CHECKING:
    import pandas as pd

# Bytes; numpy reads about 10 MB/s, so that a larger table pays for pandas.
_SMALL = 2_000_000
_DIGITS = b"0123456789+-.eE"
_POINTS = bytes.maketrans(b",", b".")
# Only a short cut: columns with other spellings of "missing" come as text and are looked at by ``cells``.
_NA = ("", "NA", "N/A", "n/a", "nan", "NaN", "NAN", "-nan", "null", "NULL", "None", "-", "--", "?", ".", "#N/A")


def read_delimited(path: Path) -> Table:
    """Read comma, semicolon, tab, bar or blank separated text, packed or not, in any usual encoding.

    Args:
        path: the file.

    Returns:
        Numeric columns as float64 with nan for missing cells, the others as text.

    Raises:
        InputError: no text, no rows, or rows that do not fit the header; the message names the line.
    """
    source = str(path)
    data, notes = to_utf8(load_bytes(path), source)
    data = _line_ends(data)
    found = layout(data, source)
    data = blank_comments(data)
    if found.style == COMMA and found.delimiter != "," and b"." not in data:
        # Without a point in the file commas can take its place at once; the C parser is ten times as fast as we are.
        data, found = data.translate(_POINTS), dataclasses.replace(found, style=POINT)
    notes = (*notes, *found.notes)
    plain = _plain(data, found)
    if plain is not None:
        return Table(columns=dict(zip(found.labels, plain)), source=source, first_row=found.skip + 1, notes=notes)
    frame = _parse(data, found, source)
    columns: dict[str, Array | list[str]] = {}
    remarks: list[str] = []
    for position, label in enumerate(found.labels):
        column = frame.iloc[:, position]
        if label == f"column_{position + 1}" and column.isna().all():
            continue  # a delimiter at the end of each line
        columns[label] = _column(column, label, found.style, remarks)
    return Table(columns=columns, source=source, first_row=found.skip + 1, notes=(*notes, *remarks))


def _line_ends(data: bytes) -> bytes:
    """Lone CR and LF-CR ends as LF: pandas loses a row behind blank lines of the one, and every other row of the other."""
    if b"\n" not in data:
        return data.replace(b"\r", b"\n")
    if b"\n\r" not in data:
        return data
    rest = data.replace(b"\n\r", b"")
    return data if b"\n" in rest or b"\r" in rest else data.replace(b"\n\r", b"\n")


def _plain(data: bytes, found: Layout) -> list[Array] | None:
    """The columns of a small table of nothing but numbers, to the bit what pandas reads; None where it is not that plain.

    numpy is there anyway, and to import pandas takes longer than an easy law.
    """
    if len(data) > _SMALL or found.style.decimal != ".":
        return None
    lines = data.removesuffix(b"\n").removesuffix(b"\r").split(b"\n")[found.skip :]
    text = b"\n".join(line.removesuffix(b"\r") for line in lines)
    delimiter = found.delimiter.encode()
    # A minus before a zero is left to pandas, which reads whole numbers as such.
    if not text.strip() or text.translate(None, _DIGITS + delimiter + b"\n") or re.search(rb"-0(?![.\d])", text):
        return None
    try:
        values = np.loadtxt(
            text.decode().split("\n"), delimiter=None if found.delimiter == " " else found.delimiter, ndmin=2, comments=None
        )
    except ValueError:
        return None
    return list(values.T) if values.shape == (len(lines), len(found.labels)) else None


def _parse(data: bytes, found: Layout, source: str) -> pd.DataFrame:
    import pandas as pd

    options: dict[str, Any] = {
        "sep": r"\s+" if found.delimiter == " " else found.delimiter,
        "header": None,
        "names": list(range(len(found.labels))),
        # Blank lines stay as rows without values, so that a row's number tells its line.
        "skip_blank_lines": False,
        "skiprows": found.skip,
        "na_values": list(_NA),
        "keep_default_na": False,
        "skipinitialspace": True,
        # The nearest float64 to what is written: an exact law is judged at machine precision. Before 3.1 that had to be
        # asked for, and did not work with decimal commas; so those cells come as text and are converted below.
        **({"float_precision": "round_trip"} if _is_older(pd.__version__, 3, 1) else {}),
        "dtype": None if found.style.decimal == "." else str,
        "encoding": "utf-8",
        "engine": "c",
        "low_memory": False,
    }
    try:
        frame: pd.DataFrame = pd.read_csv(io.BytesIO(data), **options)
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame()
    except (pd.errors.ParserError, ValueError) as error:
        raise _explained(error, found, source) from None
    if frame.empty:
        raise InputError(f"{source} has a header but no rows.", hint="Give one line for each measurement.")
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{source}: row {found.skip + 1} has more cells than there are columns ({len(found.labels)}).",
            hint="Name every column, and quote cells that hold the delimiter.",
        )
    return frame


def _is_older(version: str, major: int, minor: int) -> bool:
    numbers = [int(part) for part in version.split(".")[:2]]
    return numbers < [major, minor]


def _explained(error: Exception, found: Layout, source: str) -> InputError:
    text = str(error)
    match = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text)
    if match:
        message = f"{source}: row {match[2]} has {match[3]} cells, but there are {match[1]} columns."
        return InputError(message, hint="Remove the surplus cell, or quote the cell that holds the delimiter.")
    if "EOF inside string" in text:
        number = re.search(r"row (\d+)", text)
        row = f"row {int(number[1]) + 1}" if number else "a row"
        return InputError(f"{source}: a quotation mark opened in {row} is never closed.", hint='Close it, or remove the ".')
    return InputError(f"{source} cannot be read as a table: {text.strip()}.", hint="Save it as CSV in UTF-8.")


def _column(column: pd.Series[Any], label: str, style: Style, remarks: list[str]) -> Array | list[str]:
    if column.dtype == np.bool_:
        remarks.append(f"Column {label!r} holds True and False, read as 1 and 0.")
        return column.to_numpy(dtype=np.float64)
    if column.dtype.kind in "fiu":
        return column.to_numpy(dtype=np.float64)
    return from_text(["" if cell is None or cell != cell else str(cell) for cell in column.tolist()], label, style, remarks)


def from_text(cells: list[str], label: str, style: Style, remarks: list[str]) -> Array | list[str]:
    """A column of text as numbers when all its cells are numbers or missing; what was assumed goes to ``remarks``."""
    parsed = parse_column(cells, style)
    if parsed.text or not parsed.numbers:
        return cells if parsed.text else parsed.values
    if parsed.percent:
        remarks.append(f"Column {label!r} carries percent signs; 45 % was read as 45.")
    elif parsed.style != style:
        remarks.append(f"Column {label!r} was read with {parsed.style.decimal!r} as its decimal mark.")
    return parsed.values
