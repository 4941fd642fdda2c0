"""What stays the same along trajectories: conserved quantities, and relations that hold in every row.

A quantity f is conserved if it is constant within each trajectory. In a dictionary of terms that is a null vector of the
terms minus their trajectory means. Terms are taken from simple to rich, one at a time: one that depends on those before it
completes a conserved quantity and leaves the dictionary (as in the ideal of vanishing polynomials, Moeller and Buchberger
1982), so each answer is the only one of its terms. Where the dictionary falls short, a network of one layer looks for sum
f_i(x_i) with free curves f_i: the least share of variance within trajectories is a generalised eigenproblem, with no local
minima; its curves are read off as formulas. (KAN 2.0, arXiv:2408.10205, section 4.1, trains for df/dt = 0 instead.)
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from kandisco.control import Control
from kandisco.expr import Expr, add, call, mul, num, power, rat, var
from kandisco.expr.derivative import derivative
from kandisco.tasks.additive import read_off, split, standing
from kandisco.tasks.trajectories import Trajectories
from kandisco.types import Array

if TYPE_CHECKING:
    from kandisco.registry import Registry

_TOLERANCES = (1e-7, 1e-5, 1e-3)
_EXACT = 1e-6
_SAME = 1e-12
_SHUFFLED = 0.03
_WORST = 1e-2  # what drifts more is not worth showing


@dataclass(frozen=True, kw_only=True)
class Conserved:
    """One conserved quantity.

    Attributes:
        expr: in the columns.
        drift: its deviation within trajectories over that of its largest term, at trajectories it was not found on.
        exact: whether that is at the rounding of the rows.
        how: ``dictionary`` or ``network``.
    """

    expr: Expr
    drift: float
    exact: bool
    how: str


def conserved(
    data: Trajectories, registry: Registry, *, degree: int = 4, basis: str = "chebyshev", control: Control | None = None
) -> tuple[Conserved, ...]:
    """Conserved quantities that do not follow from each other, simplest first.

    Args:
        data: trajectories; from a single one only relations between its columns can be found.
        registry: edge basis of the network, and functions its curves are read off with.
        degree: of the polynomials in the dictionary.
        basis: edge basis.
        control: asked for a reason to stop.

    Returns:
        At most one fewer than there are columns. Where nothing holds exactly, what holds best, marked as not exact.

    Raises:
        InputError: names, rows and groups that do not fit together.

    Example:
        >>> t = np.linspace(0, 6, 50)
        >>> x = np.concatenate([r * np.stack([np.cos(t), -np.sin(t)], axis=1) for r in (1.0, 2.0, 3.0)])
        >>> from kandisco.expr import to_text
        >>> from kandisco.plugins import load
        >>> from kandisco.registry import Registry
        >>> data = Trajectories(names=("x", "v"), x=x, groups=np.repeat([0, 1, 2], 50))
        >>> found = conserved(data, Registry(load(entry_points=False)))
        >>> [to_text(one.expr) for one in found]
        ['x**2 + v**2']
    """
    control = control or Control()
    for tolerance in _TOLERANCES:
        first = tolerance == _TOLERANCES[0]
        found = _of_dictionary(data, degree if first else 2, tolerance, control)
        if first and (not found or len(found) < len(data.names) - 1):  # the network knows no tolerance: once is enough
            found += _of_network(data, [one.expr for one in found], registry, basis, control)
        if found or control.reason():
            return tuple(found)
    return ()


def _of_dictionary(data: Trajectories, degree: int, tolerance: float, control: Control) -> list[Conserved]:
    train, test = data.halves()
    found: list[Conserved] = []
    active: list[Expr] = []
    basis = np.zeros((len(train.x), 0))
    for term in terms(data, degree):
        if len(found) >= len(data.names) - 1 or control.reason():
            break
        values = train.centred(train.values(term))
        size = float(np.linalg.norm(values))
        if not np.isfinite(size) or len(active) >= len(train.x) // 3:
            continue
        if size <= _SAME * float(np.linalg.norm(train.values(term))):
            continue  # constant on every trajectory by itself: a parameter
        rest = values - basis @ (basis.T @ values)
        rest = rest - basis @ (basis.T @ rest)
        if np.linalg.norm(rest) > tolerance * size:
            active.append(term)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            continue
        expr = _completed([*active, term], train, tolerance)
        if expr is not None and _is_new(expr, [one.expr for one in found], data):
            drift = drift_of(expr, test)
            if drift < 100 * tolerance and drift < _SHUFFLED * drift_of(expr, _shuffled(data)):
                found.append(Conserved(expr=expr, drift=drift, exact=drift < _EXACT, how="dictionary"))
    return found


def _of_network(data: Trajectories, known: Sequence[Expr], registry: Registry, basis: str, control: Control) -> list[Conserved]:
    """What a sum of free curves conserves, if that is new and a formula is found for it."""
    train, test = data.halves()
    curves = standing(train, registry, basis)
    expr = None if curves is None else read_off(train, curves, registry, lambda e: drift_of(e, train), control)
    if expr is None or not _is_new(expr, known, data):
        return []
    simple = _simple(*split(expr), train)
    expr = simple if drift_of(simple, test) <= 3 * drift_of(expr, test) + 1e-10 else expr
    drift = drift_of(expr, test)
    says = drift < _WORST and drift < _SHUFFLED * drift_of(expr, _shuffled(data))
    return [Conserved(expr=expr, drift=drift, exact=drift < _EXACT, how="network")] if says else []


def _shuffled(data: Trajectories) -> Trajectories:
    """Every column in an order of its own: what stands still there too is a near identity among its terms, not a law."""
    rng = np.random.default_rng(0)
    x = np.stack([rng.permutation(column) for column in data.x.T], axis=1)
    return Trajectories(names=data.names, x=x, groups=data.groups)


def terms(data: Trajectories, degree: int) -> Iterator[Expr]:
    """The dictionary, from simple to rich, of what is finite on the rows."""
    variables = [var(name) for name in data.names]
    yield from _monomials(variables, 1)
    yield from _monomials(variables, 2)
    curves = [call(name, v) for name in ("sin", "cos", "exp") for v in variables]
    for v, column in zip(variables, data.x.T, strict=True):
        if np.all(column > 0):
            curves += [call("log", v), power(v, rat(1, 2))]
        if np.all(column > 0) or np.all(column < 0):
            curves.append(power(v, rat(-1)))
    yield from curves
    pairs = [add(power(a, rat(2)), power(b, rat(2))) for a, b in itertools.combinations(variables, 2)]
    radii = [power(pair, rat(-1, 2)) for pair in pairs if np.all(data.values(pair) > 0)]
    yield from radii
    for higher in range(3, degree + 1):
        yield from _monomials(variables, higher)
        if higher == 3:
            yield from (mul(v, radius) for radius in radii for v in variables)


def _monomials(variables: Sequence[Expr], degree: int) -> Iterator[Expr]:
    for chosen in itertools.combinations_with_replacement(variables, degree):
        counts = {v: chosen.count(v) for v in dict.fromkeys(chosen)}
        yield mul(*(v if n == 1 else power(v, rat(n)) for v, n in counts.items()))


def _completed(active: list[Expr], data: Trajectories, tolerance: float) -> Expr | None:
    """The null vector of the last term on those before it, without idle terms and with simple coefficients."""
    table = np.stack([data.centred(data.values(term)) for term in active], axis=1)
    table = table / (scale := np.linalg.norm(table, axis=0))
    keep = list(range(len(active) - 1))
    solution = np.linalg.lstsq(table[:, keep], -table[:, -1], rcond=1e-13)[0]
    while keep:
        order = sorted(range(len(keep)), key=lambda k: abs(float(solution[k])))
        smaller = [i for k, i in enumerate(keep) if k != order[0]]
        trial = np.linalg.lstsq(table[:, smaller], -table[:, -1], rcond=1e-13)[0] if smaller else np.zeros(0)
        if np.linalg.norm(table[:, smaller] @ trial + table[:, -1]) > max(3 * tolerance, 1e-9):
            break
        keep, solution = smaller, trial
    if not keep:
        return None
    chosen = [*keep, len(active) - 1]
    return _simple([active[i] for i in chosen], np.array([*solution, 1.0]) / scale[chosen], data)


def _simple(parts: list[Expr], coefficients: Array, data: Trajectories) -> Expr:
    """The sum over a coefficient that makes most of the others simple, and those simple where the rows allow it."""
    ratios = [coefficients / c for c in coefficients]
    best = max(ratios, key=lambda r: (sum(_near(v, 1e-4) is not None for v in r), -float(np.abs(np.log(np.abs(r))).sum())))
    minus = np.sum(best < 0)
    best = -best if (2 * minus, best[0] < 0) > (len(best), False) else best
    table = np.stack([data.centred(data.values(part)) for part in parts], axis=1)
    floor = np.linalg.norm(table @ best)
    values: list[float | Fraction] = [float(v) for v in best]
    for i, value in enumerate(best):
        near = _near(float(value), 1e-4)
        if near is None:
            continue
        trial = [float(near) if k == i else float(v) for k, v in enumerate(values)]
        fixed = [k for k in range(len(values)) if k == i or isinstance(values[k], Fraction)]
        free = [k for k in range(len(values)) if k not in fixed]
        if free:
            goal = -table[:, fixed] @ np.array([trial[k] for k in fixed])
            refit = np.linalg.lstsq(table[:, free], goal, rcond=1e-13)[0]
            trial = [float(refit[free.index(k)]) if k in free else v for k, v in enumerate(trial)]
        if np.linalg.norm(table @ np.array(trial)) <= 3 * floor + 1e-12 * np.linalg.norm(table):
            values = [near if k == i else values[k] if k in fixed else v for k, v in enumerate(trial)]
    return add(*(_times(value, part) for value, part in zip(values, parts, strict=True)))


def _near(value: float, tolerance: float) -> Fraction | None:
    """A simple fraction so close to a number, or None."""
    found = Fraction(value).limit_denominator(6)
    return found if found and abs(float(found) - value) <= tolerance * abs(value) and abs(found.numerator) <= 24 else None


def _times(value: float | Fraction, part: Expr) -> Expr:
    if value == 1:
        return part
    return mul(rat(value) if isinstance(value, Fraction) else num(value), part)


def drift_of(expr: Expr, data: Trajectories) -> float:
    """Deviation within trajectories over that of the largest term; inf where it is not defined."""
    values = data.values(expr)
    if not np.all(np.isfinite(values)):
        return math.inf
    size = max(float(np.std(data.values(part))) for part in (expr.args if expr.head == "add" else (expr,)))
    return float(np.sqrt(np.mean(data.centred(values) ** 2))) / size if size > 0 else math.inf


def _is_new(expr: Expr, known: Sequence[Expr], data: Trajectories) -> bool:
    """Whether its gradient is not a combination of the gradients of those known, at most rows."""
    pick = np.linspace(0, len(data.x) - 1, min(40, len(data.x))).astype(int)
    some = Trajectories(names=data.names, x=data.x[pick], groups=data.groups[pick])

    def gradients(one: Expr) -> Array:
        rows = np.stack([some.values(derivative(one, name)) for name in data.names], axis=1)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300))

    stack = np.stack([gradients(one) for one in (*known, expr)], axis=1)
    smallest = np.linalg.svd(np.nan_to_num(stack), compute_uv=False)[:, -1]
    return bool(np.median(smallest) > 1e-4)
