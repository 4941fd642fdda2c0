"""All measurements of the recovery bars, in the order of their weight: kandisco under every condition, then other methods.

    python benchmarks/recovery/run.py [--part bars|peers] [--jobs 1] [--cpu] [--until HH:MM] [-o FOLDER]

Rows go to ``results.csv`` and ``peers.csv`` beside this file as they come; a second call goes on where the first stopped.
What plain rows did not give is not sought again under noise, in 200 rows or among irrelevant columns: it counts as missed there.
Two seeds are run everywhere, the third only where the first two disagree, since the majority decides. Of the other methods
those that are installed take part, on the second and then every 24th problem of each suite; kandisco's own rows for these are
among the bars. pykan, at minutes a problem, takes every third of these. Afterwards ``write.py`` makes the README.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from write import Row, drawn_with, plain

from kandisco.bench import Case, Results, Settings, cases, code_version, read_laws, run_cases
from kandisco.bench.summary import recovered
from kandisco.config import Config

HERE = Path(__file__).parent
CONDITIONS = (
    {"suites": ()},
    {"suites": ("feynman*",), "noises": (0.01,)},
    {"suites": ("feynman*",), "irrelevant": (3,)},
    {"suites": ("feynman*",), "rows": (200,)},
)
EVERY, FEWER = 24, 3
METHODS = ("operon", "gplearn", "pykan", "pysr")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Cases that one method solves into one table, under a name and a version."""

    results: Results
    todo: tuple[Case, ...]
    settings: Settings
    label: str
    code: str
    command: tuple[str, ...] = ()


def sample() -> tuple[Case, ...]:
    """The problems on which other methods are run."""
    laws = read_laws()
    suites = dict.fromkeys(law.suite for law in laws)
    return cases([law for suite in suites for law in [law for law in laws if law.suite == suite][1::EVERY]])


def bars(results: Results, cpu: bool) -> Iterator[Part]:
    """kandisco: seeds 0 and 1 of every condition, then seed 2 where they disagree.

    The harder conditions take turns, a quarter of the problems at a time, so that a run that is cut short has some of each.
    """
    settings = Settings(config=Config(), cpu=cpu)
    label, code = settings.differences(), code_version()
    for seed in (0, 1, 2):
        for quarter, condition in itertools.product(range(4), CONDITIONS):
            options = {name: value for name, value in condition.items() if name != "suites"}
            todo = cases(read_laws(suites=condition["suites"]), seeds=[seed], **options)
            if options:
                missed = _missed(results, code, seed)
                todo = tuple(case for case in todo[quarter::4] if (case.law.suite, case.law.name) not in missed)
            if seed == 2:
                disagree = _disagree(results, code)
                todo = tuple(case for case in todo if _condition(case) in disagree)
            yield Part(results=results, todo=todo, settings=settings, label=label, code=code)


def _disagree(results: Results, code: str) -> set[tuple[str, ...]]:
    """Problems and conditions that exactly one of the first two seeds recovered."""
    rows = [row for row in results.rows() if row["code"] == code and row["seed"] in "01"]
    found = Counter(_of(row) for row in rows if recovered(row))
    return {same for same, seeds in found.items() if seeds == 1}


def _missed(results: Results, code: str, seed: int) -> set[tuple[str, str]]:
    """Problems that this seed did not recover from plain rows."""
    rows = [row for row in results.rows() if row["code"] == code and row["seed"] == str(seed) and plain(row)]
    return {(row["suite"], row["problem"]) for row in rows if not recovered(row)}


def _of(row: Row) -> tuple[str, ...]:
    return row["suite"], row["problem"], *drawn_with(row)


def _condition(case: Case) -> tuple[str, ...]:
    suite, problem, _, *rest = case.key
    return suite, problem, *rest


def peers(results: Results, cpu: bool) -> Iterator[Part]:
    """The other methods on the sample."""
    import methods

    settings = Settings(config=Config(), cpu=cpu)
    for name in METHODS:
        try:
            version = methods.version(name)
        except ImportError as error:
            print(f"{name}: absent ({error})")
            continue
        todo = sample()[::FEWER] if name == "pykan" else sample()
        command = (str(HERE / "methods.py"), name)
        yield Part(
            results=results, todo=todo, settings=settings, label=f"{name} {settings.differences()}", code=version, command=command
        )


def run(part: Part, jobs: int, until: str) -> bool:
    """Solve what is not there yet; False when the time of day came first."""
    done = part.results.done()
    left = [case for case in part.todo if (*case.key, part.label, part.code) not in done]
    work = run_cases(left, part.settings, jobs=jobs, command=part.command)
    for case, outcome in work:
        row = part.results.append(case, part.label, part.code, outcome)
        print(*row.values(), sep=" | ")
        if until and datetime.datetime.now().strftime("%H:%M") >= until:
            work.close()
            return False
    return True


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("bars", "peers"), default="bars")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--until", default="", help="stop at this time of day")
    parser.add_argument("-o", default=str(HERE), help="folder of the tables")
    parser.add_argument("--cpu", action="store_true", help="count CPU seconds: on a machine that is busy")
    options = parser.parse_args()
    table = Results(Path(options.o), "results.csv" if options.part == "bars" else "peers.csv")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for part in (bars if options.part == "bars" else peers)(table, options.cpu):
        if not run(part, options.jobs, options.until):
            break


if __name__ == "__main__":
    main()
