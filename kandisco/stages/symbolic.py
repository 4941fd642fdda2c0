"""Auto-symbolic in context: choose a function for every live edge so that the whole formula, refitted, fits the data.

Edges are ranked one by one, but a choice is judged only by the refitted whole: the right symbol of a single edge often ranks
second, while the whole drops to machine precision only for the right assignment (the exactness cliff).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from kandisco.control import Control
from kandisco.specs import FunctionSpec
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.curves import CurveFit, fit_curve
from kandisco.symbolic.graph import Curve, Graph, assignments
from kandisco.symbolic.patterns import fit_below
from kandisco.symbolic.snap import EXACT, Sample
from kandisco.types import StageRecord, StageResult

_SCREENING_ROWS = 240
_DRAWN = 3e-4
_DEEP_EDGES = 4


def symbolic(
    graph: Graph,
    sample: Sample,
    functions: Sequence[FunctionSpec],
    *,
    origin: str,
    candidates: int = 4,
    beam: int = 16,
    control: Control | None = None,
) -> StageResult[list[Candidate]]:
    """Joint symbol assignments of a network's edges.

    Args:
        graph: the live edges as sampled curves.
        sample: the rows the whole formula is fitted to.
        functions: the library.
        origin: the network's story, put before each candidate's own.
        candidates: symbols kept per edge.
        beam: candidates returned; four times as many assignments are screened on a few hundred rows, cheapest first, until
            one is exact.
        control: asked between assignments.

    Returns:
        Candidates, smallest error first.
    """
    started = time.perf_counter()
    few = sample.thinned(_SCREENING_ROWS)
    deep = len(graph.curves) <= _DEEP_EDGES
    ranked = [_ranked(curve, functions, candidates, deep=deep) for curve in graph.curves]
    out: list[Candidate] = []
    tried = 0
    if all(ranked):
        for choice in assignments(ranked):
            if tried >= 4 * beam or (control is not None and control.reason()):
                break
            tried += 1
            fits = [fits[k] for fits, k in zip(ranked, choice, strict=True)]
            fit = few.refit(graph.compose([f.expr for f in fits]), iterations=25)
            story = f"{origin} > symbolic({', '.join(f.name for f in fits)})"
            out.append(Candidate(expr=fit.expr, origin=story, rmse=fit.rmse))
            if fit.rmse <= EXACT * sample.scale:
                break
    out.sort(key=lambda candidate: candidate.rmse)
    out = [_on_all_rows(candidate, sample) for candidate in out[:beam]]
    metrics = {"edges": len(graph.curves), "assignments": tried, "best": out[0].rmse / sample.scale if out else None}
    record = StageRecord(stage="symbolic", seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=out, record=record)


def _ranked(curve: Curve, functions: Sequence[FunctionSpec], candidates: int, *, deep: bool) -> list[CurveFit]:
    """The best single functions, and in small networks, where none of them draws the curve, functions below an outer one."""
    fits = fit_curve(curve.u, curve.v, functions)[: candidates + 2]
    if deep and fits and fits[0].error > _DRAWN:
        fits = sorted([*fits, *fit_below(curve.u, curve.v, functions)], key=lambda fit: fit.error)
    return fits


def _on_all_rows(candidate: Candidate, sample: Sample) -> Candidate:
    fit = sample.refit(candidate.expr, iterations=25)
    return Candidate(expr=fit.expr, origin=candidate.origin, rmse=fit.rmse)
