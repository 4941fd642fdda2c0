"""Curves that turn too often for a smooth start: the strongest wave in x, 1/x, x**2, sqrt(x) or log(x), by a periodogram.

The least-squares periodogram (Lomb, Astrophysics and Space Science 39 (1976); Scargle, Astrophysical Journal 263 (1982)) of rows
scattered at random has no Nyquist limit, so a few hundred rows show a wave of fifty periods as clearly as one of two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kandisco.expr import Expr, add, call, complexity, mul, num, parse
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.refit import refit
from kandisco.types import Array

_ARGUMENTS = ("x", "1/x", "x**2", "sqrt(x)", "log(x)")
_PERIODS, _PER_PERIOD = 60.0, 5
_CLEAR = 0.5


def fit_waves(u: Array, v: Array, arguments: Sequence[str] = _ARGUMENTS) -> list[CurveFit]:
    """``c cos(w g(x) + p) + d`` for each plain g in which one wave explains at least half of the curve's variance.

    Args:
        u, v: float64 [rows], the samples.
        arguments: texts of g in ``x``.

    Returns:
        Fits in the variable ``x``, smallest error first.

    Example:
        >>> x = np.linspace(0.5, 3, 400)
        >>> fit_waves(x, np.cos(40 / x))[0].name
        'wave in 1/x'
    """
    deviation = float(np.std(v)) or 1.0
    out = []
    for text in arguments:
        argument = parse(text, ("x",))
        z = evaluate(argument, {"x": u})
        if not np.all(np.isfinite(z)) or np.ptp(z) == 0 or len(z) < 4 * _PER_PERIOD:
            continue
        turns, missing = _strongest(z, v)
        if missing < _CLEAR:
            fit = refit(_wave(argument, z, v, turns), ("x",), u[None, :], v, iterations=60)
            out.append(
                CurveFit(name=f"wave in {text}", expr=fit.expr, error=fit.rmse / deviation, complexity=complexity(fit.expr))
            )
    return sorted(out, key=lambda fit: fit.error)


def _strongest(z: Array, v: Array) -> tuple[float, float]:
    """The angular frequency whose wave leaves the smallest share of the variance, and that share."""
    most = min(_PERIODS, len(z) / 8)
    frequencies = 2 * np.pi / float(np.ptp(z)) * np.arange(0.5, most, 1 / _PER_PERIOD)
    design, coef = _projected(z, v, frequencies)
    left = np.mean((v - np.einsum("fin,fi->fn", design, coef)) ** 2, axis=1)
    best = int(np.argmin(left))
    return float(frequencies[best]), float(left[best]) / (float(np.var(v)) or 1.0)


def _projected(z: Array, v: Array, frequencies: Array) -> tuple[Array, Array]:
    """Constant, cosine and sine at each frequency, [frequencies, 3, rows], and their coefficients, [frequencies, 3]."""
    turns = frequencies[:, None] * z
    design = np.stack([np.ones_like(turns), np.cos(turns), np.sin(turns)], axis=1)
    gram = design @ design.transpose(0, 2, 1) + 1e-9 * len(z) * np.eye(3)
    return design, np.linalg.solve(gram, (design @ v)[:, :, None])[:, :, 0]


def _wave(argument: Expr, z: Array, v: Array, frequency: float) -> Expr:
    offset, even, odd = _projected(z, v, np.array([frequency]))[1][0].tolist()
    inner = add(mul(num(frequency), argument), num(float(np.arctan2(-odd, even))))
    return add(mul(num(float(np.hypot(even, odd))), call("cos", inner)), num(offset))
