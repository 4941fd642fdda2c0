"""The last fit: once formulas are judged on held-out rows, their free constants are fitted to these rows too.

What is published should rest on all that was measured. Errors and evidence stay those of the constants that had not seen the
held-out rows, as in cross-validation followed by a refit (Stone, J. R. Stat. Soc. B 36 (1974) 111).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kandisco.expr import Expr
from kandisco.symbolic.sample import Sample
from kandisco.types import Formula

_ITERATIONS = 20


def fitted_to_all(formula: Formula, sample: Sample, *, floor: float, misfit: Callable[[Expr, Sample], float]) -> Formula:
    """The formula with its free constants fitted to all rows, with their weights and their kind of error.

    Args:
        formula: judged; exact numbers in it (2, pi) are left alone.
        sample: all rows, those it was judged on among them.
        floor: root mean square error, in the target's unit, up to which it counts as exact.
        misfit: what must fall for new constants to be taken, inf where a formula is not sound.

    Returns:
        The formula with new constants and their standard errors, the old tree under ``judged``. It comes back as it is where it
        has no free constants or is exact, and where the fit to all rows is no better on them.
    """
    if not formula.expr.numbers() or formula.rmse_train <= floor:
        return formula
    fit = sample.refit(formula.expr, iterations=_ITERATIONS)
    if not misfit(fit.expr, sample) < misfit(formula.expr, sample):
        return formula
    return replace(formula, expr=fit.expr, std_errors=tuple(fit.std_errors.tolist()), judged=formula.expr)
