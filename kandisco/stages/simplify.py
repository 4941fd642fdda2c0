"""Simplify: rewrite each formula into the form a physicist would write, then refit and snap the constants that merged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kandisco.control import Control
from kandisco.expr import complexity
from kandisco.expr.rewrite import shortest, without_roots_of_squares
from kandisco.expr.rewrite import simplify as rewritten
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.refit import Fit
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.symbolic.snap import simplest
from kandisco.types import StageRecord, StageResult

_FAST, _LONG, _EXACT_LONG = 30, 45, 120


def simplify(
    candidates: Sequence[Candidate], sample: Sample, *, thorough: bool = False, control: Control | None = None
) -> StageResult[list[Candidate]]:
    """The shortest verified rewriting of each candidate; a rewriting that fits worse is dropped.

    Args:
        candidates: refitted expressions.
        sample: the rows they were fitted to.
        thorough: try sympy's forms too, and long formulas; without it only exact formulas get this, others of more than
            30 nodes stay as they are: they are approximations, and rewriting them costs more than finding them.
        control: asked between steps; a candidate not reached in time stays as it is.
    """
    started = time.perf_counter()
    stop = control.reason if control is not None else lambda: ""
    out = [candidate if stop() else _simplified(candidate, sample, thorough, stop) for candidate in candidates]
    record = StageRecord(stage="simplify", seconds=time.perf_counter() - started, metrics={"formulas": len(out)})
    return StageResult(value=out, record=record)


def _simplified(candidate: Candidate, sample: Sample, thorough: bool, stop: Callable[[], object]) -> Candidate:
    exact = candidate.rmse <= EXACT * sample.scale
    if complexity(candidate.expr) > (_EXACT_LONG if exact else _LONG if thorough else _FAST):
        return candidate
    rewrite = shortest if exact or thorough else rewritten
    columns = sample.columns
    fit = sample.refit(candidate.expr)
    short = sample.refit(rewrite(fit.expr, columns=columns))
    if _keeps(short, fit, sample):
        fit = short
    plain = without_roots_of_squares(fit.expr, columns)
    if plain != fit.expr:
        tried = sample.refit(rewritten(plain, columns=columns))
        fit = tried if _keeps(tried, fit, sample) and complexity(tried.expr) <= complexity(fit.expr) else fit
    again = simplest(fit, sample, stop=stop)
    if again.expr != fit.expr:
        tidy = sample.refit(rewritten(again.expr, columns=columns))
        fit = tidy if _keeps(tidy, again, sample) and complexity(tidy.expr) <= complexity(again.expr) else again
    return candidate.refitted(fit)


def _keeps(new: Fit, old: Fit, sample: Sample) -> bool:
    return new.rmse <= max(old.rmse * (1 + 1e-9), EXACT * 1e-2 * sample.scale if old.rmse <= EXACT * sample.scale else 0.0)
