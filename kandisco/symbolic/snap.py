"""From fitted floats to the constants a law has: drop what the data do not need, snap what they do not object to.

Every change is a hypothesis test: the constant is fixed, all others are refitted, and the change stays when the error does not
rise beyond what one degree of freedom explains (BIC), or, on noise-free data, when it stays at the rounding floor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, add, const, mul, power, rat
from kandisco.expr.numeric import Program
from kandisco.symbolic.prices import price, price_of_form
from kandisco.symbolic.refit import Fit, residual_unit, size
from kandisco.symbolic.sample import Sample
from kandisco.types import Array

_THREE_SIGMA = 4.5
_DEARER = 2.0  # nats
_STARTED, _FAR = 6, 1.5
# Of constants that can stand in for each other an offset goes first, then a term's coefficient: the scale stays in front.
_FREE_FIRST = {"term": -10.0, "coefficient": -9.0}


def simplest(fit: Fit, sample: Sample, *, stop: Callable[[], object] = lambda: False) -> Fit:
    """Drop terms and snap constants until the data object.

    Args:
        fit: a refitted expression.
        sample: the rows it was fitted to.
        stop: asked between trials; when it says so, what is reduced so far is returned.

    Returns:
        The reduced expression, refitted.
    """
    fit = _drop_terms(fit, sample, stop)
    fit = _snap_all(fit, sample, stop)
    return _drop_terms(fit, sample, stop)


def _drop_terms(fit: Fit, sample: Sample, stop: Callable[[], object]) -> Fit:
    """Remove summands, one by one, while the data do not object.

    Within a stated uncertainty they do not object to much, so there the summand goes that is missed least.
    """
    while True:
        found = _smaller(fit, sample, stop)
        least = min(found, key=lambda trial: trial.rmse, default=None) if sample.stated else next(found, None)
        if least is None or (sample.stated and stop()):
            return fit
        fit = least


def _smaller(fit: Fit, sample: Sample, stop: Callable[[], object]) -> Iterator[Fit]:
    """The fits without one summand that are as good, in the order of the tree."""
    for smaller in without_one_term(fit.expr):
        if stop():
            return
        freed = len(fit.expr.numbers()) - len(smaller.numbers())
        if freed <= 0:
            continue
        trial = _trial(smaller, fit, sample)
        if sample.accepts(trial, fit, 0.5 * freed * math.log(len(sample.y))):
            yield trial


def _trial(smaller: Expr, fit: Fit, sample: Sample) -> Fit:
    """The smaller form refitted; under noise no further than a few steps where these leave it far from the larger one."""
    if sample.exact(fit):
        return sample.refit(smaller)
    started = sample.refit(smaller, iterations=_STARTED)
    return started if started.rmse > _FAR * max(fit.rmse, sample.stated) else sample.refit(started.expr)


def without_one_term(expr: Expr) -> Iterator[Expr]:
    """The tree without one of its summands, for each of them."""
    if expr.head == "add":
        for i in range(len(expr.args)):
            rest = expr.args[:i] + expr.args[i + 1 :]
            yield rest[0] if len(rest) == 1 else Expr("add", rest)
    for i, arg in enumerate(expr.args):
        for smaller in without_one_term(arg):
            yield Expr(expr.head, (*expr.args[:i], smaller, *expr.args[i + 1 :]), expr.value)


def _snap_all(fit: Fit, sample: Sample, stop: Callable[[], object]) -> Fit:
    tried: set[tuple[str, str]] = set()
    progress = True
    while progress:
        progress = False
        for position, expr, allowance in _proposals(fit, sample):
            key = (str(position), str(expr))
            if stop():
                return fit
            if key in tried:
                continue
            tried.add(key)
            trial = _trial(without_neutral(replace_number(fit.expr, position, expr)), fit, sample)
            # Within a stated uncertainty the data object to nothing, so that the rounding itself has to pay.
            if sample.accepts(trial, fit, allowance) and not (sample.stated and _price(trial) >= _price(fit)):
                fit, progress = trial, True
                tried.clear()
                break
    return fit


def _price(fit: Fit) -> float:
    return price_of_form(fit.expr, fit.std_errors.tolist())


def replace_number(expr: Expr, position: int, new: Expr) -> Expr:
    """A copy whose ``position``-th fitted constant is ``new``."""
    counter = iter(range(10**9))

    def change(leaf: Expr) -> Expr:
        return new if leaf.head == "num" and next(counter) == position else leaf

    return expr.map_leaves(change)


def without_neutral(expr: Expr) -> Expr:
    """A copy without the zeros in sums, ones in products and exponents one that snapping leaves behind."""
    args = tuple(without_neutral(arg) for arg in expr.args)
    if expr.head == "add":
        return add(*(arg for arg in args if arg != rat(0)))
    if expr.head == "mul":
        return rat(0) if rat(0) in args else mul(*(arg for arg in args if arg != rat(1)))
    if expr.head == "pow" and args[1] == rat(1):
        return args[0]
    return Expr(expr.head, args, expr.value)


def _proposals(fit: Fit, sample: Sample) -> list[tuple[int, Expr, float]]:
    """Simple values near each constant with the loss of likelihood they may cost, the cheapest to name first.

    A constant known to one part in k takes log k nats to write down, which a simple value saves, less its own price; but a value
    more than three standard errors away is never accepted. Constants the data leave free come before all others.
    """
    values = np.array(fit.expr.numbers())
    errors, free = uncertainty(fit.expr, sample)
    exact = sample.exact(fit)
    roles = list(roles_of(fit.expr))
    out: list[tuple[float, int, Expr, float]] = []
    for i, value in enumerate(values):
        if free[i]:
            simple = rat(0) if roles[i] == "term" else rat(1 if value >= 0 else -1)
            out.append((_FREE_FIRST.get(roles[i], -8.0), i, simple, 0.5 * math.log(len(sample.y))))
            continue
        width = max(1e-9 * abs(value), 3.0 * errors[i]) if not exact else max(1e-9 * abs(value), 1e-11)
        saved = math.log(max(abs(value), 1.0) / errors[i]) if errors[i] > 0 else math.inf
        for expr, target, cost in simple_values(value, exact, errors[i]):
            if abs(value - target) <= width and saved > cost:
                out.append((cost, i, expr, min(saved - cost, _THREE_SIGMA)))
    return [(i, expr, allowance) for _, i, expr, allowance in sorted(out, key=lambda item: (item[0], item[1]))]


def roles_of(expr: Expr, role: str = "factor") -> Iterator[str]:
    """For each fitted constant: ``term`` in a sum, ``coefficient`` of a term, ``exponent``, or ``factor``."""
    if expr.head == "num":
        yield role
    for i, arg in enumerate(expr.args):
        if expr.head == "add":
            yield from roles_of(arg, "term")
        elif expr.head == "mul" and role == "term":
            yield from roles_of(arg, "coefficient")
        else:
            yield from roles_of(arg, "exponent" if expr.head == "pow" and i else "factor")


def uncertainty(expr: Expr, sample: Sample) -> tuple[Array, Array]:
    """Standard error of each constant, and whether the data leave it free (it takes part in a null direction).

    A stated uncertainty is the least that residuals are taken to be.
    """
    program = Program(expr, sample.names)
    value, jacobian = program.jacobian(program.start[None, :], sample.x)
    unit = residual_unit(sample.y, sample.relative, sample.weights)
    jacobian = jacobian / unit
    p, n = jacobian.shape[1:]
    if not p or not np.all(np.isfinite(jacobian)):
        return np.full(p, np.nan), np.zeros(p, dtype=bool)
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.sum(jacobian[0] ** 2, axis=1))
    if not np.all(np.isfinite(scale)):
        return np.full(p, np.nan), np.zeros(p, dtype=bool)
    dead = scale == 0
    scale[dead] = 1.0
    _, singular, right = np.linalg.svd((jacobian[0] / scale[:, None]).T, full_matrices=False)
    null = singular <= 1e-10 * max(singular[0], 1e-300)
    free = dead | (np.sum(right[null] ** 2, axis=0) > 1e-6)
    with np.errstate(all="ignore"):  # a column of vanishing length has an infinite error, which is the right answer
        kept = right[~null] / singular[~null, None]
        back = 1.0 if sample.relative else size(sample.y)
        variance = max(np.sum(((value[0] - sample.y) / unit) ** 2) / max(n - p, 1), (sample.stated / back) ** 2)
        return np.sqrt(np.sum(kept**2, axis=0) * variance) / scale, free


def simple_values(value: float, exact: bool, error: float) -> Iterator[tuple[Expr, float, float]]:
    """Simple numbers near ``value`` with the price (nats) of naming each: integers, fractions, and multiples of pi, e and roots.

    Irrational ones are proposed only where the constant is known well enough (1e-3 or better) for a match to mean something.
    """
    yield rat(0), 0.0, 0.0
    known = exact or (math.isfinite(error) and error <= 1e-3 * abs(value))
    # Rows that cannot tell 22/7 from pi settle on neither.
    rivals = [] if known else [cost for _, near, cost in _multiples(value) if abs(near - value) <= 3 * error]
    for limit in (1, 2, 4, 6, 12):
        fraction = Fraction(value).limit_denominator(limit)
        if price(fraction) > min(rivals, default=math.inf) + _DEARER:
            continue
        if fraction.denominator <= limit and fraction != 0 and abs(fraction.numerator) <= (10**6 if exact else 100):
            yield rat(fraction), float(fraction), price(fraction)
    if not known:
        return
    yield from _multiples(value)
    square = Fraction(value * value).limit_denominator(12)
    if square.numerator and square.numerator <= 100:
        root = power(rat(square), rat(1, 2))
        yield (root if value > 0 else mul(rat(-1), root)), math.copysign(math.sqrt(square), value), 2.5 + price(square)


def _multiples(value: float) -> Iterator[tuple[Expr, float, float]]:
    """Multiples of pi, e and their powers near ``value``, with their price."""
    for unit, tree in _units():
        fraction = Fraction(value / unit).limit_denominator(16)
        if fraction != 0 and abs(fraction.numerator) <= 64:
            yield mul(rat(fraction), tree) if fraction != 1 else tree, float(fraction) * unit, 2.0 + price(fraction)


def _units() -> Iterator[tuple[float, Expr]]:
    pi, e = const("pi"), const("E")
    yield math.pi, pi
    yield 1 / math.pi, power(pi, rat(-1))
    yield math.pi**2, power(pi, rat(2))
    yield math.pi**-2, power(pi, rat(-2))
    yield math.sqrt(math.pi), power(pi, rat(1, 2))
    yield 1 / math.sqrt(math.pi), power(pi, rat(-1, 2))
    yield 1 / math.sqrt(2 * math.pi), power(mul(rat(2), pi), rat(-1, 2))
    yield math.e, e
