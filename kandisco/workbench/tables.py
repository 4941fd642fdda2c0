"""What a workbench says about itself: one line, tables of states, a formula as a tree; and which columns a user's table holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco import kan as net
from kandisco.errors import InputError
from kandisco.expr import Expr, to_text
from kandisco.types import Array, Dataset
from kandisco.workbench.formula import splines
from kandisco.workbench.state import State

if TYPE_CHECKING:
    import pandas


def describe(state: State, step: int) -> str:
    """One line about a state, and its notes."""
    kan, target = net.select(state.kan, 0), state.frame.dataset.target
    edges = len(kan.live_edges())
    unit = f" {target.unit}" if target.unit else ""
    errors = ", ".join(f"{name} {value:.3g}" for name, value in state.errors.items() if not math.isnan(value))
    head = f"Workbench {kan.shape} of {target.label or target.name}: {edges} edges, {edges - len(splines(kan))} of them functions"
    return "\n".join([f"{head}; RMSE{unit}: {errors}; step {step}: {state.verb}", *state.notes])


def rows_about(states: Sequence[State], names: Sequence[str], *, now: int | None = None) -> pandas.DataFrame:
    """A row per state."""
    import pandas

    rows = []
    for i, (state, name) in enumerate(zip(states, names, strict=True)):
        kan = net.select(state.kan, 0)
        edges = len(kan.live_edges())
        row: dict[str, Any] = {"state": name, "verb": state.verb, "shape": str(kan.shape), "grid": kan.grid, "edges": edges}
        row |= {"functions": edges - len(splines(kan))} | dict(state.errors)
        rows.append(row | ({} if now is None else {"now": i == now}))
    return pandas.DataFrame(rows)


def outline(expr: Expr, depth: int = 0) -> str:
    """A tree, one node a line, children indented."""
    names = {"add": "+", "mul": "*", "pow": "**"}
    if not expr.args:
        return "  " * depth + to_text(expr, 6)
    return "\n".join(["  " * depth + names.get(expr.head, expr.head), *(outline(arg, depth + 1) for arg in expr.args)])


def columns_of(x: Any, dataset: Dataset) -> dict[str, Array]:
    """The dataset's inputs, by name, in a user's table: by header where it has some, else by place.

    Raises:
        InputError: a column is missing.
    """
    headers = [str(name) for name in getattr(x, "columns", ())]
    values = np.asarray(x, dtype=np.float64) if not headers else None
    found = {}
    for place, variable in enumerate(dataset.inputs):
        if values is None:
            header = next((name for name in headers if name in (variable.label, variable.name)), None)
            if header is None:
                raise InputError(f"There is no column {variable.label!r}.", hint=f"There are: {', '.join(headers)}.")
            found[variable.name] = np.asarray(x[header], dtype=np.float64)
            continue
        table = values[:, None] if values.ndim == 1 else values
        if table.shape[1] != len(dataset.inputs):
            raise InputError(
                f"The table has {table.shape[1]} columns, not {len(dataset.inputs)}.", hint="Give those of the data."
            )
        found[variable.name] = table[:, place]
    return found
