"""``kandisco fit``: a formula whose form is known, its constants from the data."""

from __future__ import annotations

import json

import typer

from kandisco.cli.listing import aligned
from kandisco.cli.options import JSON
from kandisco.cli.session import Session
from kandisco.cli.source import load


def fit(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File, - or @NAME."),
    formula: str = typer.Option(..., "--formula", "-f", metavar="TEXT", help="Form such as 'b1*(1 - exp(-b2*x))'."),
    target: str = typer.Option("", "--target", "-y", metavar="COLUMN", help="Column to explain (default: as for discover)."),
    seed: int = typer.Option(0, "--seed", help="Seed of the draws that starting values come from."),
    json_: bool = JSON,
) -> None:
    """Fit the constants of a formula whose form is known; names that are no columns are constants.

    No starting values are needed: thousands are drawn, and the best are followed.
    """
    session: Session = ctx.obj
    dataset = load(session, data, target=target)
    from kandisco.expr import to_text
    from kandisco.tasks.fit import fit_formula

    found = fit_formula(dataset, formula, seed=seed)
    if json_:
        constants = {
            c.name: {"value": c.value, "std_error": c.std_error if c.std_error == c.std_error else None} for c in found.constants
        }
        whole = {"formula": to_text(found.expr), "constants": constants, "rss": found.rss, "residual_sd": found.residual_sd}
        print(json.dumps({**whole, "freedom": found.freedom, "agreeing": found.agreeing, "seconds": found.seconds}))
        return
    print(f"{dataset.target.name} = {to_text(found.expr, 6)}\n")
    rows = [(c.name, f"{c.value:.12g}", f"{c.std_error:.4g}") for c in found.constants]
    print("\n".join(aligned([("constant", "value", "standard error"), *rows])))
    print(f"\nresidual sum of squares {found.rss:.11g}, deviation {found.residual_sd:.6g}, {found.freedom} degrees of freedom")
    print(f"{100 * found.agreeing:.0f} % of the local searches came to this minimum, none to a lower one")
    for note in dataset.notes:
        print(f"note: {note}")
