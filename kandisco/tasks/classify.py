"""Classes from a table: how well a network tells them, and a short formula that does nearly as well."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from kandisco import data
from kandisco.config import Config
from kandisco.control import Control
from kandisco.tasks.boundary import search
from kandisco.tasks.candidates import Candidate, Rows, chosen, judged
from kandisco.tasks.labels import Labelled
from kandisco.tasks.ordinal import Codes
from kandisco.tasks.scores import columns_of
from kandisco.types import Array, Split

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.tasks.network import Classifier

ClassEvidence = Literal["rule", "weak", "none"]
_MOST_COLUMNS = 8
_SHAPES = ("1", "1,1", "2,1", "3,1")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the answer.

    Attributes:
        candidate: the score, with accuracy and loss on validation rows.
        accuracy: share of right answers on the test rows.
        positive: the class that a score above the cut means, where the rule tells one class from all others.
    """

    candidate: Candidate
    accuracy: float
    positive: str = ""


@dataclass(frozen=True, kw_only=True)
class Classified:
    """What ``classify`` returns. Accuracies are shares of right answers on test rows, which no fit and no choice has seen.

    Attributes:
        task: rows and classes.
        split: which rows were what.
        majority: accuracy of always saying the most frequent class.
        network: the best network, or None if it was not asked for.
        network_accuracy: its accuracy.
        rules: short scores, least complex first; for classes without an order, one list for each class after another.
        best: the rule to quote, None where nothing beats the majority, and for classes without an order.
        together: accuracy of the rules of classes without an order: the class whose score is the most above its cut.
        evidence: ``rule``: within two standard errors of the network (or of 1) and above the majority; ``weak``: above the
            majority only; ``none``.
        seconds: time it took.
    """

    task: Labelled
    split: Split
    majority: float
    network: Classifier | None
    network_accuracy: float
    rules: tuple[Rule, ...]
    best: Rule | None
    together: float
    evidence: ClassEvidence
    seconds: float


def classify(
    task: Labelled,
    config: Config,
    registry: Registry,
    *,
    network: bool = True,
    formula: bool = True,
    max_complexity: int = 15,
    control: Control | None = None,
) -> Classified:
    """Tell classes by a network, and by a formula with cut points.

    A fifth of the rows is for testing only; equal rows, and rows of one group, are on one side. Of the rest a part decides which
    network and which formula is kept. For two classes the formula is a boundary g(x) = 0, up to a factor; for ordered classes
    a score with cuts (and, where labels are evenly spaced numbers, the nearest label); for others one boundary for each class.

    Args:
        task: rows with classes, from ``to_labelled``.
        config: ``width``, ``grid``, ``basis``, ``functions``, ``restarts``, ``seed``, ``test_size``, ``time``, and ``lamb`` if it
            is a number; without ``width`` networks of growing size are tried until one is no better than the last.
        registry: where functions and bases are looked up.
        network, formula: leave one of them out.
        max_complexity: of formulas, in nodes.
        control: the deadline; ``config.time`` by default.

    Returns:
        The answer with its honest accuracies.

    Example:
        >>> from kandisco.plugins import load
        >>> from kandisco.registry import Registry
        >>> from kandisco.tasks.labels import to_labelled
        >>> from kandisco.types import Table
        >>> a, b = np.random.default_rng(0).uniform(0.2, 2, (2, 200))
        >>> table = Table(columns={"a": a, "b": b, "kind": ["in" if p > 1 else "out" for p in a * b]})
        >>> found = classify(to_labelled(table), Config(), Registry(load(entry_points=False)), network=False, max_complexity=6)
        >>> found.best is not None and found.best.accuracy > 0.95
        True
    """
    started, control = time.perf_counter(), control or Control(seconds=config.time)
    split = data.deal(task.dataset, test_size=config.test_size, seed=config.seed)
    majority = _majority(task, split)
    trained = _network(task, split, config, registry, control) if network else None
    right = math.nan if trained is None else _accuracy(trained, task, split)
    rules, best = _rules(task, split, config, registry, trained, max_complexity, control) if formula else ((), None)
    together = math.nan if task.ordered or not rules else _together(rules, task, split)
    reached = together if best is None else best.accuracy
    return Classified(
        task=task,
        split=split,
        majority=majority,
        network=trained,
        network_accuracy=right,
        rules=rules,
        best=best if best is not None and best.accuracy > majority else None,
        together=together,
        evidence=_evidence(reached, majority, right, len(split.test)),
        seconds=time.perf_counter() - started,
    )


def _majority(task: Labelled, split: Split) -> float:
    frequent = np.argmax(np.bincount(task.codes[split.train]))
    return float(np.mean(task.codes[split.test] == frequent))


def _accuracy(model: Classifier, task: Labelled, split: Split) -> float:
    return float(np.mean(model.classes(task.dataset.x[split.test]) == task.codes[split.test]))


