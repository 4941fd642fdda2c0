"""One curve, many functions: which affine-wrapped library functions ``c f(a x + b) + d`` draw a sampled curve.

Every function is evaluated on a grid of slopes and centres at once (an *atom* each); the linear pair c, d follows from a
correlation, so ranking thousands of atoms is two matrix products. The best of each function are refined by Levenberg-Marquardt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.expr import Expr, add, complexity, mul, num, parse, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.symbolic.refit import refit
from kandisco.types import Array

_SLOPES = np.array([0.3, 0.6, 1.0, 1.6, 2.4, 3.4, 4.8, 6.5, 9.0, 12.0, 16.0])
_CENTRES = np.array([0.0, 0.25, -0.25, 0.5, -0.5, 0.75, -0.75, 1.001, -1.001, 1.2, -1.2, 1.7, -1.7, 3.0, -3.0])
_EXPONENTS = (-3.0, -2.5, -1.5, -0.5, 1 / 3, 2 / 3, 1.5, 2.5, 3.5, 5.0, 6.0)
_X = "x"


@dataclass(frozen=True, kw_only=True)
class CurveFit:
    """A function drawn through a curve: ``expr`` in the variable ``x``, root mean square error over the curve's deviation."""

    name: str
    expr: Expr
    error: float
    complexity: int


@dataclass(frozen=True, kw_only=True)
class Atoms:
    """Candidate curves ``f(s x + t)`` without outer scale and offset.

    Attributes:
        names: the function of each atom.
        shapes: its tree in ``x``, before the argument is put in.
        slopes, offsets: s and t.
        kinds: how the argument is written: ``scaled`` s x (t = 0), ``shifted`` +-(x - z), ``affine`` s x + t, ``bare`` x.
        values: float64 [atoms, rows].
    """

    names: tuple[str, ...]
    shapes: tuple[Expr, ...]
    slopes: Array
    offsets: Array
    kinds: tuple[str, ...]
    values: Array

    def expr(self, i: int) -> Expr:
        """The atom as a tree, with as few constants as its function needs."""
        s, t, x = float(self.slopes[i]), float(self.offsets[i]), var(_X)
        match self.kinds[i]:
            case "bare":
                argument = x
            case "scaled":
                argument = mul(num(s), x)
            case "shifted":
                argument = add(x, num(t)) if s > 0 else mul(rat(-1), add(x, num(-t)))
            case _:
                argument = add(mul(num(s), x), num(t))
        return self.shapes[i].substitute({_X: argument})


def make_atoms(u: Array, functions: Sequence[FunctionSpec], *, dense: bool = True) -> Atoms:
    """Evaluate the library on a grid of arguments ``a (u - z)``; atoms that are not finite on all of ``u`` are left out."""
    middle, half = (u.max() + u.min()) / 2, max((u.max() - u.min()) / 2, 1e-300)
    centres = np.concatenate([[-middle / half], _CENTRES if dense else _CENTRES[[0, 3, 4, 9, 10]]]) * half + middle
    rows: list[tuple[str, Expr, float, float, str]] = []
    values = [np.zeros((0, len(u)))]
    for spec in functions:
        slopes = _slopes(spec, dense) / half
        for shape in _shapes(spec):
            kind, s, t = _arguments(shape, slopes, centres)
            values.append(evaluate(shape, {_X: s[:, None] * u + t[:, None]}))
            rows += [(spec.name, shape, si, ti, kind) for si, ti in zip(s.tolist(), t.tolist(), strict=True)]
    keep, stacked = distinct(np.concatenate(values))
    return Atoms(
        names=tuple(rows[i][0] for i in keep),
        shapes=tuple(rows[i][1] for i in keep),
        slopes=np.array([rows[i][2] for i in keep]),
        offsets=np.array([rows[i][3] for i in keep]),
        kinds=tuple(rows[i][4] for i in keep),
        values=stacked,
    )


def _slopes(spec: FunctionSpec, dense: bool) -> Array:
    """Slopes in units of the inverse half range; functions that oscillate need an even grid up to their highest frequency."""
    periodic = "trigonometric" in spec.tags and spec.domain == (-np.inf, np.inf) and spec.name != "atan"
    if periodic:
        return np.arange(0.5, 26.0, 1.0 if dense else 1.5)
    positive = np.asarray(_SLOPES if dense else [0.6, 1.6, 3.4, 6.5])
    return np.concatenate([positive, -positive])


def _shapes(spec: FunctionSpec) -> list[Expr]:
    base = parse(spec.sympy, (_X,))
    return [base.with_numbers(iter([p])) for p in _EXPONENTS] if len(base.numbers()) == 1 else [base]


def _arguments(shape: Expr, slopes: Array, centres: Array) -> tuple[str, Array, Array]:
    """Kind, slopes and offsets of the arguments tried, without what an outer scale and offset would absorb."""
    if shape.head == "var":
        return "bare", np.ones(1), np.zeros(1)
    if shape.head == "exp" and shape.args[0].head == "var":
        finer = np.geomspace(0.3, 2.0, 5)
        s = np.unique(slopes[:, None] * finer)
        return "scaled", s, np.zeros_like(s)
    if shape.head in ("pow", "log") and shape.args[0].head == "var":
        natural, spread = centres[0], np.sort(centres[1:])
        z = np.concatenate([[natural], spread, (spread[1:] + spread[:-1]) / 2])
        return "shifted", np.repeat([1.0, -1.0], len(z)), np.concatenate([-z, z])
    s, z = (grid.ravel() for grid in np.meshgrid(slopes, centres, indexing="ij"))
    return "affine", s, -s * z


