"""``kandisco continual``: tables one after another into one network, and what each left of the earlier ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from kandisco.cli.options import JSON
from kandisco.cli.session import Session
from kandisco.errors import InputError

if TYPE_CHECKING:
    from kandisco.types import Dataset

_FILES = typer.Argument(..., metavar="FILE...", help="Tables with the same columns, in the order they are to be learnt.")


def continual(
    ctx: typer.Context,
    files: list[str] = _FILES,
    target: str = typer.Option("", "--target", "-y", metavar="COLUMN", help="Column to learn (default: the last numeric one)."),
    width: str = typer.Option("", "--width", metavar="SHAPE", help="Shape such as 2,5,1 (default: one layer)."),
    grid: int = typer.Option(50, "--grid", metavar="INTEGER", min=1, help="Grid intervals of each edge."),
    basis: str = typer.Option("bspline", "--basis", metavar="NAME", help="Edge basis; only a local one forgets nothing."),
    seed: int = typer.Option(0, "--seed", metavar="INTEGER", help="Of hidden layers."),
    json_: bool = JSON,
) -> None:
    """Learn tables one after another without forgetting; prints the largest error on each table after each."""
    import numpy as np

    from kandisco.tasks.continual import begin, learn

    session: Session = ctx.obj
    tables = [_table(session, file, target) for file in files]
    names = [variable.name for variable in tables[0].inputs]
    for file, table in zip(files, tables, strict=True):
        if [variable.name for variable in table.inputs] != names:
            raise InputError(f"{file} has other columns than {files[0]}.", hint="Inputs: " + ", ".join(names) + ".")
    rows = np.concatenate([table.x for table in tables])
    ranges = list(zip(rows.min(axis=0).tolist(), rows.max(axis=0).tolist(), strict=True))
    memory = begin(ranges, session.registry(), width=width, grid=grid, basis=basis, seed=seed)
    errors: list[list[float]] = []
    for count, table in enumerate(tables, start=1):
        memory = learn(memory, table.x, table.y)
        errors.append([float(np.max(np.abs(memory(seen.x) - seen.y))) for seen in tables[:count]])
    if json_:
        print(json.dumps({"files": files, "errors": errors}, allow_nan=False))
        return
    print("largest error on each table, after each was learnt")
    for file, row in zip(files, errors, strict=True):
        print(f"{file:>24}  " + "  ".join(f"{error:9.3g}" for error in row))


def _table(session: Session, file: str, target: str) -> Dataset:
    from kandisco import data

    return data.to_dataset(data.read_table(file, session.registry().readers()), target=target)
