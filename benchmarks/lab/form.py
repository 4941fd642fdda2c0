"""Is a formula the law, up to the values of its constants? Strictly: it can become the law, and it has no constant more.

A formula has the form of the law if its constants can be moved so that it *is* the law (``kandisco.expr.equivalence.same_law``
after a refit to rows without noise), and if it has as many constants that matter as the law has: the ranks of the two Jacobians
agree. So ``a*x**2.03`` is not ``k*x**2``, a quadratic that fits a line is not a line, and ``2*sqrt(L)`` is ``k*sqrt(L)``.
A law without constants (a parallel resistance) may have one factor that was fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from tables import Truth

from kandisco.expr import Expr, num
from kandisco.expr.equivalence import same_law
from kandisco.expr.numeric import Program, evaluate
from kandisco.symbolic.refit import refit

Array = NDArray[np.float64]
REACHED = 1e-6  # largest miss, over the target's deviation, after a refit to rows without noise: those are right to 1e-10
RANK = 1e-8  # singular values of a Jacobian below this share of the largest count as zero
STARTS, SPREAD = 12, 0.3  # constants fitted to ten noisy rows may start the refit far away


@dataclass(frozen=True, kw_only=True)
class Match:
    """Whether the form is right, and for each fitted constant how many standard errors it is off (nan without an error)."""

    right: bool
    deviations: tuple[float, ...] = ()


def same_form(found: Expr, truth: Truth, std_errors: Sequence[float] = ()) -> Match:
    """Compare a formula with a law.

    Args:
        found: in the letters of the truth.
        truth: the law, its box and rows without noise.
        std_errors: of the formula's constants, in the order of its numbers; none: none are known.
    """
    names = tuple(truth.box)
    if set(found.variables()) - set(names):
        return Match(right=False)
    x = np.array([truth.clean[name] for name in names])
    for free in _freed(found):
        fitted = _reach(free, names, x, truth.clean[""])
        if fitted is None or not _as_many(fitted, truth, names, x, _tied(found, free)):
            continue
        if same_law(fitted, truth.expr, truth.box).equal:
            return Match(right=True, deviations=_deviations(found, fitted, std_errors, free is found))
    return Match(right=False)


def _deviations(found: Expr, fitted: Expr, std_errors: Sequence[float], same: bool) -> tuple[float, ...]:
    """How far each constant is off; only where the refit has the same constants as the formula."""
    if not same or len(std_errors) != len(found.numbers()):
        return ()
    pairs = zip(found.numbers(), fitted.numbers(), std_errors, strict=True)
    return tuple((old - new) / error if error > 0 else float("nan") for old, new, error in pairs)


def _reach(free: Expr, names: tuple[str, ...], x: Array, y: Array) -> Expr | None:
    """The formula with the constants that make it the law, if there are such."""
    start = np.array(free.numbers())
    rng = np.random.default_rng(0)
    near = start[None, :] * np.exp(SPREAD * rng.standard_normal((STARTS, len(start))))
    for starts in (start[None, :], near):
        fitted = refit(free, names, x, y, starts=starts, iterations=200).expr
        miss = evaluate(fitted, dict(zip(names, x, strict=True))) - y
        if np.isfinite(miss).all() and np.abs(miss).max() <= REACHED * np.std(y):
            return fitted
        if not len(start):
            break
    return None


def _tied(found: Expr, free: Expr) -> tuple[int, ...]:
    """Which constant each number is: numbers that are equal to the last bit are one constant that occurs twice."""
    if free is not found:
        return tuple(range(len(free.numbers())))
    values = found.numbers()
    return tuple(values.index(value) for value in values)


def _rank(expr: Expr, names: tuple[str, ...], x: Array, constants: Sequence[int]) -> int:
    """How many of its constants matter; -1 where a derivative is not finite."""
    slopes = directions(expr, names, x, constants)
    if not len(slopes):
        return 0
    if not np.isfinite(slopes).all():
        return -1
    values = np.linalg.svd(slopes, compute_uv=False)
    return int(np.sum(values > RANK * values[0]))


def directions(expr: Expr, names: tuple[str, ...], x: Array, constants: Sequence[int]) -> Array:
    """What each constant that matters does to the values, float64 [constants, rows] of length one.

    Args:
        constants: for each number of the formula, which constant it is.
    """
    program = Program(expr, names)
    if not len(program.start):
        return np.empty((0, x.shape[1]))
    slopes = program.jacobian(program.start[None, :], x)[1][0]
    slopes = np.array([slopes[np.equal(constants, k)].sum(axis=0) for k in sorted(set(constants))])
    sizes = np.linalg.norm(slopes, axis=1)
    return np.asarray(slopes[sizes > 0] / sizes[sizes > 0, None])


def _as_many(fitted: Expr, truth: Truth, names: tuple[str, ...], x: Array, constants: Sequence[int]) -> bool:
    """Whether a formula that is the law has as many constants as the law; to a law without any, a factor is none."""
    mine, wanted = _rank(fitted, names, x, constants), _rank(truth.expr, names, x, truth.constants)
    if mine == 1 and wanted == 0:
        law = truth.clean[""] / np.linalg.norm(truth.clean[""])
        return bool(np.min(np.abs(directions(fitted, names, x, constants) @ law)) > 1 - RANK)
    return mine == wanted


def _freed(found: Expr) -> Iterator[Expr]:
    """The formula as it is; with the exact numbers outside exponents as constants; with fractions in exponents as well."""
    yield found
    seen = {found}
    for exponents in (False, True):
        free = _free(found, exponents, False)
        if free not in seen:
            seen.add(free)
            yield free


def _free(node: Expr, exponents: bool, inside: bool) -> Expr:
    """A copy whose exact numbers are constants; a factor -1, the exponents 1/2 and whole ones are structure."""
    if node.head == "rat":
        exact = Fraction(node.value)  # type: ignore[arg-type]
        structure = exact == -1 or (inside and (not exponents or exact.denominator <= 2))
        return node if structure else num(float(exact))
    if node.head == "pow":
        constant = not node.args[1].variables()
        return Expr("pow", (_free(node.args[0], exponents, False), _free(node.args[1], exponents, constant)))
    return Expr(node.head, tuple(_free(arg, exponents, inside) for arg in node.args), node.value)
