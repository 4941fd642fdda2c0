"""Which lines of a table name its columns: preamble, header, units, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kandisco.data.cells import Style, is_missing, to_number
from kandisco.errors import InputError

Row = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Head:
    """The top of a table.

    Attributes:
        labels: one header a column, as written.
        lines: how many rows it takes up.
        notes: what the user should know.
    """

    labels: tuple[str, ...]
    lines: int
    notes: tuple[str, ...] = ()


def find_table(rows: Sequence[Row], style: Style, source: str) -> tuple[int, tuple[str, ...]]:
    """The number of the first row of the table, behind lines that instruments write above it.

    Only lines with fewer cells are passed over, and only when a full header follows them: a header that is too short for its
    rows must not be taken for a remark.
    """
    width = common_width(rows)
    first = next((number for number, row in enumerate(rows) if len(row) == width), 0)
    if first == 0 or first > 40 or width == 1 or _numeric(rows[first], style) or first + 1 >= len(rows):
        return 0, ()
    if not is_header(rows[first:], style) or any(len(row) > width for row in rows[:first]):
        return 0, ()
    return first, (f"{source}: {first} line{'s' if first > 1 else ''} above the header passed over, the first {rows[0][0]!r}.",)


def head_of(rows: Sequence[Row], style: Style, source: str) -> Head:
    """Header and units of a table, or names made up.

    Raises:
        InputError: the header does not fit the rows.
    """
    width = common_width(rows[1:] or rows)
    if is_header(rows, style):
        return _with_units(rows, fitted(rows[0], rows[1:], width, source), style, source)
    if _counts(rows, style):
        note = f"{source}: the first row ({', '.join(shortened(rows[0]))}) was read as a header."
        return Head(labels=tuple(rows[0]), lines=1, notes=(note,))
    ends = width > 1 and all(not row[-1] for row in rows if len(row) == width)
    count = width - ends
    labels = [*(f"x{i + 1}" for i in range(count - 1)), "y"]
    note = f"{source} has no header; its columns are called {', '.join(shortened(labels))}."
    return Head(labels=(*labels, *[""] * ends), lines=0, notes=(note,))


def common_width(rows: Sequence[Row]) -> int:
    """The number of cells that most rows have."""
    widths = [len(row) for row in rows]
    return max(widths, key=lambda size: (widths.count(size), size))


def named(cells: Row, width: int, style: Style) -> bool:
    """Whether a comment names the columns below it."""
    return len(cells) == width and not _numeric(cells, style)


def shortened(labels: Row) -> list[str]:
    """At most five headers, for messages."""
    return list(labels) if len(labels) <= 6 else [*labels[:3], "...", labels[-1]]


def is_header(rows: Sequence[Row], style: Style) -> bool:
    """A first row without numbers, or with text above a column of numbers."""
    text = [to_number(cell, style) is None and not is_missing(cell) for cell in rows[0]]
    if not any(text):
        return False
    if not _numeric(rows[0], style):
        return len(rows) > 1 or all(text)
    below = [row for row in rows[1:] if len(row) == len(rows[0])]
    return any(
        here and below and all(to_number(row[column], style) is not None or is_missing(row[column]) for row in below)
        for column, here in enumerate(text)
    )


def _numeric(row: Row, style: Style) -> int:
    return sum(to_number(cell, style) is not None for cell in row)


def _counts(rows: Sequence[Row], style: Style) -> bool:
    """0, 1, 2, ... above numbers that are not whole: the header of a table whose columns were only numbered."""
    cells = list(rows[0])
    if cells and not cells[0]:
        cells = cells[1:]
    if len(cells) < 2 or cells != [str(number) for number in range(len(cells))]:
        return False
    below = [to_number(cell, style) for row in rows[1:] for cell in row[-len(cells) :]]
    return any(value is not None and value != value // 1 for value in below)


def _with_units(rows: Sequence[Row], labels: list[str], style: Style, source: str) -> Head:
    if len(rows) < 3 or not _are_units(rows[1], rows[2], style):
        return Head(labels=tuple(labels), lines=1)
    units = [unit.strip("[]() ") for unit in rows[1]]
    joined = tuple(f"{label} [{unit}]" if unit and unit != "-" else label for label, unit in zip(labels, units))
    return Head(labels=joined, lines=2, notes=(f"{source}: the row below the header was read as the units of the columns.",))


def _are_units(second: Row, third: Row, style: Style) -> bool:
    """Short texts above most of the numbers, and a number nowhere."""
    if len(second) != len(third) or _numeric(second, style) or any(len(cell) > 12 for cell in second):
        return False
    above = [cell for cell, below in zip(second, third) if to_number(below, style) is not None]
    return bool(above) and 2 * sum(not is_missing(cell) for cell in above) > len(above)


def fitted(header: Row, rows: Sequence[Row], width: int, source: str) -> list[str]:
    """Headers for ``width`` columns, when the rows end in a delimiter or begin with names of their own (as R writes them).

    Raises:
        InputError: there are fewer headers than columns.
    """
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
        f"{source}: the header names {len(labels)} columns ({', '.join(shortened(labels))}), but rows have {width} cells.",
        hint="Name every column, and quote cells that hold the delimiter.",
    )


def _are_row_names(cells: Row) -> bool:
    numbered = list(cells) == [str(number + 1) for number in range(len(cells))]
    return numbered or (len(set(cells)) == len(cells) and all(to_number(cell) is None for cell in cells))
