"""A plain rival for what a search finds: sparse sums of monomials and sines, chosen on increments of the states."""

from __future__ import annotations

import itertools

import numpy as np

from kandisco.expr import Expr, add, call, mul, num, power, rat, var
from kandisco.tasks.ode.shooting import Increments
from kandisco.types import Array

_DEGREE = 3
_MOST = 60


def sparse(place: int, data: Increments) -> Expr:
    """The best sparse sum for one state's slope: terms are dropped one by one while the Bayesian criterion falls.

    Args:
        place: which state's.
        data: the increments.

    Returns:
        A sum of terms with fitted coefficients.
    """
    terms = _terms(data.names)
    columns = np.column_stack([data.integral(term) for term in terms])
    gains, floor, rows = data.gains[place], float(data.floor[place]), float(data.rows[place])
    size = np.sqrt(np.mean(columns**2, axis=0))
    kept = [i for i in range(len(terms)) if np.isfinite(size[i]) and size[i] > 0]
    best, choice = np.inf, kept
    while kept:
        coefficients, left = _fitted(columns[:, kept] / size[kept], gains)
        score = criterion(left, len(kept), rows, floor)
        if score < best:
            best, choice = score, list(kept)
        # The term whose loss costs least: its coefficient over its standard error is smallest.
        inverse = np.linalg.pinv((columns[:, kept] / size[kept]).T @ (columns[:, kept] / size[kept]))
        kept.pop(int(np.argmin(np.abs(coefficients) / np.sqrt(np.maximum(np.diag(inverse), 1e-300)))))
    coefficients, _ = _fitted(columns[:, choice] / size[choice], gains)
    parts = [mul(num(float(c / size[i])), terms[i]) for c, i in zip(coefficients, choice, strict=True)]
    return add(*parts) if parts else rat(0)


def criterion(rmse: float, terms: float, rows: float, floor: float) -> float:
    """Bayesian criterion in nats, where nothing is gained by explaining what is below the floor."""
    return rows / 2 * float(np.log(rmse**2 + floor**2)) + terms * float(np.log(rows))


def _fitted(columns: Array, gains: Array) -> tuple[Array, float]:
    coefficients: Array = np.asarray(np.linalg.lstsq(columns, gains, rcond=None)[0], dtype=np.float64)
    return coefficients, float(np.sqrt(np.mean((columns @ coefficients - gains) ** 2)))


def _terms(names: tuple[str, ...]) -> list[Expr]:
    terms: list[Expr] = [rat(1)]
    for degree in range(1, _DEGREE + 1):
        for combination in itertools.combinations_with_replacement(names, degree):
            powers = [(name, combination.count(name)) for name in dict.fromkeys(combination)]
            terms.append(mul(*(var(name) if n == 1 else power(var(name), rat(n)) for name, n in powers)))
    terms += [call(head, var(name)) for name in names for head in ("sin", "cos")]
    return terms[:_MOST]
