"""``kandisco knots``: compute, check, and read the published table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def app() -> Any:
    """The group of commands."""
    group = typer.Typer(
        help="Hyperbolic knots: compute them with SnapPy, check them, read the published table.", no_args_is_help=True
    )

    @group.command("compute")
    def compute(
        crossings: str = typer.Option("13", "--crossings", metavar="N|FIRST..LAST", help="Crossing numbers, 3 to 14."),
        processes: int = typer.Option(1, "--processes", "-j", min=1, help="Child processes at a time."),
        output: str = typer.Option("", "--output", "-o", metavar="FILE", help="Also write all rows here as CSV."),
    ) -> None:
        """Compute all knots of some crossing numbers (13: five minutes on a core); what is kept already is not done again."""
        from kandisco_knots.compute import cache_folder, write_rows
        from kandisco_knots.compute import compute as run

        rows = []
        for number in _numbers(crossings):
            rows += run(number, processes=processes, told=lambda done, total, n=number: _tell(n, done, total))
        if output:
            write_rows(Path(output), rows)
        typer.echo(f"{len(rows)} hyperbolic knots in {cache_folder()}")

    @group.command("check")
    def check(most: int = typer.Option(0, "--most", metavar="N", help="Compare so many rows only.")) -> None:
        """Compare computed knots with KnotInfo (package database_knotinfo), read where it is installed."""
        from kandisco_knots.knotinfo import compare

        for line in compare(most=most or None).lines():
            typer.echo(line)

    @group.command("published")
    def published(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="knot_theory_invariants.csv of Davies et al.")],
        output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the table without its duplicates.")],
    ) -> None:
        """Read the table published with Davies et al. (Nature 2021), without the rows that repeat."""
        from kandisco_knots.table import read_published, to_csv

        table = read_published(file)
        output.write_text(to_csv(table.columns), encoding="utf-8", newline="\n")
        typer.echo(" ".join((*table.notes, f"Written to {output}.")))

    return group


def _tell(crossings: int, done: int, total: int) -> None:
    sys.stderr.write(f"\r{crossings} crossings: {done} of {total}" + ("\n" if done == total else ""))
    sys.stderr.flush()


def _numbers(text: str) -> range:
    from kandisco.errors import ConfigError

    first, dots, last = text.partition("..")
    try:
        return range(int(first), int(last if dots else first) + 1)
    except ValueError:
        raise ConfigError(f"--crossings {text!r} is not usable.", hint="Give a number such as 13, or 3..13.") from None
