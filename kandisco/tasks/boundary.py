"""The search for a short score: terms are added one at a time, best first, by how much they lower the cross-entropy.

Greedy forward selection with a beam, each model refitted (orthogonal matching pursuit; Pati, Rezaiifar and Krishnaprasad,
Asilomar 1993, here with a likelihood in place of squares), then all constants of the survivors at once. Accuracy on rows that no
fit has seen chooses among them: a likelihood pays for the shape of the transition too, the boundary alone decides who is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kandisco.control import Control
from kandisco.expr import call
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.tasks.factors import Factors, factors, product
from kandisco.tasks.ordinal import Codes, fit_linear, loss_terms, start_cuts
from kandisco.tasks.scores import Score, as_labels, columns_of, fit_constants, number
from kandisco.tasks.terms import promising, values_of
from kandisco.types import Array

_SAMPLE = 2000
_BEAM, _TRIED, _TERMS = 4, 60, 4
_TRIED_FIRST = 300
_FINALISTS = 24
_NEAR = 0.01
_Key = tuple[tuple[int, ...], ...]


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
    right: np.ndarray[tuple[int], np.dtype[np.bool_]] = field(repr=False)
    by_label: bool = False


@dataclass(frozen=True, kw_only=True)
class _Model:
    parts: _Key
    coef: Array
    cuts: Array
    loss: float
    cost: int


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What the search works on; ``seen`` remembers every model that was fitted."""

    pool: Factors
    codes: Codes
    classes: int
    most: int
    control: Control | None
    seen: dict[_Key, _Model]


def search(
    names: Sequence[str],
    train: tuple[Array, Codes],
    valid: tuple[Array, Codes],
    *,
    classes: int,
    functions: Sequence[FunctionSpec],
    labels: Array | None = None,
    max_complexity: int = 20,
    control: Control | None = None,
) -> tuple[Candidate, ...]:
    """Scores of all complexities, least complex first, each more accurate than the ones before.

    Args:
        names: one per column.
        train, valid: float64 [rows, columns] and int64 [rows].
        classes: number of ordered classes.
        functions: of which factors are made.
        labels: float64 [classes], evenly spaced: then cuts half way between them are tried too.
        max_complexity: larger scores are dropped.
        control: the deadline.

    Returns:
        The front; empty where no term says anything.
    """
    x, codes = train
    pick = np.linspace(0, len(codes) - 1, min(_SAMPLE, len(codes))).astype(np.int64)
    pool = factors(names, x[pick], functions)
    if not pool.exprs:
        return ()
    models = _grow(pool, codes[pick], classes, max_complexity, control)
    return _judged(models, pool, names, train, valid, labels, max_complexity)


def _grow(pool: Factors, codes: Codes, classes: int, most: int, control: Control | None) -> list[_Model]:
    """All models that were fitted: term by term, then each term of the best ones given up for a better one."""
    empty = _Model(parts=(), coef=np.zeros(0), cuts=start_cuts(codes, classes), loss=np.inf, cost=0)
    task = _Task(pool=pool, codes=codes, classes=classes, most=most, control=control, seen={(): empty})
    beam = [empty]
    for _ in range(_TERMS):
        grown = [found for model in beam for found in _children(model, task)]
        if not grown:
            break
        beam = _diverse(grown)
    for model in _diverse(list(task.seen.values())):
        for gone in range(len(model.parts)):
            less = tuple(parts for k, parts in enumerate(model.parts) if k != gone)
            if less:
                _children(_fitted(less, task), task)
    return [model for model in task.seen.values() if model.parts]


def _diverse(models: list[_Model]) -> list[_Model]:
    """The best few, and the best of few nodes: a short model may be the way to the law."""
    short = sorted(models, key=lambda model: (model.cost, model.loss))
    best = sorted(models, key=lambda model: model.loss)[:_BEAM]
    low = np.inf
    for model in short:
        if model.loss < low:
            low = model.loss
            if model not in best and len(best) < 2 * _BEAM:
                best.append(model)
    return best


