"""Score: errors on rows no fit has seen, and how much each formula may claim.

``exact``      noise-free: machine precision on held-out rows and on the withheld outer shell, with few constants for the rows;
               noisy: residuals that no test can tell from noise, a shell that agrees, and no other form nearly as good.
``supported``  residuals look like noise and the shell agrees, but other forms, or too few rows, leave room.
``weak``       much better than a straight line, but the residuals still have structure: an approximation.
``none``       no better than a linear or constant model where it counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, complexity, num
from kandisco.expr.numeric import evaluate
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.prices import price_of_constants, price_of_numbers
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.spectral import chance, even_out, spline_features
from kandisco.types import Array, Dataset, Evidence, Formula, Split

_EXACT_TEST = 1e-11
_EXACT_SHELL = 1e-9
_SHELL, _RIVAL, _SAME = 2.0, 5.0, 0.1
_FEW = 150
_SHORT = 15


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The parts of the data as samples: ``fit`` is train and valid together."""

    fit: Sample
    train: Sample
    valid: Sample
    test: Sample
    shell: Sample

    @property
    def every(self) -> Sample:
        """Fitted, test and withheld rows as one sample."""
        return _joined(self.fit, self.test, self.shell)

    def relative(self) -> Rows:
        """The same rows with relative errors."""
        return self.each(lambda part: replace(part, relative=True))

    def columns(self, keep: NDArray[np.int64]) -> Rows:
        """The same rows with some of the columns."""
        return self.each(lambda part: replace(part, names=tuple(part.names[i] for i in keep), x=part.x[keep]))

    def each(self, change: Callable[[Sample], Sample]) -> Rows:
        """Every part changed alike."""
        parts = (self.fit, self.train, self.valid, self.test, self.shell)
        fit, train, valid, test, shell = (change(part) for part in parts)
        return Rows(fit=fit, train=train, valid=valid, test=test, shell=shell)


def _joined(*parts: Sample) -> Sample:
    """Parts of the same data as one sample."""
    weights = [part.weights for part in parts if part.weights is not None]
    whole = replace(
        parts[0],
        x=np.concatenate([part.x for part in parts], axis=1),
        y=np.concatenate([part.y for part in parts]),
        weights=np.concatenate(weights) if weights else None,
    )
    return replace(whole, stated=_of_mean_weight(parts[0].stated / _of_mean_weight(1.0, parts[0].weights), whole.weights))


def _of_mean_weight(uncertainty: float, weights: Array | None) -> float:
    """The uncertainty of a row of mean weight, from that of a row of weight one."""
    return uncertainty if weights is None or not len(weights) else uncertainty / math.sqrt(float(np.mean(weights)))


def rows_of(dataset: Dataset, split: Split) -> Rows:
    """The parts of a dataset as samples."""
    parts = (np.concatenate([split.train, split.valid]), split.train, split.valid, split.test, split.shell)
    fit, train, valid, test, shell = (sample_of(dataset, rows) for rows in parts)
    return Rows(fit=fit, train=train, valid=valid, test=test, shell=shell)


def sample_of(dataset: Dataset, rows: NDArray[np.int64] | slice = slice(None)) -> Sample:
    """Some rows of a dataset, by default all, as a sample."""
    names = tuple(variable.name for variable in dataset.inputs)
    weights = None if dataset.weights is None else dataset.weights[rows]
    return Sample(
        names=names,
        x=np.ascontiguousarray(dataset.x[rows].T),
        y=dataset.y[rows],
        relative=dataset.relative,
        weights=weights,
        stated=_of_mean_weight(dataset.uncertainty, weights),
    )


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


def score(candidate: Candidate, rows: Rows) -> Formula:
    """The formula with its errors; its evidence is decided later, among all of them."""
    test = error(candidate.expr, rows.test)
    spread = deviation(rows.test) if len(rows.test.y) > 1 else 0.0
    return Formula(
        expr=candidate.expr,
        complexity=complexity(candidate.expr),
        rmse_train=error(candidate.expr, rows.fit),
        rmse_valid=cross_validated(candidate.expr, rows.fit) if len(rows.fit.y) < _FEW else error(candidate.expr, rows.valid),
        rmse_test=test,
        rmse_shell=error(candidate.expr, rows.shell),
        r2_test=1.0 - (test / spread) ** 2 if spread > 0 else (1.0 if test <= 1e-12 * rows.fit.spread else 0.0),
        origin=candidate.origin,
        std_errors=candidate.std_errors,
        edges=candidate.edges,
    )


def mdl(formula: Formula, rows: Rows) -> float:
    """Description length of the data with this formula, in nats; with few rows their cross-validated error counts.

    Dozens of rows are interpolated to the last digit by forms with a handful of constants (a spike at one row, say); what such a
    form predicts for rows left out gives it away.
    """
    rmse = relative_error(formula.expr, rows.fit) if rows.fit.relative else formula.rmse_train
    if len(rows.fit.y) < _FEW:
        rmse = max(rmse, formula.rmse_valid)
    constants = price_of_constants(formula.expr.numbers(), formula.std_errors, least=0.5 * math.log(len(rows.fit.y)))
    return rows.fit.length_of(rmse, 0, formula.complexity + price_of_numbers(formula.expr) + constants)


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
    from scipy.stats import chi2 as distribution

    return chi2(expr, sample) * len(sample.y) > distribution.isf(1e-3, max(len(sample.y), 1))


