"""What is made of a score once its form is known: constants by several likelihoods, rounded ones, and which of them to quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import call
from kandisco.expr.numeric import evaluate
from kandisco.tasks.ordinal import Codes, fit_linear
from kandisco.tasks.scores import Score, as_labels, fit_constants, number
from kandisco.tasks.zoom import near
from kandisco.types import Array

_NEAR = 0.01
_ZOOMS = 2
_LARGEST = 1e100


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A score with what it does on rows its constants were not fitted to.

    Attributes:
        score: the rule.
        complexity: nodes of its tree.
        accuracy, loss: on the validation rows.
        right: bool [validation rows], for paired comparison.
        by_label: whether the class is the label nearest to the score.
    """

    score: Score
    complexity: int
    accuracy: float
    loss: float
    right: NDArray[np.bool_] = field(repr=False)
    by_label: bool = False


def variants(
    start: Score, columns: dict[str, Array], codes: Codes, held: dict[str, Array], held_codes: Codes, labels: Array | None
) -> list[Candidate]:
    """The score with free cuts, with cuts half way between labels, and each of them rounded."""
    found = []
    fitted = fit_constants(start, columns, codes)
    for form in (fitted, *_through_logarithm(start, columns, codes), *_zoomed(fitted, columns, codes)):
        found += [judged(score, held, held_codes) for score in _unit_forms(form)]
    if labels is not None and len(labels) > 2:
        middles = (labels[1:] + labels[:-1]) / 2
        for pattern in (middles[:, None], np.column_stack([middles, np.ones_like(middles)])):
            even = fit_constants(fitted, columns, codes, pattern=pattern)
            if even.cuts[-1] > even.cuts[0] and np.isfinite(even.loss):
                found.append(judged(as_labels(even, middles), held, held_codes, by_label=True))
    return found


def _through_logarithm(start: Score, columns: dict[str, Array], codes: Codes) -> list[Score]:
    """One positive term, its constants fitted to a transition that is as wide in its logarithm everywhere."""
    if len(start.terms) > 1 or np.min(evaluate(start.terms[0], columns)) <= 0:
        return []
    logs = replace(start, terms=(call("log", start.terms[0]),), weights=np.ones(1), cuts=np.log(np.maximum(start.cuts, 1e-9)))
    values = logs.values(columns)
    line = fit_linear(values[None], codes, len(start.cuts) + 1)
    fitted = fit_constants(replace(logs, weights=line.coef, cuts=line.cuts), columns, codes)
    weight = float(fitted.weights[0])
    cuts = np.exp(np.clip(fitted.cuts / weight, -700, 700)) if weight else np.zeros(0)
    if not weight or not np.all(np.isfinite(cuts)):
        return []
    sign = np.sign(weight)
    sharpness = abs(weight) / float(np.median(cuts))
    return [
        replace(fitted, terms=fitted.terms[0].args, weights=np.array([sign]), cuts=sign * cuts, sharpness=sharpness, errors=None)
    ]


def _zoomed(fitted: Score, columns: dict[str, Array], codes: Codes) -> list[Score]:
    """Two classes: the constants fitted to the rows next to the boundary, those of the fit before; and the same without a cut."""
    found = fitted
    for _ in range(_ZOOMS if len(fitted.cuts) == 1 else 0):
        rows = near(found, columns, codes)
        if rows is None:
            break
        band, labels = {name: column[rows] for name, column in columns.items()}, codes[rows]
        found = fit_constants(found, band, labels)
    if found is fitted:
        return []
    through = fit_constants(found, band, labels, pattern=np.zeros((1, 0))) if len(found.terms) > 1 else None
    return [_calibrated(score, columns, codes) for score in (found, through) if score is not None and np.isfinite(score.loss)]


def _calibrated(score: Score, columns: dict[str, Array], codes: Codes) -> Score:
    """With the sharpness that suits all rows; rows next to the boundary alone would ask for more."""
    values = score.values(columns)
    if not np.max(np.abs(values)) < _LARGEST:
        return score
    slope = float(fit_linear(values[None], codes, 2).coef[0])
    return replace(score, sharpness=slope) if slope > 0 else score


def judged(score: Score, held: dict[str, Array], codes: Codes, *, by_label: bool = False) -> Candidate:
    """A score with its accuracy and loss on given rows."""
    right = score.classes(held) == codes
    return Candidate(
        score=score,
        complexity=score.complexity,
        accuracy=float(np.mean(right)),
        loss=score.cross_entropy(held, codes),
        right=right,
        by_label=by_label,
    )


