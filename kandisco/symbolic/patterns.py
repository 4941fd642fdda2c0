"""Curves that one function does not draw: sums, products and compositions of two library functions.

All pairs of atoms (functions on a grid of slopes and centres) are scored at once by linear algebra; the best pairs start
Levenberg-Marquardt fits of the whole pattern.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, add, complexity, mul, num, parse, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.symbolic.curves import Atoms, CurveFit, correlations, fit_curve, make_atoms, wrap
from kandisco.symbolic.refit import refit

Array = NDArray[np.float64]
_X = "x"
_OUTER_SLOPES = (0.3, 1.0, 2.0, 4.0, -0.3, -1.0, -2.0, -4.0)
_OUTER_OFFSETS = (0.0, 0.5, -0.5, 1.2, -1.2, 2.0)


def fit_patterns(u: Array, v: Array, functions: Sequence[FunctionSpec], *, rows: int = 120, keep: int = 80) -> list[CurveFit]:
    """Rank one- and two-function patterns on a curve.

    Args:
        u, v: float64 [rows], the samples.
        functions: the library.
        rows: samples the pairs are scored on.
        keep: pairs of each kind refined by Levenberg-Marquardt.

    Returns:
        Fits in the variable ``x``, smallest error first.
    """
    order = np.argsort(u, kind="stable")
    coarse = order[np.unique(np.linspace(0, len(u) - 1, min(rows, len(u))).astype(int))]
    a, b = u[coarse], v[coarse]
    atoms = _with_shifts(make_atoms(a, functions, dense=False), a)
    starts = [*_sums(atoms, b, keep), *_products(atoms, b, keep), *_compositions(atoms, a, b, functions, keep)]
    fits = fit_curve(u, v, functions)
    deviation = float(np.std(v)) or 1.0
    for name, expr in starts:
        fit = refit(expr, (_X,), a[None, :], b, iterations=30)
        fits.append(CurveFit(name=name, expr=fit.expr, error=fit.rmse / deviation, complexity=complexity(fit.expr)))
    fits.sort(key=lambda fit: fit.error)
    return [_on_all_rows(fit, u, v, deviation) for fit in fits[:12]]


def _on_all_rows(fit: CurveFit, u: Array, v: Array, deviation: float) -> CurveFit:
    better = refit(fit.expr, (_X,), u[None, :], v, iterations=30)
    return CurveFit(name=fit.name, expr=better.expr, error=better.rmse / deviation, complexity=fit.complexity)


def _with_shifts(atoms: Atoms, u: Array) -> Atoms:
    """The atoms and a few factors ``x - z``, which only matter inside products."""
    centres = np.array([0.0, *np.quantile(u, [0.0, 0.25, 0.5, 0.75, 1.0])])
    extra = len(centres)
    return Atoms(
        names=(*atoms.names, *("x",) * extra),
        shapes=(*atoms.shapes, *(var(_X),) * extra),
        slopes=np.concatenate([atoms.slopes, np.ones(extra)]),
        offsets=np.concatenate([atoms.offsets, -centres]),
        kinds=(*atoms.kinds, *("shifted",) * extra),
        values=np.vstack([atoms.values, u - centres[:, None]]),
    )


def _best_pairs(names: Sequence[str], missing: Array, keep: int) -> list[tuple[int, int]]:
    """The best pairs, at most two for each pair of names."""
    group = {name: k for k, name in enumerate(dict.fromkeys(names))}
    member = np.array([group[name] for name in names])
    i, j = np.unravel_index(np.argsort(missing, axis=None, kind="stable"), missing.shape)
    pair = member[i] * len(group) + member[j]
    order = np.argsort(pair, kind="stable")
    rank = np.empty(len(pair), dtype=int)
    starts = np.flatnonzero(np.r_[True, np.diff(pair[order]) != 0])
    rank[order] = np.arange(len(pair)) - np.repeat(starts, np.diff(np.r_[starts, len(pair)]))
    good = np.flatnonzero((rank < 2) & (missing[i, j] < 1))[:keep]
    return [(int(i[k]), int(j[k])) for k in good]


def _sums(atoms: Atoms, v: Array, keep: int) -> list[tuple[str, Expr]]:
    """c1 f + c2 g + d: the two-variable regression's r^2 in closed form for every pair."""
    centred = atoms.values - atoms.values.mean(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        unit = centred / np.sqrt(np.sum(centred**2, axis=1, keepdims=True))
    target = (v - v.mean()) / (np.sqrt(np.sum((v - v.mean()) ** 2)) or 1.0)
    r, c = np.nan_to_num(unit @ target), np.nan_to_num(unit @ unit.T)
    with np.errstate(all="ignore"):
        explained = (r[:, None] ** 2 + r[None, :] ** 2 - 2 * c * r[:, None] * r[None, :]) / (1 - c**2)
    missing = np.where((np.abs(c) < 0.9999) & np.isfinite(explained), 1 - explained, 1.0)
    missing[np.tril_indices(len(missing))] = 1.0
    out = []
    for i, j in _best_pairs(atoms.names, missing, keep):
        design = np.stack([atoms.values[i], atoms.values[j], np.ones_like(v)])
        c1, c2, d = np.linalg.lstsq(design.T, v, rcond=None)[0]
        expr = add(mul(num(c1), atoms.expr(i)), mul(num(c2), atoms.expr(j)), num(d))
        out.append((f"{atoms.names[i]} + {atoms.names[j]}", expr))
    return out


def _products(atoms: Atoms, v: Array, keep: int) -> list[tuple[str, Expr]]:
    """c f g + d."""
    size = len(atoms.names)
    missing = np.ones((size, size))
    for i in range(size):
        missing[i, i:] = correlations(atoms.values[i] * atoms.values[i:], v)
    out = []
    for i, j in _best_pairs(atoms.names, missing, keep):
        expr = wrap(mul(atoms.expr(i), atoms.expr(j)), atoms.values[i] * atoms.values[j], v)
        out.append((f"{atoms.names[i]} * {atoms.names[j]}", expr))
    return out


def _compositions(atoms: Atoms, u: Array, v: Array, functions: Sequence[FunctionSpec], keep: int) -> list[tuple[str, Expr]]:
    """c f(a g + b) + d, with g's atoms scaled to [-1, 1] before the outer grid."""
    middle = (atoms.values.max(axis=1) + atoms.values.min(axis=1)) / 2
    half = np.maximum((atoms.values.max(axis=1) - atoms.values.min(axis=1)) / 2, 1e-300)
    inner = (atoms.values - middle[:, None]) / half[:, None]
    found: list[tuple[float, str, Expr, Array]] = []
    for spec in functions:
        shape = parse(spec.sympy, (_X,))
        if shape.head == "var" or shape.numbers():
            continue
        missing, arguments = _outer_grid(shape, inner, v)
        best = np.argmin(missing, axis=0)
        for i in np.argsort(missing.min(axis=0), kind="stable")[: max(4, keep // 4)]:
            slope, offset = arguments[best[i]]
            argument = add(mul(num(slope / half[i]), atoms.expr(i)), num(offset - slope * middle[i] / half[i]))
            expr = shape.substitute({_X: argument})
            found.append((float(missing[best[i], i]), f"{spec.name}({atoms.names[i]})", expr, slope * inner[i] + offset))
    found.sort(key=lambda item: item[0])
    return [(name, wrap(expr, evaluate(expr, {_X: u}), v)) for _, name, expr, _ in found[: 2 * keep]]


def _outer_grid(shape: Expr, inner: Array, v: Array) -> tuple[Array, list[tuple[float, float]]]:
    arguments = [(s, o * max(1.0, abs(s))) for s in _OUTER_SLOPES for o in _OUTER_OFFSETS]
    missing = np.ones((len(arguments), len(inner)))
    for k, (slope, offset) in enumerate(arguments):
        values = evaluate(shape, {_X: slope * inner + offset})
        good = np.all(np.isfinite(values), axis=1) & (np.abs(values).max(axis=1) < 1e100)
        missing[k, good] = correlations(values[good], v)
    return missing, arguments
