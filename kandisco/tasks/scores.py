"""A symbolic score for ordered classes: terms with weights, cut points, and their constants fitted by cross-entropy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kandisco.expr import Expr, add, complexity, mul, num, rat
from kandisco.expr.numeric import Program, evaluate
from kandisco.tasks.ordinal import Codes, classes_of, mean_loss, newton_terms
from kandisco.types import Array

_MU = 1e-3


@dataclass(frozen=True, kw_only=True)
class Score:
    """``sum weights * terms``, compared with cut points.

    Attributes:
        terms: trees without a leading constant; their ``num`` leaves are constants that were fitted too.
        weights: float64 [terms].
        cuts: float64 [classes - 1], rising, in the unit of the score.
        sharpness: logits per unit of the score.
        loss: mean cross-entropy on the rows it was fitted to.
        errors: standard errors of the weights.
    """

    terms: tuple[Expr, ...]
    weights: Array
    cuts: Array
    sharpness: float = 1.0
    loss: float = np.inf
    errors: Array | None = None

    @property
    def expr(self) -> Expr:
        """The score as a tree."""
        return add(*(weighed(float(w), term) for w, term in zip(self.weights, self.terms)))

    @property
    def boundary(self) -> Expr:
        """Of two classes: the tree that is above zero where the second is the likelier."""
        cut = float(self.cuts[0])
        return self.expr if cut == 0 else add(self.expr, number(-cut))

    @property
    def complexity(self) -> int:
        """Nodes of the boundary where there is one cut, else of the score."""
        return complexity(self.boundary if len(self.cuts) == 1 else self.expr)

    def values(self, columns: dict[str, Array]) -> Array:
        """The score, float64 [rows]."""
        return evaluate(self.expr, columns)

    def classes(self, columns: dict[str, Array]) -> Codes:
        """The class of each row; where the score is not finite, the first."""
        return classes_of(np.nan_to_num(self.values(columns), nan=-np.inf), self.cuts)

    def cross_entropy(self, columns: dict[str, Array], codes: Codes) -> float:
        """Mean loss of a row, in nats."""
        return mean_loss(self.sharpness * self.values(columns), self.sharpness * self.cuts, codes)

    def scaled(self, factor: float) -> Score:
        """The same rule with its score multiplied by a positive factor."""
        errors = None if self.errors is None else self.errors * factor
        return replace(
            self,
            weights=self.weights * factor,
            cuts=self.cuts * factor,
            sharpness=self.sharpness / factor,
            errors=errors,
        )


def number(value: float) -> Expr:
    """A number, exact where it is a small whole or half one."""
    doubled = 2 * value
    if doubled == round(doubled) and abs(value) < 100:
        return rat(int(value)) if value == round(value) else rat(round(doubled), 2)
    return num(value)


def weighed(weight: float, term: Expr) -> Expr:
    """weight * term, short where the weight is one."""
    if weight == 1:
        return term
    return number(weight) if term.head == "rat" and term.value == 1 else mul(number(weight), term)


def fit_constants(
    score: Score, columns: dict[str, Array], codes: Codes, *, pattern: Array | None = None, iterations: int = 25
) -> Score:
    """Fit weights, inner constants and cuts by Fisher scoring with Levenberg-Marquardt damping.

    Args:
        score: where to begin; its sharpness is taken into the weights.
        columns: name -> float64 [rows].
        codes: int64 [rows].
        pattern: float64 [classes - 1, q]: cuts are ``pattern @ q numbers``; free cuts by default.
        iterations: steps at most.

    Returns:
        The fit in logits (sharpness 1). Where nothing got better it is the start.
    """
    names = [*columns]
    x = np.array([columns[name] for name in names])
    tree = add(*(mul(num(float(w) * score.sharpness), term) for w, term in zip(score.weights, score.terms)))
    program = Program(tree, names)
    pattern = np.eye(len(score.cuts)) if pattern is None else pattern
    theta = program.start.copy()
    place = np.linalg.lstsq(pattern, score.cuts * score.sharpness, rcond=None)[0]
    values, jacobian = (part[0] for part in program.jacobian(theta[None], x))
    loss, mu, hessian = mean_loss(values, pattern @ place, codes), _MU, np.eye(len(theta) + len(place))
    for _ in range(iterations if np.isfinite(loss) else 0):
        if not np.all(np.isfinite(jacobian)):
            break
        gradient, hessian = newton_terms(jacobian, values, pattern @ place, codes, pattern)
        old = loss
        while mu < 1e8:
            damped = hessian + mu * np.diag(np.maximum(np.diag(hessian), 1e-300))
            step = np.linalg.lstsq(damped, gradient, rcond=1e-14)[0]
            trial, moved = theta - step[: len(theta)], place - step[len(theta) :]
            new_values, new_jacobian = (part[0] for part in program.jacobian(trial[None], x))
            new = mean_loss(new_values, pattern @ moved, codes)
            if new <= loss:
                theta, place, values, jacobian, loss, mu = trial, moved, new_values, new_jacobian, new, mu / 5
                break
            mu *= 4
        if old - loss < 1e-9 * (1 + old):
            break
    spread = np.sqrt(np.maximum(np.diag(np.linalg.pinv(hessian, hermitian=True)), 0.0) / len(codes))
    return _taken_apart(score, theta, pattern @ place, loss, spread)


def _taken_apart(score: Score, theta: Array, cuts: Array, loss: float, spread: Array) -> Score:
    """The fitted numbers put back: a weight, then the term's own constants, term by term."""
    terms, weights, errors, at = [], [], [], 0
    for term in score.terms:
        own = len(term.numbers())
        weights.append(theta[at])
        errors.append(spread[at])
        terms.append(term.with_numbers(iter(theta[at + 1 : at + 1 + own].tolist())))
        at += 1 + own
    return Score(terms=tuple(terms), weights=np.array(weights), cuts=cuts, loss=loss, errors=np.array(errors))


def as_labels(score: Score, middles: Array) -> Score:
    """A score with evenly spaced cuts in the unit of the labels, so that the nearest label is the class.

    Args:
        score: from ``fit_constants`` with a pattern of a constant and the middles, or of the middles only.
        middles: float64 [classes - 1], half way from label to label.
    """
    step = (score.cuts[-1] - score.cuts[0]) / (middles[-1] - middles[0])
    offset = float(score.cuts[0] - step * middles[0])
    moved = replace(score.scaled(1.0 / step), cuts=middles)
    if abs(offset / step) < 1e-9 * float(np.ptp(middles)):
        return moved
    errors = None if moved.errors is None else np.append(moved.errors, np.nan)
    return replace(moved, terms=(*moved.terms, rat(1)), weights=np.append(moved.weights, -offset / step), errors=errors)


def columns_of(names: Sequence[str], x: Array) -> dict[str, Array]:
    """name -> column of ``x`` [rows, columns]."""
    return dict(zip(names, np.ascontiguousarray(x.T)))
