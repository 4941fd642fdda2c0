"""The one verdict: a run, the workbench and all that is built on them ask here, so that the same rows earn the same word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kandisco.evidence.errors import chi2, exceeds, misfit, relative_error
from kandisco.evidence.final import fitted_to_all
from kandisco.evidence.rivals import drawn, faint, mimicked
from kandisco.evidence.rows import FEW_ROWS, Rows
from kandisco.evidence.verdict import FITTED, alike, choose
from kandisco.expr import parse
from kandisco.expr.heads import HEADS
from kandisco.specs import FunctionSpec
from kandisco.symbolic.sample import EXACT
from kandisco.types import Formula


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a pool of formulas amounts to.

    Attributes:
        best: the shortest description of the rows, with its evidence; None where no formula is finite.
        front: Pareto front (complexity against error), least complex first, at most ten; ``best`` is one of them.
        chi2: name of a part of the rows -> the best formula's chi squared per row; empty where no uncertainty is stated.
        exceeds: whether its errors on fitted rows are larger than the stated uncertainty.
        alike: formulas of other form that are within the stated uncertainty and about as short.
    """

    best: Formula | None
    front: tuple[Formula, ...] = ()
    chi2: Mapping[str, float] = field(default_factory=dict)
    exceeds: bool = False
    alike: tuple[Formula, ...] = ()


def judge(pool: Sequence[Formula], rows: Rows, library: Sequence[FunctionSpec]) -> Verdict:
    """The best formula and its front, with their evidence, and their constants fitted to all rows in the end.

    Evidence and errors are of the constants that had not seen the held-out rows (``Formula.judged``).

    Args:
        pool: scored formulas.
        rows: those they were scored on.
        library: functions that might stand in a law's place.

    Example:
        >>> import numpy as np
        >>> from kandisco.data import split
        >>> from kandisco.evidence.errors import score
        >>> from kandisco.evidence.rows import rows_of
        >>> from kandisco.stages.candidate import Candidate
        >>> from kandisco.types import Dataset, Variable
        >>> x = np.linspace(1, 5, 60)
        >>> fall = Dataset(name="fall", x=x[:, None], y=4.9 * x**2, inputs=(Variable(name="t"),), target=Variable(name="s"))
        >>> rows = rows_of(fall, split(fall))
        >>> pool = [score(Candidate(expr=parse(text, ["t"]), origin="by hand"), rows) for text in ("29*t - 30", "4.9*t**2")]
        >>> judge(pool, rows, ()).best.evidence
        'exact'
    """
    best, front = choose(pool, rows)
    if best is None:
        return Verdict(best=None)
    heads = _heads(library)
    final = {formula: _published(_confirmed(formula, rows, heads), rows) for formula in front}
    if not rows.fit.stated:
        return Verdict(best=final[best], front=tuple(final.values()))
    parts = {"fitted": rows.fit, "test": rows.test, "outermost": rows.shell}
    return Verdict(
        best=final[best],
        front=tuple(final.values()),
        chi2={name: chi2(best.expr, part) for name, part in parts.items() if len(part.y)},
        exceeds=exceeds(best.expr, rows.fit),
        alike=tuple(alike(best, pool, rows)),
    )


def _heads(library: Sequence[FunctionSpec]) -> list[str]:
    """The functions of one argument a library's formulas are made of."""
    heads = {node.head for spec in library for node in parse(spec.sympy, ("x",)).walk()}
    return sorted(head for head in heads if head in HEADS and HEADS[head].arity == 1)


def _confirmed(formula: Formula, rows: Rows, heads: Sequence[str]) -> Formula:
    """The same, but a law under noise is only called exact if no other function could stand in it, and the rows are not few."""
    noise = relative_error(formula.expr, rows.fit) if rows.fit.relative else formula.rmse_train
    if formula.evidence != "exact" or noise <= EXACT * rows.fit.scale:
        return formula
    likeness = drawn(formula.expr) or (not rows.fit.relative and faint(formula.expr, noise))
    few = len(rows.every.y) <= FEW_ROWS or len(formula.expr.numbers()) > FITTED
    doubtful = few or likeness or mimicked(formula.expr, rows.fit, noise, heads)
    return replace(formula, evidence="supported") if doubtful else formula


def _published(formula: Formula, rows: Rows) -> Formula:
    """The same, its constants fitted to held-out rows too: nothing is judged any more."""
    every = rows.every
    if len(every.y) == len(rows.fit.y):
        return formula
    return fitted_to_all(formula, every, floor=EXACT * rows.fit.spread, misfit=misfit)
