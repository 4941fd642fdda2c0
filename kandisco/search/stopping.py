"""When the search may end: what a law has to match, and whether one holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kandisco.evidence.errors import score
from kandisco.evidence.rows import Rows
from kandisco.search.attempts import MANY
from kandisco.search.problem import Problem
from kandisco.stages import structure
from kandisco.symbolic.sample import EXACT
from kandisco.symbolic.surrogate import fit_surrogate
from kandisco.types import Formula

_AT_ONCE = (structure.linear, structure.monomial, structure.polynomial)


def reachable_error(problem: Problem) -> float:
    """What a law has to match: nothing where a closed form holds exactly, else the error of a smooth surrogate.

    Closed forms are linear algebra: to see first whether one holds spares an easy law the surrogate, the dearest part of its
    search. Such a form ends the search when its turn comes, so that nothing but the forms before it is measured by the 0.
    """
    rows = problem.rows
    for attempt in _AT_ONCE:
        if settled([score(candidate, rows) for candidate in attempt(rows.fit)], rows):
            return 0.0
    return smooth_error(problem)


def smooth_error(problem: Problem) -> float:
    """Root mean square error of a smooth surrogate on held-out rows, inf where none can be fitted: what a law has to match."""
    sample = problem.sample
    if len(sample.names) > MANY or len(sample.y) < 20:
        return math.inf
    surrogate = fit_surrogate(sample)
    return float(np.sqrt(np.mean((surrogate.predict(problem.rows.test.x)[0] - problem.rows.test.y) ** 2)))


def settled(formulas: Sequence[Formula], rows: Rows) -> bool:
    """Whether a formula holds to machine precision on the fitted and the withheld rows, so that the search may end.

    Where an uncertainty is stated that settles nothing: a shorter formula may do as well.
    """
    if rows.fit.stated:
        return False
    limit = EXACT * rows.fit.spread
    return any(f.rmse_train <= limit and f.rmse_test <= 10 * limit and f.rmse_shell <= 1e3 * limit for f in formulas)
