"""Curves with one library function below an outer one and a power of the column: T^-1(u^-k (c f + d))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, complexity, mul, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import FunctionSpec
from kandisco.symbolic.curves import Atoms, correlations, make_atoms, wrap
from kandisco.symbolic.transforms import Undone, transforms
from kandisco.types import Array

_X = "x"
_EXACT = 1e-12
_POWERS = (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5)
_APART = 30.0


def below(u: Array, v: Array, weights: Array | None, functions: Sequence[FunctionSpec], keep: int) -> list[tuple[str, Expr]]:
    """T^-1(u^-k (c f + d)): every atom against every transformed target times every power, by one matrix product."""
    atoms, targets = make_atoms(u, functions), _targets(u, v, weights)
    missing = np.array([target.missing(atoms.values) for target in targets])
    found: list[tuple[float, str, Expr]] = []
    leaders: list[tuple[float, str, Expr]] = []
    for name in dict.fromkeys(atoms.names):
        mine = np.array([i for i, other in enumerate(atoms.names) if other == name])
        best = mine[missing[:, mine].argmin(axis=1)]
        left = missing[np.arange(len(targets)), best]
        # With two constants inside a function draws any smooth curve well, so only a few of those are worth refining; with one,
        # a line search tells at once whether it draws this curve.
        order = range(len(targets)) if atoms.kinds[best[0]] != "affine" else np.argsort(left, kind="stable")[:4]
        first = len(found)
        for row in order:
            target = targets[row]
            atom, error = _sharpened(atoms, int(best[row]), u, target) if atoms.kinds[best[row]] != "affine" else (
                atoms.expr(int(best[row])), left[row])  # fmt: skip
            inner = wrap(atom, evaluate(atom, {_X: u}), target.values, target.weights)
            found.append((error, f"{target.undone.name} * x^{target.k:g} ~ {name}", _back(target, inner)))
        leaders.append(min(found[first:], key=lambda item: item[0]))
    found.sort(key=lambda item: item[0])
    # The grid is coarse for functions with two constants: each function's best entry gets its refinement, whatever its rank.
    return [
        (name, expr) for _, name, expr in [*leaders, *(item for item in found if item not in leaders)][: len(leaders) + 2 * keep]
    ]


def plain_below(atoms: Atoms, u: Array, v: Array, weights: Array | None, keep: int) -> list[tuple[str, Expr]]:
    """T^-1(u^-k (c f + d)) for atoms whose numbers are taken as they are."""
    targets = _targets(u, v, weights)
    missing = np.array([target.missing(atoms.values) for target in targets])
    exprs = [atoms.expr(i) for i in range(len(atoms.names))]
    prices = [complexity(expr) + 0.5 * np.log(len(u)) * len(expr.numbers()) for expr in exprs]
    sizes = np.array([[target.size for target in targets]]).T + prices
    lengths = 0.5 * len(u) * np.log(np.maximum(missing, (_EXACT * np.std(v)) ** 2)) + sizes
    out = []
    for flat in np.argsort(lengths, axis=None, kind="stable")[:keep]:
        row, i = divmod(int(flat), lengths.shape[1])
        target = targets[row]
        inner = wrap(exprs[i], atoms.values[i], target.values, target.weights)
        out.append((f"{target.undone.name} * x^{target.k:g} ~ {atoms.names[i]}", _back(target, inner)))
    return out


@dataclass(frozen=True, kw_only=True)
class _Target:
    """A transformed target times u^k, what its squared errors count, and the square of y's error that it has in all."""

    undone: Undone
    k: float
    values: Array
    weights: Array
    power: float

    @property
    def size(self) -> int:
        """Complexity of what undoes the transformation and the power."""
        return complexity(_back(self, var(_X)))

    def missing(self, atoms: Array) -> Array:
        """Square of the error of y that an affine map of each row of ``atoms`` leaves, to first order."""
        return self.power * correlations(atoms, self.values, self.weights)


def _targets(u: Array, v: Array, weights: Array | None) -> list[_Target]:
    """Every transformed target times every power of u that is finite and not flat, and whose squared errors can be held."""
    found = (_target(undone, u, k, weights) for undone in transforms(v) for k in _POWERS if _defined(u, k))
    return [target for target in found if target is not None]


def _target(undone: Undone, u: Array, k: float, weights: Array | None) -> _Target | None:
    factor = _raised(u, k)
    with np.errstate(all="ignore"):
        values, middle = undone.values * factor, float(np.median(np.abs(factor)))
        if not np.all(np.isfinite(values)) or not np.std(values) > 1e-12 * np.max(np.abs(values)):
            return None
        counted = undone.weights * np.clip(np.abs(factor) / middle, 1 / _APART, _APART) ** -2.0
        counted = counted if weights is None else counted * weights
        centred = (values - np.average(values, weights=counted)) * (undone.unit / middle)
        power = float(np.mean(counted * centred**2))
    return _Target(undone=undone, k=k, values=values, weights=counted, power=power) if np.isfinite(power) else None


def _back(target: _Target, inner: Expr) -> Expr:
    factor = () if target.k == 0 else (power(var(_X), rat(Fraction(-target.k).limit_denominator(2))),)
    return target.undone.outer.substitute({_X: mul(*factor, inner)})


def _sharpened(atoms: Atoms, i: int, u: Array, target: _Target) -> tuple[Expr, float]:
    """A line search over the one constant inside an atom; returns the atom and the square of the error of y it leaves."""
    shape, kind = atoms.shapes[i], atoms.kinds[i]
    s, t = float(atoms.slopes[i]), float(atoms.offsets[i])
    step = 0.25 if kind == "scaled" else 0.25 * float(np.ptp(u))
    error = target.power
    for _ in range(7 if kind != "bare" else 1):
        grid = step * np.linspace(-1, 1, 9)
        slopes = s * (1 + grid) if kind == "scaled" else np.full(9, s)
        offsets = t + grid if kind == "shifted" else np.full(9, t)
        values = evaluate(shape, {_X: slopes[:, None] * u + offsets[:, None]})
        # The search may put a pole right on a row: that is no candidate, however well the other rows fit.
        sound = np.all(np.isfinite(values), axis=1)
        missing = np.where(sound, target.missing(np.where(sound[:, None], values, 0.0)), np.inf)
        best = int(np.argmin(missing))
        s, t, error, step = float(slopes[best]), float(offsets[best]), float(missing[best]), step / 3
    atom = Atoms(
        names=atoms.names[i : i + 1],
        shapes=(shape,),
        slopes=np.array([s]),
        offsets=np.array([t]),
        kinds=(kind,),
        values=atoms.values[:1],
    )
    return atom.expr(0), error


def _defined(u: Array, k: float) -> bool:
    return bool((k >= 0 or np.all(u != 0)) and (k == int(k) or np.all(u > 0)))


def _raised(u: Array, k: float) -> Array:
    return np.asarray(u**k) if k else np.ones_like(u)
