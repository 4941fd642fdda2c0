"""Slope and intercept: T(y) = a(the others) + b(the others) g(x_i), for a known transformation T and a known function g.

A Gaussian process whose kernel is k + g(x_i) g(x_i') k, with k of the other columns alone, can draw nothing else and has less to
learn than one of all columns. Where it predicts unseen rows much better the law has this form, and the process tells a from b
at every row (additive and product kernels: Duvenaud et al., Structure discovery in nonparametric regression, ICML 2013). The
slope is solved first; what is left when it is taken away depends on the others alone, and is as exact as the rows are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, add, mul, parse, to_text, var
from kandisco.expr.numeric import evaluate
from kandisco.reductions.reduction import Reduction, divided, without
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import Surrogate, kernel, tune
from kandisco.symbolic.transforms import Undone, transforms
from kandisco.types import Array

Rows = NDArray[np.int64]
_X = "x"
_FUNCTIONS = tuple(
    parse(text, (_X,))
    for text in ("x", "x**2", "1/x", "cos(x)", "sin(x)", "x**3", "1/x**2", "sqrt(x)", "log(x)", "exp(x)", "exp(-x)")
)
_LEARNT, _UNSEEN, _FITTED, _FEWEST = 200, 200, 600, 80
_JUDGED = 3
_CLEARER = 0.5
# Error over the target's deviation up to which a form holds. Which of several such errs least is the luck of the length scales:
# that of (1 + a*b)*cos(c) came out six times apart on four BLAS kernels, from 3e-6 to 1.4e-5. So the plainest is taken.
_HOLDS = 1e-4
_STEPS, _ROUNDED = 25, 1e-9
_IDLE = 3.0
_BLURRED, _KNOWN = 1.6, 0.3
_NUGGET, _SIZE, _LENGTH = 1e-7, 10.0, 0.3
_STEEP = 1e6


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A problem in two: ``slope`` is solved first, ``rest`` says what is left of the rows once its formula is known.

    A slope that is a constant has no columns.
    ``doubt`` is the error on unseen rows over the deviation of the target.
    """

    name: str
    slope: Sample
    rest: Callable[[Expr], Reduction]
    doubt: float


@dataclass(frozen=True, kw_only=True)
class _Form:
    """T(y) = a + b g(x_i), and the error of y on unseen rows with these length scales of the others and this nugget."""

    undone: Undone
    i: int
    g: Expr
    values: Array
    length: Array
    nugget: float
    error: float


