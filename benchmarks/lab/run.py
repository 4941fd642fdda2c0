"""Laws behind few noisy rows: how often the form is right, how honest the probabilities are, what it costs.

    python benchmarks/lab/run.py --part catalogue|held_out|cases|ten_rows|nist|noise [--sample 60] [--rows 15 30] [--jobs 1]

A row for each table goes to ``results.csv`` (``-o``) as it comes; a second call of the same code goes on where the first stopped.
``--sample N`` takes N tables of the part at random, the same ones each time. ``summary.py`` prints the table of the README.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
import csv
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cases
import numpy as np
import sets
import tables
from solve import OUTCOME, solve
from summary import summary
from tables import HERE, Table

from kandisco.bench import code_version

KEY = ("part", "name", "rows", "noise", "kind", "seed", "code")
PARTS = ("catalogue", "held_out", "cases", "ten_rows", "nist", "noise")
Maker = partial[Table | None]


def makers(part: str, seeds: list[int]) -> Iterator[Maker]:
    """What draws the tables of a part."""
    for seed in seeds:
        if part in ("catalogue", "held_out"):
            yield from tables.tables(part, seed)
        elif part == "cases":
            yield from (partial(_case, seed, place) for place in range(20))
        elif part == "ten_rows":
            yield from sets.ten_rows(seed)
        elif part == "noise":
            yield from sets.noise(seed)
    if part == "nist":
        yield from sets.nist()


def _case(seed: int, place: int) -> Table:
    return list(cases.tables(seed))[place]


def chosen(options: argparse.Namespace) -> Iterator[tuple[Maker, Table]]:
    """The tables that were asked for, in an order that has some of each kind early."""
    every = list(makers(options.part, options.seeds))
    if options.part not in ("cases", "nist"):
        every = [every[i] for i in np.random.default_rng(options.order).permutation(len(every))]
    taken = 0
    for maker in every:
        if options.sample and taken >= options.sample:
            return
        wanted = maker.keywords
        if options.rows and wanted.get("rows", options.rows[0]) not in options.rows:
            continue
        if options.noise and wanted.get("noise", options.noise[0]) not in options.noise:
            continue
        table = maker()
        if table is not None and (not options.only or table.name in options.only):
            taken += 1
            yield maker, table


def work(maker: Maker, limit: float) -> dict[str, Any]:
    """Solve one table, in a worker process."""
    table = maker()
    assert table is not None
    try:
        return solve(table, limit)
    except Exception as error:  # a bug costs one table, not the run; it counts as a miss and says so
        return {"place": 0, "status": "failed", "why": f"{type(error).__name__}: {error}"}


def run(options: argparse.Namespace, path: Path) -> None:
    """Solve what is not in the table of results yet."""
    code = options.code or code_version()
    done = {tuple(row[name] for name in KEY) for row in read(path)}
    todo = {(*table.key, code): maker for maker, table in chosen(options)}
    left = {key: maker for key, maker in todo.items() if key not in done}
    if options.jobs == 0:
        for key, maker in left.items():
            append(path, key, work(maker, options.time))
    elif left:
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), max_tasks_per_child=options.renew) as pool:
            waiting = {pool.submit(work, maker, options.time): key for key, maker in left.items()}
            for future in as_completed(waiting):
                append(path, waiting[future], future.result())
    print("\n".join(summary([row for row in read(path) if tuple(row[name] for name in KEY) in todo])))


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table of results; none where there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(path: Path, key: tuple[str, ...], outcome: dict[str, Any]) -> None:
    """One row more."""
    row = dict(zip(KEY, key, strict=True)) | {name: outcome.get(name, "") for name in OUTCOME}
    row |= {name: f"{float(row[name]):.2f}" for name in ("cpu", "seconds") if row[name] != ""}
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, (*KEY, *OUTCOME))
        if new:
            writer.writeheader()
        writer.writerow(row)
    shown = ("name", "rows", "noise", "kind", "seed", "place", "evidence", "probability", "cpu", "formula", "why")
    print(*(row[name] for name in shown), sep=" | ", flush=True)


def main() -> int:
    """Run a part and print its summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, nargs="*", default=[])
    parser.add_argument("--noise", type=float, nargs="*", default=[])
    parser.add_argument("--only", nargs="*", default=[], help="names of tables")
    parser.add_argument("--sample", type=int, default=0, help="so many tables at random; 0: all")
    parser.add_argument("--order", type=int, default=0, help="another number draws another sample")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes; 0 works in this one")
    parser.add_argument("--renew", type=int, default=40, help="tables a worker process solves before another takes its place")
    parser.add_argument("--time", type=float, default=60.0, help="CPU seconds a table at most")
    parser.add_argument("--code", default="", help="name of the code that is measured, in place of its digest")
    parser.add_argument("-o", default=str(HERE / "results.csv"), help="table of results")
    options = parser.parse_args()
    run(options, Path(options.o))
    return 0


if __name__ == "__main__":
    sys.exit(main())
