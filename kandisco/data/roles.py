"""What columns are for, told by their headers: uncertainties of other columns, and numbers of repetitions.

People write ``u(U) [V]`` beside ``U [V]``, ``T_err``, ``sigma_x``, ``dx``, ``x +-`` (JCGM 100, GUM, calls the first the standard
uncertainty). A name alone proves little: a column counts as the uncertainty of another one only where that other one is there,
units agree and values are positive; where the name may as well be that of a quantity (``dx`` and ``u_x`` are a step and a
velocity) they have to be small, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kandisco.data.cells import COMMA, POINT, Style, is_missing, parse_column, to_number
from kandisco.data.names import split_unit
from kandisco.errors import InputError
from kandisco.types import Array, Table

_WORDS = r"(?:u|unc|uncert|uncertainty|err|error|sigma|σ|std|stdev|stddev|sd|se|sem|stderr|delta|Δ)"
_PATTERNS = (
    re.compile(rf"{_WORDS}\s*\(\s*(?P<base>.+?)\s*\)", re.I),
    re.compile(r"(?:\+-|\+/-|±)\s*(?P<base>.+)"),
    re.compile(r"(?P<base>.+?)[\s_]*(?:\+-|\+/-|±)"),
    re.compile(
        r"(?:unc|uncert|uncertainty|err|error|sigma|σ|std|stdev|stddev|sd|se|sem|stderr)(?:\s+(?:of|in)\s+|[_\s.])(?P<base>.+)",
        re.I,
    ),
    re.compile(r"(?P<base>.+?)[_\s.]*[_\s.](?:unc|uncert|uncertainty|err|error|sigma|std|stdev|stddev|sd|se|sem|stderr)", re.I),
)
_DOUBTFUL = (re.compile(r"(?:delta_|delta |Δ_?|σ|u_|s_|e_|d_|d)(?P<base>.+)"), re.compile(r"(?P<base>.+)_u"))
# Without the name of its column: the one before it is meant, as in tables of "value, error, value, error".
_BARE = re.compile(
    r"(?:\+-|\+/-|±|err(?:or)?s?|unc(?:ert(?:ainty)?)?|std|stdev|stddev|sd|sem|stderr|std\.? ?(?:dev|err)\.?)", re.I
)
_REPLICATE = re.compile(
    r"(?:rep|repeat|repetition|replicate|replica|trial|run|attempt)s?(?:[_ .]?(?:no|nr|number|id|index))?\.?", re.I
)
# A number of repetitions repeats: among that many rows or fewer nothing of the kind can be told.
_MOST_REPETITIONS = 50
_SMALL = 0.2
"""Median uncertainty over its column's largest value, up to which a doubtful name is taken for one. Steps and velocities in the
named data sets lie above it or have another unit."""
_CELL = re.compile(r"(?P<value>.+?)\s*(?:±|\+/-|\+-)\s*(?P<error>.+)")
_BRACKETS = re.compile(r"(?P<value>[+-]?\d*[.,]?\d+|[+-]?\d+[.,])\s?\((?P<error>\d+)\)(?P<exponent>[eE][+-]?\d+)?")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What columns are for.

    Attributes:
        errors: header -> header of its standard uncertainties.
        counters: headers of columns that number repetitions.
    """

    errors: Mapping[str, str] = field(default_factory=dict)
    counters: tuple[str, ...] = ()

    @property
    def aside(self) -> frozenset[str]:
        """Headers of columns that are neither inputs nor targets."""
        return frozenset((*self.errors.values(), *self.counters))

    def notes(self) -> list[str]:
        """What the user is told, who can object."""
        said = [f"Column {error!r} is taken as the standard uncertainty of {label!r}." for label, error in self.errors.items()]
        said += [f"Column {label!r} numbers repetitions and takes no part." for label in self.counters]
        return [*said[:-1], f"{said[-1]} (--no-roles takes all columns as quantities.)"] if said else []


