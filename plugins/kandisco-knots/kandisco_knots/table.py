"""Tables of knots: the shipped sample, what was computed here, and the published CSV."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.errors import InputError
from kandisco_knots.compute import cache_folder, kept_rows
from kandisco_knots.invariants import INPUTS, TARGET

if TYPE_CHECKING:
    from kandisco.types import Dataset, Table

SHIPPED = Path(__file__).parent / "knots.csv.gz"
DIGITS = 10


def shipped() -> Dataset:
    """The sample that comes with the plugin; how it was made is in ``make.py`` beside it.

    Example:
        ``kandisco discover @knots`` and ``shipped().target.name`` is ``"signature"``.
    """
    with gzip.open(SHIPPED, "rt", newline="", encoding="utf-8") as lines:
        return as_dataset(list(csv.DictReader(lines)), "knots", "@knots")


def computed(folder: Path | None = None, *, crossings: int = 14) -> Dataset:
    """All rows in the cache folder of knots of so many crossings at most.

    Raises:
        InputError: nothing has been computed yet.
    """
    rows = kept_rows(folder)
    if not rows:
        raise InputError(f"No knots are in {folder or cache_folder()}.", hint="Run kandisco knots compute --crossings 13.")
    unique = {row["name"]: row for row in rows if crossings_of(row["name"]) <= crossings}
    return as_dataset(list(unique.values()), "knots", "@knots/computed")


def crossings_of(name: str) -> int:
    """Crossing number of a knot, from its name.

    Example:
        >>> crossings_of("K13n4639")
        13
    """
    return int(name[1:].partition("a")[0].partition("n")[0])


def as_dataset(rows: Sequence[Mapping[str, Any]], name: str, source: str) -> Dataset:
    """Inputs and signature of rows; rows with a torsion degree of 0 (not known) are left out."""
    import dataclasses

    from kandisco.data import to_dataset
    from kandisco.types import Table

    known = [row for row in rows if float(row["hyperbolic_torsion_degree"]) and float(row["hyperbolic_adjoint_torsion_degree"])]
    columns = {label: np.array([float(row[label]) for row in known]) for label in (*INPUTS, TARGET)}
    table: Table = Table(columns=columns, source=source)  # type: ignore[arg-type]
    return dataclasses.replace(to_dataset(table, target=TARGET), name=name)


def read_published(path: Path) -> Table:
    """The CSV of Davies et al. (``knot_theory_invariants.csv``) without its duplicates.

    Of its 243,746 rows many are equal, so that a random split puts half of the test rows into training. Rows whose inputs agree
    to ten digits are kept once; torsion degrees of 0 become missing. Two columns of the paper's notebook are displayed under
    each other's names (the real and the imaginary meridional translation); the file's own headers are right and are kept.

    Raises:
        InputError: the file is not that table.
    """
    from kandisco.types import Table

    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            lost = [name for name in (*INPUTS, TARGET) if name not in (reader.fieldnames or ())]
            if lost:
                raise InputError(f"{path} has no column {lost[0]!r}: it is not the published table.", hint="See the README.")
            rows = [[row[name] for name in (*INPUTS, TARGET)] for row in reader]
        values = np.array(rows, dtype=np.float64).reshape(len(rows), len(INPUTS) + 1)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None
    first = np.unique(_rounded(values[:, :-1]), axis=0, return_index=True)[1]
    kept = values[np.sort(first)]
    columns = {name: kept[:, k].copy() for k, name in enumerate((*INPUTS, TARGET))}
    for name in ("hyperbolic_torsion_degree", "hyperbolic_adjoint_torsion_degree"):
        columns[name][columns[name] == 0] = np.nan
    note = f"{len(values) - len(kept)} of {len(values)} rows repeat another one's inputs and were left out."
    return Table(columns=columns, source=str(path), notes=(note,))  # type: ignore[arg-type]


def _rounded(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        size = np.where(values == 0, 1.0, 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(values)))))
    return np.round(values * size) / size


def to_csv(columns: Mapping[str, Iterable[Any]]) -> str:
    """Columns as CSV text, floats with all their digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values()):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = float(value)
    if np.isnan(number):
        return ""
    return int(number) if number == int(number) else repr(number)
