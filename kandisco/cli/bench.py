"""``kandisco bench``: how often the true law comes out of rows drawn from known laws."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from kandisco.cli.options import SET, config_from, words_of
from kandisco.cli.session import Session
from kandisco.errors import ConfigError

if TYPE_CHECKING:
    from kandisco.bench import Results, Settings

T = TypeVar("T", int, float)


def bench(
    ctx: typer.Context,
    table: str = typer.Argument("@problems", metavar="TABLE", help="CSV table of laws, or @problems, the shipped one."),
    suite: str = typer.Option(
        "", "--suite", metavar="NAMES", help="Only these suites, comma separated; srsd* takes all that begin so."
    ),
    problems: str = typer.Option("", "--problems", metavar="NAMES", help="Only these problems, comma separated."),
    seeds: str = typer.Option("0", "--seeds", metavar="N,...", help="Seeds of the rows and of the search; 0..2 means 0,1,2."),
    noise: str = typer.Option("0", "--noise", metavar="SHARE,...", help="Noise of the target, as shares of its RMS."),
    rows: str = typer.Option("1000", "--rows", metavar="N,...", help="Rows, for training and testing together."),
    irrelevant: str = typer.Option("0", "--irrelevant", metavar="N,...", help="Columns added that do not matter."),
    time: str = typer.Option("60s", "--time", metavar="DURATION", help="Time limit of a problem."),
    units: bool = typer.Option(False, "--units", help="Tell the units of the columns, where the table has them."),
    cpu: bool = typer.Option(False, "--cpu", help="Count CPU seconds, not wall time: for a machine that is busy."),
    set_: list[str] = SET,
    jobs: int = typer.Option(1, "--jobs", "-j", min=0, help="Problems solved at once, each with one thread; 0: in this process."),
    output: str = typer.Option(
        "bench", "--output", "-o", metavar="DIR", help="Folder of results.csv, which a second run continues."
    ),
    export: str = typer.Option("", "--export", metavar="FILE", help="Also write the table here: .csv or .parquet."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Only the summary."),
) -> None:
    """Measure how often the true law is found: draw rows from known laws, search, and judge strictly."""
    from kandisco import bench as work

    session: Session = ctx.obj
    plugins = session.settings
    config = config_from({"time": time}, set_)
    settings = work.Settings(
        config=config, plugins_dir=plugins.plugins_dir, block=plugins.block, strict=plugins.strict, units=units, cpu=cpu
    )
    laws = work.read_laws(table, suites=words_of(suite), problems=words_of(problems))
    todo = work.cases(
        laws,
        seeds=_numbers("--seeds", seeds, int),
        noises=_numbers("--noise", noise, float),
        rows=_numbers("--rows", rows, int),
        irrelevant=_numbers("--irrelevant", irrelevant, int),
    )
    results = work.Results(Path(output))
    code = _run(results, todo, settings, jobs, quiet)
    kept = [row for row in results.rows() if row["code"] == code and row["config"] == settings.differences()]
    _conclude(results, kept, export)


def _run(results: Results, todo: Any, settings: Settings, jobs: int, quiet: bool) -> str:
    """Solve what is not in the table yet; returns the version of the code."""
    from kandisco import bench as work

    code, config, done = work.code_version(), settings.differences(), results.done()
    left = [case for case in todo if (*case.key, config, code) not in done]
    if len(left) < len(todo):
        print(f"kandisco: {len(todo) - len(left)} of {len(todo)} cases are in {results.path} already", file=sys.stderr)
    for count, (case, outcome) in enumerate(work.run_cases(left, settings, jobs=jobs), start=1):
        row = results.append(case, config, code, outcome)
        if not quiet:
            print(_line(row, count, len(left)), flush=True)
    return code


def _line(row: dict[str, str], count: int, total: int) -> str:
    mark = "found " if row["recovered"] == "True" else "missed"
    seconds = float(row["seconds"] or 0)
    detail = row["formula"] if row["recovered"] == "True" else f"{row['why']}: {row['formula'] or '-'}"
    where = f"{row['suite']}/{row['problem']}"
    return f"[{count}/{total}] {mark} {where:28} seed {row['seed']} {seconds:6.1f} s  {row['evidence']:9} {detail[:90]}"


def _conclude(results: Results, kept: list[dict[str, str]], export: str) -> None:
    from kandisco.bench.summary import markdown, summary
    from kandisco.cli.listing import aligned

    lines = summary(kept)
    (results.path.parent / "summary.md").write_text(markdown(lines), encoding="utf-8")
    print("\n".join(aligned(lines)))
    print(f"\n{results.path}", file=sys.stderr)
    if export:
        results.export(Path(export))


def _numbers(flag: str, text: str, kind: Callable[[str], T]) -> tuple[T, ...]:
    """Numbers separated by commas; ``0..2`` counts.

    Raises:
        ConfigError: something else, or a number below zero.

    Example:
        >>> _numbers("--seeds", "0..2,7", int)
        (0, 1, 2, 7)
    """
    found: list[T] = []
    try:
        for word in words_of(text):
            first, dots, last = word.partition("..")
            found += [kind(str(n)) for n in range(int(first), int(last) + 1)] if dots else [kind(word)]
    except ValueError:
        found = []
    if not found or min(found) < 0 or max(found) == float("inf"):
        raise ConfigError(f"{flag} {text!r} is not usable.", hint="Give numbers from 0 on, such as 0,1,2 or 0..2.")
    return tuple(found)
