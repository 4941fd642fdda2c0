"""The entry point: which commands there are, who answers for errors, and with which exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from kandisco import __version__
from kandisco.cli import (
    bench,
    classify,
    conserved,
    continual,
    datasets,
    discover,
    doctor,
    fit,
    lagrangian,
    listing,
    ode,
    plugins,
    relations,
    solve,
    use,
)
from kandisco.cli.session import Session, split_plugin_options
from kandisco.errors import KandiscoError, PluginError

if TYPE_CHECKING:
    from kandisco.specs import CommandSpec

BUG, INTERRUPTED = 1, 130
_EPILOG = (
    "Any command takes --plugins-dir DIR (load plugin files), --block NAME (keep a plugin out) "
    "and --strict-plugins (a plugin's failure is fatal)."
)


class CommandGroup(TyperGroup):
    """Our commands first, then those of plugins, which are loaded only when one is asked for or listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, for --help."""
        return [*super().list_commands(ctx), *_session(ctx).commands(own=self.commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by name; None makes typer say that there is no such command."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        spec = _session(ctx).commands(own=self.commands).get(cmd_name)
        return None if spec is None else _command(spec)

    def invoke(self, ctx: Any) -> Any:
        """Run a command; Ctrl-C outside discover, which has its own way of ending, just ends."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # The reader of our output has gone (``kandisco list functions | head``): nobody is left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            print("kandisco: interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            name = ctx.invoked_subcommand
            if name and name not in self.commands:  # somebody else's bug gets a name
                owner = _session(ctx).registry().owners("commands").get(name)
                error.add_note(f"in the command {name!r} of {owner.label if owner else 'a plugin'}")
            raise


def _session(ctx: Any) -> Session:
    session = ctx.find_root().obj
    return session if isinstance(session, Session) else Session()


def _command(spec: CommandSpec) -> Any:
    app = spec.app()
    if not isinstance(app, typer.Typer):
        raise PluginError(f"The command {spec.name!r} is a {type(app).__name__}.", hint="CommandSpec.app returns a typer.Typer.")
    command = typer.main.get_command(app)
    command.name = spec.name
    command.help = command.help or spec.summary
    return command


def build() -> typer.Typer:
    """The typer application with our commands."""
    app = typer.Typer(
        cls=CommandGroup,
        name="kandisco",
        help="From a table of numbers to a formula a scientist can publish.",
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    app.command("discover", help=discover.HELP)(discover.command())
    app.command("show")(use.show)
    app.command("export")(use.export)
    app.command("predict")(use.predict)
    app.command("plot")(use.plot)
    app.command("report")(use.report)
    app.command("classify")(classify.classify)
    app.command("solve")(solve.solve)
    app.command("conserved")(conserved.conserved)
    app.command("lagrangian")(lagrangian.lagrangian)
    app.command("continual")(continual.continual)
    app.command("fit")(fit.fit)
    app.command("ode")(ode.ode)
    app.command("relations")(relations.relations)
    app.command("bench")(bench.bench)
    app.command("list")(listing.list_)
    app.command("doctor")(doctor.doctor)
    app.add_typer(datasets.app(), name="datasets")
    app.add_typer(plugins.app(), name="plugins")
    return app


@cache
def _line() -> Any:
    """The application as it is called, once a process: to read the signatures of all commands takes longer than most of them."""
    return typer.main.get_command(build())


def _version(asked: bool) -> None:
    if asked:
        print(f"kandisco {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", callback=_version, is_eager=True),
) -> None:
    """From a table of numbers to a formula a scientist can publish."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words after ``kandisco``; the process's own by default.

    Returns:
        0 done, 2 usage, 3 unusable data, 4 a plugin or engine is missing, 130 interrupted, 1 a bug.

    Example:
        >>> main(["--version"])
        kandisco 0.1.0
        0
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no Greek shows escapes, and the run does not fail for it
            stream.reconfigure(errors="backslashreplace")
    verbose = any(word in ("-v", "--verbose") for word in words)
    try:
        words, settings = split_plugin_options(words)
        _line()(args=words, prog_name="kandisco", obj=Session(settings=settings))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else BUG
    except KandiscoError as error:
        print(f"kandisco: {error}", file=sys.stderr)
        if verbose and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return error.exit_code
    except Exception as error:
        print(f"kandisco: {bug_line(error)}", file=sys.stderr)
        if verbose:
            traceback.print_exc()
        return BUG
    return 0


def bug_line(error: BaseException) -> str:
    """An unexpected error as one line, with the notes that say where it came from."""
    said = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(". :")
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    return f"{said}{notes}. This is a bug; please report it."
