"""Problem tables: a law a row, with the range that each input is drawn from."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path

from kandisco.errors import ConfigError, InputError
from kandisco.expr import Expr, parse

COLUMNS = ("suite", "name", "formula", "target", "inputs", "ranges", "units")
_KINDS = ("U", "logU", "int")
_UNITLESS = ("units",)


@dataclass(frozen=True, kw_only=True)
class Range:
    """Where the values of an input are drawn from: ``U`` uniform, ``logU`` uniform in the logarithm, ``int`` whole numbers.

    With ``both`` the sign of each value is drawn as well.
    """

    low: float
    high: float
    kind: str = "U"
    both: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The interval that holds all values."""
        return (-self.high, self.high) if self.both else (self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Law:
    """A row of a problem table.

    Attributes:
        text: the formula as the table has it.
        expr: the same as a tree in the table's own names.
        inputs: name -> range, in the order of the table.
        units: name -> unit, as text; the target's under ``OUT``. The table has them as exponents of m, s, kg, K and V.
    """

    suite: str
    name: str
    text: str
    expr: Expr
    target: str
    inputs: Mapping[str, Range]
    units: Mapping[str, str]

    @property
    def box(self) -> dict[str, tuple[float, float]]:
        """name -> (low, high), as the judge takes it."""
        return {name: part.ends for name, part in self.inputs.items()}


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
    laws = _every(table_path(table))
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


def law_from(row: Mapping[str, str]) -> Law:
    """One row of a table as a law.

    Raises:
        InputError: a field is missing or unusable.
    """
    try:
        names = [name.strip() for name in row["inputs"].split(";")]
        ranges = [_range(part) for part in row["ranges"].split(";")]
        if len(names) != len(ranges):
            raise ValueError(f"{len(names)} inputs and {len(ranges)} ranges")
        units = {name: _unit(text) for name, text in _parts(row.get("units") or "")}
        return Law(
            suite=row["suite"],
            name=row["name"],
            text=row["formula"],
            expr=parse(row["formula"], names),
            target=row.get("target") or "y",
            inputs=dict(zip(names, ranges, strict=True)),
            units=units,
        )
    except (KeyError, ValueError, InputError) as error:
        said = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"The law {row.get('name', '?')!r} cannot be used: {said}.", hint="Correct its row.") from None


def _every(path: Path) -> list[Law]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", hint="Give a CSV table of laws, or @problems.") from None
    missing = set(COLUMNS) - set(_UNITLESS) - set(rows[0] if rows else ())
    if missing:
        raise InputError(
            f"{path} lacks the columns {', '.join(sorted(missing))}.", hint="A table of laws has " + ", ".join(COLUMNS) + "."
        )
    return [law_from(row) for row in rows]


def _parts(text: str) -> list[tuple[str, str]]:
    return [(name.strip(), unit.strip()) for name, colon, unit in (part.partition(":") for part in text.split(";")) if colon]


def _unit(text: str) -> str:
    """A unit as text, from text or from the exponents of m, s, kg, K and V."""
    if not text.startswith("["):
        return text
    powers = zip(("m", "s", "kg", "K", "V"), map(float, text.strip("[]").split(",")), strict=True)
    return " ".join(f"{name}^{Fraction(power).limit_denominator(4)}" for name, power in powers if power) or "1"


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))


def _range(text: str) -> Range:
    low, high, *rest = text.strip().split(":")
    kind = rest[0] if rest else "U"
    sign = rest[1] if len(rest) > 1 else "pos"
    made = Range(low=float(low), high=float(high), kind=kind, both=sign == "both")
    if kind not in _KINDS or sign not in ("pos", "both") or len(rest) > 2 or not made.low < made.high:
        raise ValueError(f"range {text!r}")
    if (kind == "logU" or made.both) and made.low < (1e-300 if kind == "logU" else 0):
        raise ValueError(f"range {text!r} (sizes, so from above zero)")
    return made
