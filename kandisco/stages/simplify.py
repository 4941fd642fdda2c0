"""Simplify: rewrite each formula into the form a physicist would write, then refit and snap the constants that merged."""

from __future__ import annotations

import time
from collections.abc import Sequence

from kandisco.expr import complexity
from kandisco.expr.rewrite import shortest
from kandisco.symbolic.refit import Fit
from kandisco.symbolic.snap import EXACT, Sample, reduce
from kandisco.stages.candidate import Candidate
from kandisco.types import StageRecord, StageResult


def simplify(candidates: Sequence[Candidate], sample: Sample) -> StageResult[list[Candidate]]:
    """The shortest verified rewriting of each candidate; a rewriting that fits worse is dropped."""
    started = time.perf_counter()
    columns = dict(zip(sample.names, sample.x, strict=True))
    out = []
    for candidate in candidates:
        fit = sample.refit(candidate.expr)
        short = sample.refit(shortest(fit.expr, columns=columns))
        better = short if _keeps(short, fit, sample) else fit
        again = reduce(better, sample)
        tidy = sample.refit(shortest(again.expr, columns=columns))
        final = tidy if _keeps(tidy, again, sample) and complexity(tidy.expr) <= complexity(again.expr) else again
        out.append(Candidate(expr=final.expr, origin=candidate.origin, rmse=final.rmse, std_errors=tuple(final.std_errors.tolist())))
    record = StageRecord(stage="simplify", seconds=time.perf_counter() - started, metrics={"formulas": len(out)})
    return StageResult(value=out, record=record)


def _keeps(new: Fit, old: Fit, sample: Sample) -> bool:
    return new.rmse <= max(old.rmse * (1 + 1e-9), EXACT * 1e-2 * sample.scale if old.rmse <= EXACT * sample.scale else 0.0)
