"""One search on many cores: the same formulas, how much sooner, and what becomes of it when workers are killed.

    python benchmarks/jobs.py [--problems 40] [--jobs 2,5] [--cores 16] [--kills 20]

Each problem is a law, plain or with 1 % of noise, searched for a fixed number of attempts with no time limit. Told are the wall
time with one job, the ratio of it to that with more, whether the results are equal to the last bit, and the ratio modelled for
``--cores``: the seconds of the calls that a crew takes are recorded; those of each ``map`` go, in order, to the first free core,
and all else stays on one. ``--kills`` ends a random worker at a random moment of a search, so many times.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest import mock

import numpy as np

from kandisco import pipeline
from kandisco.config import Config
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.runjson import result_to_json
from kandisco.search.crew import Crew
from kandisco.types import Dataset, Variable

_LAWS = (
    "a*exp(-b*c)", "a/(1 + (b - c)**2)", "sqrt(a**2 + b**2)*c", "a*sin(b*c) + b", "1/(1/a + b/c)",
    "a*(b + c*sin(b))", "exp(-a*b)*c + 2", "a*b/(a + b)", "log(a*b) + c**2", "a**2*cos(b - c)",
    "tanh(a*b)*c", "a + b*exp(-c**2)", "sqrt(a*b + c)", "(a - b)**2/c", "a*cos(b)*sin(c)",
    "exp(-(a - b)**2/2)/c", "a*b*c/(1 + a)", "sqrt(1 - a*b/20)*c", "a**1.5*b + c", "sin(a + b)*c",
)  # fmt: skip
_ATTEMPTS = 14


def problem(index: int) -> Dataset:
    """A law of the list; every other one under noise."""
    text = _LAWS[(index // 2) % len(_LAWS)]
    names = tuple(name for name in "abc" if name in parse(text, tuple("abc")).variables())
    rng = np.random.default_rng(index)
    x = rng.uniform(0.5, 3.0, (len(names), 500))
    y = np.asarray(evaluate(parse(text, names), dict(zip(names, x, strict=True))))
    y = y + 0.01 * (index % 2) * np.std(y) * rng.standard_normal(len(y))
    return Dataset(name=text, x=x.T.copy(), y=y, inputs=tuple(Variable(name=n) for n in names), target=Variable(name="y"))


def searched(dataset: Dataset, jobs: int) -> tuple[dict[str, Any], float]:
    """All of a result but its seconds, and those."""
    registry = Registry(load(entry_points=False))
    started = time.perf_counter()
    result = pipeline.discover(dataset, Config(time=1e9, max_attempts=_ATTEMPTS, restarts=2, jobs=jobs), registry)
    return {**result_to_json(result), "seconds": 0}, time.perf_counter() - started


def recorded(dataset: Dataset) -> tuple[float, list[list[float]]]:
    """Seconds of a search with one job, and of the calls in each map."""
    maps: list[list[float]] = []

    def watched(crew: Crew, call: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        mine: list[float] = []
        maps.append(mine)
        for item in items:
            started = time.perf_counter()
            found = call(item)
            mine.append(time.perf_counter() - started)
            yield found

    with mock.patch.object(Crew, "map", watched):
        return searched(dataset, 1)[1], maps


def modelled(whole: float, maps: list[list[float]], cores: int) -> float:
    """Seconds on so many cores."""
    total = whole - sum(map(sum, maps))
    for calls in maps:
        free = [0.0] * cores
        for seconds in calls:
            first = free.index(min(free))
            free[first] += seconds
        total += max(free)
    return total


def strike(done: threading.Event, rng: random.Random) -> None:
    """Kill one of the workers that the search has started, at a random moment after the first is there."""
    while not multiprocessing.active_children() and not done.wait(0.05):
        pass
    if not done.wait(rng.uniform(0.0, 3.0)) and (children := multiprocessing.active_children()):
        os.kill(rng.choice(children).pid or 0, signal.SIGKILL)


def killed(dataset: Dataset, plain: dict[str, Any], kills: int) -> int:
    """How many searches of so many, a worker of each killed at a random moment, end with the plain result."""
    rng, same = random.Random(0), 0
    for _ in range(kills):
        done = threading.Event()
        thread = threading.Thread(target=strike, args=(done, rng))
        thread.start()
        result, _ = searched(dataset, 2)
        done.set()
        thread.join()
        same += result == plain
    return same


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=40)
    parser.add_argument("--jobs", default="2,5")
    parser.add_argument("--cores", type=int, default=16)
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args()
    jobs = [int(text) for text in asked.jobs.split(",")]
    differ, ratios, models = 0, [], []
    slowest: tuple[float, int, dict[str, Any]] = (0.0, 0, {})
    for index in range(asked.problems):
        dataset = problem(index)
        plain, alone = searched(dataset, 1)
        runs = [searched(dataset, count) for count in jobs]
        whole, maps = recorded(dataset)
        model = whole / modelled(whole, maps, asked.cores)
        differ += any(result != plain for result, _ in runs)
        share = sum(map(sum, maps)) / whole
        if alone > 10:
            ratios.append(alone / runs[0][1])
            models.append(model)
        slowest = max(slowest, (alone, index, plain), key=lambda item: item[0])
        told = "  ".join(f"{count} jobs {alone / seconds:4.2f}x" for count, (_, seconds) in zip(jobs, runs, strict=True))
        same = "same" if all(result == plain for result, _ in runs) else "DIFFER"
        print(
            f"{dataset.name:24} {alone:7.2f} s  {told}  {asked.cores} cores {model:5.2f}x ({share:.0%} in calls)  {same}",
            flush=True,
        )
    for name, values in ((f"{jobs[0]} jobs", ratios), (f"{asked.cores} cores, modelled", models)):
        if values:
            print(f"{name}: {statistics.geometric_mean(values):.2f}x on the {len(values)} that take more than 10 s alone")
    survived = killed(problem(slowest[1]), slowest[2], asked.kills)
    print(f"{differ} of {asked.problems} differ; {survived} of {asked.kills} with a killed worker end the same")
    return int(differ > 0 or survived < asked.kills)


if __name__ == "__main__":
    sys.exit(main())
