"""Is the law that was found the true one? Proved at many digits where it can be, tested numerically where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from kandisco.arrays import Array
from kandisco.expr.numeric import Program, evaluate
from kandisco.expr.precise import DIGITS, precise
from kandisco.expr.tree import Expr, complexity, num

Box = Mapping[str, tuple[float, float]]
_INSIDE, _OUTSIDE = 24, 12
_PROVEN = 1e-30
_LONGER = 3
_ROWS = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The outcome of a comparison.

    Attributes:
        equal: True, False, or None where neither formula could be evaluated inside the box.
        how: ``proof``, ``numeric``, or why not.
        error: RMS difference over the RMS of the truth in a box 50 % wider, or the median relative difference if that is larger;
            before any constant was adjusted.
    """

    equal: bool | None
    how: str
    error: float


def same_law(found: Expr, truth: Expr, box: Box, *, rtol: float = 1e-6, seed: int = 0) -> Verdict:
    """Compare a found formula with the true one.

    First a proof: the constants of ``found`` may each move by ``rtol`` of their size (which takes in every rounding to a
    rational, a multiple of pi, e or a root), and then both have to agree to 30 digits at 24 random points of the box, 12 of one
    50 % wider and 12 of one three times as wide, wherever all intermediate values are real. Points beyond the reach of the real
    line count only if they agree: another branch is no other law. Failing that, a number: ``Verdict.error`` is below ``rtol`` for
    a formula at most three times as complex.

    Args:
        found: the formula to judge; no constant is rounded to few decimals in its favour.
        truth: the law. Its own decimals may move by ``rtol`` as well if ``found`` names an exact constant instead.
        box: variable name -> (low, high) of the training data. Boxes of one sign stay so when they are widened.
        rtol: see above.
        seed: of the points.

    Example:
        >>> from kandisco.expr import parse
        >>> same_law(parse("(x + 1.0000001)**2"), parse("x**2 + 2*x + 1"), {"x": (1, 5)}).how
        'proof'
    """
    rng = np.random.default_rng(seed)
    error, reason = _numeric_error(found, truth, box, rng)
    if reason:
        return Verdict(equal=None if reason == "nothing to compare" else False, how=reason, error=error)
    if error < 0.1 and _proven(found, truth, box, rng, rtol):
        return Verdict(equal=True, how="proof", error=error)
    if error > rtol:
        return Verdict(equal=False, how="values differ", error=error)
    if complexity(found) > _LONGER * complexity(truth):
        return Verdict(equal=False, how="close, but an interpolation: too long", error=error)
    return Verdict(equal=True, how="numeric", error=error)


def wider(box: Box, factor: float) -> dict[str, tuple[float, float]]:
    """The box scaled about its centre; a side of one sign keeps its sign.

    Example:
        >>> wider({"x": (-1, 1), "m": (1, 5)}, 1.5)
        {'x': (-1.5, 1.5), 'm': (0.6666666666666666, 6.0)}
    """
    out = {}
    for name, (lo, hi) in box.items():
        more = (hi - lo) * (factor - 1) / 2
        low = max(lo - more, lo / factor) if lo >= 0 else lo - more
        high = min(hi + more, hi / factor) if hi <= 0 else hi + more
        out[name] = (low, high)
    return out


def _points(box: Box, n: int, rng: np.random.Generator) -> dict[str, Array]:
    return {name: rng.uniform(lo, hi, n) for name, (lo, hi) in box.items()}


# ------------------------------------------------------------------------------------------------------------------ number
def _numeric_error(found: Expr, truth: Expr, box: Box, rng: np.random.Generator) -> tuple[float, str]:
    """(relative RMS error in the wider box, why the comparison is over already)."""
    inside, outside = _points(box, _ROWS, rng), _points(wider(box, 1.5), _ROWS, rng)
    missing = set(found.variables()) - set(box)
    if missing:
        return float("inf"), "uses a column the law does not have: " + min(missing)
    if not np.isfinite(evaluate(truth, inside)).any():
        return float("nan"), "nothing to compare"
    if (np.isfinite(evaluate(truth, inside)) & ~np.isfinite(evaluate(found, inside))).any():
        return float("inf"), "undefined inside the box"
    want, got = evaluate(truth, outside), evaluate(found, outside)
    both = np.isfinite(want) & np.isfinite(got)
    if 2 * both.sum() < np.isfinite(want).sum():
        return float("inf"), "undefined outside the box"
    return _distance(got[both], want[both]), ""


def _distance(got: Array, want: Array) -> float:
    """RMS difference over the RMS of the truth, or the median relative difference where that is larger.

    The RMS sees a tail that is off; where a pole makes a few values huge it sees nothing else, and the median does.
    """
    scale = float(np.abs(want).max()) or 1.0
    with np.errstate(all="ignore"):
        miss = np.abs((got - want) / scale)
        rms = float(np.sqrt(np.mean((want / scale) ** 2))) or 1.0
        typical = float(np.nanmedian(miss / np.abs(want / scale))) if want.any() else 0.0
        return max(float(np.sqrt(np.mean(miss**2))) / rms, typical)