def noise_grows(formulas: Sequence[Formula], rows: Rows) -> bool:
    """Whether some short formula leaves noise that grows with the target: white as relative errors, and likelier by ten nats.

    Asked of targets of one sign that span more than a factor ten, and only where there are errors to speak of.
    """
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


def _unsnapped(leaf: Expr) -> Expr:
    if leaf.head != "rat":
        return leaf
    value = Fraction(leaf.value)  # type: ignore[arg-type]
    return num(float(value)) if value.denominator > 2 or abs(value.numerator) > 4 else leaf


def wild(expr: Expr, sample: Sample) -> bool:
    """Whether the formula leaves, between two neighbouring rows, its range there by half the range of the data.

    A spike or pole in a gap between rows fits them all and predicts nothing.
    """
    if len(sample.y) < 3:
        return False
    nearest = _nearest(sample.x)
    span = float(np.ptp(sample.y)) or sample.scale
    own = evaluate(expr, sample.columns)
    ends = np.stack([sample.y, sample.y[nearest], own, own[nearest]])  # its own values too: a poor fit is not wild yet
    low, high = ends.min(axis=0), ends.max(axis=0)
    for step in np.linspace(0.1, 0.9, 9):
        between = sample.x + step * (sample.x[:, nearest] - sample.x)
        value = evaluate(expr, dict(zip(sample.names, between, strict=True)))
        if not np.all((value > low - span / 2) & (value < high + span / 2)):
            return True
    return False


def _nearest(x: Array) -> NDArray[np.int64]:
    """The nearest other row of each row, by ranks; with one column the next larger one, so that every gap is crossed."""
    from scipy.spatial import cKDTree
    from scipy.stats import rankdata

    if len(x) == 1:
        order = np.argsort(x[0], kind="stable")
        following = np.empty(len(order), dtype=np.int64)
        following[order] = np.append(order[1:], order[-1])
        return following
    ranks = rankdata(x, axis=1).T / x.shape[1]
    return np.asarray(cKDTree(ranks).query(ranks, k=2)[1])[:, 1]


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


def choose(formulas: Sequence[Formula], rows: Rows) -> tuple[Formula | None, tuple[Formula, ...]]:
    """The shortest description as the best, and the Pareto front of (complexity, training error), at most ten.

    A formula without a value on some row, held out or not, gives way to all that have one: that much the inputs alone tell.
    """
    fitted = [f for f in formulas if math.isfinite(f.rmse_train) and math.isfinite(f.rmse_valid)]
    usable = [f for f in fitted if math.isfinite(f.rmse_test) and math.isfinite(f.rmse_shell)] or fitted
    if not usable:
        return None, ()
    best = min(usable, key=lambda formula: (mdl(formula, rows), formula.complexity))
    judged = replace(best, evidence=evidence(best, usable, rows))
    front = [judged if f is best else replace(f, evidence=evidence(f, usable, rows)) for f in _front(usable, rows, best)]
    return judged, tuple(front)


def _front(formulas: Sequence[Formula], rows: Rows, best: Formula) -> list[Formula]:
    floor = 1e-12 * rows.fit.spread
    out: list[Formula] = []
    for formula in sorted(formulas, key=lambda f: (f.complexity, f.rmse_train)):
        if not out or max(formula.rmse_train, floor) < 0.98 * max(out[-1].rmse_train, floor):
            out.append(formula)
        elif formula is best:  # in the place of its twin, where that is as complex
            out[len(out) - (out[-1].complexity == best.complexity) :] = [best]
    while len(out) > 10:
        gains = [math.log(max(a.rmse_train, floor) / max(b.rmse_train, floor)) for a, b in zip(out, out[1:], strict=False)]
        weakest = [i + 1 for i in np.argsort(gains) if out[i + 1] is not best]
        out.pop(int(weakest[0]))
    return out


def evidence(formula: Formula, others: Sequence[Formula], rows: Rows) -> Evidence:
    """How much the formula may claim; see the module's table."""
    found = _evidence(formula, others, rows)
    if not rows.fit.stated:
        return found
    return "supported" if found == "exact" or (found != "supported" and _within(formula, rows)) else found


def _within(formula: Formula, rows: Rows) -> bool:
    """Whether the errors are within the stated uncertainty, and the rows are enough to say so.

    In the shell, where constants are off too, an error of twice the uncertainty will do.
    """
    if _few(formula, rows) or formula.r2_test < 0.5 or exceeds(formula.expr, rows.fit) or exceeds(formula.expr, rows.test):
        return False
    return chi2(formula.expr, rows.shell) <= _SHELL**2


