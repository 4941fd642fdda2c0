"""A result as the user sees it: text for people, one JSON object for programs."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kandisco.expr import to_text
from kandisco.report import words
from kandisco.runjson import plain

if TYPE_CHECKING:
    from pathlib import Path

    from kandisco.types import Dataset, Formula, Result

ROWS = 10


def result_object(result: Result, path: Path | str) -> dict[str, Any]:
    """The object of ``--json``. Numbers that are not finite are null.

    The keys of the issue's contract come first; ``names``, ``baselines``, ``noise`` and ``warnings`` are ours.
    """
    dataset = result.dataset
    return {
        "schema": 1,
        "status": result.status,
        "run": str(path),
        "seed": result.seed,
        "seconds": round(result.seconds, 3),
        "target": dataset.target.name,
        "inputs": [variable.name for variable in dataset.inputs],
        "best": None if result.best is None else formula_object(result.best, dataset),
        "front": [formula_object(formula, dataset) for formula in result.front],
        "names": words.names_of(dataset),
        "baselines": {name: {"rmse_test": _json(rmse), "r2_test": _json(r2)} for name, (rmse, r2) in result.baselines.items()},
        "noise": _json(result.noise),
        "tried": result.tried,
        "next": None if result.next is None else plain(dataclasses.asdict(result.next)),
        "rivals": [formula_object(formula, dataset) for formula in result.rivals],
        "warnings": list(result.warnings),
    }


def formula_object(formula: Formula, dataset: Dataset) -> dict[str, Any]:
    """One formula of ``--json``: text in full precision, LaTeX with the digits the data ask for; the errors are of ``judged``."""
    return {
        "formula": to_text(formula.expr),
        "latex": words.latex(formula, dataset),
        "complexity": formula.complexity,
        "rmse_test": _json(formula.rmse_test),
        "r2_test": _json(formula.r2_test),
        "evidence": formula.evidence,
        "origin": formula.origin,
        "judged": None if formula.judged is None else to_text(formula.judged),
        "probability": formula.probability,
        "law": None if formula.law is None else formula.law.title,
        "constants": _constants(formula),
    }


def _constants(formula: Formula) -> list[dict[str, Any]]:
    """Value and standard error of each constant: a law's own, else those of the tree in their order."""
    if formula.law is not None:
        return [{"symbol": p.symbol, "value": p.value, "std_error": _json(p.std_error)} for p in formula.law.parameters]
    errors = formula.std_errors if len(formula.std_errors) == len(formula.expr.numbers()) else None
    told = errors or (math.nan,) * len(formula.expr.numbers())
    return [{"symbol": None, "value": v, "std_error": _json(e)} for v, e in zip(formula.expr.numbers(), told, strict=True)]


def _json(value: float) -> float | None:
    return value if math.isfinite(value) else None


def text_lines(result: Result, path: Path | str) -> Iterator[str]:
    """The whole ending of a run, line by line."""
    dataset, best = result.dataset, result.best
    said = words.verdict(result)
    yield from said
    if best is not None:
        yield ("  " if said else "") + words.law(best, dataset)
    yield ""
    yield from _numbers(result)
    yield from _front(result)
    yield from _warnings(result)
    files = "" if best is None else " (formula.tex, formula.py, report.html)"
    yield f"\nRun folder: {path}{files}"
    if best is not None:
        folder = shlex.quote(str(path))
        yield f"Next:\n  kandisco export {folder} --to latex\n  kandisco predict {folder} new.csv"


def _numbers(result: Result) -> Iterator[str]:
    dataset, best = result.dataset, result.best
    used = set(best.expr.variables()) | {dataset.target.name} if best is not None else set()
    for name, label in words.names_of(dataset).items():
        if name in used:
            yield f"  {name} is the column {label!r}"
    if best is not None:
        if told := words.constants(best):
            yield f"  {told}"
        yield f"  evidence: {best.evidence} ({words.grounds(result)})"
    yield f"  {words.held_out(result)}:"
    for name, rmse, r2 in words.scores(result):
        yield f"    {name:<9} RMSE {rmse:<10.4g} R2 {words.r2(r2)}"
    if said := words.refitted(result):
        yield f"  {said}"
    if result.noise:
        yield f"  noise: about {result.noise:.3g} in the unit of {dataset.target.name}"


def _front(result: Result) -> Iterator[str]:
    if not result.front:
        return
    # How probable a form is, where that is known; its word else.
    known = result.tried > 0
    yield f"\n   #  complexity  {'RMSE':>9}  {'R2':>11}  {'probability' if known else 'evidence':<11}  formula"
    for i, formula in enumerate(result.front[:ROWS], start=1):
        mark = "*" if formula == result.best else " "
        text = words.shortened(words.readable(formula, result.dataset))
        word = f"{words.share(formula.probability):>11}" if known else f"{formula.evidence:<11}"
        numbers = f"{formula.complexity:>10}  {formula.rmse_test:>9.3g}  {words.r2(formula.r2_test):>11}"
        yield f"{mark} {i:>2}  {numbers}  {word}  {text}"


def _warnings(result: Result) -> Iterator[str]:
    if warnings := words.warnings(result):
        yield "\nWarnings:"
        yield from (f"  - {warning}" for warning in warnings)
