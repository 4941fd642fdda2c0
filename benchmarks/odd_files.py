"""Every odd and bad file of ``tests/odd_files`` through the real command line, from reading to the printed formula.

    python benchmarks/odd_files.py [--only NAME ...] [--time 20s]

A case passes when the exit code, the message or the warnings, and the law (where one holds in the file) are as the table says,
and nothing looks like a traceback. The readers alone are tested on the same table in the suite; here the search has to cope too.
The last rows feed a table through standard input and by its ``@name``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from kandisco.cli import main as kandisco
from kandisco.expr import Expr, parse, to_text
from kandisco.expr.equivalence import same_law

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from odd_files.build import cells, text
from odd_files.cases import CASES, Case

DATA_ERROR = 3
FEW_ROWS, ENOUGH_ROWS = 10, 20


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call of the command left behind."""

    code: int
    out: str
    err: str
    seconds: float


def call(words: Sequence[str]) -> Outcome:
    """Run the command line in this process; whatever escapes from it counts as a traceback."""
    out, err = io.StringIO(), io.StringIO()
    started = time.perf_counter()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = kandisco(list(words))
        except BaseException as error:
            code = 1
            print(f"Traceback: {type(error).__name__}: {error}", file=sys.stderr)
    return Outcome(code=code, out=out.getvalue(), err=err.getvalue(), seconds=time.perf_counter() - started)


def problems(case: Case, outcome: Outcome, box: dict[str, tuple[float, float]]) -> Iterator[str]:
    """What is not as the table says; nothing when all is well."""
    if "Traceback" in outcome.err or "This is a bug" in outcome.err:
        yield f"a bug: {outcome.err.strip()[-300:]}"
    elif case.error:
        yield from _message(case, outcome)
    elif outcome.code != 0:
        yield f"exit code {outcome.code}: {outcome.err.strip()[-300:]}"
    else:
        yield from _result(case, json.loads(outcome.out), box)


def _message(case: Case, outcome: Outcome) -> Iterator[str]:
    if outcome.code != DATA_ERROR:
        yield f"exit code {outcome.code}"
    if outcome.out:
        yield f"printed {outcome.out[:80]!r}"
    yield from (f"no {fragment!r} in {outcome.err.strip()!r}" for fragment in case.error if fragment not in outcome.err)
    if outcome.err.count("\n") > 1:
        yield "more than one line"


def _result(case: Case, found: dict[str, Any], box: dict[str, tuple[float, float]]) -> Iterator[str]:
    told = " ".join(found["warnings"])
    yield from (f"no {note!r} in the warnings {told!r}" for note in case.notes if note not in told)
    if tuple(found["inputs"]) != case.inputs:
        yield f"inputs {found['inputs']}"
    best = found["best"]
    if case.rows < FEW_ROWS:
        if best["evidence"] not in ("weak", "none"):
            yield f"{best['evidence']} on {case.rows} rows"
    elif case.law:
        yield from _law(parse(best["formula"], found["inputs"]), parse(case.law, case.inputs), box)
        if best["evidence"] not in ("exact", "supported") and case.rows >= ENOUGH_ROWS:
            yield f"the law, but evidence {best['evidence']}"


def _law(found: Expr, truth: Expr, box: dict[str, tuple[float, float]]) -> Iterator[str]:
    if not truth.variables():
        box = {"anything": (0.0, 1.0)}
    verdict = same_law(found, truth, box)
    if verdict.equal is not True:
        yield f"not the law ({verdict.how}): {to_text(found)}"


def box_of(run: Path) -> dict[str, tuple[float, float]]:
    """The range of each input, from the run folder."""
    columns = json.loads((run / "run.json").read_text(encoding="utf-8"))["dataset"]["inputs"]
    return {column["name"]: (column["min"], column["max"]) for column in columns}


def judge(case: Case, words: Sequence[str]) -> tuple[list[str], Outcome]:
    """Call the command on one file and compare."""
    outcome = call(words)
    runs = json.loads(outcome.out)["run"] if outcome.code == 0 and outcome.out else ""
    try:
        return list(problems(case, outcome, box_of(Path(runs)) if runs else {})), outcome
    except Exception as error:
        return [f"{type(error).__name__}: {error} in {outcome.out[:300]!r}"], outcome


def _words(source: str, case: Case, out: str, limit: str) -> list[str]:
    chosen = [
        *(["--target", case.target] if case.target else []),
        *(["--features", ",".join(case.features)] * bool(case.features)),
    ]
    return ["discover", source, "--lamb", "0.01", "--json", "-q", "--time", limit, "--out", out, *chosen]


def _others(folder: Path, limit: str) -> Iterator[tuple[str, list[str], Outcome]]:
    """Standard input and a registered dataset."""
    plain = Case(name="standard input", build=lambda folder: folder)
    with mock.patch.object(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text(cells()).encode()))):
        yield plain.name, *judge(plain, _words("-", plain, str(folder), limit))
    known = Case(name="@hellokan", build=plain.build, inputs=("x", "y"), law="exp(sin(pi*x) + y**2)")
    yield known.name, *judge(known, _words("@hellokan", known, str(folder), limit))
    unknown = call(_words("@helokan", plain, str(folder), limit))
    wrong = [] if unknown.code == 4 and "hellokan" in unknown.err else [f"exit code {unknown.code}: {unknown.err}"]
    yield "@helokan", wrong, unknown


def main() -> int:
    """Run the table; 0 when every case is as specified."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="names of cases")
    parser.add_argument("--time", default="20s")
    options = parser.parse_args()
    results = []
    for case in CASES:
        if options.only and case.name not in options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            words = _words(str(case.build(Path(folder))), case, str(Path(folder) / "runs"), options.time)
            results.append((case.name, *judge(case, words)))
        _row(results[-1])
    if not options.only:
        with tempfile.TemporaryDirectory() as folder:
            for row in _others(Path(folder), options.time):
                results.append(row)
                _row(row)
    good = sum(not wrong for _, wrong, _ in results)
    longest = max(outcome.seconds for _, _, outcome in results)
    print(f"{good} of {len(results)} as specified; longest {longest:.1f} s")
    return 0 if good == len(results) else 1


def _row(row: tuple[str, list[str], Outcome]) -> None:
    name, wrong, outcome = row
    print(
        f"{'ok  ' if not wrong else 'FAIL'} {name:45s} exit {outcome.code}  {outcome.seconds:5.1f} s  {'; '.join(wrong)}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