def _few(formula: Formula, rows: Rows) -> bool:
    """Whether a noisy formula has too many constants for the rows."""
    return len(rows.fit.y) < 10 or 3 * (len(formula.expr.numbers()) + 1) > len(rows.fit.y)


def _evidence(formula: Formula, others: Sequence[Formula], rows: Rows) -> Evidence:
    scale = rows.fit.spread
    free = len(formula.expr.numbers())
    few = _few(formula, rows)
    if not formula.expr.variables():
        return "none" if len(set(rows.fit.y.tolist())) > 1 else "exact"
    if formula.rmse_test <= _EXACT_TEST * scale and formula.rmse_shell <= _EXACT_SHELL * max(scale, _size(rows.shell)):
        return (
            "weak" if len(rows.fit.y) < 10 else "supported" if few or 4 * free + formula.complexity > len(rows.fit.y) else "exact"
        )
    if not math.isfinite(formula.rmse_test) or not math.isfinite(formula.rmse_shell) or formula.r2_test < 0.3:
        return "none"
    if structured(formula.expr, rows):
        return "weak" if formula.r2_test > 0.9 else "none"
    measure = relative_error if rows.fit.relative else error
    if (
        few
        or _steps(rows.fit.y)
        or formula.r2_test < 0.5
        or measure(formula.expr, rows.shell) > _SHELL * measure(formula.expr, rows.fit)
    ):
        return "weak"
    own = mdl(formula, rows)
    rivals = [o for o in others if skeleton(o.expr) != skeleton(formula.expr) and mdl(o, rows) < own + _RIVAL]
    return "supported" if rivals else "exact"


def alike(best: Formula, others: Sequence[Formula], rows: Rows, *, most: int = 3) -> list[Formula]:
    """The shortest of other form that are within the stated uncertainty and nearly as short as the best formula.

    What differs from one of them by less than a tenth of the uncertainty is the same in other words.
    """
    columns = rows.fit.columns
    found = {skeleton(best.expr): best}

    def same(formula: Formula, other: Formula) -> bool:
        return chi2(formula.expr, replace(rows.fit, y=evaluate(other.expr, columns))) < _SAME**2

    limit = mdl(best, rows) + _RIVAL
    for formula in sorted(others, key=lambda f: (mdl(f, rows), f.complexity)):
        if mdl(formula, rows) >= limit or len(found) > most:
            break
        new = skeleton(formula.expr) not in found and not any(same(formula, other) for other in found.values())
        if new and _within(formula, rows):
            found[skeleton(formula.expr)] = formula
    return list(found.values())[1:]


def _steps(y: Array) -> bool:
    """Whether the target takes so few values, row after row, that its errors cannot be noise: noise repeats no value."""
    return len(y) >= 5 * len(np.unique(y))


def _size(sample: Sample) -> float:
    return float(np.max(np.abs(sample.y))) if len(sample.y) else 0.0


def structured(expr: Expr, rows: Rows) -> bool:
    """Whether residuals still depend on the inputs: neighbouring rows err alike, or splines of the inputs predict them.

    Each test runs on all fitted rows and the shell, at the level 1e-3: the mean product of neighbours' residuals (z-test), an
    F-test of an additive spline model of the residual, and the residual's correlation with each column and product of two.
    """
    sample = _joined(rows.fit, rows.shell)  # a curve that was only fitted leaves its data at their edge first
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
    nearest = _nearest(x)
    products = residual * residual[nearest]
    variance = float(np.mean(products**2))
    return bool(variance > 0 and np.sum(products) / math.sqrt(len(residual) * variance) > 3.3)


def _columns_predict(x: Array, residual: Array) -> bool:
    """Whether a column, or the product of two, goes with the residual; the level is shared among all of them.

    With hundreds of columns neighbours are far apart and a joint model has more coefficients than rows; one by one they tell.
    """
    from scipy.stats import norm

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
    return n > 20 and bool(max(np.max(np.abs(z)) for z in scores) > norm.isf(5e-4 / tests))


def _splines_predict(x: Array, residual: Array) -> bool:
    n = len(residual)
    intervals = max(1, min(6, n // (10 * len(x)) - 3))
    design = np.concatenate([spline_features(even_out(column), intervals) for column in x])
    return chance(design[: max(1, n // 3)], residual) < 1e-3


def skeleton(expr: Expr) -> str:
    """The form without its constants: two formulas with equal skeletons are the same law with other numbers."""
    if expr.head == "var":
        return str(expr.value)
    parts = sorted(part for part in (skeleton(arg) for arg in expr.args) if part)
    if not parts:
        return ""
    if expr.head in ("add", "mul"):
        return parts[0] if len(parts) == 1 else f"{expr.head}({','.join(parts)})"
    if expr.head == "pow" and expr.args[1].head == "rat":
        return f"pow({parts[0]},{expr.args[1].value})"
    return f"{expr.head}({','.join(parts)})"
