"""Curves that one function does not draw: sums, products and compositions of two library functions.

All pairs of atoms (functions on a grid of slopes and centres) are scored at once by linear algebra; the best pairs start
Levenberg-Marquardt fits of the whole pattern.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, add, complexity, mul, num, parse, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.symbolic.below import below, plain_below
from kandisco.symbolic.curves import Atoms, CurveFit, correlations, different, fit_curve, make_atoms, wrap
from kandisco.symbolic.dictionary import combination, monomials, sparse_fit
from kandisco.symbolic.nested import nested_atoms
from kandisco.symbolic.refit import refit
from kandisco.symbolic.transforms import transforms
from kandisco.types import Array

_X = "x"
_EXACT = 1e-12
# Where neighbours as far apart as a mean is wide differ little more than the next ones, it is noise; leave no more.
_NOISY, _AT_NOISE = 2.5, 1.1
_PLAIN, _LONG_LIST, _ALIKE = 3, 16, 60
_DEGREE = 12
_FIRST = 6
_POOR, _WINDOW_ROWS, _SMOOTH = 1e-3, 40, 0.1
_SHORT, _CLOSE = 5, 1e-9
_OUTER_SLOPES = (0.3, 1.0, 2.0, 4.0, -0.3, -1.0, -2.0, -4.0)
_OUTER_OFFSETS = (0.0, 0.5, -0.5, 1.2, -1.2, 2.0)


def fit_patterns(
    u: Array,
    v: Array,
    functions: Sequence[FunctionSpec],
    *,
    weights: Array | None = None,
    rows: int = 120,
    keep: int = 48,
    windows: bool = True,
    floor: float = 0.0,
    stated: float = 0.0,
) -> list[CurveFit]:
    """Rank one- and two-function patterns on a curve.

    Args:
        u, v: float64 [rows], the samples.
        functions: the library.
        weights: float64 [rows], above zero: what each squared error counts; None for all alike.
        rows: samples the pairs are scored on; means of neighbours where the curve is noisy.
        keep: pairs of each kind refined by Levenberg-Marquardt.
        windows: look at an eighth of the rows too, where the whole is not drawn well.
        floor: error that the samples are known to have.
        stated: uncertainty of a sample of mean weight: fits within it are told apart by their length alone.

    Returns:
        Fits in the variable ``x``, shortest description first: under noise the smallest error would go to the most constants.
    """
    a, b, w, noise = _coarse(u, v, weights, rows)
    deviation = float(np.std(v)) or 1.0
    exact = max(_EXACT, floor / deviation)
    enough = max(exact, stated / deviation)

    def drawn(fits: Sequence[CurveFit]) -> bool:
        """Whether there is nothing left to draw: all digits, or all but noise with few constants."""
        return any(f.error <= exact or (f.error <= noise / deviation and len(f.expr.numbers()) <= _PLAIN) for f in fits)

    # Plain numbers first: where they are the law's own, linear algebra alone is exact and nothing else need be looked at.
    plain = nested_atoms(a, functions)
    alone = plain_below(plain, a, b, w, _ALIKE if noise else 2 * _FIRST)
    sums, products = _sums(plain, b, keep), _products(plain, b, keep)
    fits = _fitted([*alone, *sums[:_FIRST], *products[:_FIRST]], a, b, w, deviation)
    if min(fit.error for fit in fits) > exact:
        fits += fit_curve(a, b, functions, weights=w) if noise else fit_curve(u, v, functions, weights=weights)
        fits += [*_fitted(below(a, b, w, functions, keep // 2), a, b, w, deviation), *_laurent(a, b, w, deviation, stated)]
    if not drawn(fits) and (np.all(a > 0) or np.all(a < 0)):
        fits += _fitted(_turned(below(1 / a, b, w, functions, keep // 4)), a, b, w, deviation)
    if not drawn(fits):
        atoms = _with_shifts(make_atoms(a, functions, dense=False), a)
        starts = [*_sums(atoms, b, keep), *_products(atoms, b, keep), *_compositions(atoms, a, b, functions, keep)]
        fits += _fitted([*sums[_FIRST:], *products[_FIRST:], *starts], a, b, w, deviation)
    known = drawn(fits)
    fits.sort(key=lambda fit: _length(fit, len(a), enough))
    fits = different(fits[: 4 * _LONG_LIST], a, b)
    out = [_on_all_rows(fit, u, v, weights, deviation) for fit in fits[:_LONG_LIST]]
    if windows and not known and min(fit.error for fit in out) > _POOR and (part := _window(u, v)) is not None:
        some = None if weights is None else weights[part]
        seen = fit_patterns(u[part], v[part], functions, weights=some, rows=rows, keep=keep // 4, windows=False, stated=stated)
        out += [_on_all_rows(fit, u, v, weights, deviation) for fit in seen[:6]]
    return sorted(out, key=lambda fit: _length(fit, len(u), enough))


def _coarse(u: Array, v: Array, weights: Array | None, rows: int) -> tuple[Array, Array, Array | None, float]:
    """At most ``rows`` points of the curve, sorted, their weights, and the deviation of noise in them.

    They are some of the curve's own, without noise to speak of, or means of neighbours where these differ by noise alone.
    """
    order = np.argsort(u, kind="stable")
    a, b, w = u[order], v[order], np.ones_like(u) if weights is None else weights[order]
    width = len(u) // rows
    if width > 1 and _apart(b, w, width) < _NOISY * _apart(b, w, 1):
        parts = np.array_split(np.arange(len(u)), rows)
        a, b = (np.array([np.average(column[part], weights=w[part]) for part in parts]) for column in (a, b))
        means = np.array([w[part].sum() for part in parts])
        return a, b, means / np.mean(means), _AT_NOISE * (0.5 * _apart(v[order], w, 1) / width) ** 0.5
    pick = np.unique(np.linspace(0, len(u) - 1, min(rows, len(u))).astype(int))
    return a[pick], b[pick], None if weights is None else w[pick], 0.0


def _apart(b: Array, w: Array, width: int) -> float:
    """Weighted mean square of the difference of values ``width`` places apart."""
    return float(np.average((b[width:] - b[:-width]) ** 2, weights=np.sqrt(w[width:] * w[:-width])))


def _length(fit: CurveFit, rows: int, exact: float) -> float:
    """Description length in nats: misfit, half a log of the rows per constant, and the tree."""
    return rows * float(np.log(max(fit.error, exact))) + 0.5 * float(np.log(rows)) * len(fit.expr.numbers()) + fit.complexity


def _window(u: Array, v: Array) -> NDArray[np.int64] | None:
    """An eighth of the ordered rows, smooth and lively: a curve that turns too often as a whole may be read off a part."""
    order = np.argsort(u, kind="stable")
    parts = [part for part in np.array_split(order, 8) if len(part) >= _WINDOW_ROWS and np.std(v[part]) > 0.3 * np.std(v)]
    rough = [float(np.mean(np.diff(v[part]) ** 2) / np.var(v[part])) for part in parts]
    return parts[int(np.argmin(rough))] if rough and min(rough) < _SMOOTH else None


def _fitted(starts: Sequence[tuple[str, Expr]], a: Array, b: Array, weights: Array | None, deviation: float) -> list[CurveFit]:
    fits = []
    for name, expr in starts:
        fit = refit(expr, (_X,), a[None, :], b, weights=weights, iterations=30)
        fits.append(CurveFit(name=name, expr=fit.expr, error=fit.rmse / deviation, complexity=complexity(fit.expr)))
    return fits


def _laurent(u: Array, v: Array, weights: Array | None, deviation: float, stated: float) -> list[CurveFit]:
    """T^-1 of a sparse polynomial in u, or in 1/u, as sparse as a stated uncertainty of v allows."""
    fits = []
    for base, z in ((var(_X), u), (power(var(_X), rat(-1)), 1 / u if np.all(u != 0) else u[:0])):
        if not len(z):
            continue
        terms = monomials(("z",), z[None, :], min(_DEGREE, len(u) // 3))
        for undone in transforms(v):
            counted = undone.weights if weights is None else undone.weights * weights
            enough = stated / undone.unit / float(np.mean(counted)) ** 0.5
            found = sparse_fit(terms, undone.values, weights=counted, most=_DEGREE, enough=enough)
            # A long polynomial that is not exact is an interpolant.
            if found is not None and (len(found[0]) <= _SHORT or found[2] < _CLOSE):
                active, coef, _ = found
                expr = undone.outer.substitute({_X: combination([terms.exprs[i] for i in active], coef)}).substitute({"z": base})
                fits += _fitted([(f"{undone.name} ~ polynomial", expr)], u, v, weights, deviation)
    return fits


def _turned(starts: Sequence[tuple[str, Expr]]) -> list[tuple[str, Expr]]:
    """Starts found on 1/x, in x."""
    return [(f"1/x: {name}", expr.substitute({_X: power(var(_X), rat(-1))})) for name, expr in starts]


def fit_below(u: Array, v: Array, functions: Sequence[FunctionSpec], *, rows: int = 120, keep: int = 4) -> list[CurveFit]:
    """One function below an outer one and a power of u, T^-1(u^-k (c f + d)): for curves no single function draws."""
    order = np.argsort(u, kind="stable")
    coarse = order[np.unique(np.linspace(0, len(u) - 1, min(rows, len(u))).astype(int))]
    a, b = u[coarse], v[coarse]
    deviation = float(np.std(v)) or 1.0
    fits = _fitted(below(a, b, None, functions, 2 * keep), a, b, None, deviation)
    plain = _fitted(plain_below(nested_atoms(a, functions), a, b, None, 2 * keep), a, b, None, deviation)
    return [*sorted(fits, key=lambda fit: fit.error)[:keep], *sorted(plain, key=lambda fit: fit.error)[: keep // 2]]


def _on_all_rows(fit: CurveFit, u: Array, v: Array, weights: Array | None, deviation: float) -> CurveFit:
    better = refit(fit.expr, (_X,), u[None, :], v, weights=weights, iterations=30)
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
        both = power(atoms.expr(i), rat(2)) if i == j else mul(atoms.expr(i), atoms.expr(j))
        expr = wrap(both, atoms.values[i] * atoms.values[j], v)
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
