"""Benchmark problems: a law with the range that each input is drawn from, and rows of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from kandisco.errors import InputError
from kandisco.expr import Expr, parse
from kandisco.expr.numeric import evaluate
from kandisco.types import Array

COLUMNS = ("suite", "name", "formula", "target", "inputs", "ranges", "units")
_KINDS = ("U", "logU", "int")
_UNITLESS = ("units",)
_BATCHES = 50


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


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a problem table as text.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
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
    return rows


def _parts(text: str) -> list[tuple[str, str]]:
    return [(name.strip(), unit.strip()) for name, colon, unit in (part.partition(":") for part in text.split(";")) if colon]


def _unit(text: str) -> str:
    """A unit as text, from text or from the exponents of m, s, kg, K and V."""
    if not text.startswith("["):
        return text
    powers = zip(("m", "s", "kg", "K", "V"), map(float, text.strip("[]").split(",")), strict=True)
    return " ".join(f"{name}^{Fraction(power).limit_denominator(4)}" for name, power in powers if power) or "1"


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


def points(law: Law, rows: int, rng: np.random.Generator) -> dict[str, Array]:
    """Points of a law where it is finite.

    Args:
        law: what to draw from; points where it has no finite value are drawn again.
        rows: how many.
        rng: of all randomness.

    Returns:
        name -> float64 [rows], the law's own values under ``""``.

    Raises:
        InputError: the law is hardly anywhere finite in its ranges.
    """
    kept: list[dict[str, Array]] = []
    count = 0
    for _ in range(_BATCHES):
        columns = {name: values(part, rows, rng) for name, part in law.inputs.items()}
        columns[""] = np.broadcast_to(evaluate(law.expr, columns), rows)
        good = np.isfinite(columns[""])
        kept.append({name: column[good] for name, column in columns.items()})
        count += int(good.sum())
        if count >= rows:
            return {name: np.concatenate([part[name] for part in kept])[:rows] for name in kept[0]}
    raise InputError(f"The law {law.name!r} is hardly anywhere finite in its ranges.", hint="Correct its ranges.")


def values(part: Range, rows: int, rng: np.random.Generator) -> Array:
    """Values of one input, float64 [rows]."""
    if part.kind == "int":
        drawn = rng.integers(int(part.low), int(part.high) + 1, rows).astype(np.float64)
    elif part.kind == "logU":
        drawn = np.exp(rng.uniform(np.log(part.low), np.log(part.high), rows))
    else:
        drawn = rng.uniform(part.low, part.high, rows)
    return drawn * rng.choice([-1.0, 1.0], rows) if part.both else drawn
