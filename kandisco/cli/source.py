"""DATA on the command line: a file with the card beside it, ``-`` or ``@name``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kandisco.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from kandisco.cli.session import Session
    from kandisco.specs import DatasetSpec
    from kandisco.types import Dataset, Table


def load(
    session: Session,
    source: str,
    *,
    target: str = "",
    features: Sequence[str] = (),
    sigma: Sequence[str] = (),
    roles: bool = True,
) -> Dataset:
    """The rows that a user means, for any command that takes data.

    Args:
        session: has the registry.
        source: a path, ``-`` for standard input, or ``@name``.
        target, features: headers or names; they go before what a card says.
        sigma, roles: uncertainties and how columns get their roles, as in ``data.read_dataset``.

    Raises:
        ConfigError: ``sigma`` with a registered dataset, whose columns are known.
        InputError: the file, its card or a column cannot be used.
        PluginError: there is no such name, or its rows cannot be had here.
    """
    from kandisco import data

    if not source.startswith("@"):
        readers = session.registry().readers()
        return data.read_dataset(source, readers, target=target, features=features, sigma=sigma, roles=roles)
    if sigma:
        raise ConfigError(f"What the columns of {source} are is known.", hint="Leave --sigma out, or give --uncertainty.")
    named = available(session, source).load()
    if not (target or features):
        return named
    return data.rechosen(replace(data.as_table(named), source=source), named, target=target, features=features)


def table_with(session: Session, source: str, headers: Collection[str]) -> Table:
    """The raw columns of a file, for commands whose rows have no target.

    Raises:
        ConfigError: one of ``headers`` is not there.
        InputError: the file cannot be used.
    """
    from kandisco import data

    table = data.read_table(source, session.registry().readers())
    if unknown := set(headers) - set(table.columns):
        raise ConfigError(f"There is no column {min(unknown)!r}.", hint="Columns: " + ", ".join(table.columns) + ".")
    return table


def available(session: Session, name: str) -> DatasetSpec:
    """The named dataset, if its rows can be had here.

    Raises:
        PluginError: there is no such name, or a package is missing.
    """
    spec = session.registry().dataset(name)
    if reason := spec.unavailable():
        first, *rest = reason.splitlines()
        raise PluginError(f"The rows of @{spec.name} cannot be had here: {first}", hint=" ".join(rest))
    return spec
