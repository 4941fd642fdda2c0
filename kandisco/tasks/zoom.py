"""Rows near a boundary: only there does a label say where the boundary is.

A likelihood pays for the shape of the transition on all rows, and a score times a positive function has another likelihood but
the same boundary. Fitted to the rows next to a first boundary, terms and constants are judged by where they put it (local
likelihood; Tibshirani and Hastie, J. Amer. Statist. Assoc. 82 (1987) 559-567).
"""

from __future__ import annotations

import numpy as np

from kandisco.tasks.ordinal import Codes
from kandisco.tasks.scores import Score
from kandisco.types import Array

_STEP = 1e-4
# Eight times as many rows as are on the wrong side: wide enough for the boundary to move, and most labels still right.
_TIMES, _LEAST, _MOST, _FEWEST = 8.0, 0.1, 0.5, 200


def distance(score: Score, columns: dict[str, Array]) -> Array:
    """How far rows are from the boundary of two classes, in standard deviations of the columns, to first order.

    Args:
        score: with one cut.
        columns: name -> float64 [rows].

    Returns:
        float64 [rows], inf where the score is not finite.
    """
    steepness = np.zeros(len(next(iter(columns.values()))))
    with np.errstate(all="ignore"):
        for name, column in columns.items():
            step = _STEP * float(np.std(column))
            if step > 0:
                ends = [score.values({**columns, name: column + way * step}) for way in (1, -1)]
                steepness += np.square((ends[0] - ends[1]) / (2 * _STEP))
        far = np.abs(score.values(columns) - score.cuts[0]) / np.sqrt(steepness)
    return np.where(np.isfinite(far), far, np.inf)


def near(score: Score, columns: dict[str, Array], codes: Codes) -> Codes | None:
    """Which rows are next to the boundary of two classes.

    Args:
        score: with one cut.
        columns: name -> float64 [rows].
        codes: int64 [rows], 0 or 1.

    Returns:
        int64 [near rows], rising; None where the classes overlap so much that this would be most rows, or one class is missing.
    """
    wrong = float(np.mean(score.classes(columns) != codes))
    count = max(int(max(_TIMES * wrong, _LEAST) * len(codes)), _FEWEST)
    if count > _MOST * len(codes):
        return None
    rows = np.sort(np.argsort(distance(score, columns), kind="stable")[:count])
    return rows.astype(np.int64) if 0 < np.mean(codes[rows]) < 1 else None
