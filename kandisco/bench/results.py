"""The table of results: a CSV file that is only ever appended to, so that a run that was cut short goes on where it stopped."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kandisco.bench.cases import Case
from kandisco.errors import InputError

KEY = ("suite", "problem", "seed", "noise", "rows", "irrelevant", "config", "code")
OUTCOME = ("recovered", "why", "evidence", "seconds", "cpu", "memory_mb", "complexity", "error", "status", "formula", "truth")
COLUMNS = (*KEY, *OUTCOME)
# These rooms show results and never change them.
_SHOW = ("bench", "cli", "report", "testing", "viz")


def code_version() -> str:
    """The version, and a digest of the sources that can change a result.

    Example:
        >>> code_version().split("+")[0]
        '0.1.0'
    """
    from kandisco import __version__

    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        part = path.relative_to(root)
        if part.parts[0] not in _SHOW:
            digest.update(part.as_posix().encode() + b"\0" + path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:10]}"


class Results:
    """A table of results in a folder.

    Args:
        folder: made if it is not there.
        name: of the file.

    Raises:
        InputError: the folder cannot be written, or its table has other columns.
    """

    def __init__(self, folder: Path, name: str = "results.csv") -> None:
        self.path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
            text = self.path.read_text(encoding="utf-8")
            if not text.endswith("\n"):  # the process was killed while it wrote a row
                self.path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} cannot be used: {error}.", hint="Choose another folder with -o.") from None
        if tuple(text.split("\n", 1)[0].strip().split(",")) != COLUMNS:
            raise InputError(f"{self.path} has other columns.", hint="It is from another version: choose another folder with -o.")

    def rows(self) -> list[dict[str, str]]:
        """All rows, in the order they were written."""
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def done(self) -> set[tuple[str, ...]]:
        """The keys of all rows."""
        return {tuple(row[name] for name in KEY) for row in self.rows()}

    def append(self, case: Case, config: str, code: str, outcome: Mapping[str, Any]) -> dict[str, str]:
        """Add the row of a case; returns it."""
        row = dict(zip(KEY, (*case.key, config, code), strict=True)) | {name: _text(outcome.get(name, "")) for name in OUTCOME}
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(row)
        return row

    def export(self, path: Path) -> None:
        """Write the whole table to another file: parquet by its suffix, else CSV.

        Raises:
            InputError: the file cannot be written, or pyarrow is missing.
        """
        import pandas

        frame = pandas.read_csv(self.path, keep_default_na=False, dtype={"problem": str, "why": str, "formula": str})
        try:
            if path.suffix == ".parquet":
                frame.to_parquet(path)
            else:
                frame.to_csv(path, index=False)
        except ImportError:
            raise InputError("Parquet needs pyarrow.", hint="pip install 'kandisco[parquet]', or name a .csv file.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}.", hint="Choose another file.") from None


def _text(value: Any) -> str:
    """One line, so that a torn row can be told from a whole one."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split())
