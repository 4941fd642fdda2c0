"""How long an easy law takes from the shell, against the time that ``import torch`` takes alone.

    python benchmarks/startup.py [--turns 5]

CPU seconds (user and system) of whole processes, run in turns, so that a busy machine slows all of them alike; the median of the
ratios of one turn. A first turn, which is not counted, leaves the bytecode that an installed package has. The table is y = a*b,
1000 rows.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as folder:
        table = _table(Path(folder))
        discover = [sys.executable, "-m", "kandisco", "discover", str(table), "-q", "--out", str(Path(folder, "runs"))]
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "formula printed": [*discover, "--no-report"],
            "with its report": [*discover, "--report"],
        }
        taken = [{name: _cpu_seconds(command) for name, command in commands.items()} for _ in range(turns + 1)][1:]
    for name in commands:
        seconds = statistics.median(turn[name] for turn in taken)
        ratio = statistics.median(turn[name] / turn["import torch"] for turn in taken)
        print(f"{name:16} {seconds:6.2f} CPU-s {ratio:6.2f} x import torch")


def _table(folder: Path) -> Path:
    a, b = np.random.default_rng(0).uniform(1, 3, (2, 1000))
    path = folder / "product.csv"
    np.savetxt(path, np.stack([a, b, a * b], axis=1), delimiter=",", header="a,b,y", comments="", fmt="%.17g")
    return path


def _cpu_seconds(command: list[str]) -> float:
    before = os.times()
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


if __name__ == "__main__":
    main()
