"""Refine: refit every candidate as a whole, keep the best, drop what the data do not need and snap its constants."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, takewhile

import numpy as np

from kandisco.control import Control
from kandisco.expr import Expr, complexity, parse
from kandisco.expr.heads import HEADS
from kandisco.specs import FunctionSpec, RefineProblem, RefinerSpec
from kandisco.spread import Spread, in_turn
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.graph import costs
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.symbolic.snap import simplest
from kandisco.types import Array, StageRecord, StageResult

_SCREENING_ROWS = 240
_EVALUATIONS = 20_000
_CURVE_EVALUATIONS, _CURVE_COMPLEXITY = 16_000, 24
SEEDS = 8
_PROPOSALS = 300  # each is refitted, so an engine that proposes more is cut off


def refine(
    candidates: Sequence[Candidate],
    sample: Sample,
    *,
    floor: Callable[[], float] = lambda: math.inf,
    shortest: float = math.inf,
    keep: int = 8,
    max_complexity: int = 40,
    control: Control | None = None,
    spread: Spread = in_turn,
) -> StageResult[list[Candidate]]:
    """Refit, rank by description length, and reduce the best.

    Args:
        candidates: expressions in the names of ``sample``.
        sample: the rows to fit.
        floor: error that can be reached; candidates well above it, and above a stated uncertainty, are approximations and are
            not worth reducing. Asked only where that decides.
        shortest: description length of the best form known so far.
        keep: candidates that are reduced (term by term, constant by constant); the reduction is the expensive part.
        max_complexity: reduced expressions above this are dropped.
        control: asked between candidates.
        spread: how the candidates are fitted.
    """
    started = time.perf_counter()
    stop = control.reason if control is not None else lambda: ""
    asked = (c.expr for c in takewhile(lambda _: not stop(), candidates))
    fits = [(fit, c) for fit, c in zip(spread(sample.refit, asked), candidates) if fit.rmse < float("inf")]
    fits.sort(key=lambda item: sample.description_length(item[0], complexity(item[0].expr)))
    out = []
    for fit, candidate in fits[:keep]:
        if stop():
            break
        if (
            complexity(fit.expr) > 4 * max_complexity
            or fit.rmse > 30 * max(fits[0][0].rmse, sample.stated) + EXACT * sample.scale
        ):
            continue
        # No reduction lowers the error: a form whose misfit alone is longer than the shortest description is never the shortest.
        hopeless = sample.length_of(fit.rmse, 0, 0) > shortest
        smaller = fit if hopeless or _far(fit.rmse, sample, floor) else simplest(fit, sample, stop=stop)
        shortest = min(shortest, sample.description_length(smaller, complexity(smaller.expr)))
        if complexity(smaller.expr) <= 2 * max_complexity:
            out.append(candidate.refitted(smaller))
        if smaller.rmse <= EXACT * sample.scale:
            break
    record = StageRecord(stage="refine", seconds=time.perf_counter() - started, metrics={"in": len(candidates), "out": len(out)})
    return StageResult(value=out, record=record)


def _far(rmse: float, sample: Sample, floor: Callable[[], float]) -> bool:
    """Whether an error lies well above what can be reached; the floor is dear, and asked only where it decides."""
    limit = EXACT * sample.scale
    return rmse > 3 * sample.stated + limit and rmse > 3 * floor() + limit


def propose(
    refiner: RefinerSpec,
    seeds: Sequence[Expr],
    sample: Sample,
    functions: Sequence[FunctionSpec],
    *,
    max_complexity: int,
    seed: int,
    control: Control,
    units: Mapping[str, str] | None = None,
) -> StageResult[list[Candidate]]:
    """Let an engine propose formulas from seeds; it decides nothing, every proposal is refitted here.

    An engine that breaks is named in the record's notes; what it proposed until then counts.

    Args:
        refiner: the engine.
        seeds: the best formulas so far, best first.
        sample: the rows to fit.
        functions: the library proposals may use.
        max_complexity: of a proposal.
        seed: of the engine's randomness.
        control: the time it has left, and whether to stop.
        units: of the columns that have one, the target's under ``""``.
    """
    started = time.perf_counter()
    problem = RefineProblem(
        x=sample.x.T, y=sample.y, names=sample.names, seeds=tuple(seeds), functions=_heads(functions),
        max_complexity=max_complexity, seconds=control.left(), evaluations=_EVALUATIONS, seed=seed,
        units=units or {}, weights=sample.weights, stop=control.reason,
    )  # fmt: skip
    proposals, failure = proposed(refiner, problem)
    few = sample.thinned(_SCREENING_ROWS)
    usable = [expr for expr in proposals if complexity(expr) <= 2 * max_complexity]
    fits = [few.refit(expr, iterations=15) for expr in usable if not control.reason()]
    fits.sort(key=lambda fit: few.description_length(fit, complexity(fit.expr)))
    name = f"refiner {refiner.name}"
    out = [Candidate(expr=fit.expr, origin=name, rmse=fit.rmse, methods=("engine",), engine=refiner.name) for fit in fits[:8]]
    record = StageRecord(
        stage=name,
        seed=seed,
        seconds=time.perf_counter() - started,
        metrics={"proposals": len(proposals)},
        notes=(failure,) if failure else (),
    )
    return StageResult(value=out, record=record)


def curve_fits(
    refiner: RefinerSpec,
    u: Array,
    v: Array,
    functions: Sequence[FunctionSpec],
    *,
    seeds: Sequence[CurveFit] = (),
    seed: int = 0,
    keep: int = 4,
    control: Control | None = None,
) -> StageResult[list[CurveFit]]:
    """Functions that an engine with the scope ``edge`` draws through a curve, refitted here.

    Args:
        refiner: the engine.
        u, v: float64 [rows], samples of an edge.
        functions: the library proposals may use.
        seeds: functions in ``x`` to start from, such as the library's own fits; the best eight are handed on.
        seed: of the engine's randomness.
        keep: functions that are returned at most.
        control: the time the engine has left, and whether to stop.

    Returns:
        Fits in the variable ``x``, cheapest first (``kandisco.symbolic.graph.costs``).
        An engine that breaks is named in the record's notes.
    """
    started = time.perf_counter()
    control = control or Control()
    curve = Sample(names=("x",), x=u[None, :], y=v).thinned(_SCREENING_ROWS)
    problem = RefineProblem(
        x=curve.x.T, y=curve.y, names=curve.names, functions=_heads(functions),
        seeds=tuple(fit.expr for fit in seeds[:SEEDS]), max_complexity=_CURVE_COMPLEXITY,
        seconds=control.left(), evaluations=_CURVE_EVALUATIONS, seed=seed, stop=control.reason,
    )  # fmt: skip
    proposals, failure = proposed(refiner, problem)
    fits = [curve.refit(expr) for expr in proposals if expr.variables() and complexity(expr) <= 2 * _CURVE_COMPLEXITY]
    fits = [fit for fit in fits if fit.rmse < math.inf]
    name = f"refiner {refiner.name}"
    drawn = [CurveFit(name=name, expr=fit.expr, error=fit.rmse / curve.scale, complexity=complexity(fit.expr)) for fit in fits]
    # An edge is drawn no better than its network is trained, and what fits that misfit best is long and wrong.
    out = [drawn[i] for i in np.argsort(costs(drawn), kind="stable")[:keep]] if drawn else []
    record = StageRecord(
        stage=name,
        params={"scope": "edge"},
        seed=seed,
        seconds=time.perf_counter() - started,
        metrics={"proposals": len(proposals), "error": out[0].error if out else None},
        notes=(failure,) if failure else (),
    )
    return StageResult(value=out, record=record)


def _heads(functions: Sequence[FunctionSpec]) -> tuple[str, ...]:
    return tuple(sorted({node.head for spec in functions for node in parse(spec.sympy, ("x",)).walk() if node.head in HEADS}))


def proposed(refiner: RefinerSpec, problem: RefineProblem) -> tuple[list[Expr], str]:
    """The first proposals of an engine, and what went wrong (empty where nothing did)."""
    proposals: list[Expr] = []
    try:
        for expr in islice(refiner.refine(problem), _PROPOSALS):
            proposals.append(expr)
    except Exception as error:
        return proposals, f"The refiner {refiner.name!r} failed: {str(error).rstrip('.') or type(error).__name__}."
    return proposals, ""
