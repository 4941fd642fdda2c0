"""How a text file is laid out: encoding, delimiter, decimal mark, header, units row."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kandisco.data.cells import COMMA, POINT, Style, is_missing, to_number
from kandisco.data.names import unique_labels
from kandisco.errors import InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx, .npz)"),
    (b"PAR1", "a parquet file (.parquet)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array (.npy)"),
    (b"\x89PNG", "a picture"),
)
_COMMENT = re.compile(rb"(?m)^[ \t]*[#%][^\r\n]*")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1b"))
_SAMPLE = 100


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the numbers are in a text file.

    Attributes:
        delimiter: one character, or a space for any run of blanks.
        style: how numbers are written.
        labels: one unique header a column.
        skip: lines before the first data row.
        notes: what the user should know.
    """

    delimiter: str
    style: Style
    labels: tuple[str, ...]
    skip: int
    notes: tuple[str, ...] = ()


def load_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked when gzip packed it, whatever its suffix says.

    Raises:
        InputError: the archive is damaged.
    """
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path}: the gzip archive is damaged or cut off.", hint="Copy or download the file again.") from None


def to_utf8(data: bytes, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Bytes of any usual encoding as UTF-8, and notes on what was assumed.

    Raises:
        InputError: the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _recode(data[len(bom) :], encoding, source), ()
    head = data[:4096]
    for kind, high, low in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if high.count(0) > 0.8 * len(high) and low.count(0) == 0:
            return _recode(data, kind, source), ()
    _refuse_binary(data, source)
    if _is_utf8(data):
        return data, ()
    note = f"{source} is not UTF-8; it was read as Latin-1 (Windows-1252)."
    return data.decode("cp1252", errors="replace").encode(), (note,)


def _recode(data: bytes, encoding: str, source: str) -> bytes:
    if encoding == "utf-8" and _is_utf8(data):
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError:
        raise InputError(f"{source}: begins like {encoding.upper()} but is not.", hint="Save it as CSV in UTF-8.") from None


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or data.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def _refuse_binary(data: bytes, source: str) -> None:
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), "")
    head = data[:65536]
    if not kind and len(head) - len(head.translate(None, _CONTROL)) <= len(head) // 1000:
        return
    what = f"This looks like {kind}." if kind else "It holds bytes that no text has."
    raise InputError(f"{source} is not a text table.", hint=f"{what} Give it its proper suffix, or save the table as CSV.")


def blank_comments(data: bytes) -> bytes:
    """Lines that begin with ``#`` or ``%`` emptied, so that the lines behind them keep their numbers."""
    return _COMMENT.sub(b"", data) if b"#" in data or b"%" in data else data


def layout(data: bytes, source: str) -> Layout:
    """Find out delimiter, decimal mark and header from the first lines.

    Args:
        data: UTF-8, comments still in.
        source: for messages.

    Raises:
        InputError: there is no row, or header and rows do not fit together.
    """
    lines = _head(data)
    numbers = [number for number, line in enumerate(lines) if line.strip() and not _is_comment(line)]
    if not numbers:
        what = "is empty" if not data.strip() else "holds comments only"
        raise InputError(f"{source} {what}.", hint="Give a table: a header line and one line for each measurement.")
    numbers = numbers[:_SAMPLE]
    delimiter, style = _dialect([lines[number] for number in numbers])
    rows = [_fields(lines[number], delimiter) for number in numbers]
    comment = next((lines[n] for n in range(numbers[0] - 1, -1, -1) if lines[n].strip()), "")
    return _with_header(rows, numbers, comment, delimiter, style, source)


def _head(data: bytes) -> list[str]:
    size = 65536
    while True:
        lines = data[:size].decode("utf-8", errors="replace").splitlines()
        filled = sum(bool(line.strip()) and not _is_comment(line) for line in lines)
        if size >= len(data):
            return lines
        if filled > _SAMPLE:
            return lines[:-1]
        size *= 4


def _is_comment(line: str) -> bool:
    return line.lstrip()[:1] in ("#", "%")


def _fields(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return next(csv.reader([" ".join(line.split())], delimiter=" "), [])
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]


