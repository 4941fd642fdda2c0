"""The shipped catalogue of parametric laws: ``laws.toml``, read into specs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kandisco.errors import PluginError
from kandisco.hookspecs import hookimpl
from kandisco.specs import LawParameter, LawSpec

CATALOGUE = Path(__file__).with_name("laws.toml")
_PARAMETER = re.compile(r"(?P<name>\w+)(?P<positive> > 0)?( ~ (?P<start>.+))?")


@hookimpl
def kandisco_laws() -> Iterable[LawSpec]:
    """The shipped catalogue."""
    return tuple(read(CATALOGUE))


def read(path: Path) -> Iterator[LawSpec]:
    """The laws of a TOML file, one table a law: its name in brackets, then the fields of ``LawSpec``.

    A parameter is text: ``"Vmax"``, ``"Km > 0"`` where it is positive, ``"Km > 0 ~ S"`` with its order of size.

    Raises:
        PluginError: the file is not TOML, or a table has other fields than a LawSpec or a parameter that cannot be read.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PluginError(f"{path} is not a catalogue of laws: {error}.", hint="Write TOML, one table a law.") from None
    for name, table in tables.items():
        try:
            yield _spec(name, table)
        except (TypeError, ValueError, AttributeError) as error:
            raise PluginError(
                f"{path}: the law {name!r} cannot be read: {error}.", hint="Give the fields of a LawSpec."
            ) from None


def _spec(name: str, table: dict[str, Any]) -> LawSpec:
    fields: dict[str, Any] = {field: tuple(value) if isinstance(value, list) else value for field, value in table.items()}
    parameters = tuple(_parameter(text) for text in fields.pop("parameters", ()))
    return LawSpec(name=name, parameters=parameters, **fields)


def _parameter(text: str) -> LawParameter:
    found = _PARAMETER.fullmatch(text)
    if found is None:
        raise ValueError(f"parameter {text!r}; write it as 'Km', 'Km > 0' or 'Km > 0 ~ S'")
    return LawParameter(name=found["name"], positive=found["positive"] is not None, start=found["start"] or "1")
