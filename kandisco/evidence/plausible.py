"""Formulas that add metres to seconds give way to those that do not and fit as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kandisco.data.dimensions import NONE, dimension
from kandisco.symbolic.consistent import consistent
from kandisco.types import Formula

_AS_WELL = 1.02


def plausible(pool: Sequence[Formula], units: Mapping[str, str], limit: float) -> list[Formula]:
    """The pool without those formulas that no units of their constants make consistent, where a consistent one fits as well.

    Units may be wrong in a header, so they decide between equals and nothing else: a formula that fits better stays.

    Args:
        pool: scored formulas.
        units: name of a column -> unit, the target's under ``""``.
        limit: error below which formulas count as equal (the target's unit).
    """
    dims = {name: dimension(unit) for name, unit in units.items() if unit}
    known = {name: found for name, found in dims.items() if found is not None and name}
    if not any(found != NONE for found in known.values()):
        return list(pool)
    sound = {formula: consistent(formula.expr, known) for formula in pool}
    best = min((max(f.rmse_valid, limit) for f in pool if sound[f]), default=float("inf"))
    return [f for f in pool if sound[f] or max(f.rmse_valid, limit) * _AS_WELL < best]
