"""Bar of the main job: the fourteen laws of ``datasets/first_light``, five seeds each, through the command line as a user does.

    python benchmarks/first_light.py [--seeds 5] [--rows 1000] [--only NAME ...]

Each run is a process of its own: ``kandisco discover law.csv --lamb 0.01 --seed S --json`` on freshly drawn rows. A run counts
as exact only when ``kandisco.expr.equivalence.same_law`` proves the formula equal to the truth (its constants may move by 1e-6 of
their size) at fresh points inside, around and far outside the training box. On the noisy law the constants may move by three
standard errors, which for 1 % noise and 1000 rows is 3e-3 of their size: the structure has to be exact.
Prints a row a run and the summary; wall seconds and peak memory are those of the whole process.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kandisco.expr import Expr, parse
from kandisco.expr.equivalence import same_law
from kandisco.expr.numeric import evaluate

LAWS = Path(__file__).parent.parent / "datasets" / "first_light" / "data.csv"


@dataclass(frozen=True, kw_only=True)
class Law:
    """A row of the table."""

    name: str
    truth: Expr
    box: dict[str, tuple[float, float]]
    noise: float

    def write(self, path: Path, rows: int, seed: int) -> None:
        """Draw rows and write them with every digit."""
        rng = np.random.default_rng([seed, 20_26])
        columns = {name: rng.uniform(lo, hi, rows) for name, (lo, hi) in self.box.items()}
        y = evaluate(self.truth, columns)
        y = y + self.noise * np.std(y) * rng.normal(size=rows)
        table = np.column_stack([*columns.values(), y])
        np.savetxt(path, table, delimiter=",", header=",".join([*columns, "target"]), comments="", fmt="%.17g")


def read_laws() -> list[Law]:
    """The table of laws."""
    laws = []
    with LAWS.open(newline="") as file:
        for row in csv.DictReader(file):
            names = row["inputs"].split(";")
            ranges = [tuple(float(end) for end in part.split(":")) for part in row["ranges"].split(";")]
            box = {name: (lo, hi) for name, (lo, hi) in zip(names, ranges, strict=True)}
            laws.append(Law(name=row["name"], truth=parse(row["formula"], names), box=box, noise=float(row["noise"])))
    return laws


def run(law: Law, seed: int, rows: int) -> dict[str, object]:
    """One run of the command line on one law."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{law.name}.csv"
        law.write(path, rows, seed)
        command = [
            sys.executable,
            "-m",
            "kandisco.cli",
            "discover",
            str(path),
            "--lamb",
            "0.01",
            "--seed",
            str(seed),
            "--json",
            "-q",
        ]
        started = time.perf_counter()
        done = subprocess.run([*command, "--out", folder], capture_output=True, text=True, check=False, env=os.environ)
        seconds = time.perf_counter() - started
    if done.returncode != 0:
        return {"law": law.name, "seed": seed, "exact": False, "seconds": seconds, "formula": done.stderr[-200:], "evidence": "-"}
    best = json.loads(done.stdout)["best"]
    found = parse(best["formula"], list(law.box))
    verdict = same_law(found, law.truth, law.box, rtol=1e-6 if law.noise == 0 else 3 * law.noise / 10)
    return {
        "law": law.name,
        "seed": seed,
        "exact": verdict.equal is True,
        "how": verdict.how,
        "seconds": seconds,
        "formula": best["formula"],
        "evidence": best["evidence"],
    }


def main() -> None:
    """Run the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    results = []
    for law in read_laws():
        if options.only and law.name not in options.only:
            continue
        for seed in range(options.seeds):
            result = run(law, seed, options.rows)
            results.append(result)
            mark = "exact" if result["exact"] else "MISS "
            print(
                f"{law.name:18s} seed {seed} {mark} {result['seconds']:6.1f} s {result['evidence']:9s} {result['formula']}",
                flush=True,
            )
    seconds = [float(str(result["seconds"])) for result in results]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    exact = sum(result["exact"] is True for result in results)
    took = f"median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s"
    print(f"{exact} of {len(results)} exact; {took}; peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
