"""``kandisco lagrangian``: coordinate, velocity and acceleration in, a Lagrangian out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from kandisco.cli.options import JSON
from kandisco.cli.session import Session
from kandisco.errors import ConfigError, InputError

if TYPE_CHECKING:
    from kandisco.types import Array, Table


def lagrangian(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File of rows of a motion, or - for standard input."),
    coordinate: str = typer.Option("q", "--coordinate", metavar="COLUMN", help="Column of the coordinate."),
    velocity: str = typer.Option("v", "--velocity", metavar="COLUMN", help="Column of its velocity."),
    acceleration: str = typer.Option("a", "--acceleration", metavar="COLUMN", help="Column of its acceleration."),
    json_: bool = JSON,
) -> None:
    """Find a Lagrangian L(q, v) that a motion of one coordinate obeys, from rows without noise."""
    import numpy as np

    from kandisco.cli.source import table_with
    from kandisco.data.names import variables
    from kandisco.expr import to_json, to_text, var
    from kandisco.tasks.lagrangian import lagrangian as find

    session: Session = ctx.obj
    labels = (coordinate, velocity, acceleration)
    table = table_with(session, data, labels)
    columns = {label: _numbers(table, label) for label in labels}
    if len(columns) < len(labels):
        raise ConfigError(
            "One column cannot be two of them.", hint="Name three columns of --coordinate, --velocity, --acceleration."
        )
    good = np.all(np.isfinite(np.stack([*columns.values()])), axis=0)
    found = find(*(columns[label][good] for label in labels))
    if found is None:
        print(json.dumps({"lagrangian": None, "rows": int(good.sum())}) if json_ else "No Lagrangian was found.")
        return
    names = [variable.name for variable in variables(columns)]
    expr = found.expr.substitute({"q": var(names[0]), "v": var(names[1])})
    if json_:
        each = {"formula": to_text(expr), "tree": to_json(expr), "misfit": found.misfit}
        print(json.dumps({"lagrangian": each, "rows": int(good.sum())}))
        return
    print(to_text(expr, 6))
    print(f"  on rows that were not fitted the Euler-Lagrange equation is off by {found.misfit:.2g} of its terms")
    for name, label in zip(names, labels[:2], strict=False):
        if name != label:
            print(f"  {name} is the column {label!r}")


def _numbers(table: Table, label: str) -> Array:
    values = table.columns[label]
    if isinstance(values, list):
        raise InputError(f"The column {label!r} holds text.", hint="Coordinate, velocity and acceleration are numbers.")
    return values
