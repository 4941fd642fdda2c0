"""How much a formula may claim, by its errors on rows no fit has seen and by the others that were found.

``exact``      noise-free: machine precision on held-out rows and on the withheld outer shell, with few constants for the rows;
               noisy: residuals that no test can tell from noise, a shell that agrees, and no other form nearly as good.
``supported``  residuals look like noise and the shell agrees, but other forms, or too few rows, leave room.
``weak``       much better than a straight line, but the residuals still have structure: an approximation.
``none``       no better than a linear or constant model where it counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kandisco.evidence.errors import FEW, chi2, error, exceeds, relative_error
from kandisco.evidence.residuals import structured
from kandisco.evidence.rivals import skeleton
from kandisco.evidence.rows import Rows
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.prices import price_of_constants, price_of_numbers
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, Evidence, Formula

_EXACT_TEST = 1e-11
_EXACT_SHELL = 1e-9
_SHELL, _RIVAL, _SAME = 2.0, 5.0, 0.1
FITTED = 2  # constants that noise leaves open: with more of them a series passes for a law


def mdl(formula: Formula, rows: Rows) -> float:
    """Description length of the data with this formula, in nats; with few rows their cross-validated error counts.

    Dozens of rows are interpolated to the last digit by forms with a handful of constants (a spike at one row, say); what such a
    form predicts for rows left out gives it away.
    """
    rmse = relative_error(formula.expr, rows.fit) if rows.fit.relative else formula.rmse_train
    if len(rows.fit.y) < FEW:
        rmse = max(rmse, formula.rmse_valid)
    constants = price_of_constants(formula.expr.numbers(), formula.std_errors, least=0.5 * math.log(len(rows.fit.y)))
    return rows.fit.length_of(rmse, 0, formula.complexity + price_of_numbers(formula.expr) + constants)


def choose(formulas: Sequence[Formula], rows: Rows) -> tuple[Formula | None, tuple[Formula, ...]]:
    """The shortest description as the best, and the Pareto front of (complexity, training error), at most ten.

    A formula without a value on some row, held out or not, gives way to all that have one: that much the inputs alone tell.
    """
    fitted = [f for f in formulas if math.isfinite(f.rmse_train) and math.isfinite(f.rmse_valid)]
    usable = [f for f in fitted if math.isfinite(f.rmse_test) and math.isfinite(f.rmse_shell)] or fitted
    if not usable:
        return None, ()
    best = min(usable, key=lambda formula: (mdl(formula, rows), formula.complexity))
    judged = replace(best, evidence=evidence(best, usable, rows))
    front = [judged if f is best else replace(f, evidence=evidence(f, usable, rows)) for f in _front(usable, rows, best)]
    return judged, tuple(front)


def _front(formulas: Sequence[Formula], rows: Rows, best: Formula) -> list[Formula]:
    floor = 1e-12 * rows.fit.spread
    out: list[Formula] = []
    for formula in sorted(formulas, key=lambda f: (f.complexity, f.rmse_train)):
        if not out or max(formula.rmse_train, floor) < 0.98 * max(out[-1].rmse_train, floor):
            out.append(formula)
        elif formula is best:  # in the place of its twin, where that is as complex
            out[len(out) - (out[-1].complexity == best.complexity) :] = [best]
    while len(out) > 10:
        gains = [math.log(max(a.rmse_train, floor) / max(b.rmse_train, floor)) for a, b in zip(out, out[1:], strict=False)]
        weakest = [i + 1 for i in np.argsort(gains) if out[i + 1] is not best]
        out.pop(int(weakest[0]))
    return out


def evidence(formula: Formula, others: Sequence[Formula], rows: Rows) -> Evidence:
    """How much the formula may claim; see the module's table."""
    found = _evidence(formula, others, rows)
    if not rows.fit.stated:
        return found
    return "supported" if found == "exact" or (found != "supported" and _within(formula, rows)) else found