def _children(model: _Model, task: _Task) -> list[_Model]:
    pool, codes = task.pool, task.codes
    design = np.array([values_of(pool, parts) for parts in model.parts]).reshape(len(model.parts), len(codes))
    _, slope, bend = loss_terms(model.coef @ design if len(design) else np.zeros(len(codes)), model.cuts, codes)
    terms = promising(pool, slope, bend, np.vstack([np.ones(len(codes)), design]))
    found = []
    for term in terms[: _TRIED if model.parts else _TRIED_FIRST]:
        parts = tuple(sorted((*model.parts, term.parts)))
        over = model.cost + term.cost + 3 > task.most + 3
        if parts not in task.seen and not over and not (task.control is not None and task.control.reason()):
            found.append(_fitted(parts, task))
    return found


def _fitted(parts: _Key, task: _Task) -> _Model:
    """A model with its weights; one positive term is fitted as its logarithm where that is likelier."""
    if parts in task.seen:
        return task.seen[parts]
    values = np.array([values_of(task.pool, each) for each in parts])
    fit = fit_linear(values, task.codes, task.classes)
    cost = int(sum(task.pool.costs[i] for each in parts for i in each) + sum(len(each) - 1 for each in parts)) + 3 * len(parts)
    loss = fit.loss
    if len(parts) == 1 and np.min(values) > 0:
        loss = min(loss, fit_linear(np.log(values), task.codes, task.classes).loss)
    task.seen[parts] = _Model(parts=parts, coef=fit.coef, cuts=fit.cuts, loss=loss, cost=cost)
    return task.seen[parts]


def _judged(
    models: list[_Model],
    pool: Factors,
    names: Sequence[str],
    train: tuple[Array, Codes],
    valid: tuple[Array, Codes],
    labels: Array | None,
    most: int,
) -> tuple[Candidate, ...]:
    """The models of the front with all constants fitted on all training rows, rounded where that costs nothing."""
    columns, held = columns_of(names, train[0]), columns_of(names, valid[0])
    found: list[Candidate] = []
    for model in _finalists(models):
        start = _score(model, pool)
        for candidate in _variants(start, columns, train[1], held, valid[1], labels):
            if candidate.complexity <= most:
                found.append(candidate)
    return _front(found)


def _finalists(models: list[_Model]) -> list[_Model]:
    """Those that are likelier than all cheaper ones, and the likeliest of the rest, two of a cost at most."""
    front: list[_Model] = []
    others: list[_Model] = []
    for cost in sorted({model.cost for model in models}):
        best = sorted((model for model in models if model.cost == cost), key=lambda model: model.loss)[:2]
        better = not front or best[0].loss < front[-1].loss
        front += best[:1] if better else []
        others += best[1:] if better else best
    return [*front, *sorted(others, key=lambda model: model.loss)[: max(0, _FINALISTS - len(front))]]


def _score(model: _Model, pool: Factors) -> Score:
    scales = np.array([np.prod(pool.scales[list(parts)]) for parts in model.parts])
    terms = tuple(product([pool.exprs[i] for i in parts]) for parts in model.parts)
    return Score(terms=terms, weights=model.coef / scales, cuts=model.cuts)


def _variants(
    start: Score, columns: dict[str, Array], codes: Codes, held: dict[str, Array], held_codes: Codes, labels: Array | None
) -> list[Candidate]:
    """The score with free cuts, with cuts half way between labels, and each of them rounded."""
    found = []
    fitted = fit_constants(start, columns, codes)
    for form in (fitted, *_through_logarithm(start, columns, codes)):
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


def _front(found: list[Candidate]) -> tuple[Candidate, ...]:
    """Least complex first; each has a higher accuracy than all before it."""
    front: list[Candidate] = []
    for one in sorted(found, key=lambda each: (each.complexity, -each.accuracy, each.loss)):
        if not front or one.accuracy > front[-1].accuracy:
            front.append(one)
    return tuple(front)


def chosen(front: Sequence[Candidate]) -> Candidate | None:
    """The simplest score that is not, by more than chance, less accurate than the most accurate one.

    Compared row by row: only rows that one gets right and the other wrong say anything (McNemar, Psychometrika 12 (1947)
    153-157). Two standard errors are allowed, for the best of many is the best by luck too.
    """
    if not front:
        return None
    best = max(front, key=lambda one: one.accuracy)
    for one in front:
        lost, won = int(np.sum(best.right & ~one.right)), int(np.sum(one.right & ~best.right))
        if lost - won <= 2 * np.sqrt(lost + won):
            return one
    return best
