"""How a text file is laid out: delimiter, decimal mark, header, units, where the numbers begin."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kandisco.data.cells import COMMA, POINT, Style, is_missing, to_number
from kandisco.data.header import Head, find_table, head_of, named
from kandisco.data.names import unique_labels
from kandisco.errors import InputError

# The first line of a CSV from Excel may name the delimiter.
_COMMENT = re.compile(rb"(?m)^[ \t]*[#%][^\r\n]*|\Asep=.(?=\r?\n)")
_IS_COMMENT = re.compile(r"\s*[#%]|sep=.$")
_LINE = re.compile(r"\r\n|\n|\r")
_THREE = re.compile(r"[+-]?\d{1,3},\d{3}")
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


def blank_comments(data: bytes) -> bytes:
    """Lines that begin with ``#`` or ``%`` emptied, so that the lines behind them keep their numbers."""
    return _COMMENT.sub(b"", data) if b"#" in data or b"%" in data or data.startswith(b"sep=") else data


def layout(data: bytes, source: str) -> Layout:
    """Find out delimiter, decimal mark and header from the first lines.

    Args:
        data: UTF-8, comments still in.
        source: for messages.

    Raises:
        InputError: there is no row, or header and rows do not fit together.
    """
    lines = _head(data)
    filled = [number for number, line in enumerate(lines) if line.strip() and not _IS_COMMENT.match(line)][:_SAMPLE]
    if not filled:
        what = "is empty" if not data.strip() else "holds comments only"
        raise InputError(f"{source} {what}.", hint="Give a table: a header line and one line for each measurement.")
    delimiter, style = _dialect([lines[number] for number in filled])
    rows = [fields(lines[number], delimiter) for number in filled]
    start, notes = find_table(rows, style, source)
    rows, filled = rows[start:], filled[start:]
    above = next((lines[n] for n in range(filled[0] - 1, -1, -1) if lines[n].strip()), "")
    comment = fields(above.lstrip("#% \t"), delimiter) if above.lstrip()[:1] in ("#", "%") else []
    head = head_of(rows, style, source)
    if head.lines == 0 and named(comment, len(head.labels), style):
        head = Head(labels=tuple(comment), lines=0)
    unique, renamed = unique_labels(head.labels)
    skip = filled[head.lines] if head.lines < len(filled) else filled[-1] + 1
    return Layout(
        delimiter=delimiter,
        style=style,
        labels=unique,
        skip=skip,
        notes=(*notes, *head.notes, *renamed, *_ambiguous(rows[head.lines :], delimiter, style, source)),
    )


def _head(data: bytes) -> list[str]:
    """Lines from the beginning, enough to see a hundred rows."""
    size = 65536
    while True:
        lines = _LINE.split(data[:size].decode("utf-8", errors="replace"))
        if size >= len(data):
            return lines
        if sum(bool(line.strip()) and not _IS_COMMENT.match(line) for line in lines) > _SAMPLE:
            return lines[:-1]
        size *= 4


def fields(line: str, delimiter: str) -> list[str]:
    """The cells of a line.

    Example:
        >>> fields('1, "a, b",', ","), fields("  1   2 ", " ")
        (['1', 'a, b', ''], ['1', '2'])
    """
    try:
        if delimiter == " ":
            return next(csv.reader([" ".join(line.split())], delimiter=" "), [])
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:  # a cell of more than 131072 characters
        return line.split(delimiter)


def _dialect(lines: Sequence[str]) -> tuple[str, Style]:
    """The delimiter and style under which most cells behind the first line are numbers in lines of equal length."""
    body = lines[1:] or lines
    best, choice = -1.0, (",", POINT)
    for delimiter in "\t;|, ":
        rows = [fields(line, delimiter) for line in body]
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count)
        even = widths.count(width) / len(widths) * (1.0 if abs(len(fields(lines[0], delimiter)) - width) <= 1 else 0.5)
        cells = [cell for row in rows for cell in row if not is_missing(cell)]
        # Between commas a decimal comma can only stand in quotes.
        quoted = any('"' in line for line in body)
        for style in (POINT, COMMA) if delimiter != "," or quoted else (POINT,):
            share = sum(to_number(cell, style) is not None for cell in cells) / max(len(cells), 1)
            score = even * (0.2 + share) * (1.0 if width > 1 else 0.6) - 1e-3 * _unlikely(cells, style, delimiter)
            if score > best + 1e-9:
                best, choice = score, (delimiter, style)
    return choice


def _unlikely(cells: Sequence[str], style: Style, delimiter: str) -> bool:
    """Commas as thousands marks in a file that neither writes points nor separates with commas: rather decimal commas."""
    if style != POINT or delimiter == ",":
        return False
    return any("," in cell for cell in cells) and not any("." in cell for cell in cells)


def _ambiguous(rows: Sequence[Sequence[str]], delimiter: str, style: Style, source: str) -> tuple[str, ...]:
    """A note when every comma is followed by three digits: it may be either mark."""
    commas = [cell for row in rows for cell in row if "," in cell and to_number(cell, style) is not None]
    if not commas or not all(_THREE.fullmatch(cell) for cell in commas):
        return ()
    value = to_number(commas[0], style)
    return (f"{source}: {commas[0]!r} was read as {value:.10g}; if that is wrong, write the numbers without commas.",)
