"""``kandisco ode``: trajectories in, differential equations out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from kandisco.cli.options import JSON, config_from, help_of_set
from kandisco.cli.session import Session
from kandisco.cli.source import load
from kandisco.errors import ConfigError

if TYPE_CHECKING:
    from kandisco.tasks.ode import System

_SET = typer.Option([], "--set", metavar="NAME=VALUE", help=help_of_set())


def ode(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File, - or @NAME: a column of time and one for each state."),
    clock: str = typer.Option("", "--clock", metavar="COLUMN", help="Column of time (default: t or time, else the first)."),
    time: str = typer.Option("60s", "--time", metavar="DURATION", help="Time limit of the search, shared by the states."),
    seed: int = typer.Option(0, "--seed", help="Seed of all randomness."),
    set_: list[str] = _SET,
    json_: bool = JSON,
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Only the equations on stdout; no progress."),
) -> None:
    """Find the differential equations behind trajectories.

    Each group of the data (a column with the role group in a card) is a run of its own.
    """
    if quiet and json_:
        raise ConfigError("-q and --json contradict each other.", hint="Give one of them.")
    session: Session = ctx.obj
    config = config_from({"time": time, "seed": str(seed)}, set_)
    dataset = load(session, data)
    from kandisco.tasks.ode import discover_ode

    def tell(text: str) -> None:
        if not quiet:
            print(f"kandisco: {text}", file=sys.stderr)

    _show(discover_ode(dataset, config, session.registry(), time=clock, tell=tell), as_json=json_, quiet=quiet)


def _show(system: System, *, as_json: bool, quiet: bool) -> None:
    from kandisco.expr import to_text

    if as_json:
        equations = [
            {
                "state": equation.state,
                "formula": to_text(equation.expr),
                "evidence": equation.evidence,
                "std_errors": [error if error == error else None for error in equation.std_errors],
            }
            for equation in system.equations
        ]
        whole = {"equations": equations, "rmse": system.rmse, "noise": system.noise, "seconds": system.seconds}
        print(json.dumps({**whole, "notes": list(system.notes)}, ensure_ascii=False))
        return
    for equation in system.equations:
        print(f"d{equation.state}/dt = {to_text(equation.expr, 6)}")
    if not quiet:
        print(f"\n  integrated, it misses the data by {system.rmse:.2g} of their deviation; their noise is {system.noise:.2g}")
        for equation in system.equations:
            print(f"  d{equation.state}/dt: {equation.evidence}")
        for note in system.notes:
            print(f"  {note}")
