"""Cells as people write them: missing marks, decimal commas, thousands, percent signs, Fortran exponents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.types import Array

MISSING = frozenset(
    {
        *("", "na", "n/a", "n.a.", "nan", "null", "none", "nil", "-", "--", "---", "?", ".", "*", "missing"),
        *("#n/a", "#na", "#value!", "#div/0!", "#num!", "#ref!", "<na>", "-nan", "1.#ind", "1.#qnan", "–", "—"),
    }
)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WORDS = {"inf": np.inf, "+inf": np.inf, "-inf": -np.inf, "infinity": np.inf, "-infinity": -np.inf, "∞": np.inf}
_GROUPED = {mark: re.compile(rf"([+-]?\d{{1,3}})((?:{re.escape(mark)}\d{{3}})+)(?!\d)(.*)") for mark in ",.'"}
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3}(\D|$))")
_FORTRAN = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")
# Cells from which a column of nothing but text is told.
_HEAD = 2000
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-"})


@dataclass(frozen=True, kw_only=True)
class Style:
    """How numbers are written.

    Attributes:
        decimal: ``"."`` or ``","``.
        thousands: mark between groups of three digits, or an empty text.
    """

    decimal: str = "."
    thousands: str = ","

    def other(self) -> Style:
        """The style with point and comma in each other's role."""
        return COMMA if self.decimal == "." else POINT


POINT = Style()
COMMA = Style(decimal=",", thousands=".")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A column of text read as numbers.

    Attributes:
        values: float64 [rows], nan where a cell is missing or text; of the first rows only when nothing in them is a number.
        text: row numbers of the cells that are neither numbers nor missing.
        numbers: how many cells are numbers.
        percent: how many cells carry a percent sign.
        style: the style that fits best.
    """

    values: Array
    text: tuple[int, ...]
    numbers: int
    percent: int
    style: Style

    @property
    def mostly_numeric(self) -> bool:
        """At least half of the filled cells are numbers."""
        return self.numbers > 0 and self.numbers >= len(self.text)


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value.

    Example:
        >>> is_missing(" N/A "), is_missing("0")
        (True, False)
    """
    return cell.strip().lower() in MISSING


def to_number(cell: str, style: Style = POINT) -> float | None:
    """The number in a cell, or None.

    Args:
        cell: filled text.
        style: how numbers are written.

    Example:
        >>> to_number("1,234.5"), to_number("1.234,5", COMMA), to_number("45 %"), to_number("12 m")
        (1234.5, 1234.5, 45.0, None)
    """
    text = cell.strip().translate(_MINUS).removesuffix("%").rstrip()
    if style.decimal == "." and _PLAIN.fullmatch(text):
        return float(text)
    if text.lower() in _WORDS:
        return float(_WORDS[text.lower()])
    text = _FORTRAN.sub("e", _ungroup(text, style))
    if style.decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    return float(text) if _PLAIN.fullmatch(text) else None


def _ungroup(text: str, style: Style) -> str:
    text = _SPACED.sub("", text)
    for mark in (style.thousands, "'"):
        match = _GROUPED[mark].fullmatch(text) if mark and mark in text else None
        if match:
            text = match[1] + match[2].replace(mark, "") + match[3]
    return text


def parse_column(cells: Sequence[str], style: Style = POINT) -> Parsed:
    """Read a column of text as numbers, in the given style or, where it fits better, with point and comma swapped.

    Args:
        cells: one text per row.
        style: tried first.
    """
    first = _parse(cells[:_HEAD], style)
    if len(cells) > _HEAD and (first.numbers or not first.text):
        first = _parse(cells, style)
    # Another style is worth a look only where it can read what this one cannot.
    if all(to_number(cells[row], style.other()) is None for row in first.text[:_HEAD]):
        return first
    second = _parse(cells, style.other())
    return second if len(second.text) < len(first.text) else first


def _parse(cells: Sequence[str], style: Style) -> Parsed:
    values = np.full(len(cells), np.nan)
    text = []
    numbers = percent = 0
    for row, cell in enumerate(cells):
        number = _quick(cell) if style.decimal == "." else None
        if number is None:
            if is_missing(cell):
                continue
            number = to_number(cell, style)
        if number is None:
            text.append(row)
            continue
        values[row] = number
        numbers += 1
        percent += "%" in cell
    return Parsed(values=values, text=tuple(text), numbers=numbers, percent=percent, style=style)


def _quick(cell: str) -> float | None:
    """Most cells are what ``float`` reads, many times as fast; ``1_000`` and nan are for others to judge."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return None if value != value or "_" in cell else value
