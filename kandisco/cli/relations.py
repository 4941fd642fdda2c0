"""``kandisco relations``: no target; which columns are tied, and by which law."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from kandisco.cli.options import JSON, seconds_of, words_of
from kandisco.cli.session import Session
from kandisco.runjson import finite

if TYPE_CHECKING:
    from kandisco.tasks.contrast import Contrast
    from kandisco.tasks.relations import Relation
    from kandisco.types import Array


def relations(
    ctx: typer.Context,
    data: str = typer.Argument(..., metavar="DATA", help="File, - or @NAME; target and inputs are alike here."),
    columns: str = typer.Option("", "--columns", metavar="NAMES", help="Only these columns (default: all)."),
    min_share: float = typer.Option(0.1, "--min-share", min=0.01, max=1.0, help="Laws that fewer rows obey are not told."),
    tolerance: float = typer.Option(1e-6, "--tolerance", min=1e-14, max=0.01, help="Relative error of a row that obeys."),
    network: bool = typer.Option(True, "--network/--no-network", help="Also ask a network which columns are related at all."),
    search: bool = typer.Option(True, "--search/--no-search", help="Also search for laws beyond the dictionary (slow)."),
    seed: int = typer.Option(0, "--seed", min=0, metavar="INTEGER", help="Seed of the network's rows and shuffles."),
    time: str = typer.Option("300s", "--time", metavar="DURATION", help="Time limit."),
    json_: bool = JSON,
) -> None:
    """Find exact relations among the columns of a table, with no target and no hint."""
    from kandisco.config import Config
    from kandisco.control import Control
    from kandisco.tasks.relations import relations as run

    session: Session = ctx.obj
    chosen, shown, notes = _columns(session, data, words_of(columns))
    control = Control(seconds=seconds_of(time))
    found = run(
        chosen,
        min_share=min_share,
        tolerance=tolerance,
        config=Config(time=20.0) if search else None,
        registry=session.registry() if search else None,
        control=control,
    )
    asked: Sequence[Contrast] = ()
    if network:
        from kandisco.tasks.contrast import contrast

        asked = contrast(chosen, session.registry(), seed=seed, control=control)
    if json_:
        print(json.dumps(_object(found, asked, shown, notes), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(_lines(found, asked, shown, notes, len(next(iter(chosen.values()))))))


def _columns(session: Session, source: str, names: Sequence[str]) -> tuple[dict[str, Array], dict[str, str], Sequence[str]]:
    """The columns by name, and the header of each whose name is not the header."""
    from kandisco.cli.source import load
    from kandisco.errors import InputError

    data = load(session, source)
    variables = (*data.inputs, data.target)
    columns = dict(zip((v.name for v in variables), (*data.x.T, data.y)))
    by_label = {v.label: v.name for v in variables} | {v.name: v.name for v in variables}
    lost = [name for name in names if name not in by_label]
    if lost:
        raise InputError(f"There is no column {lost[0]!r}.", hint="Columns: " + ", ".join(list(columns)[:20]) + ".")
    kept = [by_label[name] for name in names] or list(columns)
    shown = {v.name: v.label for v in variables if v.label and v.label != v.name and v.name in kept}
    return {name: columns[name] for name in kept}, shown, data.notes


def _lines(
    found: Sequence[Relation], asked: Sequence[Contrast], shown: dict[str, str], notes: Sequence[str], rows: int
) -> Iterator[str]:
    yield (
        f"{len(found) or 'No'} exact relation{'' if len(found) == 1 else 's'} in {rows} rows:" if found else "No exact relation."
    )
    for one in found:
        yield f"  {law(one)}"
        yield f"    {_share(one)}"
    used = {name for one in found for name in one.columns} & set(shown)
    yield from (f"  {name} is the column {shown[name]!r}" for name in sorted(used))
    if asked:
        yield from ("", "Told from rows in which the column was shuffled (50 % is chance):")
        for each in asked:
            partners = ", ".join(f"{name}" for name, _ in each.partners[:4])
            verdict = f"related to {partners}" if each.related and partners else "related" if each.related else "not related"
            yield f"  {100 * each.accuracy:5.1f} % +- {100 * each.error:.1f}  {each.column}: {verdict}"
    if notes:
        yield from ("", "Warnings:", *(f"  - {note}" for note in notes))


def law(one: Relation) -> str:
    """A relation on one line.

    Example:
        >>> from kandisco.expr import parse
        >>> from kandisco.tasks.relations import Relation
        >>> law(Relation(target="c", exprs=(parse("a/2"), parse("b**2")), form="min", share=1.0, error=0.0))
        'c = min(a/2, b**2)'
    """
    from kandisco.expr import to_text

    sides = [to_text(expr, 6) for expr in one.exprs]
    if one.form == "one":
        return f"{one.target} = {sides[0]}"
    if one.form == "pieces":
        shares = one.shares or (one.share,) * len(sides)
        return f"{one.target} = " + " or ".join(f"{side} (in {100 * share:.2f} %)" for side, share in zip(sides, shares))
    return f"{one.target} = {one.form}({', '.join(sides)})"


def _share(one: Relation) -> str:
    exact = "all rows" if one.share == 1 else f"{100 * one.share:.2f} % of the rows"
    chance = f"; {100 * one.chance:.0f} % would by chance" if one.chance > 0.005 else ""
    return f"in {exact}, to a relative {one.error:.1g}{chance}"


def _object(found: Sequence[Relation], asked: Sequence[Contrast], shown: dict[str, str], notes: Sequence[str]) -> dict[str, Any]:
    from kandisco.expr import to_json, to_text

    return {
        "schema": 1,
        "relations": [
            {
                "law": law(one),
                "target": one.target,
                "form": one.form,
                "pieces": [to_text(expr) for expr in one.exprs],
                "trees": [to_json(expr) for expr in one.exprs],
                "columns": sorted(one.columns),
                "share": one.share,
                "shares": list(one.shares),
                "error": finite(one.error),
                "chance": one.chance,
            }
            for one in found
        ],
        "contrast": [
            {"column": c.column, "accuracy": c.accuracy, "error": c.error, "related": c.related, "partners": dict(c.partners)}
            for c in asked
        ],
        "names": shown,
        "warnings": list(notes),
    }