# ------------------------------------------------------------------------------------------------------------------- proof
class _Side:
    """One formula at the points of the proof."""

    def __init__(self, expr: Expr, points: Sequence[Mapping[str, Any]]) -> None:
        self.values: list[Any] = []
        self.real: list[bool] = []
        for point in points:
            try:
                value, real = precise(expr, point)
            except (ArithmeticError, ValueError):
                value, real = None, False
            self.values.append(value)
            self.real.append(real)


def _proven(found: Expr, truth: Expr, box: Box, rng: np.random.Generator, rtol: float) -> bool:
    import mpmath  # type: ignore[import-untyped]

    with mpmath.workdps(DIGITS):
        points = list(_precise_points(box, rng))
        target = _Side(truth, points)
        usable = [i for i in range(_INSIDE) if target.real[i]]
        if not usable:
            return False
        scale = max(abs(target.values[i]) for i in usable) or mpmath.mpf(1)
        if _agree(_Side(found, points), target, scale):
            return True
        free = _freed(found)
        return _adjusted(free, target, points, usable, scale, rtol) or _adjusted_truth(found, truth, points, usable, scale, rtol)


def _precise_points(box: Box, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    import mpmath

    for part, n in ((box, _INSIDE), (wider(box, 1.5), _OUTSIDE), (wider(box, 3.0), _OUTSIDE)):
        columns = _points(part, n, rng)
        for i in range(n):
            yield {name: mpmath.mpf(float(column[i])) for name, column in columns.items()}


def _agree(side: _Side, target: _Side, scale: Any) -> bool:
    """Equal inside the box wherever the truth is real, and outside wherever both are."""
    for i, (a, b) in enumerate(zip(side.values, target.values, strict=True)):
        if not target.real[i] or (i >= _INSIDE and not side.real[i]):
            continue
        if not side.real[i] or abs(a - b) > _PROVEN * (abs(b) + scale):
            return False
    return True


def _freed(expr: Expr) -> Expr:
    """A copy whose rounded constants are fitted numbers again: fractions and large whole numbers were snapped from floats."""

    def free(leaf: Expr) -> Expr:
        if leaf.head != "rat":
            return leaf
        exact = Fraction(leaf.value)  # type: ignore[arg-type]
        return num(float(exact)) if exact.denominator > 2 or abs(exact) > 100 else leaf

    return expr.map_leaves(free)


def _adjusted(expr: Expr, target: _Side, points: Sequence[Mapping[str, Any]], usable: list[int], scale: Any, rtol: float) -> bool:
    """Whether moving the constants by at most ``rtol`` makes the formula agree, by Newton's method at 50 digits.

    The Jacobian is taken once, in float64: each step then gains the digits it is right to, and ten steps are enough.
    """
    import mpmath

    start = expr.numbers()
    if not start or len(start) > len(usable):
        return False
    inverse, sizes = _inverse_jacobian(expr, [points[i] for i in usable], scale)
    if inverse is None:
        return False
    moved = [mpmath.mpf(repr(value)) for value in start]
    best = mpmath.inf
    for _ in range(12):
        named, where = _with_parameters(expr, moved)
        side = _Side(named, [{**points[i], **where} for i in usable])
        if not all(side.real):
            return False
        misses = [(side.values[k] - target.values[i]) / scale for k, i in enumerate(usable)]
        worst = max(map(abs, misses))
        if worst < _PROVEN / 100 or worst > best / 5:
            break
        best = worst
        step = inverse @ np.array([float(miss / worst) for miss in misses])
        moved = [value - worst * float(change) * size for value, change, size in zip(moved, step, sizes, strict=True)]
    named, where = _with_parameters(expr, moved)
    near = all(abs(new - old) <= rtol * abs(old) for new, old in zip(moved, start, strict=True))
    return near and _agree(_Side(named, [{**point, **where} for point in points]), target, scale)


def _inverse_jacobian(expr: Expr, points: Sequence[Mapping[str, Any]], scale: Any) -> tuple[Array | None, Array]:
    """Pseudo-inverse of the derivatives of value/scale by relative changes of the constants, and the constants' sizes."""
    names = tuple(points[0])
    x = np.array([[float(point[name]) for point in points] for name in names]).reshape(len(names), len(points))
    program = Program(expr, names)
    _, slopes = program.jacobian(program.start[None, :], x)
    sizes = np.where(program.start == 0, 1.0, np.abs(program.start))
    jacobian = (slopes[0] * sizes[:, None]).T / float(scale)
    if not np.isfinite(jacobian).all():
        return None, sizes
    return np.linalg.pinv(jacobian, rcond=1e-11), sizes


def _with_parameters(expr: Expr, values: Sequence[Any]) -> tuple[Expr, dict[str, Any]]:
    """The formula with its constants as variables, so that they can carry 50 digits."""
    names = iter([f"_constant_{i}" for i in range(len(values))])
    named = expr.map_leaves(lambda leaf: Expr("var", (), next(names)) if leaf.head == "num" else leaf)
    return named, {f"_constant_{i}": value for i, value in enumerate(values)}


def _adjusted_truth(
    found: Expr, truth: Expr, points: Sequence[Mapping[str, Any]], usable: list[int], scale: Any, rtol: float
) -> bool:
    """The other way round: 3.14159265 in the truth where the formula says pi."""
    if found.numbers() or not truth.numbers():
        return False
    other = _Side(found, points)
    return all(other.real[i] for i in usable) and _adjusted(truth, other, points, usable, scale, rtol)
