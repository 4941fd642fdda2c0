"""The laws of a problem table, all or some."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from kandisco.data.problems import COLUMNS, Law, Range, law_from, read_rows
from kandisco.errors import ConfigError, InputError

__all__ = ["COLUMNS", "Law", "Range", "law_from", "read_laws", "table_path"]


def table_path(table: str = "@problems") -> Path:
    """The file of a problem table: a path, or ``@name`` of a shipped table of laws.

    Raises:
        InputError: there is no such table.
    """
    if not table.startswith("@"):
        return Path(table)
    from kandisco.builtins.datasets import cards

    tables: dict[str, Path] = {card["name"]: folder / str(card["file"]) for folder, card in cards() if card["kind"] == "laws"}
    if table[1:] not in tables:
        raise InputError(f"There is no table of laws {table}.", hint="Shipped: " + ", ".join(f"@{name}" for name in tables) + ".")
    return tables[table[1:]]


def read_laws(table: str = "@problems", *, suites: Sequence[str] = (), problems: Sequence[str] = ()) -> tuple[Law, ...]:
    """The laws of a table.

    Args:
        table: CSV file with the columns suite, name, formula, target, inputs, ranges (units may be missing): inputs and ranges
            are separated by ``;``, a range is ``low:high:kind`` or ``low:high:kind:sign`` with kind U, logU or int and sign pos
            or both. ``@problems`` is the shipped one.
        suites: keep these; all if empty. ``srsd*`` takes every suite whose name begins so.
        problems: keep these names; all if empty.

    Raises:
        InputError: the file or one of its rows cannot be used.
        ConfigError: a suite or problem that the table does not have.

    Example:
        >>> [law.text for law in read_laws(suites=["koza"])]
        ['x1**6 - 2*x1**4 + x1**2']
    """
    laws = [law_from(row) for row in read_rows(table_path(table))]
    for asked, known, what in ((suites, {law.suite for law in laws}, "suite"), (problems, {law.name for law in laws}, "problem")):
        for pattern in asked:
            if not any(_fits(name, pattern) for name in known):
                near = get_close_matches(pattern, known, n=8, cutoff=0.3)
                raise ConfigError(f"{table} has no {what} {pattern!r}.", hint="Near: " + (", ".join(near) or "none") + ".")
    return tuple(
        law
        for law in laws
        if (not suites or any(_fits(law.suite, pattern) for pattern in suites))
        and (not problems or any(_fits(law.name, pattern) for pattern in problems))
    )


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
