"""Kill a run with SIGKILL at random moments and complete it with --resume: the front must be that of a run left alone.

Run: ``python benchmarks/resume.py --kills 20``. Exits with 1 when a front differs, and prints one line for each kill.
The moments are uniform between the start of the process and the end of an uninterrupted run, drawn from ``--seed``.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Small beams: the measure is about what survives a kill, not about the law.
SETTINGS = (
    "--lamb",
    "0.01",
    "--time",
    "1h",
    "--max-complexity",
    "12",
    "--set",
    "restarts=2",
    "--set",
    "beam=4",
    "--set",
    "candidates=2",
)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is run, and where."""

    folder: Path
    words: tuple[str, ...]

    def command(self, out: str, *more: str) -> list[str]:
        """The command line of one run with its folders below ``out``."""
        return [sys.executable, "-m", "kandisco.cli", "discover", *self.words, "--json", "-q", "--out", out, *more]

    def start(self, out: str) -> subprocess.Popen[bytes]:
        """A run in a session of its own, so that the kill reaches whatever it started."""
        return subprocess.Popen(
            self.command(out),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=True,
        )

    def whole(self, out: str, *more: str) -> dict[str, Any]:
        """The result of a run that is left alone."""
        done = subprocess.run(
            self.command(out, *more), cwd=self.folder, capture_output=True, text=True, check=False, env=_environment()
        )
        if done.returncode:
            raise SystemExit(f"kandisco ended with {done.returncode}: {done.stderr[-2000:]}")
        value: dict[str, Any] = json.loads(done.stdout)
        return value


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path[1:]])}


def write_table(path: Path, rows: int, seed: int) -> None:
    """Data that take the search through many of its attempts: a law with noise and two inputs."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "y"])
        for _ in range(rows):
            a, b = rng.uniform(0.5, 2), rng.uniform(0.5, 2)
            writer.writerow([repr(a), repr(b), repr(a * math.sin(2 * b) / (1 + a * b) + rng.gauss(0, 0.01))])


def kill_once(bench: Bench, out: str, delay: float, number: int) -> tuple[bool, int]:
    """Start a run and signal it after ``delay`` seconds; whether it was still alive, and how many units it had stored."""
    child = bench.start(out)
    try:
        child.wait(delay)
        alive = False
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, number)
        child.wait()
        alive = True
    return alive, len(list((bench.folder / out).glob("*/units/*.json")))


def compare(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two results are the same in every digit, the clock and the folder apart."""
    return all(first[key] == second[key] for key in ("status", "best", "front", "seed", "noise", "baselines"))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when every resumed front is identical."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("words", nargs="*", default=[], help="what to run in place of the built-in table, after --")
    parser.add_argument("--interrupt", action="store_true", help="send SIGINT, as Ctrl-C does, in place of SIGKILL")
    options = parser.parse_args(argv)
    number = signal.SIGINT if options.interrupt else signal.SIGKILL
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        write_table(Path(folder) / "table.csv", options.rows, options.seed)
        bench = Bench(folder=Path(folder), words=tuple(options.words) or ("table.csv", *SETTINGS))
        began = time.monotonic()
        truth = bench.whole("truth")
        span = time.monotonic() - began
        print(f"left alone: {span:.1f} s, {len(truth['front'])} formulas, best {truth['best']['formula'][:80]}", flush=True)
        same = 0
        for i in range(options.kills):
            for attempt in range(100):
                out = f"runs{i}-{attempt}"
                delay = rng.uniform(0, span)
                alive, units = kill_once(bench, out, delay, number)
                if alive:
                    break
                span = delay  # the machine has become faster than it was when the run was left alone
            identical = compare(bench.whole(out, "--resume"), truth)
            same += identical
            print(
                f"{i + 1:3d}  killed at {delay:6.2f} s, {units:3d} units stored: {'identical' if identical else 'DIFFERENT'}",
                flush=True,
            )
    print(f"identical fronts: {same} of {options.kills}")
    return 0 if same == options.kills else 1


if __name__ == "__main__":
    sys.exit(main())