def roles_of(table: Table, asked: Sequence[str] = ()) -> Roles:
    """Uncertainties and counters of a table, by header and values.

    Args:
        table: from a reader.
        asked: headers that the user named as target or features: these are quantities.

    Example:
        >>> ones = np.ones(3)
        >>> roles_of(Table(columns={"t [s]": ones, "U [V]": 5 * ones, "u(U) [V]": 0.05 * ones})).errors
        {'U [V]': 'u(U) [V]'}
    """
    columns = {label: values for label, column in table.columns.items() if (values := _values(column)) is not None}
    errors: dict[str, str] = {}
    for label, values in columns.items():
        base, doubtful = _base(label, [one for one in columns if one not in errors.values()])
        free = base and label not in asked and base not in errors and base not in errors.values()
        if free and _could_be(label, values, base, columns[base], doubtful):
            errors[base] = label
    counters = [label for label, values in columns.items() if label not in asked and _counts(label, values)]
    left = len(columns) - len(set(errors.values())) - len(counters)
    return Roles(errors=errors, counters=tuple(counters) if left >= 2 else ())


def stated_errors(table: Table, label: str, error: str) -> Array:
    """The standard uncertainties of a column, float64 [rows] in its unit; a column of per cent is taken of each value.

    Raises:
        InputError: a cell holds text, or a number that is not above zero.
    """
    values, errors = _values(table.columns[label]), _values(table.columns[error])
    if values is None or errors is None:
        raise InputError(f"{error!r} cannot be the uncertainty of {label!r}: one of them holds text.", hint="Give numbers.")
    bad = np.flatnonzero((errors <= 0) | np.isinf(errors))
    if len(bad):
        where = f"row {int(bad[0]) + table.first_row} of the uncertainty {error!r} holds {errors[bad[0]]:g}"
        raise InputError(f"{where}.", hint="An uncertainty is a finite number above zero; empty the cell to leave the row out.")
    return np.abs(values) * errors / 100 if _per_cent(error, label) else errors


def split_cells(table: Table) -> tuple[Table, Roles]:
    """Columns of cells such as ``0.32 ± 0.02``, ``0.32 +- 0.02`` and ``0.32(2)``, as values and uncertainties.

    Returns:
        The table with a column of uncertainties behind each of these, and what belongs to what.

    Example:
        >>> table, roles = split_cells(Table(columns={"U [V]": ["0.32(2)", "0.30 +- 0.01"]}))
        >>> {label: column.tolist() for label, column in table.columns.items()}
        {'U [V]': [0.32, 0.3], 'u(U) [V]': [0.02, 0.01]}
    """
    columns: dict[str, Array | list[str]] = {}
    errors = {}
    for label, column in table.columns.items():
        pairs = None if isinstance(column, np.ndarray) else _pairs(column)
        if pairs is None:
            columns[label] = column
            continue
        columns[label] = pairs[:, 0]
        if np.all(pairs[np.isfinite(pairs[:, 0]), 1] > 0):
            name, unit = split_unit(label)
            beside = f"u({name})" + (f" [{unit}]" if unit else "")
            columns[beside], errors[label] = pairs[:, 1], beside
    return replace(table, columns=columns), Roles(errors=errors)


def pure_error(x: Array, y: Array, weights: Array | None = None) -> tuple[float, int] | None:
    """The noise that repeated rows tell, whatever the law (pure error, Draper and Smith 1998, section 2.1).

    Args:
        x: float64 [inputs, rows].
        y: float64 [rows].
        weights: float64 [rows], above zero; None for all alike.

    Returns:
        The standard deviation of a row of weight one and its degrees of freedom; None where no row is repeated.

    Example:
        >>> pure_error(np.array([[1.0, 1.0, 2.0]]), np.array([0.0, 2.0, 5.0]))
        (1.4142135623730951, 1)
    """
    _, group = np.unique(x, axis=1, return_inverse=True)
    group = group.ravel()
    mass = np.ones(len(y)) if weights is None else weights
    degrees = len(y) - int(group.max(initial=-1)) - 1
    if degrees < 1:
        return None
    mean = np.bincount(group, mass * y) / np.bincount(group, mass)
    return float(np.sqrt(np.sum(mass * (y - mean[group]) ** 2) / degrees)), degrees