def distinct(values: Array) -> tuple[list[int], Array]:
    """Rows that are finite, not flat and not affine copies of an earlier row."""
    with np.errstate(all="ignore"):
        centred = values - values.mean(axis=1, keepdims=True)
        length = np.sqrt(np.sum(centred**2, axis=1))
        size = np.sqrt(np.sum(values**2, axis=1))
        good = np.isfinite(length) & (length > 1e-9 * size) & (size < 1e150) & np.all(np.isfinite(values), axis=1)
        code = np.round(centred[:, :: max(1, values.shape[1] // 7)] / np.where(good, length, 1.0)[:, None], 5)
    code *= np.sign(code[np.arange(len(code)), np.argmax(np.abs(code), axis=1)])[:, None]
    first: dict[bytes, int] = {}
    for i in np.flatnonzero(good):
        first.setdefault((code[i] + 0.0).tobytes(), int(i))
    keep = sorted(first.values())
    return keep, values[keep]


def correlations(values: Array, v: Array, weights: Array | None = None) -> Array:
    """1 - r^2 of each row of ``values`` with ``v``: the share of v's variance an affine map of the row leaves."""
    if weights is None:
        centred, target = values - values.mean(axis=1, keepdims=True), v - v.mean()
    else:
        share, root = weights / np.sum(weights), np.sqrt(weights)
        centred, target = (values - (values @ share)[:, None]) * root, (v - v @ share) * root
    with np.errstate(all="ignore"):
        r2 = (centred @ target) ** 2 / (np.sum(centred**2, axis=1) * np.sum(target**2))
    return np.asarray(1.0 - np.nan_to_num(r2, nan=0.0))


def wrap(expr: Expr, values: Array, v: Array, weights: Array | None = None) -> Expr:
    """``c expr + d`` with c and d by linear regression of ``v`` on ``values``."""
    mean, centre = float(np.average(values, weights=weights)), float(np.average(v, weights=weights))
    leaning = (values - mean) * (1.0 if weights is None else weights)
    spread = float(leaning @ (values - mean))
    c = float(leaning @ (v - centre)) / spread if spread > 0 else 0.0
    return add(mul(num(c), expr), num(centre - c * mean))


def fit_curve(
    u: Array,
    v: Array,
    functions: Sequence[FunctionSpec],
    *,
    weights: Array | None = None,
    rows: int = 160,
    starts: int = 3,
    atoms: Atoms | None = None,
) -> list[CurveFit]:
    """Rank the library on one curve.

    Args:
        u, v: float64 [rows], the samples.
        functions: the library.
        weights: float64 [rows], above zero: what each squared error counts; None for all alike.
        rows: samples used (evenly spread over the sorted curve).
        starts: atoms of each function refined by Levenberg-Marquardt.
        atoms: those of a library that holds ``functions``, where they are known at ``u`` (sorted, at most ``rows``).

    Returns:
        One fit per function that is finite on the curve, smallest error first.
    """
    order = np.argsort(u, kind="stable")
    order = order[np.unique(np.linspace(0, len(u) - 1, min(rows, len(u))).astype(int))]
    u, v, weights = u[order], v[order], None if weights is None else weights[order]
    deviation = float(np.std(v)) or 1.0
    atoms = make_atoms(u, functions) if atoms is None else atoms
    missing = correlations(atoms.values, v, weights)
    fits = []
    for spec in functions:
        mine = [i for i, name in enumerate(atoms.names) if name == spec.name]
        best = sorted(mine, key=lambda i: missing[i])[:starts]
        if best:
            starting = [wrap(atoms.expr(i), atoms.values[i], v, weights) for i in best]
            fits.append(_refined(spec.name, starting, u, v, weights, deviation))
    return sorted(fits, key=lambda fit: fit.error)


def different(fits: Sequence[CurveFit], u: Array, v: Array) -> list[CurveFit]:
    """Without fits that draw the very curve of an earlier one (a sine and its cosine), ``v`` [rows] at ``u`` [rows]."""
    drawn: list[Array] = []
    out = []
    for fit in fits:
        values = evaluate(fit.expr, {_X: u})
        if not any(np.max(np.abs(values - other)) <= 1e-6 * np.ptp(v) for other in drawn):
            drawn.append(values)
            out.append(fit)
    return out


def _refined(name: str, exprs: list[Expr], u: Array, v: Array, weights: Array | None, deviation: float) -> CurveFit:
    starts = np.array([expr.numbers() for expr in exprs])
    fit = refit(exprs[0], (_X,), u[None, :], v, starts=starts, weights=weights, iterations=25)
    return CurveFit(name=name, expr=fit.expr, error=fit.rmse / deviation, complexity=complexity(fit.expr))