def parts(sample: Sample, surrogate: Surrogate) -> list[Parts | Reduction]:
    """The form that predicts unseen rows best, where it is much clearer than none; a division where the intercept is nothing.

    Args:
        sample: the rows.
        surrogate: of the same rows, whose coordinates and length scales are used to choose among forms.

    Returns:
        One, or none.
    """
    if len(sample.names) < 2 or len(sample.y) < _FEWEST:
        return []
    u = surrogate.coordinates(sample.x)
    learnt = min(_LEARNT, 2 * len(sample.y) // 3)
    seen, unseen = np.arange(learnt), np.arange(learnt, min(len(sample.y), learnt + _UNSEEN))
    targets = [undone for undone in transforms(sample.y) if _measurable(undone.values)]
    if not targets:
        return []
    plain = min(
        float(_errors(targets, kernel(u, u[seen], length, _SIZE), nugget, seen, unseen).min())
        for length, nugget in _scales(surrogate)
    )
    forms = sorted(_forms(sample, surrogate, targets, seen, unseen), key=lambda form: form.error)[:_JUDGED]
    judged = [_fitted(sample, form, u, seen, unseen) for form in forms if form.error < plain]
    best = min(judged, key=lambda found: found.error, default=None)
    if best is None or not best.error < _CLEARER * plain:
        return []
    hold = [found for found in judged if found.error <= max(best.error, _HOLDS * sample.spread)]
    order = {undone.name: place for place, undone in enumerate(targets)}

    def plainness(found: _Fitted) -> tuple[bool, int, int, int]:
        return (not _divides(found), order[found.form.undone.name], found.form.i, _FUNCTIONS.index(found.form.g))

    chosen = min(hold, key=plainness)
    return [_split(sample, chosen, chosen.error / sample.spread)]


def _measurable(values: Array) -> bool:
    """Whether the values vary, and their squares can be held."""
    with np.errstate(all="ignore"):
        deviation = float(np.std(values))
    return bool(np.isfinite(deviation) and deviation > 1e-12 * np.max(np.abs(values)))


def _scales(surrogate: Surrogate) -> list[tuple[Array, float]]:
    """Length scales and nuggets to choose forms with: the surrogate's may be those of another transformation of the target."""
    lengths = surrogate.length, np.full_like(surrogate.length, _LENGTH)
    return [(length, nugget) for length in lengths for nugget in (_NUGGET, max(surrogate.missing, 1e2 * _NUGGET))]


def _forms(sample: Sample, surrogate: Surrogate, targets: list[Undone], seen: Rows, unseen: Rows) -> Iterator[_Form]:
    u = surrogate.coordinates(sample.x)
    for i in range(len(sample.names)):
        others = np.delete(u, i, axis=1)
        for length, nugget in _scales(surrogate):
            length = np.delete(length, i)
            smooth = kernel(others, others[seen], length, _SIZE)
            for g in _FUNCTIONS:
                values = _values(g, sample.x[i])
                if values is not None:
                    errors = _errors(targets, smooth * (1 + np.outer(values, values[seen])), nugget, seen, unseen)
                    best = int(np.argmin(errors))
                    found = targets[best], float(errors[best])
                    yield _Form(undone=found[0], i=i, g=g, values=values, length=length, nugget=nugget, error=found[1])


def _values(g: Expr, column: Array) -> Array | None:
    """g of a column, with mean 0 and deviation 1; None where it is not finite, flat, or spans too much."""
    with np.errstate(all="ignore"):
        values = np.asarray(evaluate(g, {_X: column}))
        deviation = float(np.std(values))
    if not np.all(np.isfinite(values)) or not deviation > 1e-9 * float(np.max(np.abs(values))):
        return None
    if float(np.ptp(values)) > _STEEP * deviation:
        return None
    return np.asarray((values - np.mean(values)) / deviation)


def _errors(targets: list[Undone], smooth: Array, nugget: float, seen: Rows, unseen: Rows) -> Array:
    """Root mean square error of y on the unseen rows, to first order, for each transformed target."""
    values = np.stack([target.values for target in targets], axis=1)
    centre, deviation = values[seen].mean(axis=0), values[seen].std(axis=0)
    scaled = (values - centre) / np.where(deviation > 0, deviation, 1.0)
    drawn = smooth[unseen] @ np.linalg.solve(smooth[seen] + nugget * np.eye(len(seen)), scaled[seen])
    weights = np.stack([target.weights for target in targets], axis=1)[unseen]
    units = np.array([target.unit for target in targets])
    with np.errstate(over="ignore"):
        errors = np.sqrt(np.mean(weights * ((drawn - scaled[unseen]) * deviation) ** 2, axis=0)) * units
    return np.asarray(np.where(np.isfinite(errors), errors, np.inf))


@dataclass(frozen=True, kw_only=True)
class _Fitted:
    """A form with its own length scales: T(y) = intercept + slope g at every row, each with the deviation the process gives it.

    ``error`` is that of y on unseen rows.
    """

    form: _Form
    g: Array
    intercept: Array
    slope: Array
    blurred: tuple[float, float]
    error: float


def _fitted(sample: Sample, form: _Form, u: Array, seen: Rows, unseen: Rows) -> _Fitted:
    """Length scales and sizes by marginal likelihood, then the process on more rows."""
    from scipy.linalg import solve_triangular

    others, values = np.delete(u, form.i, axis=1), form.undone.values
    centre, deviation = float(values.mean()), float(values.std()) or 1.0
    t = (values - centre) / deviation
    factors = np.ones((len(seen), len(seen))), np.outer(form.values[seen], form.values[seen])
    scales = [(form.length, np.full(2, _SIZE), form.nugget), tune(others[seen], t[seen], np.ones(len(seen)), _STEPS, factors)]

    def posterior(rows: Rows, length: Array, sizes: Array, nugget: float) -> tuple[Array, Array]:
        """Means [2, all rows] of the two parts, and the deviation [2] they have on average.

        What the rows explain of a part is a sum of squares, by the Cholesky factor: with an inverse in its place the difference
        from the part's size was rounding, up to a thousandth of it, and the processor decided which parts are known.
        """
        near, g = kernel(others[rows], others[rows], length, 1.0), form.values[rows]
        factor = _factor(near * (sizes[0] + sizes[1] * np.outer(g, g)), nugget)
        to = kernel(others, others[rows], length, 1.0)
        halves = [solve_triangular(factor, part.T, lower=True) for part in (sizes[0] * to, sizes[1] * to * g)]
        seen_half = solve_triangular(factor, t[rows], lower=True)
        variance = sizes - np.array([np.sum(half**2) / half.shape[1] for half in halves])
        known = variance > _ROUNDED * sizes
        return np.stack([seen_half @ half for half in halves]), np.where(known, np.sqrt(np.maximum(variance, 0.0)), np.nan)

    def missed(scale: tuple[Array, Array, float]) -> Array:
        a, b = posterior(seen, *scale)[0]
        return np.asarray((a + b * form.values - t)[unseen] * deviation)

    def error(left: Array) -> float:
        return float(np.sqrt(np.mean(form.undone.weights[unseen] * left**2))) * form.undone.unit

    left, best = min(((missed(scale), scale) for scale in scales), key=lambda item: error(item[0]))
    (a, b), blurred = posterior(np.arange(min(len(t), _FITTED)), *best)
    # Where rounding hides the variance there is no noise to speak of, and unseen rows tell.
    blurred = np.where(np.isnan(blurred), float(np.sqrt(np.mean(left**2))) / deviation, blurred)
    g = np.asarray(evaluate(form.g, {_X: sample.x[form.i]}))
    scale, far = deviation / g.std(), g.mean() / g.std()
    return _Fitted(
        form=form,
        g=g,
        intercept=centre + (a - b * far) * deviation,
        slope=b * scale,
        blurred=(float(np.hypot(blurred[0], blurred[1] * far)) * deviation, float(blurred[1]) * scale),
        error=error(left),
    )


def _divides(found: _Fitted) -> bool:
    """Whether the intercept is nothing but error, so that the target is a product with g."""
    return bool(np.all(found.g != 0) and np.sqrt(np.mean(found.intercept**2)) < _IDLE * found.blurred[0])


def _factor(smooth: Array, nugget: float) -> Array:
    """The lower Cholesky factor of a covariance; where rounding hides the nugget, of one with a nugget that it does not hide."""
    while True:
        try:
            return np.asarray(np.linalg.cholesky(smooth + nugget * np.eye(len(smooth))))
        except np.linalg.LinAlgError:
            nugget = max(10 * nugget, float(np.finfo(np.float64).eps) * float(np.trace(smooth)))


def _split(sample: Sample, found: _Fitted, doubt: float) -> Parts | Reduction:
    """The form as a division by g, where the intercept is nothing but error, or as a slope and what it leaves."""
    form = found.form
    g, outer = form.g.substitute({_X: var(sample.names[form.i])}), form.undone.outer
    counted = form.undone.weights if sample.weights is None else form.undone.weights * sample.weights
    stated = 0.0 if sample.relative else sample.stated / form.undone.unit
    below = replace(sample, y=form.undone.values, weights=None if np.ptp(counted) == 0 else counted, stated=stated).rows(
        counted > 0
    )
    if _divides(found):
        return Reduction(
            kind="product",
            name=f"divide {form.undone.name} by {to_text(g)}",
            sample=without(divided(below, g), [form.i]),
            rebuild=lambda expr: outer.substitute({_X: mul(g, expr)}),
            doubt=doubt,
        )
    name, blurred = f"{form.undone.name} in {to_text(g)}", found.blurred[1]
    # The process errs smoothly, which tests would take for structure: noise of that size hides it.
    noise = blurred * np.random.default_rng(0).standard_normal(len(found.slope))
    slope = without(replace(sample, y=found.slope + noise, weights=None, error=_BLURRED * blurred, stated=0.0), [form.i])
    if np.std(found.slope) < _IDLE * blurred:
        slope = replace(slope, names=(), x=slope.x[:0])

    def rest(expr: Expr) -> Reduction:
        taken = mul(expr, g)
        y = below.y - evaluate(taken, below.columns)
        error = _KNOWN * blurred * float(found.g.std()) if expr.numbers() else 0.0
        return Reduction(
            kind="intercept",
            name=name,
            sample=without(replace(below, y=y, error=error), [form.i]),
            rebuild=lambda intercept: outer.substitute({_X: add(intercept, taken)}),
            doubt=doubt,
        )

    return Parts(name=name, slope=slope, rest=rest, doubt=doubt)
