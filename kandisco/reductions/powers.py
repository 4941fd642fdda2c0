"""Power factors without gradients: exponents from one linear regression in logarithms, and tests of what is left."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, mul, to_text, var
from kandisco.reductions.reduction import Reduction, divided, influence, raised, without
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.spectral import chance, spline_features
from kandisco.symbolic.surrogate import fit_surrogate
from kandisco.types import Array

_CLEAR_SLOPE, _SHARP_SLOPE = 0.2, 0.06
_COARSE, _VAGUE, _IDLE = 0.05, 1e-2, 2e-3
# The doubt of factors that no surrogate can confirm.
_UNSEEN = 0.2
_LEVEL = 1e-3


def log_factors(sample: Sample) -> list[Reduction]:
    """Powers of columns that divide out: exponents from regressing log|y| on log|x|, kept where the rest ignores the column.

    Columns drawn independently have unbiased slopes whatever the other columns do, so no surrogate is needed, and decades, noise
    and both signs do not matter. What is left must show neither a mean nor a spread that follows the column (F-tests of splines).

    Returns:
        All of them at once, then, where a surrogate still feels one of several, those without it; empty where there are none.
    """
    usable = [i for i, column in enumerate(sample.x) if np.all(column != 0) and np.ptp(column) > 0]
    if len(usable) < 2 or np.any(sample.y == 0) or len(sample.y) < 10 * len(usable):
        return []
    logs, target = np.log(np.abs(sample.x[usable])), np.log(np.abs(sample.y))
    powers = _clear_powers(sample, usable, logs, target)
    while powers:
        left = target - sum(float(p) * logs[k] for k, p in powers.items())
        spread = np.abs(left - np.median(left))
        doubts = {k: min(_chance(logs, k, left), _chance(logs, k, spread)) for k in powers}
        worst = min(doubts, key=lambda k: doubts[k])
        if doubts[worst] >= _LEVEL:
            break
        del powers[worst]
    if len(powers) == len(sample.names):
        return []
    whole = {k: p for k, p in powers.items() if p.denominator == 1}
    # A half may be no power at all but a good likeness of one.
    return _divided(sample, usable, powers) or (_divided(sample, usable, whole) if whole != powers else [])


def _divided(sample: Sample, usable: list[int], powers: dict[int, Fraction]) -> list[Reduction]:
    factors = {usable[k]: raised(var(sample.names[usable[k]]), p) for k, p in powers.items()}
    felt, doubt = _idle_factors(sample, factors)
    out = [_reduction(sample, [factors[i] for i in felt], list(felt), doubt)] if felt else []
    doubtful = max(felt, key=lambda i: felt[i], default=-1)
    if len(felt) > 1 and felt[doubtful] > _IDLE:
        rest = [i for i in felt if i != doubtful]
        out.append(_reduction(sample, [factors[i] for i in rest], rest, doubt))
    return out


def _reduction(sample: Sample, factors: list[Expr], columns: list[int], doubt: float) -> Reduction:
    factor = mul(*factors)
    return Reduction(
        kind="powers",
        name=f"divide by {to_text(factor)}",
        sample=without(divided(sample, factor), columns),
        rebuild=lambda expr: mul(factor, expr),
        doubt=doubt,
    )


def _idle_factors(sample: Sample, factors: dict[int, Expr]) -> tuple[dict[int, float], float]:
    """Those of the factors whose column no longer matters once all are divided out, and how much a surrogate still feels it.

    None where the surrogate saw clearly before and no longer does. The doubt is above 0 where no surrogate can tell.
    """
    rest = divided(sample, mul(*factors.values()))
    if not factors or not np.all(np.isfinite(rest.y)):
        return {}, 0.0
    surrogate = fit_surrogate(rest)
    if surrogate.missing > _COARSE:
        return (dict.fromkeys(factors, 0.0) if fit_surrogate(sample).missing > _COARSE else {}), _UNSEEN
    doubt = _UNSEEN if surrogate.missing > _VAGUE else 0.0
    felt = influence(rest, surrogate.predict(rest.x[:, :300])[1])
    return {i: float(felt[i]) for i in factors if felt[i] < max(_IDLE, 2.0 * surrogate.missing**0.5)}, doubt


def _clear_powers(sample: Sample, usable: list[int], logs: Array, target: Array) -> dict[int, Fraction]:
    """Position in ``usable`` -> exponent, where the regression leaves no doubt which simple number it is."""
    design = np.vstack([np.ones_like(target), logs]).T
    coef, _, rank, _ = np.linalg.lstsq(design, target, rcond=1e-10)
    if rank < design.shape[1]:
        return {}
    variance = float(np.sum((target - design @ coef) ** 2)) / (len(target) - len(coef))
    errors = np.sqrt(variance * np.diag(np.linalg.inv(design.T @ design)))
    found = {}
    for k, (slope, error) in enumerate(zip(coef[1:].tolist(), errors[1:].tolist(), strict=True)):
        one_sign = bool(np.all(sample.x[usable[k]] > 0))
        # Halves are a quarter apart from what is rounded to them: only a sharp slope tells them from whole numbers.
        p = Fraction(round(2 * slope), 2) if one_sign and error < _SHARP_SLOPE else Fraction(round(slope))
        if p and abs(slope - float(p)) < 4 * error + 1e-9 and error < _CLEAR_SLOPE:
            found[k] = p
    return found


def _chance(logs: Array, k: int, v: Array) -> float:
    """p-value of the F-test whether ``v`` depends on column ``k``: on splines of it, or on its product with splines of others."""
    if not np.ptp(v) > 1e-9:
        return 1.0
    u = (logs[k] - logs[k].mean()) / logs[k].std()
    knots = max(1, min(5, len(v) // (10 * len(logs)) - 3))
    own = spline_features(u, knots)
    joint = [u * spline_features(other, knots) for i, other in enumerate(logs) if i != k]
    design = np.concatenate([own, *joint])
    return chance(design - design.mean(axis=1, keepdims=True), v - v.mean())