def _unit_forms(score: Score) -> list[Score]:
    """The same rule divided by each of its numbers; the others rounded where they are within their errors of a short one."""
    sizes = [abs(float(w)) for w in score.weights]
    sizes += [abs(float(score.cuts[0]))] if len(score.cuts) == 1 else []
    found = []
    for size in sizes:
        if size > 0 and np.isfinite(size):
            one = score.scaled(1 / size)
            found += [one, rounded(one)]
    return found


def rounded(score: Score) -> Score:
    """Weights, and the one cut of two classes, replaced by whole or half numbers within a hundredth or two standard errors."""
    errors = np.zeros(len(score.weights)) if score.errors is None else score.errors
    weights = np.array([_round(float(w), float(e)) for w, e in zip(score.weights, errors)])
    cuts = np.array([_round(float(c), 0.0) for c in score.cuts]) if len(score.cuts) == 1 else score.cuts
    terms = tuple(
        term.map_leaves(lambda leaf: number(_round(float(leaf.value or 0), 0.0)) if leaf.head == "num" else leaf)
        for term in score.terms
    )
    return Score(terms=terms, weights=weights, cuts=cuts, sharpness=score.sharpness, loss=score.loss, errors=score.errors)


def _round(value: float, error: float) -> float:
    for denominator in (1, 2):
        near = round(value * denominator) / denominator
        if near and abs(value - near) <= max(_NEAR * abs(value), min(2 * error, 0.05 * abs(value))):
            return near
    return value


def front_of(found: list[Candidate]) -> tuple[Candidate, ...]:
    """Least complex first; each has a higher accuracy than all before it."""
    front: list[Candidate] = []
    for one in sorted(found, key=lambda each: (each.complexity, -each.accuracy, each.loss)):
        if not front or one.accuracy > front[-1].accuracy:
            front.append(one)
    return tuple(front)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows to compare scores on.

    Attributes:
        columns: name -> float64 [rows].
        codes: int64 [rows], the classes.
        held: how many of the rows, the last ones, no constants were fitted to.
        groups: int64 [rows], if rows of one group err together.
    """

    columns: dict[str, Array]
    codes: Codes
    held: int
    groups: Codes | None = None


def chosen(front: Sequence[Candidate], rows: Rows | None = None) -> Candidate | None:
    """The simplest score that is not, by more than chance, less accurate than the most accurate one.

    Compared row by row: only rows that one gets right and the other wrong say anything (McNemar, Psychometrika 12 (1947)
    153-157). Two standard errors are allowed, for the best of many is the best by luck too. Where rows come in groups, chance is
    how groups differ, if that is more than so many single rows would (Obuchowski, Stat. Med. 17 (1998) 1495-1507).

    Args:
        front: least complex first.
        rows: fitted and held-out ones; a score must stand the comparison on the held-out ones, and on all of them. A score has
            few constants, so that fitted rows tell as well, and they are more; but it was found on them among thousands, so
            three standard errors are allowed there. By default the validation rows.
    """
    best = max(front, key=lambda one: one.accuracy, default=None)
    if best is None:
        return None
    right = best.right if rows is None else _right(best, rows)
    for one in front:
        lead = right.astype(np.int64) - (one.right if rows is None else _right(one, rows))
        held = 0 if rows is None else len(lead) - rows.held
        groups = None if rows is None else rows.groups
        if not _ahead(lead[held:], None if groups is None else groups[held:], errors=2) and not _ahead(lead, groups, errors=3):
            return one
    return best


def _right(one: Candidate, rows: Rows) -> NDArray[np.bool_]:
    return np.asarray(one.score.classes(rows.columns) == rows.codes)


def _ahead(lead: Codes, groups: Codes | None, *, errors: float) -> bool:
    """Whether a lead of 1, 0 or -1 on each row is more than so many standard errors."""
    scatter = float(np.sum(lead * lead))
    if groups is not None and len(groups):
        sums = np.bincount(np.unique(groups, return_inverse=True)[1].ravel(), weights=lead)
        scatter = max(scatter, len(sums) * float(np.var(sums, ddof=1)) if len(sums) > 1 else 0.0)
    return bool(np.sum(lead) > errors * np.sqrt(scatter))
