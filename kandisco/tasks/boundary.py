"""The search for a short score: terms are added one at a time, best first, by how much they lower the cross-entropy.

Greedy forward selection with a beam, each model refitted (orthogonal matching pursuit; Pati, Rezaiifar and Krishnaprasad,
Asilomar 1993, here with a likelihood in place of squares), terms exchanged for better ones while that helps, then all constants
of the survivors at once. Accuracy on rows that no fit has seen chooses among them: a likelihood pays for the shape of the
transition too, the boundary alone decides who is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.control import Control
from kandisco.expr import to_text
from kandisco.specs import FunctionSpec
from kandisco.tasks.candidates import Candidate, front_of, variants
from kandisco.tasks.factors import Factors, factors, product
from kandisco.tasks.ordinal import Codes, classes_of, fit_linear, loss_terms, start_cuts
from kandisco.tasks.scores import Score, columns_of
from kandisco.tasks.terms import promising, values_of
from kandisco.tasks.zoom import near
from kandisco.types import Array

_SAMPLE = 2000
_BEAM, _TRIED, _TERMS, _ROUNDS = 8, 60, 4, 4
_TRIED_FIRST = 300
_FINALISTS, _OF_COST = 120, 8
_ZOOMS = 2
_SAME = 1e-9
_Key = tuple[tuple[int, ...], ...]
_Form = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class _Model:
    parts: _Key
    coef: Array
    cuts: Array
    loss: float
    wrong: float
    cost: int


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What the search works on; ``seen`` remembers every model that was fitted, ``grown`` those that were given more terms."""

    pool: Factors
    codes: Codes
    classes: int
    most: int
    control: Control | None
    seen: dict[_Key, _Model]
    grown: set[_Key]


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

    Of two classes the search is made again on the rows next to the most accurate boundary, and once more if that helped; the
    best models of the search before are among its own.

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
    columns, held = columns_of(names, x), columns_of(names, valid[0])
    found: list[Candidate] = []
    forms: list[_Form] = []
    rows = np.arange(len(codes))
    for _ in range(1 + (_ZOOMS if classes == 2 else 0)):
        pick = rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(np.int64)]
        pool = factors(names, x[pick], functions)
        models = _finalists(_grow(pool, codes[pick], classes, max_complexity, control, forms), classes)
        forms = [_named(model.parts, pool) for model in models]
        scores = [_score(model, pool) for model in models]
        tried = [one for score in scores for one in variants(score, columns, codes, held, valid[1], labels)]
        before = max((one.accuracy for one in found), default=0.0)
        found += [one for one in tried if one.complexity <= max_complexity]
        best = max(found, key=lambda one: one.accuracy, default=None)
        if best is None or best.accuracy <= before or classes > 2 or (control is not None and control.reason()):
            break
        band = near(best.score, columns, codes)
        if band is None:
            break
        rows = band
    return front_of(found)


def _grow(pool: Factors, codes: Codes, classes: int, most: int, control: Control | None, starts: Sequence[_Form]) -> list[_Model]:
    """All models that were fitted: term by term, then ``starts``, then what becomes of the best ones by exchanging terms."""
    empty = _Model(parts=(), coef=np.zeros(0), cuts=start_cuts(codes, classes), loss=np.inf, wrong=1.0, cost=0)
    task = _Task(pool=pool, codes=codes, classes=classes, most=most, control=control, seen={(): empty}, grown=set())
    beam = [empty]
    for _ in range(_TERMS):
        grown = [found for model in beam for found in _children(model, task)]
        if not grown:
            break
        beam = _diverse(grown)
    number = {to_text(expr): k for k, expr in enumerate(pool.exprs)}
    for form in starts:
        if all(name in number for term in form for name in term):
            _fitted(tuple(sorted(tuple(sorted(number[name] for name in term)) for term in form)), task)
    _exchange(task)
    return [model for model in task.seen.values() if model.parts]


def _exchange(task: _Task) -> None:
    """Each term of the best models given up for each of those that promise most then, until the best ones stay."""
    for _ in range(_ROUNDS):
        best = _diverse(list(task.seen.values()))
        best += _multiplied(best, task) if task.classes == 2 else []
        lesser = {_without(model.parts, gone) for model in best for gone in range(len(model.parts))} - task.grown
        if not lesser:
            break
        for parts in sorted(lesser):
            _children(_fitted(parts, task), task)


def _named(parts: _Key, pool: Factors) -> _Form:
    """A model for another pool, in which its factors may have other numbers."""
    return tuple(tuple(to_text(pool.exprs[i]) for i in term) for term in parts)