def _values(column: Array | list[str]) -> Array | None:
    if isinstance(column, np.ndarray):
        return column
    parsed = parse_column(column)
    return None if parsed.text or not parsed.numbers else parsed.values


def _base(label: str, labels: Sequence[str]) -> tuple[str, bool]:
    """The column a header says it is the uncertainty of, and whether the header may mean something else."""
    names = {split_unit(one)[0]: one for one in labels if one != label}
    for text in dict.fromkeys((split_unit(label)[0], label.strip())):
        for patterns, doubtful in ((_PATTERNS, False), (_DOUBTFUL, True)):
            for pattern in patterns:
                match = pattern.fullmatch(text)
                if match and (base := names.get(match["base"]) or names.get(split_unit(match["base"])[0])):
                    return base, doubtful
    place = labels.index(label) if label in labels else 0
    if place and _BARE.fullmatch(split_unit(label)[0]):
        return labels[place - 1], False
    return "", False


def _could_be(label: str, values: Array, base: str, column: Array, doubtful: bool) -> bool:
    """Whether units and sizes allow it."""
    (_, mine), (name, theirs) = split_unit(label), split_unit(base)
    # "err (U)" names U, which is no unit.
    if mine not in ("", name) and theirs and mine != theirs and not _per_cent(label, base):
        return False
    known = values[np.isfinite(values)]
    if not len(known) or np.any(known <= 0):
        return False
    size = 100.0 if _per_cent(label, base) else float(np.nanmax(np.abs(column), initial=0.0))
    return bool(np.median(known) <= (_SMALL if doubtful else 1.0) * size)


def _per_cent(label: str, base: str) -> bool:
    return split_unit(label)[1] in ("%", "percent") and split_unit(base)[1] not in ("%", "percent")


def _counts(label: str, values: Array) -> bool:
    """Called like a number of repetitions, and 1 to k, each of them more than once."""
    if not _REPLICATE.fullmatch(split_unit(label)[0].strip()) or not np.all(np.isfinite(values)):
        return False
    found, times = np.unique(values, return_counts=True)
    in_turn = found[0] in (0, 1) and np.array_equal(found, found[0] + np.arange(len(found)))
    return bool(in_turn and 2 <= len(found) <= _MOST_REPETITIONS and np.all(times > 1))


def _pairs(cells: Sequence[str]) -> Array | None:
    """Values and uncertainties, float64 [rows, 2], nan where a cell is empty; None where one is anything else."""
    if not any(_CELL.fullmatch(cell.strip()) or _BRACKETS.fullmatch(cell.strip()) for cell in cells):
        return None
    for style in (POINT, COMMA):
        pairs = [(np.nan, np.nan) if is_missing(cell) else _pair(cell.strip(), style) for cell in cells]
        if None not in pairs:
            return np.array(pairs, dtype=np.float64)
    return None


def _pair(cell: str, style: Style) -> tuple[float, float] | None:
    if match := _BRACKETS.fullmatch(cell):
        value = to_number(match["value"] + (match["exponent"] or ""), style)
        if value is None:
            return None
        decimals = len(match["value"].partition(style.decimal)[2])
        return value, float(f"{match['error']}e{int((match['exponent'] or 'e0')[1:]) - decimals}")
    if match := _CELL.fullmatch(cell):
        value, error = to_number(match["value"], style), to_number(match["error"], style)
        return None if value is None or error is None else (value, abs(error))
    value = to_number(cell, style)
    return None if value is None else (value, 0.0)