def _together(rules: Sequence[Rule], task: Labelled, split: Split) -> float:
    """Share of test rows whose class is the one with the largest score in logits; a class without a rule is never said."""
    held = columns_of([variable.name for variable in task.dataset.inputs], task.dataset.x[split.test])
    scores = np.full((len(task.classes), len(split.test)), -np.inf)
    for rule in rules:
        score = rule.candidate.score
        scores[task.classes.index(rule.positive)] = score.sharpness * (score.values(held) - score.cuts[0])
    return float(np.mean(np.argmax(np.nan_to_num(scores, nan=-np.inf), axis=0) == task.codes[split.test]))


def _evidence(reached: float, majority: float, network: float, rows: int) -> ClassEvidence:
    if math.isnan(reached) or rows == 0:
        return "none"
    goal = 1.0 if math.isnan(network) else network
    error = math.sqrt(max(reached * (1 - reached), 0.25 / rows) / rows)
    if reached <= majority + 2 * error:
        return "none"
    return "rule" if reached >= goal - 2 * error else "weak"


def _network(task: Labelled, split: Split, config: Config, registry: Registry, control: Control) -> Classifier:
    """The shape that was asked for, or the smallest of a few that a larger one does not beat by two per cent of the loss."""
    from kandisco.tasks.network import train_classifier

    x, codes, inputs = task.dataset.x, task.codes, len(task.dataset.inputs)
    widths = [config.width] if config.width else [f"{inputs},{tail}" for tail in _SHAPES]
    best: Classifier | None = None
    for width in widths:
        found = train_classifier(
            x[split.train],
            codes[split.train],
            (x[split.valid], codes[split.valid]),
            classes=len(task.classes),
            ordered=task.ordered,
            width=width,
            basis=registry.basis(config.basis),
            grid=min(config.grid, 3) if not config.width else config.grid,
            restarts=config.restarts,
            lamb=0.0 if config.lamb == "auto" else config.lamb,
            seed=config.seed,
            control=control,
        )
        if best is None or found.loss < 0.98 * best.loss:
            best = found
        elif width.count(",") > 1 or control.reason():
            break
    assert best is not None
    return best


def _rules(
    task: Labelled, split: Split, config: Config, registry: Registry, trained: Classifier | None, most: int, control: Control
) -> tuple[tuple[Rule, ...], Rule | None]:
    names = [variable.name for variable in task.dataset.inputs]
    keep = _relevant(task, split)
    functions = registry.functions(config.functions)

    def found(codes: Codes, classes: int, labels: Array | None) -> tuple[Candidate, ...]:
        x = task.dataset.x[:, keep]
        return search(
            [names[k] for k in keep],
            (x[split.train], codes[split.train]),
            (x[split.valid], codes[split.valid]),
            classes=classes,
            functions=functions,
            labels=labels,
            max_complexity=most,
            control=control,
        )

    seen, groups = np.concatenate([split.train, split.valid]), task.dataset.groups
    columns = columns_of(names, task.dataset.x[seen])

    def quoted(front: tuple[Candidate, ...], codes: Codes) -> Candidate | None:
        parts = None if groups is None else groups[seen]
        return chosen(front, Rows(columns=columns, codes=codes[seen], held=len(split.valid), groups=parts))

    held = columns_of(names, task.dataset.x[split.test])
    if task.ordered:
        front = found(task.codes, len(task.classes), _labels(task.classes))
        rules = tuple(Rule(candidate=one, accuracy=judged(one.score, held, task.codes[split.test]).accuracy) for one in front)
        best = quoted(front, task.codes)
        return rules, next((rule for rule in rules if rule.candidate is best), None)
    rules = ()
    for k, label in enumerate(task.classes):
        binary = (task.codes == k).astype(np.int64)
        best = quoted(found(binary, 2, None), binary)
        if best is not None:
            rules += (Rule(candidate=best, accuracy=judged(best.score, held, binary[split.test]).accuracy, positive=label),)
    return rules, None


def _labels(classes: Sequence[str]) -> Array | None:
    """The labels as numbers, if they are evenly spaced."""
    try:
        values = np.array([float(label) for label in classes])
    except ValueError:
        return None
    steps = np.diff(values)
    return values if len(values) > 2 and np.allclose(steps, steps[0], rtol=1e-9) and steps[0] > 0 else None


def _relevant(task: Labelled, split: Split) -> list[int]:
    """At most eight columns for the formulas: those that a network of single curves leans on."""
    from kandisco.reductions.relevance import most_relevant

    x = task.dataset.x[split.train]
    if x.shape[1] <= _MOST_COLUMNS:
        return list(range(x.shape[1]))
    return [int(k) for k in most_relevant(x.T, task.dataset.y[split.train], keep=_MOST_COLUMNS)]