def _without(parts: _Key, gone: int) -> _Key:
    return tuple(each for k, each in enumerate(parts) if k != gone)


def _multiplied(models: list[_Model], task: _Task) -> list[_Model]:
    """Models times what cancels one of their factors: the same boundary, its constant a term; and with each term left out."""
    found: dict[_Key, _Model] = {}
    for model in models:
        for parts in _products(model.parts, task.pool):
            for key in (parts, *(_without(parts, gone) for gone in range(len(parts)))):
                if key and _cost(key, task.pool) <= task.most + 3:
                    found[key] = _fitted(key, task)
    return sorted(found.values(), key=lambda model: model.loss)[: 3 * _BEAM]


def _products(parts: _Key, pool: Factors) -> list[_Key]:
    """A model's terms and its constant, times each factor that is one over one of its own."""
    found = []
    for own in sorted({i for each in parts for i in each}):
        ones = pool.values * pool.values[own] * (pool.scales * pool.scales[own])[:, None]
        for by in np.flatnonzero((np.max(np.abs(ones - 1), axis=1) < _SAME) & np.all(pool.values > 0, axis=1)).tolist():
            terms = [_removed(each, own) if own in each else tuple(sorted((*each, by))) for each in parts]
            found.append(tuple(sorted({each for each in (*terms, (by,)) if each})))
    return found


def _removed(term: tuple[int, ...], factor: int) -> tuple[int, ...]:
    at = term.index(factor)
    return (*term[:at], *term[at + 1 :])


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
    """The model with each of the terms that promise most; nothing the second time."""
    if model.parts in task.grown:
        return []
    task.grown.add(model.parts)
    pool, codes = task.pool, task.codes
    design = np.array([values_of(pool, parts) for parts in model.parts]).reshape(len(model.parts), len(codes))
    _, slope, bend = loss_terms(model.coef @ design if len(design) else np.zeros(len(codes)), model.cuts, codes)
    terms = promising(pool, slope, bend, np.vstack([np.ones(len(codes)), design]), most=task.most - model.cost)
    found = []
    for term in terms[: _TRIED if model.parts else _TRIED_FIRST]:
        parts = tuple(sorted((*model.parts, term.parts)))
        if parts not in task.seen and not (task.control is not None and task.control.reason()):
            found.append(_fitted(parts, task))
    return found


def _fitted(parts: _Key, task: _Task) -> _Model:
    """A model with its weights; one positive term is fitted as its logarithm where that is likelier."""
    if parts in task.seen:
        return task.seen[parts]
    values = np.array([values_of(task.pool, each) for each in parts])
    fit = fit_linear(values, task.codes, task.classes)
    wrong = float(np.mean(classes_of(fit.coef @ values, fit.cuts) != task.codes))
    loss = fit.loss
    if len(parts) == 1 and np.min(values) > 0:
        loss = min(loss, fit_linear(np.log(values), task.codes, task.classes).loss)
    task.seen[parts] = _Model(parts=parts, coef=fit.coef, cuts=fit.cuts, loss=loss, wrong=wrong, cost=_cost(parts, task.pool))
    return task.seen[parts]


def _cost(parts: _Key, pool: Factors) -> int:
    """Nodes of a model, each term with a weight."""
    return int(sum(pool.costs[i] for each in parts for i in each) + sum(len(each) - 1 for each in parts)) + 3 * len(parts)


def _finalists(models: list[_Model], classes: int) -> list[_Model]:
    """Better than all cheaper ones, and the best of the rest, some of a cost at most: by loss, of two classes by errors too."""
    found: dict[_Key, _Model] = {}
    measures = (_loss, _wrong) if classes == 2 else (_loss,)
    for measure in measures:
        front: list[_Model] = []
        others: list[_Model] = []
        for cost in sorted({model.cost for model in models}):
            best = sorted((model for model in models if model.cost == cost), key=measure)[:_OF_COST]
            better = not front or measure(best[0]) < measure(front[-1])
            front += best[:1] if better else []
            others += best[1:] if better else best
        for model in (*front, *sorted(others, key=measure)[: max(0, _FINALISTS // len(measures) - len(front))]):
            found.setdefault(model.parts, model)
    return [*found.values()]


def _loss(model: _Model) -> tuple[float, float]:
    return model.loss, model.wrong


def _wrong(model: _Model) -> tuple[float, float]:
    return model.wrong, model.loss


def _score(model: _Model, pool: Factors) -> Score:
    scales = np.array([np.prod(pool.scales[list(parts)]) for parts in model.parts])
    terms = tuple(product([pool.exprs[i] for i in parts]) for parts in model.parts)
    return Score(terms=terms, weights=model.coef / scales, cuts=model.cuts)
