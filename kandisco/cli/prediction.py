"""A formula applied to a new table: match its columns, tell what cannot be trusted, write the rows back as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.errors import ConfigError, InputError
from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.types import Array, Table

if TYPE_CHECKING:
    from kandisco.run import Run


def predictions(expr: Expr, about: Mapping[str, Any], table: Table) -> tuple[dict[str, Array], Array]:
    """The formula's columns in the table, and its values (nan where a cell is missing or the formula is not defined).

    Args:
        expr: the formula.
        about: the dataset's part of ``run.json``.
        table: the new rows.

    Raises:
        InputError: a column is missing or holds text.
    """
    used = {str(column["name"]): column for column in about["inputs"] if column["name"] in expr.variables()}
    columns = {name: _column(column, table) for name, column in used.items()}
    rows = len(next(iter(table.columns.values()), []))
    values = evaluate(expr, columns) if columns else np.full(rows, float(evaluate(expr, {})))
    return columns, np.where(np.isfinite(values), values, np.nan)


def _column(column: Mapping[str, Any], table: Table) -> Array:
    wanted = [str(column["label"] or column["name"]), str(column["name"])]
    found = next((header for want in wanted for header in table.columns if header == want), None)
    if found is None:
        loose = {header.strip().casefold(): header for header in table.columns}
        found = next((loose[want.strip().casefold()] for want in wanted if want.strip().casefold() in loose), None)
    if found is None:
        raise InputError(f"{table.source} has no column {wanted[0]!r}.", hint=f"It has: {', '.join(table.columns)}.")
    values = table.columns[found]
    if isinstance(values, list):
        raise InputError(f"{table.source}, column {found!r} holds text.", hint="Put numbers into it, or leave cells empty.")
    return values


def notes(expr: Expr, about: Mapping[str, Any], columns: Mapping[str, Array], values: Array, table: Table) -> Iterator[str]:
    """What the user must know of these predictions: gaps, undefined values, extrapolation, and the error where it can be told."""
    missing = np.zeros(values.shape, dtype=bool)
    for column in columns.values():
        missing |= ~np.isfinite(column)
    if missing.any():
        yield f"{int(missing.sum())} of {len(values)} rows have a missing cell; their prediction is left empty."
    undefined = np.isnan(values) & ~missing
    if undefined.any():
        yield f"the formula is not defined on {int(undefined.sum())} rows (first: row {_first(undefined, table)}); left empty."
    yield from _outside(about, columns, table)
    yield from _error(about["target"], values, table)


def _first(mask: Any, table: Table) -> int:
    return int(np.flatnonzero(mask)[0]) + table.first_row


def _outside(about: Mapping[str, Any], columns: Mapping[str, Array], table: Table) -> Iterator[str]:
    for column in about["inputs"]:
        values, low, high = columns.get(column["name"]), column["min"], column["max"]
        if values is None or low is None or high is None:
            continue
        beyond = (values < low) | (values > high)
        if beyond.any():
            label = column["label"] or column["name"]
            where = f"{int(beyond.sum())} of {len(values)} rows (first: row {_first(beyond, table)})"
            yield f"extrapolation: {label} is outside the data's {low:g} to {high:g} on {where}."


def _error(target: Mapping[str, Any], values: Array, table: Table) -> Iterator[str]:
    known = table.columns.get(str(target["label"] or target["name"]))
    if known is None or isinstance(known, list):
        return
    both = np.isfinite(known) & np.isfinite(values)
    if both.any():
        rmse = float(np.sqrt(np.mean((known[both] - values[both]) ** 2)))
        yield f"the file holds {target['label'] or target['name']} too: RMSE {rmse:.4g} on {int(both.sum())} rows."


def intervals(expr: Expr, run: Run, columns: Mapping[str, Array], level: float) -> tuple[Array, Array]:
    """Ends of the prediction interval in each row.

    Args:
        expr: the formula.
        run: holds the rows its constants were fitted to.
        columns: name -> values of the formula's columns in the new rows.
        level: share of new measurements that fall between the ends, between 0 and 1.

    Raises:
        ConfigError: another level.
        InputError: no intervals: a formula without columns, or too few rows for its constants.
    """
    from kandisco.report.facts import fitted_rows
    from kandisco.symbolic.intervals import infer

    if not 0 < level < 1:
        raise ConfigError(f"--interval {level:g} is no level.", hint="Give a share between 0 and 1, e.g. 0.95.")
    found = infer(expr, fitted_rows(run, run.result()))
    if not columns or not np.all(np.isfinite(found.covariance)) or found.freedom < 1:
        raise InputError("The rows do not fix this formula's constants, so that it has no intervals.", hint="Give it more rows.")
    _, low, high = found.predictions(columns, level)
    return low, high


def as_csv(table: Table, target: Mapping[str, Any], added: Mapping[str, Array]) -> str:
    """The table's columns and more, ``<target>_<name>`` for each name added; floats read back to the same numbers."""
    names = []
    for suffix in added:
        name = f"{target['label'] or target['name']}_{suffix}"
        while name in table.columns:
            name += "_"
        names.append(name)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.columns, *names])
    cells = [
        column if isinstance(column, list) else [_cell(value) for value in column.tolist()] for column in table.columns.values()
    ]
    more = [[_cell(value) for value in values.tolist()] for values in added.values()]
    writer.writerows(zip(*cells, *more, strict=True))
    return out.getvalue()


def _cell(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
