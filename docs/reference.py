"""Writes the reference pages from the code: settings from the fields of Config, commands from the command line itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import typer

from kandisco.cli.app import build
from kandisco.config import Config

SETTINGS = """# Settings

Every setting is a field of `kandisco.Config`. Each can be given as a flag (`--max-complexity 20`) where the command line has one,
or by `--set max_complexity=20`. An unknown name or an unusable value is refused with the values that are usable.

| setting | default | what it does |
|---|---|---|
"""

COMMANDS = """# Command line

Results go to standard output, everything else to standard error. Any command also takes `--plugins-dir DIR`, `--block NAME` and
`--strict-plugins`.

| exit code | meaning |
|---|---|
| 0 | done, also when the time limit ended it with a result |
| 1 | a bug in kandisco |
| 2 | a flag or setting that is not usable |
| 3 | data that cannot be used |
| 4 | a plugin or engine that was named is missing |
| 130 | interrupted; the best so far is saved |
"""


def settings_page() -> str:
    """The page of settings as markdown."""
    return SETTINGS + "".join(_setting(field) for field in dataclasses.fields(Config))


def _setting(field: dataclasses.Field[object]) -> str:
    default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    shown = f"`{default}`" if default != "" else ""
    return f"| `{field.name}` | {shown} | {field.metadata['help']} |\n"


def commands() -> dict[str, Any]:
    """Name -> command of the built-in commands, those of a group under both names."""
    found: dict[str, Any] = {}
    for name, command in typer.main.get_command(build()).commands.items():
        found[name] = command
        found |= {f"{name} {inner}": part for inner, part in getattr(command, "commands", {}).items()}
    return found


def commands_page() -> str:
    """The page of commands as markdown."""
    return COMMANDS + "".join(line for name, command in commands().items() for line in _command(name, command))


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and not param.hidden]
    words = " ".join([name, *map(_shown, arguments)])
    yield f"\n## `kandisco {words}`\n\n{_plain(command.help or '')}\n\n"
    if arguments or options:
        yield "| argument or option | |\n|---|---|\n"
    for param in (*arguments, *options):
        names = ", ".join(param.opts) if param in options else _shown(param)
        yield f"| `{names}` | {_plain(param.help or '')} |\n"


def _shown(argument: Any) -> str:
    return str(argument.metavar or argument.name).upper().strip("[]")


def _plain(text: str) -> str:
    """One paragraph that cannot break out of a table or be read as markup."""
    for mark in ("|", "*", "_", "<", "[", "`"):
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
