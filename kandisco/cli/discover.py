"""``kandisco discover``: a table in, an exact formula out."""

from __future__ import annotations

import inspect
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kandisco.cli.options import FLAGS, JSON, config_from, help_of_set, parameters
from kandisco.cli.session import Session
from kandisco.cli.source import load
from kandisco.config import Config, parse_uncertainty
from kandisco.errors import ConfigError, KandiscoError, StageError

if TYPE_CHECKING:
    from kandisco.run import Run
    from kandisco.types import Dataset, Result

HELP = "Find the formula behind a column of a table.\n\nDATA is a file, - for standard input, or @NAME for a registered dataset."
INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How one call behaves, beyond the settings of the run itself."""

    source: str
    out: str
    as_json: bool
    quiet: bool
    verbose: bool
    resume: bool
    report: bool = True


def command() -> Callable[..., None]:
    """The typer command, with one option for each flag of Config."""

    def discover(ctx: typer.Context, data: str, **options: Any) -> None:
        flags = {name: options[name] for name in FLAGS}
        ways = Ways(
            source=data,
            out=options["out"],
            as_json=options["json_"],
            quiet=options["quiet"],
            verbose=options["verbose"],
            resume=options["resume"],
            report=options["report"],
        )
        if ways.quiet and ways.verbose:
            raise ConfigError("-q and -v contradict each other.", hint="Give one of them.")
        raise typer.Exit(_discover(ctx.obj, config_from(flags, options["set_"]), ways))

    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [
        inspect.Parameter("ctx", kinds, annotation=typer.Context),
        inspect.Parameter("data", kinds, annotation=str, default=typer.Argument(..., metavar="DATA", help="File, - or @NAME.")),
    ]
    every = [*first, *parameters(), *_ways()]
    discover.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    discover.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    return discover


def _ways() -> list[inspect.Parameter]:
    def add(name: str, kind: Any, option: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)

    return [
        add("out", str, typer.Option("runs", "--out", metavar="DIR", help="Parent folder of the run folders.")),
        add("set_", list[str], typer.Option([], "--set", metavar="NAME=VALUE", help=help_of_set())),
        add("json_", bool, JSON),
        add("quiet", bool, typer.Option(False, "--quiet", "-q", help="Only the formula on stdout; no progress.")),
        add("verbose", bool, typer.Option(False, "--verbose", "-v", help="Every stage on stderr; tracebacks of bugs.")),
        add(
            "report",
            bool,
            typer.Option(
                True,
                "--report/--no-report",
                help="Write the report once the result is out; kandisco report RUN makes it later.",
            ),
        ),
        add(
            "resume",
            bool,
            typer.Option(False, "--resume", help="Complete the newest unfinished run of the same data and settings."),
        ),
    ]


def _discover(session: Session, config: Config, ways: Ways) -> int:
    registry = session.registry()
    registry.basis(config.basis)
    registry.functions(config.functions)
    if config.refiner not in ("auto", "none"):
        registry.refiner(config.refiner)
    from kandisco.data import with_uncertainty, with_units

    chosen: dict[str, Any] = {name: getattr(config, name) for name in ("target", "features", "sigma", "roles")}
    dataset = with_units(load(session, ways.source, **chosen), config.units)
    dataset = with_uncertainty(dataset, *parse_uncertainty(config.uncertainty))
    for note in dataset.notes:
        if "is taken as the standard uncertainty" in note or "numbers repetitions" in note:
            _say(note, ways)
    from kandisco.run import Run, versions

    used = versions(session.plugin_versions())
    run = _resumable(dataset, config, used, ways) or Run.create(Path(ways.out), dataset, config, used)
    try:
        return _complete(session, dataset, run, config, ways)
    finally:
        run.unlock()


def _complete(session: Session, dataset: Dataset, run: Run, config: Config, ways: Ways) -> int:
    """Search, store, show and report; a finished run is only shown."""
    if run.meta["status"] == "done":
        _say(f"{run.path} has finished; this is its result.", ways)
        _show(run.result(), run, ways)
        return 0
    try:
        result = _search(session, dataset, config, run, ways)
        run.finish(result, _texts(session, result))
    except BaseException as error:
        run.fail(traceback.format_exc())
        if not isinstance(error, KandiscoError):
            error.add_note(f"run folder: {run.path}")
        raise
    _show(result, run, ways)
    if ways.report:
        _report(session, run, result, ways)
    if result.status == "interrupted":
        return INTERRUPTED
    if result.best is None:
        raise StageError("Nothing could be fitted.", hint="Give it more --time, or more rows.")
    return 0


def _resumable(dataset: Dataset, config: Config, used: dict[str, str], ways: Ways) -> Run | None:
    if not ways.resume:
        return None
    from kandisco.run import find_resumable

    run = find_resumable(Path(ways.out), dataset, config, used)
    if run is None:
        _say(f"no run of this data with these settings and versions below {ways.out}; starting a new one.", ways)
    elif run.meta["status"] != "done":
        _say(f"resuming {run.path}", ways)
        run.reopen()
    return run


def _search(session: Session, dataset: Dataset, config: Config, run: Run, ways: Ways) -> Result:
    from kandisco import pipeline
    from kandisco.cli.panel import shown
    from kandisco.cli.signals import interruptible
    from kandisco.control import Control

    control = Control(seconds=config.time)  # what was loaded and read until here takes no share of --time
    with interruptible(control), shown(control, quiet=ways.quiet, verbose=ways.verbose) as progress:
        registry = session.registry()
        observers = (progress, *registry.observers(run))
        return pipeline.discover(dataset, config, registry, run=run, observers=observers, control=control)


def _texts(session: Session, result: Result) -> dict[str, str]:
    """The formula in the languages every run folder has."""
    if result.best is None:
        return {}
    registry = session.registry()
    known = registry.all_exporters.names()
    wanted = {"formula.tex": "latex", "formula.py": "numpy"}
    from kandisco.certify import certified

    made = {file: registry.exporter(name) for file, name in wanted.items() if name in known}
    return {file: certified(exporter, result.best, result.dataset)[0] for file, exporter in made.items()}


def _show(result: Result, run: Run, ways: Ways) -> None:
    from kandisco.cli import output
    from kandisco.report import words

    if ways.as_json:
        print(json.dumps(output.result_object(result, run.path), ensure_ascii=False, allow_nan=False))
    elif ways.quiet and result.best is not None:
        print(words.law(result.best, result.dataset))
    else:
        print("\n".join(output.text_lines(result, run.path)))
    sys.stdout.flush()


def _report(session: Session, run: Run, result: Result, ways: Ways) -> None:
    """The result is out already: a report that fails costs a line, not the exit code."""
    try:
        from kandisco import report

        report.write(run, result, session.registry())
    except Exception as error:
        print(f"kandisco: the report could not be written: {type(error).__name__}: {error}. This is a bug.", file=sys.stderr)
        if ways.verbose:
            traceback.print_exc()


def _say(text: str, ways: Ways) -> None:
    if not ways.quiet:
        print(f"kandisco: {text}", file=sys.stderr)
