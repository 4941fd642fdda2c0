"""A classification in words and as JSON values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kandisco.expr import to_json, to_text
from kandisco.tasks.classify import Classified, Rule

_DIGITS = 4
_SAID = {
    "rule": "as good as the network, within the error of the test",
    "weak": "better than the most frequent class, and not as good as a rule can be",
    "none": "no better than the most frequent class, by more than chance: do not use it",
}


def classified_lines(found: Classified) -> Iterator[str]:
    """The answer for a person, line by line."""
    task, target = found.task, found.task.dataset.target
    test = len(found.split.test)
    yield from (verdict(found), "")
    yield f"  accuracy on {test} held-out rows that no fit and no choice has seen:"
    yield f"    always {_most(found)!r:<12} {100 * found.majority:6.2f} %"
    if found.network is not None:
        kan = found.network
        yield f"    network {kan.kan.shape!s:<12} {100 * found.network_accuracy:6.2f} %  ({kan.parameters} parameters)"
    if found.best is not None:
        yield f"    formula              {100 * found.best.accuracy:6.2f} %  (complexity {found.best.candidate.complexity})"
    elif found.rules:
        yield f"    boundaries together  {100 * found.together:6.2f} %"
    if found.rules:
        yield from ("", "   complexity  accuracy  " + ("class and boundary" if not task.ordered else "formula"))
    for rule in found.rules:
        mark = "*" if rule is found.best else " "
        yield f"{mark} {rule.candidate.complexity:11}  {100 * rule.accuracy:6.2f} %  {rule_text(found, rule)}"
    notes = task.dataset.notes
    if notes:
        yield from ("", "Warnings:", *(f"  - {note}" for note in notes))
    if len(task.classes) > 2 and task.ordered and found.best is not None:
        yield from ("", f"  classes of {target.name}, from low to high: {', '.join(task.classes)}")


def verdict(found: Classified) -> str:
    """The best formula as a rule, or why there is none."""
    if found.best is None:
        if found.rules and not found.task.ordered:
            return f"One boundary for each class against all others.\n\n  evidence: {found.evidence} ({_SAID[found.evidence]})"
        return "No formula tells the classes better than always saying the most frequent one."
    return f"{rule_text(found, found.best)}\n\n  evidence: {found.evidence} ({_SAID[found.evidence]})"


def rule_text(found: Classified, rule: Rule, digits: int | None = _DIGITS) -> str:
    """A rule on one line, such as ``out where a*b - 1 > 0, else in``."""
    score, classes = rule.candidate.score, found.task.classes
    if rule.positive:
        return f"{rule.positive} where {to_text(score.boundary, digits)} > 0"
    if len(classes) == 2:
        return f"{classes[1]} where {to_text(score.boundary, digits)} > 0, else {classes[0]}"
    text = to_text(score.expr, digits)
    if rule.candidate.by_label:
        return f"{found.task.dataset.target.name} = the label nearest to {text}"
    cuts = ", ".join(f"{cut:.{digits or 17}g}" for cut in score.cuts)
    return f"{text}, cut at {cuts}"


def classified_object(found: Classified) -> dict[str, Any]:
    """The object of ``--json``."""
    task = found.task
    return {
        "schema": 1,
        "target": task.dataset.target.name,
        "inputs": [variable.name for variable in task.dataset.inputs],
        "classes": list(task.classes),
        "ordered": task.ordered,
        "rows": {"train": len(found.split.train), "valid": len(found.split.valid), "test": len(found.split.test)},
        "majority_accuracy": found.majority,
        "network": None
        if found.network is None
        else {
            "shape": str(found.network.kan.shape),
            "parameters": found.network.parameters,
            "accuracy": None if math.isnan(found.network_accuracy) else found.network_accuracy,
        },
        "together": None if math.isnan(found.together) else found.together,
        "evidence": found.evidence,
        "best": None if found.best is None else _rule_object(found, found.best),
        "rules": [_rule_object(found, rule) for rule in found.rules],
        "seconds": round(found.seconds, 3),
        "warnings": list(task.dataset.notes),
    }


def _rule_object(found: Classified, rule: Rule) -> dict[str, Any]:
    score = rule.candidate.score
    two = len(score.cuts) == 1
    return {
        "rule": rule_text(found, rule, None),
        "class": rule.positive or None,
        "score": to_text(score.boundary if two else score.expr),
        "tree": to_json(score.boundary if two else score.expr),
        "cuts": [0.0] if two else score.cuts.tolist(),
        "nearest_label": rule.candidate.by_label,
        "complexity": rule.candidate.complexity,
        "accuracy": rule.accuracy,
        "accuracy_valid": rule.candidate.accuracy,
    }


def _most(found: Classified) -> str:
    import numpy as np

    codes = found.task.codes[found.split.train]
    return found.task.classes[int(np.argmax(np.bincount(codes)))]
