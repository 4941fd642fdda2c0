"""``kandisco classify``: a column of labels in, a network's accuracy and a symbolic boundary out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from kandisco.cli.options import JSON, SET, config_from, words_of
from kandisco.cli.session import Session
from kandisco.errors import ConfigError

if TYPE_CHECKING:
    from kandisco.tasks.labels import Labelled


def classify(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File, - or @NAME."),
    target: str = typer.Option("", "--target", "-y", metavar="COLUMN", help="Column of labels (default: the last one)."),
    features: str = typer.Option("", "--features", metavar="COLUMNS", help="Columns to tell the classes by (default: all)."),
    order: str = typer.Option(
        "auto", "--order", metavar="auto|none|numbers|LABELS", help="Order of the classes; labels are given least first."
    ),
    width: str = typer.Option("", "--width", metavar="SHAPE", help="KAN shape such as 2,5,1 (default: searched)."),
    functions: str = typer.Option("elementary", "--functions", metavar="NAMES", help="What formulas are built from."),
    max_complexity: int = typer.Option(15, "--max-complexity", min=1, metavar="INTEGER", help="Largest formula."),
    seed: int = typer.Option(0, "--seed", min=0, metavar="INTEGER", help="Seed of the split and of the network."),
    time: str = typer.Option("120s", "--time", metavar="DURATION", help="Time limit."),
    network: bool = typer.Option(True, "--network/--no-network", help="Train a network too, as the mark to reach."),
    formula: bool = typer.Option(True, "--formula/--no-formula", help="Look for a formula too."),
    set_: list[str] = SET,
    json_: bool = JSON,
) -> None:
    """Tell the classes of a table: by a network, and by a short formula whose sign or cut points are the classes."""
    from kandisco.tasks.classify import classify as run
    from kandisco.tasks.words import classified_lines, classified_object

    if not (network or formula):
        raise ConfigError("--no-network and --no-formula leave nothing to do.", hint="Give one of them at most.")
    flags = {"width": width, "functions": functions, "seed": str(seed), "time": time}
    config = config_from({name: value for name, value in flags.items() if value}, set_)
    session: Session = ctx.obj
    task = _task(session, data, target, words_of(features), order)
    found = run(task, config, session.registry(), network=network, formula=formula, max_complexity=max_complexity)
    if json_:
        print(json.dumps(classified_object(found), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(classified_lines(found)))


def _task(session: Session, source: str, target: str, features: Sequence[str], order: str) -> Labelled:
    from kandisco import data
    from kandisco.cli.source import available
    from kandisco.tasks.labels import to_labelled

    ordering = order if order in ("auto", "none", "numbers") else [label.strip() for label in order.split(",")]
    if source.startswith("@"):
        named = available(session, source).load()
        return to_labelled(data.as_table(named), target=target, features=features, order=ordering, rows_of=named)
    table, card = data.read_with_card(source, session.registry().readers())
    return to_labelled(table, target=target, features=features, order=ordering, card=card)
