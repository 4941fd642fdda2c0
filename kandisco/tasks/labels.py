"""A table as a classification task: which classes there are, whether they have an order, and the rows as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kandisco.data import Card, Column, described, find_column, header_of, rechosen, to_dataset, unmarked
from kandisco.data.cells import MISSING
from kandisco.errors import ConfigError, InputError
from kandisco.types import Dataset, Table, Variable

MOST_CLASSES = 50


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Rows with classes.

    Attributes:
        dataset: ``y`` holds the number of each row's class, 0 to K - 1, as float64.
        classes: the K labels as they are in the table, least first where they have an order.
        ordered: whether the classes have an order. Two classes always have one.
    """

    dataset: Dataset
    classes: tuple[str, ...]
    ordered: bool

    @property
    def codes(self) -> NDArray[np.int64]:
        """int64 [rows], the class of each row."""
        return self.dataset.y.astype(np.int64)


def to_labelled(
    table: Table,
    *,
    target: str = "",
    features: Sequence[str] = (),
    order: Sequence[str] | str = "auto",
    card: Card | None = None,
    rows_of: Dataset | None = None,
) -> Labelled:
    """Read a column as classes and the others as inputs.

    Args:
        table: from a reader.
        target: the column of labels, text or numbers, by header or by its name on the card; by default the card's target, or
            the last column.
        features: columns to tell the classes by; all others by default.
        order: ``"auto"``: numbers are ordered, texts are not; ``"none"``: no order; ``"numbers"``: by value; or the labels,
            least first.
        card: what the columns mean; roles, groups and names are taken from it.
        rows_of: the dataset that the table was made of, for its names, groups and weights.

    Returns:
        The task; rows without a label are dropped with a note.

    Raises:
        InputError: one class only, or so many that the column is no label.
        ConfigError: an order that does not name the labels.

    Example:
        >>> table = Table(columns={"x": np.array([0.0, 1.0, 2.0, 3.0]), "kind": ["a", "b", "a", "b"]})
        >>> to_labelled(table).classes, to_labelled(table).codes.tolist()
        (('a', 'b'), [0, 1, 0, 1])
    """
    goal = _column(table, target or next(iter(card.labelled("target") if card else ()), ""), _known(card, rows_of))
    if card is not None:
        # Before the classes become numbers, which may look like a mark.
        table, card = unmarked(table, card)
    cells = _cells(table.columns[goal])
    classes, ordered = _ordered(cells, goal, order)
    number = {label: float(k) for k, label in enumerate(classes)}
    codes = np.array([number.get(cell, np.nan) for cell in cells])
    numbered = replace(table, columns={**table.columns, goal: codes})
    if card is not None:
        dataset = described(numbered, card, target=goal, features=features)
    elif rows_of is not None:
        dataset = rechosen(numbered, rows_of, target=goal, features=features)
    else:
        dataset = to_dataset(numbered, target=goal, features=features)
    return Labelled(dataset=dataset, classes=classes, ordered=ordered or len(classes) == 2)


def _known(card: Card | None, rows_of: Dataset | None) -> tuple[Column | Variable, ...]:
    if card is not None:
        return card.columns
    return () if rows_of is None else (*rows_of.inputs, rows_of.target)


def _column(table: Table, target: str, known: Sequence[Column | Variable]) -> str:
    if not table.columns:
        raise InputError("The table has no columns.", hint="Give one with inputs and a label.")
    return find_column(table, header_of(target, known)) if target else list(table.columns)[-1]


def _cells(column: NDArray[np.float64] | list[str]) -> list[str]:
    """Labels as text, empty where there is none; whole numbers without a point."""
    if isinstance(column, np.ndarray):
        return [f"{value:.12g}" if np.isfinite(value) else "" for value in column.tolist()]
    return ["" if cell.strip().lower() in MISSING else cell.strip() for cell in column]


def _ordered(cells: Sequence[str], goal: str, order: Sequence[str] | str) -> tuple[tuple[str, ...], bool]:
    """The classes in their order, and whether it means something."""
    found = sorted({cell for cell in cells if cell})
    if len(found) < 2:
        raise InputError(f"Column {goal!r} holds {'no label' if not found else 'one class only'}.", hint="Name another --target.")
    if len(found) > MOST_CLASSES:
        raise InputError(
            f"Column {goal!r} has {len(found)} different values: no label, a quantity.", hint="Use kandisco discover for it."
        )
    if not isinstance(order, str):
        if sorted(order) != found:
            raise ConfigError(f"The order {', '.join(order)} is not one of {', '.join(found)}.", hint="Name each label once.")
        return tuple(order), True
    numeric = all(_number(cell) is not None for cell in found)
    if order == "numbers" and not numeric:
        raise ConfigError(f"The labels of {goal!r} are no numbers.", hint="Give their order: --order low,middle,high.")
    return tuple(sorted(found, key=float) if numeric else found), numeric and order != "none"


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
