"""How far a formula is from the data: on fitted rows, on rows left out, and between rows."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from kandisco.evidence.rows import Rows, nearest
from kandisco.expr import Expr, complexity, num
from kandisco.expr.numeric import evaluate
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import Sample
from kandisco.types import Formula

FEW = 150
"""Rows below which errors are cross-validated: fewer are interpolated to the last digit by a handful of constants."""


def error(expr: Expr, sample: Sample) -> float:
    """Root mean square error; nan values count as infinite, no rows as 0."""
    if not len(sample.y):
        return 0.0
    residual = evaluate(expr, sample.columns) - sample.y
    unit = float(np.max(np.abs(sample.y))) or 1.0
    with np.errstate(all="ignore"):
        value = math.sqrt(sample.mean((residual / unit) ** 2)) * unit
    return value if math.isfinite(value) else math.inf


def deviation(sample: Sample) -> float:
    """(Weighted) standard deviation of the target."""
    unit = float(np.max(np.abs(sample.y))) or 1.0
    y = sample.y / unit
    return math.sqrt(sample.mean((y - sample.mean(y)) ** 2)) * unit


def relative_error(expr: Expr, sample: Sample) -> float:
    """Root mean square of error over target."""
    with np.errstate(all="ignore"):
        value = evaluate(expr, sample.columns) / sample.y - 1.0
        rmse = math.sqrt(sample.mean(value**2))
    return rmse if math.isfinite(rmse) else math.inf


def misfit(expr: Expr, sample: Sample) -> float:
    """Root mean square of the kind of error the sample asks for; infinite for a formula that is wild between rows."""
    measure = relative_error if sample.relative else error
    return math.inf if wild(expr, sample) else measure(expr, sample)


def chi2(expr: Expr, sample: Sample) -> float:
    """Mean square of the errors over the stated uncertainty: chi squared per row; 0 without rows."""
    return float((relative_error if sample.relative else error)(expr, sample) / sample.stated) ** 2 if len(sample.y) else 0.0


def exceeds(expr: Expr, sample: Sample) -> bool:
    """Whether the errors are larger than the stated uncertainty, more than chance makes them once in a thousand."""
    from scipy.special import chdtri

    return chi2(expr, sample) * len(sample.y) > float(chdtri(max(len(sample.y), 1), 1e-3))


def wild(expr: Expr, sample: Sample) -> bool:
    """Whether the formula leaves, between two neighbouring rows, its range there by half the range of the data.

    A spike or pole in a gap between rows fits them all and predicts nothing.
    """
    if len(sample.y) < 3:
        return False
    others = nearest(sample.x)
    span = float(np.ptp(sample.y)) or sample.scale
    own = evaluate(expr, sample.columns)
    ends = np.stack([sample.y, sample.y[others], own, own[others]])  # its own values too: a poor fit is not wild yet
    low, high = ends.min(axis=0), ends.max(axis=0)
    for step in np.linspace(0.1, 0.9, 9):
        between = sample.x + step * (sample.x[:, others] - sample.x)
        value = evaluate(expr, dict(zip(sample.names, between, strict=True)))
        if not np.all((value > low - span / 2) & (value < high + span / 2)):
            return True
    return False


def cross_validated(expr: Expr, sample: Sample, *, folds: int = 5) -> float:
    """Root mean square error on rows left out: the constants are refitted without each fifth of the rows in turn.

    Exact numbers that the data must have chosen (40, 7/12) are set free for it. Infinite for a formula that is wild between rows.
    """
    if wild(expr, sample):
        return math.inf
    expr = expr.map_leaves(_unsnapped)
    measure = relative_error if sample.relative else error
    if not expr.numbers():
        return measure(expr, sample)
    squares = 0.0
    fold = np.arange(len(sample.y)) % min(folds, len(sample.y))
    for k in range(min(folds, len(sample.y))):
        kept, left = sample.rows(fold != k), sample.rows(fold == k)
        missed = measure(kept.refit(expr, iterations=20).expr, left) if len(kept.y) else math.inf
        squares += (missed / sample.scale) ** 2 * left.total
    return math.sqrt(squares / sample.total) * sample.scale


def _unsnapped(leaf: Expr) -> Expr:
    if leaf.head != "rat":
        return leaf
    value = Fraction(leaf.value)  # type: ignore[arg-type]
    return num(float(value)) if value.denominator > 2 or abs(value.numerator) > 4 else leaf


def score(candidate: Candidate, rows: Rows) -> Formula:
    """The formula with its errors; its evidence is decided later, among all of them."""
    test = error(candidate.expr, rows.test)
    spread = deviation(rows.test) if len(rows.test.y) > 1 else 0.0
    return Formula(
        expr=candidate.expr,
        complexity=complexity(candidate.expr),
        rmse_train=error(candidate.expr, rows.fit),
        rmse_valid=cross_validated(candidate.expr, rows.fit) if len(rows.fit.y) < FEW else error(candidate.expr, rows.valid),
        rmse_test=test,
        rmse_shell=error(candidate.expr, rows.shell),
        r2_test=1.0 - (test / spread) ** 2 if spread > 0 else (1.0 if test <= 1e-12 * rows.fit.spread else 0.0),
        origin=candidate.origin,
        std_errors=candidate.std_errors,
        edges=candidate.edges,
        methods=candidate.methods,
        shape=candidate.shape,
        engine=candidate.engine,
    )