def _dialect(lines: Sequence[str]) -> tuple[str, Style]:
    """The delimiter and style under which most cells behind the first line are numbers in lines of equal length."""
    body = lines[1:] or lines
    best, choice = -1.0, (",", POINT)
    for delimiter in "\t;|, ":
        rows = [_fields(line, delimiter) for line in body]
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count)
        header = len(_fields(lines[0], delimiter))
        even = widths.count(width) / len(widths) * (1.0 if abs(header - width) <= 1 else 0.5)
        for style in (POINT, COMMA) if delimiter != "," or _quoted(body) else (POINT,):
            cells = [cell for row in rows for cell in row if not is_missing(cell)]
            share = sum(to_number(cell, style) is not None for cell in cells) / max(len(cells), 1)
            score = even * (0.2 + share) * (1.0 if width > 1 else 0.6) - 1e-3 * _grouped(cells, style)
            if score > best + 1e-9:
                best, choice = score, (delimiter, style)
    return choice


def _quoted(lines: Sequence[str]) -> bool:
    return any('"' in line for line in lines)


def _grouped(cells: Sequence[str], style: Style) -> bool:
    """Commas in a style of decimal points, none of them beside a point: rather decimal commas, unless quoted between commas."""
    return style == POINT and any("," in cell for cell in cells) and not any("." in cell for cell in cells)


def _with_header(rows: list[list[str]], numbers: list[int], comment: str, delimiter: str, style: Style, source: str) -> Layout:
    widths = [len(row) for row in rows[1:] or rows]
    width = max(widths, key=lambda size: (widths.count(size), size))
    notes: list[str] = []
    if _is_header(rows, style):
        labels, skip = _fit(rows[0], rows[1:], width, source), numbers[0] + 1
        units = rows[1] if len(rows) > 2 and _is_units(rows[1], rows[2], style) else []
        if units:
            labels = [f"{label} [{unit.strip('[]() ')}]" if unit.strip("[]() ") else label for label, unit in zip(labels, units)]
            skip = numbers[1] + 1
            notes.append(f"{source}: line {numbers[1] + 1} was read as the units of the columns.")
    else:
        skip = numbers[0]
        named = _fields(comment.lstrip("#% \t"), delimiter) if _is_comment(comment) else []
        if len(named) == width and all(to_number(name, style) is None for name in named):
            labels = named
        else:
            labels = [*(f"x{i + 1}" for i in range(width - 1)), "y"]
            notes.append(f"{source} has no header; its columns are called {', '.join(_short(labels))}.")
    unique, renamed = unique_labels(labels)
    return Layout(delimiter=delimiter, style=style, labels=unique, skip=skip, notes=(*notes, *renamed))


def _short(labels: Sequence[str]) -> list[str]:
    return list(labels) if len(labels) <= 6 else [*labels[:3], "...", labels[-1]]


def _is_header(rows: Sequence[Sequence[str]], style: Style) -> bool:
    """A first row without numbers, or with text above a column of numbers."""
    first = [to_number(cell, style) is None and not is_missing(cell) for cell in rows[0]]
    if not any(first):
        return False
    if not any(to_number(cell, style) is not None for cell in rows[0]):
        return len(rows) > 1 or all(first)
    below = [row for row in rows[1:] if len(row) == len(rows[0])]
    return any(
        text and below and all(to_number(row[column], style) is not None or is_missing(row[column]) for row in below)
        for column, text in enumerate(first)
    )


def _is_units(second: Sequence[str], third: Sequence[str], style: Style) -> bool:
    """A second row of short texts above numbers."""
    if len(second) != len(third) or not any(second):
        return False
    short = all(len(cell) <= 12 and to_number(cell, style) is None for cell in second)
    above = sum(to_number(cell, style) is not None for cell in third)
    return short and above == len(third) and sum(not is_missing(cell) for cell in second) * 2 >= len(second)


def _fit(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, source: str) -> list[str]:
    """Headers for ``width`` columns, when the rows end in a delimiter or begin with names of their own (as R writes them)."""
    labels = list(header)
    while len(labels) > width and not labels[-1]:
        labels.pop()
    if len(labels) >= width or not rows:
        return labels
    full = [row for row in rows if len(row) == width]
    if len(labels) == width - 1 and all(not row[-1] for row in full):
        return [*labels, ""]
    if len(labels) == width - 1 and len(full) == len(rows) and _are_row_names([row[0] for row in full]):
        return ["", *labels]
    raise InputError(
        f"{source}: the header names {len(labels)} columns ({', '.join(_short(labels))}), but rows have {width} cells.",
        hint="Name every column, and quote cells that hold the delimiter.",
    )


def _are_row_names(cells: Sequence[str]) -> bool:
    numbered = list(cells) == [str(number + 1) for number in range(len(cells))]
    return numbered or (len(set(cells)) == len(cells) and all(to_number(cell) is None for cell in cells))
