"""Ways to write one and the same table: y = 3*x - 2*z + 1."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Build = Callable[[Path], Path]
Rows = list[list[str]]
HEADER = ("x", "z", "y")
LAW = "3*x - 2*z + 1"


def numbers(count: int = 40) -> list[tuple[float, float, float]]:
    """Rows (x, z, y) without any pattern, each with four decimals, so that every way of writing them is exact."""
    found = []
    for i in range(1, count + 1):
        x, z = round(1 + 4 * (i * 0.6180339887 % 1), 4), round(-2 + 5 * (i * 0.7548776662 % 1), 4)
        found.append((x, z, round(3 * x - 2 * z + 1, 4)))
    return found


def cells(count: int = 40) -> Rows:
    """The same as text."""
    return [[repr(value) for value in row] for row in numbers(count)]


def text(rows: Sequence[Sequence[str]], header: Sequence[str] | None = HEADER, *, sep: str = ",", end: str = "\n") -> str:
    """Lines of a delimited file."""
    lines = [sep.join(row) for row in ([header] if header else []) + list(rows)]
    return end.join(lines) + end


def file(content: str | bytes, name: str = "odd.csv", encoding: str = "utf-8") -> Build:
    """A builder that writes this content."""

    def build(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return build


def packed(content: str, cut: int | None = None) -> Build:
    """A builder that writes a gzip archive, or its first bytes only."""
    return file(gzip.compress(content.encode(), mtime=0)[:cut], "odd.csv.gz")


def changed(change: Callable[[Rows], Any], **options: Any) -> Build:
    """A builder that writes the table after something happened to its cells."""
    rows = cells()
    change(rows)
    return file(text(rows, **options))


def each(write: Callable[[str], str], **options: Any) -> Build:
    """A builder that writes every cell in another way."""
    return file(text([[write(cell) for cell in row] for row in cells()], **options))


def with_column(label: str, values: Callable[[int], str], at: int = 0) -> Build:
    """A builder that puts a further column before, between or behind the three."""
    header = list(HEADER)
    header.insert(at, label)
    rows = cells()
    for number, row in enumerate(rows):
        row.insert(at, values(number))
    return file(text(rows, header))


def scaled(x: float, y: float, z: float) -> Build:
    """A builder with columns in other units; the law is y/uy = 3*x/ux - 2*z/uz + 1."""
    return file(text([[repr(a * x), repr(b * z), repr(c * y)] for a, b, c in numbers()]))


def directory(folder: Path) -> Path:
    """A directory where a file should be."""
    path = folder / "odd.csv"
    path.mkdir()
    return path


def nothing(folder: Path) -> Path:
    """A path that does not exist, beside a file of nearly that name."""
    (folder / "data.csv").write_text(text(cells()))
    return folder / "dta.csv"


def archive(folder: Path) -> Path:
    """A numpy archive with one array a column."""
    x, z, y = np.array(numbers()).T
    np.savez(folder / "odd.npz", x=x, z=z, y=y)
    return folder / "odd.npz"


def archive_of_objects(folder: Path) -> Path:
    """A numpy archive that could only be read by running what is in it."""
    np.savez(folder / "odd.npz", x=np.array([{}, {}, {}], dtype=object), allow_pickle=True)
    return folder / "odd.npz"


def wide(folder: Path) -> Path:
    """200 columns, of which the law needs two."""
    noise = np.random.default_rng(5).uniform(-1, 1, (60, 197)).round(4)
    rows = [[*map(repr, row), *map(repr, extra)] for row, extra in zip(numbers(60), noise.tolist())]
    header = ["x", "z", *(f"n{i}" for i in range(197)), "y"]
    path = folder / "odd.csv"
    path.write_text(text([[row[0], row[1], *row[3:], row[2]] for row in rows], header))
    return path
