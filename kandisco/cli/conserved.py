"""``kandisco conserved``: trajectories in, what stays the same along them out."""

from __future__ import annotations

import json

import typer

from kandisco.cli.options import JSON, seconds_of, words_of
from kandisco.cli.session import Session
from kandisco.errors import InputError


def conserved(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File of rows along trajectories, or - for standard input."),
    group: str = typer.Option("", "--group", metavar="COLUMN", help="Tells the trajectories apart (default: one trajectory)."),
    ignore: str = typer.Option("", "--ignore", metavar="COLUMNS", help="Columns left out, comma separated, such as the time."),
    degree: int = typer.Option(4, "--degree", metavar="INTEGER", min=1, help="Largest degree of polynomials."),
    basis: str = typer.Option("chebyshev", "--basis", metavar="NAME", help="Edge basis of the network."),
    time: str = typer.Option("60s", "--time", metavar="DURATION", help="Time limit."),
    json_: bool = JSON,
) -> None:
    """Find quantities that are constant along trajectories: energies, momenta, and relations that hold in every row."""
    import numpy as np

    from kandisco.cli.signals import interruptible
    from kandisco.cli.source import table_with
    from kandisco.control import Control
    from kandisco.data.names import variables
    from kandisco.expr import to_json, to_text
    from kandisco.tasks.conserved import conserved as find
    from kandisco.tasks.trajectories import Trajectories

    session: Session = ctx.obj
    left_out = set(words_of(ignore)) | ({group} if group else set())
    table = table_with(session, data, left_out)
    kept = {label: values for label, values in table.columns.items() if label not in left_out and not isinstance(values, list)}
    if len(kept) < 2:
        raise InputError("Fewer than two columns of numbers are left.", hint="Give the state along the trajectories.")
    x = np.stack(list(kept.values()), axis=1)
    good = np.all(np.isfinite(x), axis=1)
    keys = np.array([str(v) for v in table.columns[group]]) if group else np.zeros(len(x), dtype=str)
    _, groups = np.unique(keys[good], return_inverse=True)
    names = tuple(variable.name for variable in variables(kept))
    control = Control(seconds=seconds_of(time))
    with interruptible(control):
        rows = Trajectories(names=names, x=x[good], groups=groups.astype(np.int64))
        found = find(rows, session.registry(), degree=degree, basis=basis, control=control)
    if json_:
        each = [{"formula": to_text(f.expr), "tree": to_json(f.expr), "drift": f.drift, "exact": f.exact} for f in found]
        print(json.dumps({"conserved": each, "trajectories": len(np.unique(groups)), "rows": int(good.sum())}))
        return
    for one in found:
        grade = "constant" if one.exact else "nearly constant"
        print(f"{to_text(one.expr, 6)}\n  {grade}: drifts by {one.drift:.2g} of its largest term along a trajectory")
    if not found:
        print("Nothing was found that stays the same.")
