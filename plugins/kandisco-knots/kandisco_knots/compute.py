"""Whole crossing numbers: in chunks, each in a child process, kept in a folder, resumed where it was left."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from kandisco.errors import InputError, PluginError
from kandisco_knots.invariants import COLUMNS

CHUNK = 200
PATIENCE = 120.0
# Crossings -> alternating and non-alternating prime knots (Hoste, Thistlethwaite and Weeks, Math. Intelligencer 20 (1998) 33-48).
KNOTS = {
    3: (1, 0), 4: (1, 0), 5: (2, 0), 6: (3, 0), 7: (7, 0), 8: (18, 3), 9: (41, 8), 10: (123, 42),
    11: (367, 185), 12: (1288, 888), 13: (4878, 5110), 14: (19536, 27436),
}  # fmt: skip


def cache_folder() -> Path:
    """Where computed knots are kept: ``$KANDISCO_CACHE``, or the system's folder for caches, and there ``kandisco/knots``."""
    named = os.environ.get("KANDISCO_CACHE")
    if named:
        return Path(named) / "knots"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kandisco" / "knots"


def names(crossings: int) -> list[str]:
    """The prime knots of one crossing number, alternating ones first.

    Raises:
        InputError: the table does not go that far.

    Example:
        >>> names(5)
        ['K5a1', 'K5a2']
    """
    if crossings not in KNOTS:
        raise InputError(
            f"There is no table of the knots of {crossings} crossings.", hint=f"Ask for {min(KNOTS)} to {max(KNOTS)}."
        )
    return [f"K{crossings}{kind}{k + 1}" for kind, count in zip("an", KNOTS[crossings]) for k in range(count)]


def compute(
    crossings: int,
    *,
    folder: Path | None = None,
    processes: int = 1,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> list[dict[str, Any]]:
    """The rows of one crossing number, computed where they are not kept yet.

    Args:
        crossings: 3 to 14.
        folder: where chunks of rows are kept; ``cache_folder()`` by default. A chunk is written whole or not at all, so an
            interrupted computation goes on where it was.
        processes: child processes at a time.
        told: called with the knots done and the knots asked for, after each chunk.

    Returns:
        One dict of ``COLUMNS`` for each hyperbolic knot. The others (torus knots, and those that SnapPy cannot do) are in
        ``failures.csv`` of the folder with the reason.

    Raises:
        PluginError: SnapPy is not installed.
        InputError: no such crossing number.
    """
    _demand_snappy()
    folder = folder or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = names(crossings)
    chunks = [wanted[k : k + CHUNK] for k in range(0, len(wanted), CHUNK)]
    done, lock = [0], threading.Lock()

    def work(chunk: Sequence[str]) -> list[dict[str, Any]]:
        rows = _chunk(chunk, folder)
        with lock:
            done[0] += len(chunk)
            told(done[0], len(wanted))
        return rows

    pool = ThreadPoolExecutor(max_workers=processes)
    try:
        return [row for rows in pool.map(work, chunks) for row in rows]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _demand_snappy() -> None:
    import importlib.util

    if any(importlib.util.find_spec(name) is None for name in ("snappy", "spherogram")):
        raise PluginError("Computing knots needs SnapPy.", hint="pip install 'kandisco-knots[compute]'")


def _chunk(chunk: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    path = folder / f"{chunk[0]}-{chunk[-1]}.csv"
    if not path.exists():
        rows = list(_supervised(chunk))
        good = [row for row in rows if "error" not in row]
        with (folder / "failures.csv").open("a", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([row["name"], row["error"]] for row in rows if "error" in row)
        write_rows(path, good)
    return read_rows(path)


def _supervised(chunk: Sequence[str]) -> Iterator[dict[str, Any]]:
    """All rows of a chunk; a knot that ends or stalls the child is an error of that knot, and a new child does the rest."""
    left = list(chunk)
    while left:
        done = 0
        for row in _child(left):
            done += 1
            yield row
        if done < len(left):
            yield {"name": left[done], "error": "SnapPea crashed or did not end"}
            done += 1
        left = left[done:]


def _child(wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows as they come; ends early when the child does."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "kandisco_knots.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": path},
    )
    assert process.stdin and process.stdout
    try:
        process.stdin.write("\n".join(wanted) + "\n")
        process.stdin.close()
        for _ in wanted:
            alarm = threading.Timer(PATIENCE, process.kill)
            alarm.start()
            line = process.stdout.readline()
            alarm.cancel()
            if not line.endswith("\n"):
                return
            yield json.loads(line)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Rows as CSV: floats with all their digits; written to a temporary name and renamed."""
    temporary = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    with temporary.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows({key: repr(value) if isinstance(value, float) else value for key, value in row.items()} for row in rows)
    temporary.replace(path)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """What ``write_rows`` wrote."""
    with path.open(newline="", encoding="utf-8") as lines:
        return [{key: value if key == "name" else float(value) for key, value in row.items()} for row in csv.DictReader(lines)]


def kept_rows(folder: Path | None = None) -> list[dict[str, Any]]:
    """All rows of a folder of chunks, ``cache_folder()`` by default."""
    return [row for path in sorted((folder or cache_folder()).glob("K*.csv")) for row in read_rows(path)]
