"""Rules for sub-commands: a name of its own, and an application that answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kandisco.specs import CommandSpec
from kandisco.testing.findings import Finding, Rule, apply_rules

# The command line's own names; it imports the kit, so the kit cannot ask it. A test keeps them the same.
OWN = frozenset(
    {
        "bench",
        "classify",
        "conserved",
        "continual",
        "datasets",
        "discover",
        "doctor",
        "export",
        "fit",
        "lagrangian",
        "list",
        "ode",
        "plot",
        "plugins",
        "predict",
        "relations",
        "report",
        "show",
        "solve",
    }
)


def check_command(spec: CommandSpec) -> tuple[Finding, ...]:
    """All findings about a sub-command.

    Example:
        >>> [str(finding) for finding in check_command(CommandSpec(name="show", app=lambda: None, summary="mine"))][0]
        "command 'show': card: 'show' is one of kandisco's own commands; choose another name"
    """
    return apply_rules(RULES, f"command {spec.name!r}", spec)


def _card(spec: CommandSpec) -> Iterator[str]:
    if spec.name in OWN:
        yield f"{spec.name!r} is one of kandisco's own commands; choose another name"
    if any(c.isspace() for c in spec.name) or spec.name.startswith("-"):
        yield f"name {spec.name!r} cannot be typed as one word; no spaces, no leading dash"
    if not spec.summary.strip():
        yield "summary is empty; it is what kandisco --help shows"


def _app(spec: CommandSpec) -> Iterator[str]:
    import typer
    from typer.testing import CliRunner

    app = spec.app()
    if not isinstance(app, typer.Typer):
        yield f"app() gives a {type(app).__name__}; return a typer.Typer"
        return
    done = CliRunner().invoke(app, ["--help"])
    if done.exit_code:
        yield f"--help ends with {done.exit_code} ({done.exception!r}); mend the signature of the command"


RULES: Mapping[str, Rule] = {"card": _card, "app": _app}
