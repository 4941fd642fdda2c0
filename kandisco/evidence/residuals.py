"""What the residuals of a formula say: whether anything is left to explain, and whether the noise grows with the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kandisco.evidence.errors import error, relative_error
from kandisco.evidence.rows import Rows, joined, nearest
from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.spectral import chance, even_out, spline_features
from kandisco.types import Array, Formula

_SHORT = 15


def structured(expr: Expr, rows: Rows) -> bool:
    """Whether residuals still depend on the inputs: neighbouring rows err alike, or splines of the inputs predict them.

    Each test runs on all fitted rows and the shell, at the level 1e-3: the mean product of neighbours' residuals (z-test), an
    F-test of an additive spline model of the residual, and the residual's correlation with each column and product of two.
    """
    sample = joined(rows.fit, rows.shell)  # a curve that was only fitted leaves its data at their edge first
    residual = sample.y - evaluate(expr, sample.columns)
    if sample.relative:
        residual = residual / sample.y
    if sample.weights is not None:
        residual = residual * np.sqrt(sample.weights)  # weights are inverse variances: now the rows are alike
    residual = residual / (float(np.max(np.abs(residual))) or 1.0)
    residual -= residual.mean()
    if not np.any(residual):
        return False
    return _neighbours_agree(sample.x, residual) or _splines_predict(sample.x, residual) or _columns_predict(sample.x, residual)


def _neighbours_agree(x: Array, residual: Array) -> bool:
    others = nearest(x)
    products = residual * residual[others]
    variance = float(np.mean(products**2))
    return bool(variance > 0 and np.sum(products) / math.sqrt(len(residual) * variance) > 3.3)


def _columns_predict(x: Array, residual: Array) -> bool:
    """Whether a column, or the product of two, goes with the residual; the level is shared among all of them.

    With hundreds of columns neighbours are far apart and a joint model has more coefficients than rows; one by one they tell.
    """
    from scipy.special import ndtri

    columns = np.stack([even_out(column) for column in x])
    columns = columns - columns.mean(axis=1, keepdims=True)
    columns /= np.maximum(np.max(np.abs(columns), axis=1, keepdims=True), 1e-300)
    squares = columns**2
    # Sums over rows of (a b - mean) r and of (a b - mean)^2 for all pairs of columns at once; the residual has mean 0.
    n = len(residual)
    together = (columns * residual) @ columns.T
    spread = squares @ squares.T - (columns @ columns.T) ** 2 / n
    scores = [together / np.sqrt(np.maximum(spread, 1e-12 * n) * np.sum(residual**2) / n)]
    scores.append(columns @ residual / np.sqrt(np.sum(squares, axis=1) * np.sum(residual**2) / n))
    tests = len(x) * (len(x) + 3) / 2
    return n > 20 and bool(max(np.max(np.abs(z)) for z in scores) > -ndtri(5e-4 / tests))


def _splines_predict(x: Array, residual: Array) -> bool:
    n = len(residual)
    intervals = max(1, min(6, n // (10 * len(x)) - 3))
    design = np.concatenate([spline_features(even_out(column), intervals) for column in x])
    return chance(design[: max(1, n // 3)], residual) < 1e-3


def noise_grows(formulas: Sequence[Formula], rows: Rows) -> bool:
    """Whether some short formula leaves noise that grows with the target: white as relative errors, and likelier by ten nats.

    Asked of targets of one sign that span more than a factor ten, and only where there are errors to speak of. A stated
    uncertainty has said what errors are.
    """
    if rows.fit.relative or rows.fit.stated:
        return False
    y = rows.fit.y
    if len(y) < 10 or not (np.all(y > 0) or np.all(y < 0)) or np.max(np.abs(y)) < 10 * np.min(np.abs(y)):
        return False
    short = [f for f in formulas if f.complexity <= _SHORT and f.expr.variables()]
    return any(_grows(f.expr, rows.fit) and not structured(f.expr, rows.relative()) for f in short)


def _grows(expr: Expr, sample: Sample) -> bool:
    absolute, relative = error(expr, sample), relative_error(expr, sample)
    if not (1e-9 * sample.spread < absolute < 0.1 * sample.spread and 0 < relative < 0.3):
        return False
    gain = len(sample.y) * math.log(absolute / relative) - float(np.sum(np.log(np.abs(sample.y))))
    return gain > 10.0
