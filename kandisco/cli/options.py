"""Flags of ``kandisco discover``, derived from the fields of ``Config``: one default and one help text for each."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from kandisco.config import Config, parse_duration
from kandisco.errors import ConfigError

# Field -> (what the help shows for its value, a short form). Every other field is reached by --set.
FLAGS: Mapping[str, tuple[str, str]] = {
    "target": ("COLUMN", "-y"),
    "features": ("COLUMNS", ""),
    "units": ("NAME=UNIT,...", ""),
    "lamb": ("FLOAT|auto", ""),
    "width": ("SHAPE", ""),
    "grid": ("INTEGER", ""),
    "basis": ("NAME", ""),
    "functions": ("NAMES", ""),
    "refiner": ("auto|none|NAME", ""),
    "time": ("DURATION", ""),
    "loss": ("squares|robust", ""),
    "uncertainty": ("NUMBER|PERCENT%", ""),
    "sigma": ("COLUMN", ""),
    "roles": ("", ""),
    "jobs": ("INTEGER|auto", "-j"),
    "seed": ("INTEGER", ""),
    "test_size": ("SHARE", ""),
    "max_complexity": ("INTEGER", ""),
}
# Where the command line has another default: a script that is imported again by each worker must be guarded, a command is.
DEFAULTS: Mapping[str, Any] = {"jobs": "auto"}
# What several commands take, in the same words.
JSON = typer.Option(False, "--json", help="One JSON object on stdout and nothing else.")
SET = typer.Option([], "--set", metavar="NAME=VALUE", help="Any setting of discover.")
_FIELDS = {field.name: field for field in dataclasses.fields(Config)}


def as_text(name: str, value: Any) -> str:
    """A setting as it is typed on the command line."""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}s" if name == "time" else str(value)


def parameters() -> list[inspect.Parameter]:
    """One keyword parameter for each flag; typer reads them from the command's signature."""
    return [_parameter(name, metavar, short) for name, (metavar, short) in FLAGS.items()]


def _parameter(name: str, metavar: str, short: str) -> inspect.Parameter:
    if isinstance(_FIELDS[name].default, bool):
        switch = typer.Option(_FIELDS[name].default, f"--{name}/--no-{name}", help=_FIELDS[name].metadata["help"])
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=switch, annotation=bool)
    default = as_text(name, DEFAULTS.get(name, _FIELDS[name].default))
    names = [f"--{name.replace('_', '-')}", *([short] if short else [])]
    option = typer.Option(default, *names, metavar=metavar, help=_FIELDS[name].metadata["help"], show_default=bool(default))
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=str)


def config_from(flags: Mapping[str, str], assignments: Sequence[str]) -> Config:
    """The Config of a command line; ``--set name=value`` wins over a flag.

    Raises:
        ConfigError: an unknown name or an unusable value.

    Example:
        >>> config_from({"lamb": "0.01"}, ["restarts=4"]).restarts
        4
    """
    values: dict[str, str] = dict(flags)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigError(f"--set {assignment!r} has no value.", hint="Write --set name=value.")
        values[name.strip().replace("-", "_")] = value.strip()
    return Config.from_dict(values)


def help_of_set() -> str:
    """The help of --set: names every setting that has no flag of its own."""
    others = [f"{name} ({as_text(name, field.default)})" for name, field in _FIELDS.items() if name not in FLAGS]
    return "Set any setting as name=value; besides the flags: " + ", ".join(others) + "."


def words_of(text: str) -> tuple[str, ...]:
    """The parts of a list separated by commas, without blanks around them and without empty ones."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def seconds_of(text: str) -> float:
    """What ``--time`` says.

    Raises:
        ConfigError: no duration.
    """
    try:
        return parse_duration(text)
    except ValueError:
        raise ConfigError(f"--time {text} is not a duration.", hint="Write 90s, 5m or 1h.") from None
