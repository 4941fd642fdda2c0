"""What can be said of a finished formula's numbers: errors, exact numbers tested again, and terms that stand on few rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.evidence.rivals import skeleton
from kandisco.expr import Expr, complexity, num, to_text
from kandisco.expr.tree import constant_value
from kandisco.symbolic.codata import Suggestion, suggestions
from kandisco.symbolic.intervals import infer
from kandisco.symbolic.sample import Sample
from kandisco.types import Formula

_TESTED = 12
_ROWS = 400


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A fitted constant.

    Attributes:
        value, error: the estimate and its standard error (nan where the rows do not fix it).
        low, high: ends of its 95 % confidence interval.
        physical: physical constants it could be.
    """

    value: float
    error: float
    low: float
    high: float
    physical: tuple[Suggestion, ...] = ()


def constants(expr: Expr, sample: Sample) -> tuple[Constant, ...]:
    """The fitted constants of a formula, in its order, with what the rows say of them."""
    found = infer(expr, sample)
    rows = zip(expr.numbers(), found.std_errors.tolist(), found.constants().tolist(), strict=True)
    return tuple(
        Constant(value=value, error=error, low=low, high=high, physical=tuple(suggestions(value, error)))
        for value, error, (low, high) in rows
    )


@dataclass(frozen=True, kw_only=True)
class Snapped:
    """An exact number of a formula, set free again.

    Attributes:
        text: the number, e.g. ``pi`` or ``3/2``.
        value: its value.
        free: what a refit with this number free, and all fitted constants, gives.
        error: the standard error of ``free``.
        sigmas: how far the exact value is from it, in standard errors; nan for data without noise.
    """

    text: str
    value: float
    free: float
    error: float
    sigmas: float


def snapped(expr: Expr, sample: Sample) -> tuple[Snapped, ...]:
    """Each exact number but 0, 1 and -1 set free in turn, twelve at most; those the rows cannot tell are left out."""
    out = []
    for position, leaf in list(_exact_leaves(expr))[:_TESTED]:
        value = constant_value(leaf) or 0.0
        freed = _replaced(expr, position, num(value))
        fit = sample.refit(freed, iterations=20)
        place = _number_index(freed, position)
        error = float(fit.std_errors[place])
        free = fit.expr.numbers()[place]
        noisy = not sample.exact(fit)
        if math.isfinite(error) and (error < 0.5 * abs(value) or not noisy):
            sigmas = abs(free - value) / error if noisy and error > 0 else math.nan
            out.append(Snapped(text=to_text(leaf), value=value, free=free, error=error if noisy else 0.0, sigmas=sigmas))
    return tuple(out)


def _exact_leaves(expr: Expr) -> Iterator[tuple[int, Expr]]:
    """Position among the leaves, and leaf, of exact numbers that could have been others; besides a fitted factor none could."""
    for position, leaf in enumerate(node for node in expr.walk() if not node.args):
        plain = leaf.head == "rat" and constant_value(leaf) in (0.0, 1.0, -1.0)
        if leaf.head in ("rat", "const") and not plain:
            yield position, leaf


def _replaced(expr: Expr, position: int, new: Expr) -> Expr:
    counter = iter(range(10**9))
    return expr.map_leaves(lambda leaf: new if next(counter) == position else leaf)


def _number_index(expr: Expr, position: int) -> int:
    leaves = [node for node in expr.walk() if not node.args]
    return sum(leaf.head == "num" for leaf in leaves[:position])


@dataclass(frozen=True, kw_only=True)
class Stability:
    """How a front fares on bootstrap samples.

    Attributes:
        resamples: how many.
        rows: rows in each.
        best: share of the resamples in which a formula of the best one's form had the shortest description.
        terms: term of any formula of the front -> share of the resamples whose winner holds it; the most frequent first.
    """

    resamples: int
    rows: int
    best: float
    terms: tuple[tuple[str, float], ...]


def stability(best: Formula, front: Sequence[Formula], sample: Sample, *, resamples: int = 40, seed: int = 0) -> Stability:
    """Refit every formula of the front to rows drawn with replacement, let the shortest description win, count the terms.

    Args:
        best, front: of a result.
        sample: the rows the constants were fitted to; at most 400 of them are used.
        resamples: bootstrap samples (Efron, Annals of Statistics 7 (1979) 1).
        seed: of the drawing.
    """
    few = sample.thinned(_ROWS)
    rng = np.random.default_rng(seed)
    wins, terms, n = 0, Counter[str](), len(few.y)
    shown = {skeleton(term): to_text(term, 3) for formula in (*front, best) for term in terms_of(formula.expr)}
    for _ in range(resamples):
        some = few.rows(np.sort(rng.integers(0, n, n)))
        fits = [(some.refit(f.expr, iterations=12), f) for f in front]
        winner = min(fits, key=lambda pair: some.description_length(pair[0], complexity(pair[1].expr)))[1]
        wins += skeleton(winner.expr) == skeleton(best.expr)
        terms.update({skeleton(term) for term in terms_of(winner.expr)})
    counted = sorted(((shown[key], terms[key] / resamples) for key in shown if key), key=lambda pair: -pair[1])
    return Stability(resamples=resamples, rows=n, best=wins / resamples, terms=tuple(counted))


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    """The summands of a formula, or of the one sum that a constant multiplies; the formula itself where there is none.

    Example:
        >>> from kandisco.expr import parse
        >>> [to_text(term) for term in terms_of(parse("2.0*(sin(x) + y)"))]
        ['sin(x)', 'y']
    """
    if expr.head == "mul":
        inner = [arg for arg in expr.args if arg.variables()]
        expr = inner[0] if len(inner) == 1 and inner[0].head == "add" else expr
    return tuple(term for term in (expr.args if expr.head == "add" else (expr,)) if term.variables()) or (expr,)
