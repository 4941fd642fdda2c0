"""A table as a regression task: which columns take part, which rows, and what the user must be told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kandisco.data.cells import Parsed, parse_column
from kandisco.data.names import dataset_name, split_unit, variables
from kandisco.data.redundant import redundant_columns
from kandisco.errors import InputError
from kandisco.types import Array, Dataset, Table

Bools = NDArray[np.bool_]
MIN_ROWS = 3
_NO_VALUE = (-99.0, -999.0, -999.9, -9999.0, -99999.0, -999999.0)
# Headers of columns that tell rows apart: "598" and "S.Mag" below such a header are both names.
_NAMES = re.compile(
    r"\b(object|name|id|identifier|label|code|sample|specimen|subject|patient|body|planet|star|galaxy|species|element|compound"
    r"|material|station|site|batch|run|experiment)s?\b"
)
FEW_ROWS = 10


def to_dataset(
    table: Table,
    *,
    target: str = "",
    features: Sequence[str] = (),
    groups: NDArray[np.int64] | None = None,
    weights: Array | None = None,
) -> Dataset:
    """Choose the columns and the rows that can be used.

    Text columns are ignored; constant, redundant and row-number columns and columns that are mostly empty are dropped; rows
    with a missing or infinite cell are dropped; each with a note. A column of numbers with a few texts in it is an error,
    because a typing mistake must not cost a measurement silently.

    Args:
        table: from a reader.
        target: column to explain, by header, by header without unit, or by name; the last numeric column by default.
        features: columns to explain it with; all others by default.
        groups: int64 [rows of the table]: rows of one number are never split.
        weights: float64 [rows of the table], above zero; a row whose weight is nan is dropped.

    Raises:
        InputError: an unknown column, text where numbers are needed, or fewer than three usable rows.

    Example:
        >>> import numpy as np
        >>> table = Table(columns={"m [kg]": np.arange(20.0), "E": np.arange(20.0) ** 2})
        >>> data = to_dataset(table)
        >>> data.target.name, data.inputs[0].name, data.inputs[0].unit
        ('E_', 'm', 'kg')
    """
    columns, notes = _numbers(table, [find_column(table, label) for label in (target, *features) if label], bool(features))
    asked = [find_column(table, feature) for feature in features]
    goal = find_column(table, target) if target else _last_of(table, columns, asked)
    if goal in asked:
        raise InputError(f"Column {goal!r} is target and feature at once.", hint="Leave it out of the features.")
    inputs = {label: columns[label] for label in asked or columns if label != goal}
    usable, dropped = _without_gaps(inputs, columns[goal], asked, goal)
    rows, counted = _complete(table, usable if weights is None else {**usable, "the weight": weights}, columns[goal])
    y = columns[goal][rows]
    kept = {label: column[rows] for label, column in usable.items()}
    kept, redundant = redundant_columns(kept, y, goal, asked)
    if not kept:
        reasons = " ".join((*dropped, *redundant)) or "All other columns hold text, or there are none."
        raise InputError(
            f"{_source(table)}: no column is left to explain {goal!r} with. {reasons}", hint="Add a column that varies."
        )
    named = variables([*kept, goal])
    return Dataset(
        name=dataset_name(table.source),
        x=np.column_stack(list(kept.values())),
        y=np.ascontiguousarray(y),
        inputs=named[:-1],
        target=named[-1],
        notes=(*table.notes, *notes, *dropped, *counted, *redundant, *_marks({**kept, goal: y}), *_remarks(y, goal)),
        groups=None if groups is None else groups[rows],
        weights=None if weights is None else weights[rows],
        source=table.source,
    )


def _source(table: Table) -> str:
    return "standard input" if table.source == "-" else table.source or "the table"


def find_column(table: Table, asked: str, where: str = "") -> str:
    """The header that somebody means.

    Args:
        table: has the headers.
        asked: the header, the header without its unit, or the name made of it.
        where: who asks, for the message.

    Raises:
        InputError: there is none, or more than one.
    """
    wanted = asked.strip()
    labels = list(table.columns)
    named = dict(zip(labels, variables(labels)))
    tests = (
        lambda label: label == wanted,
        lambda label: named[label].name == wanted,
        lambda label: split_unit(label)[0] == wanted,
        lambda label: split_unit(label)[0].lower() == split_unit(wanted)[0].lower(),
    )
    for test in tests:
        found = [label for label in labels if test(label)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"{where and f'{where}: '}{asked!r} may mean {' or '.join(map(repr, found))}.", hint="Give the whole header."
            )
    near = difflib.get_close_matches(wanted, labels, n=1, cutoff=0.5)
    known = f"Columns: {', '.join(labels[:20])}{', ...' if len(labels) > 20 else ''}."
    hint = f"Did you mean {near[0]!r}? {known}" if near else known
    raise InputError(f"{where and f'{where}: '}{_source(table)} has no column {asked!r}.", hint=hint)


def _numbers(table: Table, wanted: Sequence[str], only: bool) -> tuple[dict[str, Array], list[str]]:
    """The numeric columns, and a note for those of text.

    Args:
        wanted: columns the user named, which must be numbers.
        only: no other column takes part, so that stray text in one does no harm.
    """
    found: dict[str, Array] = {}
    texts = []
    for label, column in table.columns.items():
        if isinstance(column, np.ndarray):
            found[label] = column
            continue
        parsed = parse_column(column)
        slip = parsed.mostly_numeric and not _NAMES.search(label.lower().replace("_", " "))
        if parsed.text and (label in wanted or (slip and not only)):
            raise _text_among_numbers(table, label, column, parsed)
        if parsed.text:
            texts.append(label)
        else:
            found[label] = parsed.values
    if not found:
        raise InputError(f"{_source(table)} has no column of numbers.", hint="Give at least two columns of numbers.")
    if next(map(len, found.values())) == 0:
        raise InputError(f"{_source(table)} has no rows.", hint="Give one line for each measurement.")
    return found, [f"Ignored because it holds text: {', '.join(map(repr, texts))}."] if texts and not only else []


def _text_among_numbers(table: Table, label: str, column: Sequence[str], parsed: Parsed) -> InputError:
    first = parsed.text[0]
    row, cell = first + table.first_row, column[first][:40]
    if not parsed.mostly_numeric:
        message = f"{_source(table)}: column {label!r} holds text ({cell!r} in row {row}), not numbers."
        return InputError(message, hint="Code it as numbers, or choose another column.")
    more = f" ({len(parsed.text)} cells of this column are text)" if len(parsed.text) > 1 else ""
    return InputError(
        f"{_source(table)}: row {row}, column {label!r} holds the text {cell!r} among numbers{more}.",
        hint="Correct the cell, empty it (or write NA) to leave its row out, or leave the column out with --features.",
    )


def last_numeric(table: Table, features: Sequence[str] = ()) -> str:
    """The header of the column that is explained where none is named.

    Raises:
        InputError: there is no such column, or a feature is unknown.
    """
    asked = [find_column(table, feature) for feature in features]
    return _last_of(table, _numbers(table, asked, bool(features))[0], asked)


def _last_of(table: Table, columns: Mapping[str, Array], asked: Sequence[str]) -> str:
    filled = [label for label, column in columns.items() if label not in asked and np.isfinite(column).any()]
    if not filled:
        raise InputError(f"{_source(table)} holds no number.", hint="Give at least two columns of numbers.")
    return filled[-1]


def _without_gaps(inputs: Mapping[str, Array], y: Array, asked: Sequence[str], goal: str) -> tuple[dict[str, Array], list[str]]:
    """The columns that are filled well enough; one that is mostly empty would cost most rows."""
    filled = np.zeros(len(y), dtype=bool)
    for column in (*inputs.values(), y):
        filled |= ~np.isnan(column)
    if not np.isfinite(y).any():
        raise InputError(f"The target {goal!r} holds no number.", hint="Choose another with --target.")
    kept, notes = {}, []
    for label, column in inputs.items():
        gaps = int(np.count_nonzero(~np.isfinite(column[filled])))
        if gaps == np.count_nonzero(filled):
            notes.append(f"Dropped column {label!r}: it is empty.")
        elif 2 * gaps > np.count_nonzero(filled) and label not in asked:
            notes.append(f"Dropped column {label!r}: {gaps} of its {np.count_nonzero(filled)} cells are missing.")
        else:
            kept[label] = column
    return kept, notes


def _complete(table: Table, inputs: Mapping[str, Array], y: Array) -> tuple[Bools, list[str]]:
    """The rows without gaps, and how many others there were; lines that are blank altogether do not count."""
    missing, infinite, blank = np.isnan(y), np.isinf(y), np.isnan(y)
    for column in inputs.values():
        missing = missing | np.isnan(column)
        infinite = infinite | np.isinf(column)
        blank = blank & np.isnan(column)
    rows = ~(missing | infinite)
    notes = []
    if count := int(np.count_nonzero(missing & ~blank)):
        first = int(np.argmax(missing & ~blank)) + table.first_row
        notes.append(f"Dropped {count} of {np.count_nonzero(~blank)} rows: a cell is missing (first: row {first}).")
    if count := int(np.count_nonzero(infinite & ~missing)):
        first = int(np.argmax(infinite & ~missing)) + table.first_row
        notes.append(f"Dropped {count} of {np.count_nonzero(~blank)} rows: a value is infinite (first: row {first}).")
    if np.count_nonzero(rows) < MIN_ROWS:
        why = "".join(f" {note}" for note in notes)
        message = f"{_source(table)} has only {np.count_nonzero(rows)} usable rows.{why}"
        raise InputError(message, hint=f"Give at least {MIN_ROWS} rows of numbers; 20 or more make a law credible.")
    return rows, notes


def _marks(columns: Mapping[str, Array]) -> list[str]:
    """Numbers that often stand for "no value", far below all others of their column."""
    notes = []
    for label, column in columns.items():
        lowest = float(np.min(column))
        others = column[column != lowest]
        if lowest in _NO_VALUE and len(others) and np.min(others) > lowest + 2 * np.ptp(others):
            count = int(np.count_nonzero(column == lowest))
            notes.append(f"Column {label!r} holds {lowest:g} {count} times; if that marks a missing value, write NA instead.")
    return notes


def _remarks(y: Array, goal: str) -> list[str]:
    notes = []
    if np.ptp(y / (np.max(np.abs(y)) or 1.0)) == 0:
        notes.append(f"The target {goal!r} is constant: every row holds {y[0]:.6g}.")
    if len(y) <= FEW_ROWS:
        notes.append(f"Only {len(y)} rows: many formulas fit so few points; the probability beside each says how many.")
    return notes
