"""Our numbers against KnotInfo's, read from the installed package and never stored.

C. Livingston and A. H. Moore, KnotInfo: Table of Knot Invariants, https://knotinfo.org; the package database_knotinfo is GPL.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kandisco.errors import PluginError
from kandisco_knots.compute import kept_rows


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Quantity -> rows that agree and rows that were compared; the names of some that do not."""

    agree: Mapping[str, int]
    compared: Mapping[str, int]
    differ: Mapping[str, tuple[str, ...]]

    def lines(self) -> Iterator[str]:
        """One line a quantity."""
        for name, total in self.compared.items():
            examples = f"; not {', '.join(self.differ[name])}" if self.differ[name] else ""
            yield f"{name}: {self.agree[name]} of {total} agree{examples}"


def compare(*, folder: Path | None = None, most: int | None = None) -> Comparison:
    """Volume to six digits; the signature, the lengths of the cusp's translations and the genus' bounds as KnotInfo has them.

    A diagram and its mirror image have opposite signatures, so its absolute value is compared.

    Raises:
        PluginError: database_knotinfo is not installed.
    """
    theirs = {row["dt_name"]: row for row in _knotinfo()}
    ours = kept_rows(folder)
    agree: dict[str, int] = {}
    compared: dict[str, int] = {}
    differ: dict[str, tuple[str, ...]] = {}
    for row in ours[:most]:
        other = theirs.get(_dt_name(row["name"]))
        for name, (own, said, close) in _pairs(row, other or {}).items():
            right = abs(own - said) <= close
            agree[name] = agree.get(name, 0) + right
            compared[name] = compared.get(name, 0) + 1
            differ[name] = differ.get(name, ()) if right else (*differ.get(name, ()), row["name"])[:5]
    return Comparison(agree=agree, compared=compared, differ=differ)


def _pairs(row: Mapping[str, Any], other: Mapping[str, str]) -> dict[str, tuple[float, float, float]]:
    mu = abs(complex(row["meridinal_translation_real"], row["meridinal_translation_imag"]))
    wanted = {
        "volume": (row["volume"], "volume", 1e-6),
        "|signature|": (abs(row["signature"]), "signature", 0.0),
        "|meridian|": (mu, "meridian_length", 1e-4),
        "longitude": (row["longitudinal_translation"], "longitude_length", 1e-4),
        "torsion degree is 4g - 2": (row["hyperbolic_torsion_degree"], "three_genus", 0.0),
    }
    found = {}
    for name, (own, key, close) in wanted.items():
        try:
            said = abs(float(other.get(key, "")))
        except ValueError:
            continue
        found[name] = (own, 4 * said - 2 if key == "three_genus" else said, close)
    return found


def _dt_name(name: str) -> str:
    """``K11a5`` -> ``11a_5``."""
    crossings, kind, number = name[1:].partition("a") if "a" in name else name[1:].partition("n")
    return f"{crossings}{kind}_{number}"


def _knotinfo() -> Iterator[dict[str, str]]:
    spec = importlib.util.find_spec("database_knotinfo")
    if spec is None or not spec.origin:
        raise PluginError("KnotInfo is not here.", hint="pip install 'kandisco-knots[check]'")
    path = Path(spec.origin).parent / "csv_data" / "knotinfo_data_complete.csv"
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="", encoding="utf-8") as lines:
        head = lines.readline()
        lines.seek(0)
        yield from _rows(csv.DictReader(lines, delimiter="|" if head.count("|") > head.count(",") else ","))


def _rows(reader: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    keep: Sequence[str] = ("dt_name", "volume", "signature", "meridian_length", "longitude_length", "three_genus")
    for row in reader:
        yield {key: (row.get(key) or "") for key in keep}
