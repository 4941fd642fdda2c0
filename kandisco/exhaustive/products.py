"""Products: powers of the columns times a factor, their exponents by regression of logarithms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from kandisco.arrays import Array
from kandisco.exhaustive import screen
from kandisco.exhaustive.blocks import Builder, Column, monomials
from kandisco.exhaustive.hits import CONSTANT, Hit, best, length, solved
from kandisco.exhaustive.targets import NO_FACTOR, targets
from kandisco.exhaustive.vocabulary import factors
from kandisco.expr import Expr, call, mul, num, power, rat
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample

_EXPONENTS = (1.0, -1.0, 0.5, -0.5, 2.0, -2.0)
# Multiples of which exponents are: halves, thirds, quarters.
_STEPS = (2, 3, 4)
_KEPT_PRODUCTS, _KEPT_AFFINE = 60, 20
# Sums of exponents of the products that stand beside a constant, with more than two columns and with two.
_FEW, _SOME = 2.0, 3.0


@dataclass(frozen=True, kw_only=True)
class _Logs:
    """A table in logarithms: ``log|y| = c + p_1 log|x_1| + ...`` for the columns of one sign.

    Attributes:
        columns: those that can be raised to any power.
        x: float64 [1 + columns, rows], a row of ones first.
        y: float64 [rows].
        weight: float64 [rows], root weights.
        shift: what is added to n/2 log(mean square) to compare kinds of errors.
        inner: tree and values of u in a further factor exp(a u), of a column that is not among ``columns``.
    """

    columns: Sequence[Column]
    x: Array
    y: Array
    weight: Array
    shift: float
    inner: tuple[Expr, Array] | None = None

    @property
    def known(self) -> Array:
        """float64 [regressors, rows]: all whose coefficients are found by regression."""
        return self.x if self.inner is None else np.vstack([self.x, self.inner[1]])


def _tables(make: Builder, sample: Sample, relative: bool) -> Iterator[_Logs]:
    """The table in logarithms: powers alone, and with exp(a x) or exp(a/x) in place of a power of one column."""
    signed = [c for c in make.columns if np.all(c.values > 0) or np.all(c.values < 0)]
    if not signed or not np.all(sample.y != 0):
        return
    yield _logs(sample, relative, signed, None)
    if "exp" not in make.allowed:
        return
    for column in make.columns:
        others = [c for c in signed if not set(c.expr.variables()) & set(column.expr.variables())]
        yield _logs(sample, relative, others, (column.expr, column.values))
        if np.all(column.values != 0):
            yield _logs(sample, relative, others, (power(column.expr, rat(-1)), 1.0 / column.values))


def _logs(sample: Sample, relative: bool, columns: Sequence[Column], inner: tuple[Expr, Array] | None) -> _Logs:
    y = sample.y
    own = np.ones(len(y)) if sample.weights is None else np.sqrt(sample.weights / np.mean(sample.weights))
    return _Logs(
        inner=inner,
        columns=columns,
        x=np.stack([np.ones(len(y)), *(np.log(np.abs(c.values)) for c in columns)]),
        y=np.log(np.abs(y)),
        weight=own if relative else own * np.abs(y),
        shift=float(np.sum(np.log(np.abs(y)))) if relative else 0.0,
    )


def products(make: Builder, sample: Sample, relative: bool) -> tuple[list[Hit], int]:
    """y = c x_1^p_1 ... x_n^p_n f^q for every factor f, and with exp(a x_i) or exp(a/x_i) in place of one of the powers."""
    forms = factors(make)
    with np.errstate(all="ignore"):
        values = np.array([np.log(np.abs(v)) for _, v in forms])
    good = np.all(np.isfinite(values), axis=1)
    forms, values = [form for form, ok in zip(forms, good, strict=True) if ok], values[good]
    cost = np.array([make.prior.cost(tree, len(make.columns)) for tree, _ in forms])
    found: list[Hit] = []
    count = 0
    for logs in _tables(make, sample, relative):
        own = (
            0.0
            if logs.inner is None
            else make.prior.cost(call("exp", mul(num(1.0), logs.inner[0])), len(make.columns)) + CONSTANT
        )
        q, _ = np.linalg.qr((logs.known * logs.weight).T)
        w = values * logs.weight
        free, along = w - (w @ q) @ q.T, logs.y * logs.weight
        along = along - (along @ q) @ q.T
        table = np.stack([_nats(along[None, :] - p * free, logs.shift) + cost + own for p in _EXPONENTS])
        bare = float(_nats(along[None, :], logs.shift)[0]) + own
        found += _hits(sample, logs, logs.y, None, bare, relative)
        for flat in best(table, _KEPT_PRODUCTS):
            k, i = divmod(flat, len(forms))
            factor = _power(forms[i][0], _EXPONENTS[k])
            found += _hits(sample, logs, logs.y - _EXPONENTS[k] * values[i], factor, float(table[k, i]), relative)
        count += len(_EXPONENTS) * len(forms) + 1
    return found, count


def _nats(rest: Array, shift: float) -> Array:
    rows = rest.shape[1]
    with np.errstate(all="ignore"):
        return np.asarray(0.5 * rows * np.log(np.maximum(np.einsum("mn,mn->m", rest, rest) / rows, 1e-300)) + shift)


def _hits(sample: Sample, logs: _Logs, t: Array, factor: Expr | None, score: float, relative: bool) -> list[Hit]:
    """The product with its exponents at the nearest halves, thirds and quarters; which they are is found when asked for."""
    nats = score + (CONSTANT + 0.5 * math.log(len(t))) * (1 + len(logs.columns) / 2)
    return [
        Hit(build=partial(_rounded, sample, logs, t, factor, step), score=nats, relative=relative, origin="product of powers")
        for step in _STEPS
    ]


def _rounded(sample: Sample, logs: _Logs, t: Array, factor: Expr | None, step: int) -> Expr:
    exponents = _settled(logs, t, step)
    rest = t - np.array(exponents) @ logs.x[1:]
    parts = [_power(c.expr, p) for c, p in zip(logs.columns, exponents, strict=True) if p]
    if factor is not None:
        parts.append(factor)
    if logs.inner is not None:
        rate, offset = np.polyfit(logs.inner[1], rest, 1, w=logs.weight)
        parts.append(call("exp", mul(num(float(rate)), logs.inner[0])))
    else:
        offset = np.average(rest, weights=logs.weight**2)
    tree = mul(num(math.exp(min(float(offset), 690.0))), *parts)
    value = evaluate(tree, dict(zip(sample.names, sample.x, strict=True)))
    return mul(rat(-1), tree) if np.mean(np.sign(value) == np.sign(sample.y)) < 0.5 else tree


def _power(expr: Expr, p: float) -> Expr:
    return expr if p == 1 else power(expr, rat(Fraction(p).limit_denominator(12)))


def _settled(logs: _Logs, t: Array, step: int) -> tuple[float, ...]:
    """Exponents at multiples of 1/step: the one the rows know best is rounded first, the rest solved anew."""
    known: dict[int, float] = {}
    while len(known) < len(logs.x) - 1:
        left = [i for i in range(1, len(logs.x)) if i not in known]
        rest = t - np.sum([p * logs.x[i] for i, p in known.items()], axis=0) if known else t
        regressors = np.vstack([logs.x[[0, *left]], logs.known[len(logs.x) :]])
        u, s, vt = np.linalg.svd((regressors * logs.weight).T, full_matrices=False)
        inverse = np.where(s > 1e-10 * s[0], 1.0 / np.maximum(s, 1e-300), 0.0)
        solution = vt.T @ (inverse * (u.T @ (rest * logs.weight)))
        spread = np.sqrt(np.sum((vt.T * inverse) ** 2, axis=1))[1 : 1 + len(left)]
        pick = int(np.argmin(spread))
        known[left[pick]] = round(step * float(solution[1 + pick])) / step
    return tuple(known[i] for i in range(1, len(logs.x)))


def beside_a_constant(make: Builder, sample: Sample, relative: bool) -> tuple[list[Hit], int]:
    """T(y) = a m f + b: a product of powers times a factor, beside a constant."""
    groups = [(rat(1), np.ones(len(sample.y))), *monomials(make.columns, most=_FEW if len(make.columns) > 2 else _SOME)]
    forms = factors(make)
    base = np.array([values for _, values in groups])
    cost = np.array([make.prior.cost(tree, len(make.columns)) for tree, _ in groups])
    own = np.array([make.prior.cost(tree, len(make.columns)) for tree, _ in forms])
    linear = 2 * make.prior.nodes["num"] + make.prior.nodes["mul"] + make.prior.nodes["add"]
    hits: list[Hit] = []
    for goal in targets(sample.y, relative, sample.weights, [NO_FACTOR], make.prior):
        if goal.name not in ("y", "1/y", "y^2"):
            continue
        t = screen.target(goal.values, goal.weight, centred=True)
        found: list[tuple[float, int, int, float]] = []
        for k, (_, values) in enumerate(forms):
            for q in (1.0, -1.0):
                with np.errstate(all="ignore"):
                    both = base * values if q > 0 else base / values
                both[~np.all(np.isfinite(both), axis=1)] = 0.0
                d = screen.design(both, goal.weight, np.array([0]), centred=True)
                squares = np.where(np.isfinite(d.length), screen.singles(d, t), np.inf)
                scores = length(squares, np.full(len(squares), 2), len(t), goal) + cost + own[k] + linear
                i = int(np.argmin(scores))
                found.append((float(scores[i]), k, i, q))
        for score, k, i, q in sorted(found)[:_KEPT_AFFINE]:
            if math.isfinite(score):
                tree = mul(*([groups[i][0]] if i else []), _power(forms[k][0], q))
                build = partial(solved, goal, [tree], [base[i] * forms[k][1] ** q], intercept=True)
                origin = f"product and constant, {goal.name}"
                hits.append(Hit(build=build, score=score, relative=relative, origin=origin))
    return hits, 6 * len(forms) * len(groups)
