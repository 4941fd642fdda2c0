"""Refine: refit every candidate as a whole, keep the best, drop what the data do not need and snap its constants."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kandisco.control import Control
from kandisco.expr import complexity
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.refit import Fit
from kandisco.symbolic.snap import EXACT, Sample, reduce
from kandisco.types import StageRecord, StageResult


def refine(
    candidates: Sequence[Candidate], sample: Sample, *, keep: int = 4, max_complexity: int = 40, control: Control | None = None
) -> StageResult[list[Candidate]]:
    """Refit, rank by description length, and reduce the best.

    Args:
        candidates: expressions in the names of ``sample``.
        sample: the rows to fit.
        keep: candidates that are reduced (term by term, constant by constant); the reduction is the expensive part.
        max_complexity: reduced expressions above this are dropped.
        control: asked between candidates.
    """
    started = time.perf_counter()
    fits = [(sample.refit(c.expr), c.origin) for c in candidates]
    fits = [(fit, origin) for fit, origin in fits if fit.rmse < float("inf")]
    fits.sort(key=lambda item: sample.description_length(item[0], complexity(item[0].expr)))
    out = []
    for fit, origin in fits[:keep]:
        if control is not None and control.reason():
            break
        if complexity(fit.expr) > 4 * max_complexity or fit.rmse > 30 * fits[0][0].rmse + EXACT * sample.scale:
            continue
        smaller = reduce(fit, sample)
        if complexity(smaller.expr) <= 2 * max_complexity:
            out.append(_candidate(smaller, origin))
        if smaller.rmse <= EXACT * sample.scale:
            break
    record = StageRecord(stage="refine", seconds=time.perf_counter() - started, metrics={"in": len(candidates), "out": len(out)})
    return StageResult(value=out, record=record)


def _candidate(fit: Fit, origin: str) -> Candidate:
    return Candidate(expr=fit.expr, origin=origin, rmse=fit.rmse, std_errors=tuple(fit.std_errors.tolist()))
