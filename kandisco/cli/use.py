"""Commands that use a finished run: ``show``, ``export`` and ``predict``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kandisco.cli.session import Session
from kandisco.errors import ConfigError, InputError, StageError

if TYPE_CHECKING:
    from kandisco.run import Run
    from kandisco.types import Formula, Result

_RUN = typer.Argument(..., metavar="RUN", help="Run folder, as printed by kandisco discover; of a folder of runs, the newest.")
_OUT = typer.Option("", "--output", "-o", metavar="FILE", help="Write to this file instead of standard output.")


def show(
    run: str = _RUN,
    json_: bool = typer.Option(False, "--json", help="One JSON object on stdout, as of discover --json."),
) -> None:
    """Show the result of a run again."""
    from kandisco.cli import output

    folder = _open(run)
    result = folder.result()
    for problem in folder.verify():
        print(f"kandisco: {folder.path}: {problem}", file=sys.stderr)
    if json_:
        print(json.dumps(output.result_object(result, folder.path), ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(output.text_lines(result, folder.path)))


def export(
    ctx: typer.Context,
    run: str = _RUN,
    to: str = typer.Option(
        "latex", "--to", metavar="NAME", help="latex, python, c, excel, ... (kandisco list exporters shows all)."
    ),
    pick: str = typer.Option(
        "", "--pick", metavar="N|best|accurate", help="Line of the front, the best, or the one of least error."
    ),
    check: bool = typer.Option(
        True, "--check/--no-check", help="Run the program where its tool is here, and put what it showed into its head."
    ),
    output: str = _OUT,
) -> None:
    """Write a formula of a run in another language, with a certificate that it gives the formula's numbers."""
    session: Session = ctx.obj
    exporter = session.registry().exporter(to)
    result = _open(run).result()
    formulas = list(result.front) if exporter.many and not pick else [picked(result, pick or "best")]
    if not formulas:
        raise InputError("The run has no formula.", hint="Run kandisco discover again with more --time.")
    if exporter.many or not check:
        _write(exporter.export(formulas, result.dataset), output)
        return
    from kandisco.certify import certified

    text, found = certified(exporter, formulas[0], result.dataset)
    if found.failed:
        raise StageError(f"The exported program is wrong: {found}.", hint="Please report it; --no-check writes it all the same.")
    if found.tool:
        print(f"kandisco: {found}", file=sys.stderr)
    _write(text, output)


def predict(
    ctx: typer.Context,
    run: str = _RUN,
    data: str = typer.Argument(..., metavar="NEW_DATA", help="File with the columns of the inputs, or - for standard input."),
    pick: str = typer.Option(
        "best", "--pick", metavar="N|best|accurate", help="Line of the front, the best, or the one of least error."
    ),
    interval: float = typer.Option(
        0.0, "--interval", metavar="LEVEL", help="Add the ends of the interval that a new measurement falls into, e.g. 0.95."
    ),
    output: str = _OUT,
) -> None:
    """Apply a formula of a run to new rows; writes them as CSV with the prediction added."""
    from kandisco import data as tables
    from kandisco.cli.prediction import as_csv, intervals, notes, predictions

    session: Session = ctx.obj
    folder = _open(run)
    formula = picked(folder.result(), pick)
    table = tables.read_table(data, session.registry().readers())
    columns, values = predictions(formula.expr, folder.meta["dataset"], table)
    for note in (*table.notes, *notes(formula.expr, folder.meta["dataset"], columns, values, table)):
        print(f"kandisco: {note}", file=sys.stderr)
    added = {"predicted": values}
    if interval:
        ends = intervals(formula.expr, folder, columns, interval)
        added |= dict(zip(("low", "high"), ends, strict=True))
    _write(as_csv(table, folder.meta["dataset"]["target"], added), output)


def plot(
    ctx: typer.Context,
    run: str = _RUN,
    kind: str = typer.Argument(
        ..., metavar="KIND", help="kan, edges, training, animation, pareto, fit, residuals, law, tree or formula."
    ),
    output: str = typer.Option(
        "", "--output", "-o", metavar="FILE", help=".svg, .png or .pdf; an animation .gif, .mp4 or .html."
    ),
    theme: str = typer.Option("light", "--theme", metavar="light|dark", help="Dark on white, or light on black."),
) -> None:
    """Draw a picture of a run: its network, its edges, the front, the fit, the formula's tree, ..."""
    from kandisco.viz import pictures

    session: Session = ctx.obj
    path = output or f"{kind}{'.gif' if kind == 'animation' else '.svg'}"
    pictures.plot(_open(run), kind, path, session.registry(), theme=theme)
    print(path)


def report(ctx: typer.Context, run: str = _RUN) -> None:
    """Write report.html and report.md of a run again."""
    from kandisco import report

    session: Session = ctx.obj
    folder = _open(run)
    report.write(folder, folder.result(), session.registry())
    print(folder.path / "report.html")


def picked(result: Result, pick: str) -> Formula:
    """The formula called ``best``, ``accurate`` (least held-out error), or by its line number in the front.

    Raises:
        ConfigError: no such line.
        InputError: the run has no formula at all.
    """
    if result.best is None or not result.front:
        raise InputError("The run has no formula.", hint="Run kandisco discover again with more --time.")
    if pick == "best":
        return result.best
    if pick == "accurate":
        return min(result.front, key=lambda formula: (not formula.rmse_test >= 0, formula.rmse_test))
    if pick.isdigit() and 1 <= int(pick) <= len(result.front):
        return result.front[int(pick) - 1]
    raise ConfigError(f"--pick {pick} names no formula.", hint=f"Give best, accurate or a line from 1 to {len(result.front)}.")


def _open(path: str) -> Run:
    from kandisco.run import Run, list_runs

    folder = Path(path)
    if folder.is_dir() and not (folder / "run.json").exists():
        finished = [run for run in list_runs(folder) if (run.path / "formulas.json").exists()]
        if finished:
            print(f"kandisco: {finished[0].path}", file=sys.stderr)
            return finished[0]
    return Run.open(folder)


def _write(text: str, output: str) -> None:
    if not output or output == "-":
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write {output}: {error.strerror}.", hint="Choose another file with -o.") from None
