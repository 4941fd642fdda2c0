"""Auto-symbolic in context: choose a function for every live edge so that the whole formula, refitted, fits the data.

Edges are ranked one by one, but a choice is judged only by the refitted whole: the right symbol of a single edge often ranks
second, while the whole drops to machine precision only for the right assignment (the exactness cliff).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice, takewhile, tee

import numpy as np

from kandisco.control import Control
from kandisco.expr import complexity, to_text
from kandisco.specs import FunctionSpec
from kandisco.spread import Spread, in_turn
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.curves import CurveFit, different, fit_curve
from kandisco.symbolic.graph import Curve, Graph, assignments, costs
from kandisco.symbolic.patterns import fit_below
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, EdgeOrigin, StageRecord, StageResult

_SCREENING_ROWS = 240
_DRAWN = 3e-4
_DEEP_EDGES = 4


def symbolic(
    graph: Graph,
    sample: Sample,
    functions: Sequence[FunctionSpec],
    *,
    origin: str,
    noise: float = 0.0,
    candidates: int = 4,
    beam: int = 16,
    control: Control | None = None,
    engine: Callable[[Array, Array, list[CurveFit]], list[CurveFit]] | None = None,
    spread: Spread = in_turn,
) -> StageResult[list[Candidate]]:
    """Joint symbol assignments of a network's edges.

    Args:
        graph: the live edges as sampled curves.
        sample: the rows the whole formula is fitted to.
        functions: the library.
        origin: the network's story, put before each candidate's own.
        noise: error of the network itself; a symbol that draws an edge this well needs no deeper look.
        candidates: symbols kept per edge.
        beam: candidates returned; four times as many assignments are screened on a few hundred rows, cheapest first, until
            one is exact.
        control: asked between assignments.
        engine: ``engine(u, v, fits)`` is asked for further symbols of an edge that the library draws poorly.
        spread: how the fits of the assignments are made.

    Returns:
        Candidates, shortest description first.
    """
    started = time.perf_counter()
    few = sample.thinned(_SCREENING_ROWS)
    drawn = max(_DRAWN, 3 * noise) if len(graph.curves) <= _DEEP_EDGES else math.inf
    ranked = [_ranked(curve, functions, candidates, drawn, engine) for curve in graph.curves]
    out: list[Candidate] = []
    tried = 0
    if all(ranked):
        going = takewhile(lambda _: control is None or not control.reason(), islice(assignments(ranked), 4 * beam))
        chosen, told = tee([fits[k] for fits, k in zip(ranked, choice, strict=True)] for choice in going)
        composed = (graph.compose([f.expr for f in fits]) for fits in chosen)
        for fit, fits in zip(spread(partial(few.refit, iterations=25), composed), told):
            tried += 1
            story = f"{origin} > symbolic({', '.join(f.name for f in fits)})"
            out.append(Candidate(expr=fit.expr, origin=story, rmse=fit.rmse, edges=_edges(graph, fits), methods=("network",)))
            if fit.rmse <= sample.floor:
                break
    out.sort(key=lambda c: few.length_of(c.rmse, len(c.expr.numbers()), complexity(c.expr)))
    out = list(spread(partial(_on_all_rows, sample=sample), out[:beam]))
    metrics = {"edges": len(graph.curves), "assignments": tried, "best": out[0].rmse / sample.scale if out else None}
    record = StageRecord(stage="symbolic", seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=out, record=record)


def _ranked(
    curve: Curve,
    functions: Sequence[FunctionSpec],
    candidates: int,
    drawn: float,
    engine: Callable[[Array, Array, list[CurveFit]], list[CurveFit]] | None,
) -> list[CurveFit]:
    """The best single functions; where none draws the curve to within ``drawn``, nested ones, and then the engine's."""
    fits = different(fit_curve(curve.u, curve.v, functions), curve.u, curve.v)
    fits = [fits[i] for i in np.argsort(costs(fits), kind="stable")[: candidates + 2]] if fits else []
    if fits and min(fit.error for fit in fits) > drawn:
        fits += fit_below(curve.u, curve.v, functions)
    if engine is not None and (not fits or min(fit.error for fit in fits) > drawn):
        fits += engine(curve.u, curve.v, fits)
    return fits


def _on_all_rows(candidate: Candidate, sample: Sample) -> Candidate:
    fit = sample.refit(candidate.expr, iterations=25)
    return replace(candidate, expr=fit.expr, rmse=fit.rmse)


def _edges(graph: Graph, fits: Sequence[CurveFit]) -> tuple[EdgeOrigin, ...]:
    """Where each function stands: the chain from edge to symbol."""
    return tuple(
        EdgeOrigin(
            start=graph.start_of(curve),
            end=graph.end_of(curve),
            symbol=fit.name,
            r2=1.0 - fit.error**2,
            curve=to_text(fit.expr, 4),
        )
        for curve, fit in zip(graph.curves, fits, strict=True)
    )
