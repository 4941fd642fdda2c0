"""What the scripts here share: a row for each result (paper, bar, ours, seconds, command), printed and kept for the table.

A script measures, builds ``Row``s and calls ``report(__file__, rows)``; ``python benchmarks/papers/write.py`` makes README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One result.

    Attributes:
        result: what was reproduced, e.g. ``"knots, supervised, all 17"``.
        paper: the paper's figure, with its source.
        bar: what was to be reached.
        ours: our figure over the seeds, e.g. ``"87.9 to 88.4 % (median 88.1)"``.
        reached: whether every seed reached the bar; None where none was set beforehand.
        seconds: CPU seconds of one seed, the median.
        command: what repeats it.
        seeds: how many seeds were run.
        note: hints that were used, or why a bar was missed.
    """

    result: str
    paper: str
    bar: str
    ours: str
    reached: bool | None
    seconds: float
    command: str
    seeds: int = 5
    note: str = ""


def seeds(argv: Sequence[str] | None = None) -> range:
    """The seeds a script was asked for: ``--seeds 5`` (the default) means 0 to 4."""
    return asked((), argv)[0]


def asked(parts: Sequence[str], argv: Sequence[str] | None = None) -> tuple[range, tuple[str, ...]]:
    """The seeds, and the parts that ``--only`` names (all without it)."""
    parser = argparse.ArgumentParser(description="Measure results of the papers.")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to N - 1")
    if parts:
        parser.add_argument("--only", nargs="+", choices=parts, metavar="PART", help="; ".join(parts))
    found = parser.parse_args(argv)
    return range(found.seeds), tuple(getattr(found, "only", None) or parts)


class Watch:
    """CPU seconds of each turn, children not counted."""

    def __init__(self) -> None:
        self.turns: list[float] = []

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Measure what happens inside."""
        started = time.process_time()
        yield
        self.turns.append(time.process_time() - started)

    @property
    def median(self) -> float:
        """The middle turn, of an even number the upper one."""
        return sorted(self.turns)[len(self.turns) // 2]


def command(file: str, *words: str) -> str:
    """The command line that repeats a script."""
    return " ".join(["python", Path(file).resolve().relative_to(HERE.parent.parent).as_posix(), *words])


def report(file: str, rows: Sequence[Row], *, of: Sequence[str] = ()) -> None:
    """Print the rows and keep them under the script's name.

    With ``of``, the results that the script knows, those it has kept before stay where they are not among the rows.
    """
    for row in rows:
        print(f"{'no bar ' if row.reached is None else 'reached' if row.reached else 'MISSED '}  {row.result}")
        for name in ("paper", "bar", "ours", "command", "note"):
            if text := getattr(row, name):
                print(f"         {name:8}{text}")
        print(f"         seconds {row.seconds:.1f} (CPU, median of {row.seeds} seeds)")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{Path(file).stem}.json"
    kept = {row["result"]: row for row in json.loads(path.read_text(encoding="utf-8"))} if of and path.exists() else {}
    kept |= {row.result: asdict(row) for row in rows}
    order = {name: place for place, name in enumerate(of or kept)}
    found = sorted((row for name, row in kept.items() if name in order), key=lambda row: order[row["result"]])
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.flush()