def _within(formula: Formula, rows: Rows) -> bool:
    """Whether the errors are within the stated uncertainty, and the rows are enough to say so.

    In the shell, where constants are off too, an error of twice the uncertainty will do.
    """
    if _few(formula, rows) or formula.r2_test < 0.5 or exceeds(formula.expr, rows.fit) or exceeds(formula.expr, rows.test):
        return False
    return chi2(formula.expr, rows.shell) <= _SHELL**2


def _few(formula: Formula, rows: Rows) -> bool:
    """Whether a noisy formula has too many constants for the rows."""
    return len(rows.fit.y) < 10 or 3 * (len(formula.expr.numbers()) + 1) > len(rows.fit.y)


def _evidence(formula: Formula, others: Sequence[Formula], rows: Rows) -> Evidence:
    scale = rows.fit.spread
    free = len(formula.expr.numbers())
    few = _few(formula, rows)
    if not formula.expr.variables():
        return "none" if len(np.unique(rows.every.y)) > 1 else "exact"
    if formula.rmse_test <= _EXACT_TEST * scale and formula.rmse_shell <= _EXACT_SHELL * max(scale, _size(rows.shell)):
        return (
            "weak" if len(rows.fit.y) < 10 else "supported" if few or 4 * free + formula.complexity > len(rows.fit.y) else "exact"
        )
    if not math.isfinite(formula.rmse_test) or not math.isfinite(formula.rmse_shell) or formula.r2_test < 0.3:
        return "none"
    if structured(formula.expr, rows):
        return "weak" if formula.r2_test > 0.9 else "none"
    measure = relative_error if rows.fit.relative else error
    if (
        few
        or _steps(rows.fit.y)
        or formula.r2_test < 0.5
        or measure(formula.expr, rows.shell) > _SHELL * measure(formula.expr, rows.fit)
    ):
        return "weak"
    own = mdl(formula, rows)
    rivals = [o for o in others if skeleton(o.expr) != skeleton(formula.expr) and mdl(o, rows) < own + _RIVAL]
    return "supported" if rivals else "exact"


def alike(best: Formula, others: Sequence[Formula], rows: Rows, *, most: int = 3) -> list[Formula]:
    """The shortest of other form that are within the stated uncertainty and nearly as short as the best formula.

    What differs from one of them by less than a tenth of the uncertainty is the same in other words.
    """
    columns = rows.fit.columns
    found = {skeleton(best.expr): best}

    def same(formula: Formula, other: Formula) -> bool:
        return chi2(formula.expr, replace(rows.fit, y=evaluate(other.expr, columns))) < _SAME**2

    limit = mdl(best, rows) + _RIVAL
    for formula in sorted(others, key=lambda f: (mdl(f, rows), f.complexity)):
        if mdl(formula, rows) >= limit or len(found) > most:
            break
        new = skeleton(formula.expr) not in found and not any(same(formula, other) for other in found.values())
        if new and _within(formula, rows):
            found[skeleton(formula.expr)] = formula
    return list(found.values())[1:]


def _steps(y: Array) -> bool:
    """Whether the target takes so few values, row after row, that its errors cannot be noise: noise repeats no value."""
    return len(y) >= 5 * len(np.unique(y))


def _size(sample: Sample) -> float:
    return float(np.max(np.abs(sample.y))) if len(sample.y) else 0.0


def law(pool: Sequence[Formula], rows: Rows) -> Formula | None:
    """The best formula, where it leaves nothing but noise."""
    best, _ = choose(pool, rows)
    return best if best is not None and best.trusted else None


def may_be_plainer(found: Formula, rows: Rows) -> bool:
    """Whether so many constants are fitted that the formula may be a likeness of a law with fewer.

    Within a stated uncertainty any formula may be: the first that is near enough need not be the shortest.
    """
    return len(found.expr.numbers()) > FITTED or rows.fit.stated > 0
