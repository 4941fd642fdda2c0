"""Smaller problems inside a problem, found in the gradients of a smooth surrogate.

Four tests, all exact for the true gradients, with e_i = x_i dy/dx_i / y the local exponents:
  power factor   e_i is one number p          =>  y = x_i^p h(the others)
  scaling        e_i = p - r e_j with p != 0  =>  y = x_i^p h(x_j x_i^-r, the others)
  group          log|dy/dx_i / dy/dx_j| = k + a log|x_i| + b log|x_j|   =>  y depends on x_i and x_j only through
                 z = x_i^p x_j^q (a = -1, b = 1) or z = c x_i^(a+1) + x_j^(1-b)
  homogeneity    sum a_i e_i = p             =>  y = x_k^p h(the x_i x_k^(-a_i/a_k)), for three columns or more
Each reduction replaces columns by one new column (or none) and knows how to put a solution back.
(Udrescu et al., AI Feynman 2.0, NeurIPS 2020, use such tests on a neural network.)
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, add, mul, num, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.reductions.reduction import Reduction, divided, influence, raised, without
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import Surrogate, fit_surrogate
from kandisco.types import Array

_BLIND, _IDLE = 0.5, 2e-3
# What a doubt counts against those of other tests: a power that divides out leaves a column less, a scaling is one group of many.
_POWER, _SCALING = 0.5, 2.0
_DIGITS = 3
# Noise this strong hides a weak column from the gradients; then prediction decides.
_FELT, _AS_GOOD, _CLEAR = 1e-5, 1.05, 2.0


def reductions(surrogate: Surrogate, *, rows: int = 300) -> list[Reduction]:
    """All smaller problems the gradients support, the clearest first."""
    sample = surrogate.sample
    x = sample.x[:, :rows]
    value, slope = surrogate.predict(x)
    noise = 3.0 * surrogate.missing**0.5
    limit = 0.02 if 10 * noise < 0.02 else 0.3 if 10 * noise > 0.3 else 10 * noise
    if idle := _idle(sample, slope, surrogate.missing):
        return [idle]
    found = [r for i in range(len(x)) if (r := _power_factor(sample, i, x, value, slope, limit))]
    found += [r for i in range(len(x)) for j in range(len(x)) if i != j and (r := _scaling(sample, i, j, x, value, slope, limit))]
    found += [r for i in range(len(x)) for j in range(i + 1, len(x)) if (r := _group(sample, i, j, x, slope, limit))]
    if not found and (r := _homogeneous(sample, x, value, slope, limit)):
        found.append(r)
    # One clear test makes the doubtful ones doubtful indeed: asin(u) is nearly u where u is small.
    clearest = min((r.priority for r in found), default=0.0)
    return sorted((r for r in found if r.priority <= max(30 * clearest, 1e-3)), key=_place)


def _place(reduction: Reduction) -> float:
    """The priority without its last digits: scaling either of two columns by the other is one test, and rounding no choice."""
    return float(f"{reduction.priority:.{_DIGITS}g}")


def _idle(sample: Sample, slope: Array, missing: float) -> Reduction | None:
    """The problem without the columns that have no influence on the surrogate beyond its own error."""
    felt = influence(sample, slope)
    least = max(_IDLE, 2.0 * missing**0.5)
    drop = [i for i, value in enumerate(felt) if value < min(least, 0.2 * float(np.max(felt)))]
    if not drop or len(drop) == len(felt) or missing > _BLIND:
        return None
    fewer = without(sample, drop)
    if fit_surrogate(fewer).missing > (_AS_GOOD if missing > _FELT else _CLEAR) * missing:
        return None
    names = ", ".join(sample.names[i] for i in drop)
    return Reduction(kind="idle", name=f"without {names}", sample=fewer, rebuild=lambda expr: expr)


def _power_factor(sample: Sample, i: int, x: Array, value: Array, slope: Array, limit: float) -> Reduction | None:
    with np.errstate(all="ignore"):
        exponents = x[i] * slope[i] / value
    clear = np.isfinite(exponents) & (np.abs(value) > 0.05 * np.std(value))
    if clear.sum() < 30 or np.any(sample.x[i] == 0):
        return None
    p = _nice(float(np.median(exponents[clear])))
    doubt = float(np.median(np.abs(exponents[clear] - p)))
    if p == 0 or doubt > limit * max(abs(float(p)), 0.3):
        return None
    if Fraction(p).denominator % 2 == 0 and np.any(sample.x[i] < 0):
        return None
    factor = raised(var(sample.names[i]), p)
    return Reduction(
        kind="divide",
        name=f"divide by {sample.names[i]}^{p}",
        sample=without(divided(sample, factor), [i]),
        rebuild=lambda expr: mul(factor, expr),
        doubt=doubt,
        priority=_POWER * doubt,
    )


def _scaling(sample: Sample, i: int, j: int, x: Array, value: Array, slope: Array, limit: float) -> Reduction | None:
    """y = x_i^p h(x_j x_i^-r, ...): what is left of homogeneity when x_i alone is no factor."""
    with np.errstate(all="ignore"):
        first, second = x[i] * slope[i] / value, x[j] * slope[j] / value
    clear = np.isfinite(first) & np.isfinite(second) & (np.abs(value) > 0.05 * np.std(value))
    if clear.sum() < 30 or not (np.all(sample.x[i] > 0) and np.ptp(second[clear]) > limit):
        return None
    a, p0 = np.polyfit(second[clear], first[clear], 1)
    p, r = _nice(float(p0)), _nice(float(-a))
    doubt = float(np.median(np.abs(first[clear] - float(p) + float(r) * second[clear])))
    if p == 0 or r == 0 or doubt > limit * max(0.3, float(np.std(first[clear]))):
        return None
    name = f"z{len(sample.names)}_{sample.names[i]}_{sample.names[j]}"
    expr = mul(var(sample.names[j]), raised(var(sample.names[i]), -r))
    z = evaluate(expr, {sample.names[i]: sample.x[i], sample.names[j]: sample.x[j]})
    factor = raised(var(sample.names[i]), p)
    return Reduction(
        kind="scale",
        name=f"scale {sample.names[j]} by {sample.names[i]}",
        sample=without(divided(sample, factor), [i, j], new=(name, z)),
        rebuild=lambda e: mul(factor, e.substitute({name: expr})),
        doubt=doubt,
        priority=_SCALING * doubt,
    )


def _homogeneous(sample: Sample, x: Array, value: Array, slope: Array, limit: float) -> Reduction | None:
    """sum_i a_i e_i = p for some a: y does not change, but for a power, when the columns are scaled together by t^a_i.

    The column with the largest |a_i| is divided out of the others (and of y).
    """
    signed = [i for i in range(len(x)) if np.all(sample.x[i] > 0)]
    with np.errstate(all="ignore"):
        exponents = x[signed] * slope[signed] / value
    clear = np.all(np.isfinite(exponents), axis=0) & (np.abs(value) > 0.05 * np.std(value))
    if len(signed) < 3 or clear.sum() < 30:
        return None
    exponents = exponents[:, clear]
    mean = exponents.mean(axis=1)
    u, singular, _ = np.linalg.svd(exponents - mean[:, None], full_matrices=False)
    a = u[:, -1] / u[np.argmax(np.abs(u[:, -1])), -1]
    k = int(np.argmax(np.abs(a)))
    powers = [_nice(float(v)) for v in a]
    p = _nice(float(a @ mean))
    spread = float(np.median(np.abs(np.array([float(v) for v in powers]) @ exponents - float(p))))
    if spread > limit * float(np.median(np.std(exponents, axis=1))) or sum(v != 0 for v in powers) < 3:
        return None
    lead = var(sample.names[signed[k]])
    inner, columns, names = {}, [], []
    for i, v in zip(signed, powers, strict=True):
        if i != signed[k] and v != 0:
            name = f"z{len(sample.names)}_{sample.names[i]}"
            inner[name] = mul(var(sample.names[i]), raised(lead, -v))
            names.append(name)
            columns.append(evaluate(inner[name], sample.columns))
    factor = raised(lead, p) if p else rat(1)
    gone = [i for i, v in zip(signed, powers, strict=True) if v != 0]
    smaller = without(divided(sample, factor), gone)
    smaller = replace(smaller, names=(*smaller.names, *names), x=np.vstack([smaller.x, *columns]))
    return Reduction(
        kind="homogeneous",
        name=f"homogeneous in {', '.join(sample.names[i] for i in gone)}",
        sample=smaller,
        rebuild=lambda e: mul(factor, e.substitute(inner)),
        doubt=spread,
        priority=spread,
    )


def _group(sample: Sample, i: int, j: int, x: Array, slope: Array, limit: float) -> Reduction | None:
    with np.errstate(all="ignore"):
        ratio = slope[i] / slope[j]
        size = np.log(np.abs(ratio))
    strong = (np.abs(slope[i]) > 1e-2 * np.std(slope[i])) & (np.abs(slope[j]) > 1e-2 * np.std(slope[j]))
    clear = np.isfinite(size) & strong & (x[i] != 0) & (x[j] != 0)
    if clear.sum() < 30:
        return None
    a, b = _slopes(np.log(np.abs(x[i][clear])), np.log(np.abs(x[j][clear])), size[clear])
    p, q = round(2 * (a + 1)) / 2, round(2 * (1 - b)) / 2
    level = float(np.median(size[clear] - (p - 1) * np.log(np.abs(x[i][clear])) + (q - 1) * np.log(np.abs(x[j][clear]))))
    model = level + (p - 1) * np.log(np.abs(x[i][clear])) - (q - 1) * np.log(np.abs(x[j][clear]))
    doubt = float(np.median(np.abs(size[clear] - model)))
    if doubt > limit or abs(p) > 4 or abs(q) > 4:
        return None
    if (p == 0) != (q == 0):
        return None
    half = (p % 1 and np.any(sample.x[i] < 0)) or (q % 1 and np.any(sample.x[j] < 0))
    trend = ratio[clear] * (x[i][clear] ** (1 - p if p else 1)) / (x[j][clear] ** (1 - q if q else 1))
    signs = np.sign(trend)
    if half or abs(np.mean(signs)) < 0.98:
        return None
    expr = _combined(sample.names[i], sample.names[j], p, q, float(np.exp(level)) * float(np.sign(signs.sum())))
    columns = {sample.names[i]: sample.x[i], sample.names[j]: sample.x[j]}
    z = evaluate(expr, columns)
    if not np.all(np.isfinite(z)) or np.ptp(z) == 0:
        return None
    name = f"z{len(sample.names)}_{sample.names[i]}_{sample.names[j]}"
    smaller = without(sample, [i, j], new=(name, z))
    return Reduction(
        kind="group",
        name=f"group {sample.names[i]},{sample.names[j]}",
        sample=smaller,
        rebuild=lambda e: e.substitute({name: expr}),
        doubt=doubt,
        priority=doubt,
    )


def _combined(first: str, second: str, p: float, q: float, level: float) -> Expr:
    """z(x_i, x_j) whose partial derivatives have the ratio ``level x_i^(p-1) / x_j^(q-1)``."""
    a, b = var(first), var(second)
    if p == 0:
        exponent = Fraction(level).limit_denominator(4)
        return mul(raised(a, exponent), b) if exponent else mul(power(a, num(level)), b)
    c = _nice(level * q / p)
    lead = raised(a, Fraction(p).limit_denominator(2))
    return add(mul(rat(c) if c else num(level * q / p), lead), raised(b, Fraction(q).limit_denominator(2)))


def _nice(value: float) -> Fraction:
    """The fraction with denominator at most 6 nearest to ``value`` if within 5 %, the nearest half otherwise."""
    fraction = Fraction(value).limit_denominator(6)
    return fraction if abs(float(fraction) - value) < 0.05 * max(abs(value), 0.1) else Fraction(round(2 * value), 2)


def _slopes(u: Array, v: Array, t: Array) -> tuple[float, float]:
    """a and b of the least-squares plane t = a u + b v + k."""
    a, b, _ = np.linalg.lstsq(np.stack([u, v, np.ones_like(u)]).T, t, rcond=1e-9)[0]
    return float(a), float(b)
