"""One table through kandisco as its command reads it, and what came of it."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from form import same_form
from tables import Table

from kandisco import data, pipeline, plugins
from kandisco.bench import judge
from kandisco.config import Config
from kandisco.control import Control
from kandisco.errors import KandiscoError
from kandisco.expr import Expr, to_text, var
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.types import Dataset, Formula, Result

OUTCOME = (
    "place",
    "count",
    "evidence",
    "probability",
    "within",
    "constants",
    "cpu",
    "seconds",
    "status",
    "formula",
    "truth",
    "why",
)
SIGMAS = 2.0


@cache
def registry() -> Registry:
    """One a process."""
    return Registry(plugins.load())


def solve(table: Table, limit: float) -> dict[str, Any]:
    """Write the table, read it, search it, and look for the law among the formulas.

    Args:
        table: with its truth.
        limit: seconds of CPU for the search.

    Returns:
        The outcome: ``place`` of the law among the formulas in the order they are offered in (0: it is not among them), their
        ``count``, evidence and probability of the first, how many of its ``constants`` are ``within`` two standard errors.
    """
    begun, cpu = time.perf_counter(), _cpu()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        table.write(path)
        try:
            dataset = data.read_dataset(str(path), registry().readers())
            result = pipeline.discover(dataset, Config(time=limit), registry(), control=Control(seconds=limit, clock=_cpu))
        except KandiscoError as error:
            return {"place": 0, "why": f"refused: {error}", "cpu": _cpu() - cpu, "truth": to_text(table.truth.expr, 6)}
    spent = {"cpu": _cpu() - cpu, "seconds": time.perf_counter() - begun}
    return {"truth": to_text(table.truth.expr, 6), **spent, **_judged(table, dataset, result)}


def _cpu() -> float:
    """CPU seconds of this process and of those it started and waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def offered(result: Result) -> list[Formula]:
    """The formulas in the order a reader is to believe them: the best, then by probability, or by error where there is none."""
    if result.best is None:
        return []
    rest = [formula for formula in result.front if formula.expr != result.best.expr]
    return [result.best, *sorted(rest, key=lambda formula: (-(formula.probability or 0.0), formula.rmse_test))]


def _judged(table: Table, dataset: Dataset, result: Result) -> dict[str, Any]:
    formulas = offered(result)
    if not formulas:
        return {"place": 0, "count": 0, "evidence": "none", "status": result.status, "why": "no formula"}
    best = formulas[0]
    outcome: dict[str, Any] = {
        "place": 0,
        "count": len(formulas),
        "evidence": best.evidence,
        "probability": "" if best.probability is None else f"{best.probability:.4f}",
        "status": result.status,
        "formula": to_text(_lettered(best.expr, table, dataset), 6),
    }
    if table.name.startswith("rc26_sigma") and dataset.target.label not in table.header[1]:
        return outcome | {"why": f"the target was taken to be {dataset.target.label}"}
    for place, formula in enumerate(formulas, start=1):
        deviations = right(table, dataset, formula)
        if deviations is not None:
            outcome |= {"place": place} | (_constants(deviations) if place == 1 else {})
            break
    else:
        outcome["why"] = _miss(table, dataset, best)
    return outcome


def right(table: Table, dataset: Dataset, formula: Formula) -> tuple[float, ...] | None:
    """None where a formula is not the law; else how many standard errors its constants are off, as far as they are known."""
    found = _lettered(formula.expr, table, dataset)
    if table.law is not None:
        names = {name: name for name in table.truth.box}
        judged = judge(found, table.law, names, std_errors=formula.std_errors, clean=table.truth.clean)
        return () if judged.recovered else None
    for truth in (table.truth, *table.alternatives):
        match = same_form(found, truth, formula.std_errors)
        if match.right:
            return match.deviations
    return None


def _lettered(expr: Expr, table: Table, dataset: Dataset) -> Expr:
    """The formula in the letters of the law; columns that are none of its inputs keep their names."""
    heads = {_bare(head): letter for head, letter in table.letters.items()}
    letters = {variable.name: var(heads.get(_bare(variable.label), f"column_{variable.name}")) for variable in dataset.inputs}
    return expr.substitute(letters)


def _bare(head: str) -> str:
    return head.partition("[")[0].strip()


def _constants(deviations: Sequence[float]) -> dict[str, int]:
    known = np.array([value for value in deviations if np.isfinite(value)])
    return {"within": int(np.sum(np.abs(known) <= SIGMAS)), "constants": len(known)}


def _miss(table: Table, dataset: Dataset, best: Formula) -> str:
    """How the formula that was offered compares with the law on the rows: a smaller error is a rival, a larger one a miss."""
    columns = dict(zip((_bare(head) for head in table.header), table.columns))
    x = {variable.name: columns[_bare(variable.label)] for variable in dataset.inputs}
    mine = float(np.sum((evaluate(best.expr, x) - dataset.y) ** 2))
    at = {letter: columns[_bare(head)] for head, letter in table.letters.items()}
    law = float(np.sum((evaluate(table.truth.expr, at) - dataset.y) ** 2))
    return f"sum of squares {mine / law:.3g} of the law's, {len(best.expr.numbers())} constants"
