"""A table with its card as a regression task."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kandisco.data.card import Card, Column, find_card, read_card
from kandisco.data.cells import parse_column, to_number
from kandisco.data.clean import find_column, last_numeric, to_dataset
from kandisco.data.reading import read_table
from kandisco.data.roles import Roles, roles_of, split_cells, stated_errors
from kandisco.data.uncertainty import counted
from kandisco.errors import InputError
from kandisco.types import Array, Dataset, Table, Variable

if TYPE_CHECKING:
    from kandisco.specs import ReaderSpec

Cells = Array | list[str]


def read_dataset(
    path: str | Path,
    readers: Sequence[ReaderSpec],
    *,
    target: str = "",
    features: Sequence[str] = (),
    sigma: Sequence[str] = (),
    roles: bool = True,
) -> Dataset:
    """A file as a regression task, with the card beside it where there is one.

    Args:
        path: a file, or ``-`` for standard input.
        readers: from ``registry.readers()``.
        target, features: headers; they go before what the card says.
        sigma: headers of columns of uncertainties: of the target, or ``x=COLUMN`` of another column; before what headers say.
        roles: whether columns called ``u(x)``, ``x_err``, ``rep``, ... count as what they are called, where there is no card.

    Raises:
        InputError: the file or the card cannot be used.

    Example:
        ``read_dataset("datasets/kepler/data.csv", registry.readers()).target.unit`` is ``"yr"``.
    """
    table, card = read_with_card(path, readers)
    if card is None:
        return with_roles(table, target=target, features=features, sigma=sigma, roles=roles)
    if sigma:
        raise InputError(f"{card.path} says what the columns of {path} are.", hint="Give the uncertainty its role there.")
    return described(table, card, target=target, features=features)


def with_roles(
    table: Table, *, target: str = "", features: Sequence[str] = (), sigma: Sequence[str] = (), roles: bool = True
) -> Dataset:
    """A table without a card as a regression task; uncertainties and counters are known by their headers.

    Args:
        table: from a reader.
        target, features: headers.
        sigma: columns of uncertainties, as in ``read_dataset``.
        roles: whether headers are asked at all.

    Raises:
        InputError: a column is missing or cannot be used.
    """
    table, written = split_cells(table)
    asked = [find_column(table, label) for label in (target, *features) if label]
    found = roles_of(table, asked) if roles else Roles()
    found = Roles(errors={**found.errors, **written.errors}, counters=found.counters)
    own = [entry for entry in sigma if "=" not in entry]
    if len(own) > 1:
        raise InputError(
            f"sigma names {len(own)} columns for one target.", hint="Write x=COLUMN for the uncertainty of an input."
        )
    other = dict(entry.split("=", 1) for entry in sigma if "=" in entry)
    stated = {find_column(table, label): find_column(table, error) for label, error in other.items()}
    errors = {label: error for label, error in found.errors.items() if error not in (*stated.values(), *map(_header(table), own))}
    aside = {*errors.values(), *stated.values(), *found.counters, *map(_header(table), own)}
    kept = dataclasses.replace(table, columns={label: column for label, column in table.columns.items() if label not in aside})
    goal = find_column(kept, target) if target else last_numeric(kept, features)
    errors |= stated | ({goal: find_column(table, own[0])} if own else {})
    weights = stated_errors(table, goal, errors[goal]) if goal in errors else None
    data = to_dataset(kept, target=goal, features=features, weights=weights)
    if data.weights is not None:
        weights, uncertainty = counted(data.weights)
        data = dataclasses.replace(data, weights=weights, uncertainty=uncertainty)
    taking_part = {variable.label for variable in (*data.inputs, data.target)}
    said = Roles(errors={label: error for label, error in errors.items() if label in taking_part}, counters=found.counters)
    return dataclasses.replace(data, notes=(*said.notes(), *data.notes))


def _header(table: Table) -> Callable[[str], str]:
    return lambda label: find_column(table, label)


class WithCard(NamedTuple):
    """A table, and the card beside its file where there is one."""

    table: Table
    card: Card | None


def read_with_card(path: str | Path, readers: Sequence[ReaderSpec]) -> WithCard:
    """A file and what is known of its columns; a note says where the file was changed after its card was made.

    Args:
        path: a file, or ``-`` for standard input, which has no card.
        readers: from ``registry.readers()``.

    Raises:
        InputError: the file or the card cannot be used.
    """
    table = read_table(path, readers)
    found = None if str(path) == "-" else find_card(Path(path))
    if found is None:
        return WithCard(table, None)
    card = read_card(found)
    if card.sha256 and _digest(Path(path)) != card.sha256:
        table = dataclasses.replace(table, notes=(f"{path} was changed since {found.name} was made for it.", *table.notes))
    return WithCard(table, card)


def _digest(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def described(table: Table, card: Card, *, target: str = "", features: Sequence[str] = ()) -> Dataset:
    """The columns that a card lets take part, under its names and units.

    Args:
        table: from a reader.
        card: what is known of its columns.
        target, features: headers; they go before what the card says.

    Raises:
        InputError: the card names a column that is not there, or one that cannot have its role.
    """
    table, card = unmarked(table, card)
    cells, labels = table.columns, _labels(table, card)
    grouping = [*(labels[label] for label in card.labelled("group")), *(_split_by(table, card))]
    weight = next((labels[label] for label in card.labelled("weight", "uncertainty")), "")
    target, *features = (header_of(asked, card.columns) for asked in (target, *features))
    asked = {find_column(table, label) for label in (target, *features) if label}
    goals = [labels[label] for label in card.labelled("target")]
    goal = find_column(table, target) if target else next(iter(goals), "")
    out = {labels[label] for label in card.labelled("group", "id", "weight", "uncertainty", "ignore", "target")} - asked - {goal}
    stated = bool(card.labelled("uncertainty"))
    if stated and goals and goal != goals[0]:
        weight = ""  # it is the uncertainty of another target
    data = to_dataset(
        dataclasses.replace(table, columns={label: column for label, column in cells.items() if label not in out}),
        target=goal,
        features=features,
        groups=_groups(cells, grouping) if grouping else None,
        weights=_weights(cells[weight], weight, card, table.first_row, "uncertainty" if stated else "weight") if weight else None,
    )
    if stated and data.weights is not None:
        weights, uncertainty = counted(data.weights)
        data = dataclasses.replace(data, weights=weights, uncertainty=uncertainty)
    named = _named(card, {there: label for label, there in labels.items()}, (*data.inputs, data.target))
    return dataclasses.replace(data, name=card.name or data.name, inputs=named[:-1], target=named[-1])


def header_of(asked: str, known: Iterable[Column | Variable]) -> str:
    """The header of the column that a card or a dataset calls ``asked``; ``asked`` itself where none is called so.

    Example:
        >>> header_of("g", [Variable(name="g", label="surface gravity [m/s2]")])
        'surface gravity [m/s2]'
    """
    return next((one.label or one.name for one in known if one.name and one.name == asked), asked)


def rechosen(table: Table, named: Dataset, *, target: str = "", features: Sequence[str] = ()) -> Dataset:
    """Other columns of a dataset as target and features, with its groups and weights, under its names and units.

    Args:
        table: from ``as_table(named)``; a column may have got other values.
        named: what the table was made of.
        target, features: headers, or names of the dataset's variables.

    Raises:
        InputError: there is no such column.
    """
    variables = (*named.inputs, named.target)
    target, *features = (header_of(asked, variables) for asked in (target, *features))
    chosen = to_dataset(table, target=target, features=features, groups=named.groups, weights=named.weights)
    if named.uncertainty and chosen.target.label == (named.target.label or named.target.name):
        chosen = dataclasses.replace(chosen, uncertainty=named.uncertainty, relative=named.relative)
    elif named.uncertainty:  # it is the uncertainty of another target, and so are the weights
        chosen = dataclasses.replace(chosen, weights=None)
    known = {variable.label or variable.name: variable for variable in variables}
    inputs = tuple(known.get(variable.label, variable) for variable in chosen.inputs)
    return dataclasses.replace(chosen, name=named.name, inputs=inputs, target=known.get(chosen.target.label, chosen.target))


def _split_by(table: Table, card: Card) -> list[str]:
    return [find_column(table, label, f"{card.path}: split_by[{i}]") for i, label in enumerate(card.split_by)]


def _labels(table: Table, card: Card) -> dict[str, str]:
    """The header in the file of each column of the card."""
    columns = enumerate(card.columns)
    return {one.label: find_column(table, one.label, f"{card.path}: columns[{i}].label") for i, one in columns}


def unmarked(table: Table, card: Card) -> tuple[Table, Card]:
    """The table with the card's marks for a missing value taken as such, and the card without them.

    Raises:
        InputError: the card names a column that is not there.
    """
    labels = _labels(table, card)
    own = {labels[column.label]: column.missing for column in card.columns}
    cells = {label: _without_marks(column, (*card.missing, *own.get(label, ()))) for label, column in table.columns.items()}
    columns = tuple(dataclasses.replace(column, missing=()) for column in card.columns)
    return dataclasses.replace(table, columns=cells), dataclasses.replace(card, columns=columns, missing=())


def _without_marks(column: Cells, marks: tuple[str, ...]) -> Cells:
    """The column with its marks for a missing value taken as such."""
    if not marks:
        return column
    if isinstance(column, list):
        kept = ["" if cell.strip() in marks else cell for cell in column]
        parsed = parse_column(kept)
        return kept if parsed.text else parsed.values
    numbers = [number for mark in marks if (number := to_number(mark)) is not None]
    return np.where(np.isin(column, numbers), np.nan, column)


def _groups(cells: Mapping[str, Cells], labels: Sequence[str]) -> NDArray[np.int64]:
    """A number for each combination of values; what is missing is a value too."""
    rows = len(next(iter(cells.values())))
    numbers = np.zeros(rows, dtype=np.int64)
    for label in labels:
        codes = np.unique(np.asarray(cells[label]), return_inverse=True)[1].ravel()
        numbers = np.unique(numbers * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1].ravel()
    return numbers.astype(np.int64)


def _weights(column: Cells, label: str, card: Card, first_row: int, role: str) -> Array:
    """A column of weights, or of uncertainties."""
    kind = f"{'An' if role == 'uncertainty' else 'A'} {role} is a"
    if isinstance(column, list):
        raise InputError(f"{card.path}: the {role} {label!r} holds text.", hint=f"{kind} number above zero.")
    bad = np.flatnonzero((column <= 0) | np.isinf(column))
    if len(bad):
        where = f"row {int(bad[0]) + first_row} of the {role} {label!r} holds {column[bad[0]]:g}"
        raise InputError(f"{card.path}: {where}.", hint=f"{kind} finite number above zero; empty the cell to leave the row out.")
    return column


def _named(card: Card, there: dict[str, str], found: Sequence[Variable]) -> tuple[Variable, ...]:
    """The variables with the card's names and units."""
    columns = {column.label: column for column in card.columns}
    out = []
    for variable in found:
        column = columns.get(there.get(variable.label, ""))
        name = (column.name if column else "") or variable.name
        out.append(dataclasses.replace(variable, name=name, unit=(column.unit if column else "") or variable.unit))
    names = [variable.name for variable in out]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{card.path}: two columns are called {twice[0]!r}.", hint="Give one of them another name.")
    return tuple(out)


def as_table(dataset: Dataset) -> Table:
    """Inputs and target of a dataset as the columns of a table, the target last."""
    pairs = [*zip(dataset.inputs, dataset.x.T, strict=True), (dataset.target, dataset.y)]
    columns: dict[str, Cells] = {variable.label or variable.name: values for variable, values in pairs}
    return Table(columns=columns, source=dataset.source, notes=dataset.notes)
