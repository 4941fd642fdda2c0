"""Was the law found? Strictly: no credit for a good fit, for constants rounded to few decimals, or for an extra term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from kandisco.bench.laws import Law
from kandisco.expr import Expr, num, var
from kandisco.expr.equivalence import same_law
from kandisco.expr.numeric import evaluate

_ERRORS, _SHARE, _VANISHED, _EXPONENT = 4.0, 0.03, 0.1, 1e-6


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """``recovered`` or not, ``why``, and the ``error`` of the formula as it stands (see ``expr.equivalence.Verdict``)."""

    recovered: bool
    why: str
    error: float


def judge(
    found: Expr,
    law: Law,
    names: Mapping[str, str],
    *,
    std_errors: Sequence[float] = (),
    clean: Mapping[str, NDArray[np.float64]] | None = None,
) -> Judgement:
    """Compare a found formula with the law its rows were drawn from.

    Without noise (``clean`` is None) the formula itself must be the law: ``expr.equivalence.same_law`` proves it at 50 digits
    after moving constants by at most 1e-6 of their size, or finds it equal to 1e-6 of the RMS in a box 50 % wider at no more than
    three times the size of the law.

    With noise the form must be exact and the constants as good as the rows allow:

    - the formula, with its constants refitted to rows without noise, passes the same strict comparison;
    - each constant lies within 3 % of its refitted value, or within four of its standard errors;
    - no constant vanishes in the refit (below a tenth of its size): such a term was never part of the law;
    - exponents are exact as they stand (1e-6): 0.497 is not a square root;
    - on the rows without noise the formula as it stands is within 3 % of the RMS of the law: constants that can stand in for one
      another must not share out an error.

    Args:
        found: the formula, in the names of the rows.
        law: the truth.
        names: name in the rows -> name in the law.
        std_errors: of the formula's constants, in the order of its numbers.
        clean: rows without noise, as of ``Drawn``; asks for the comparison under noise.

    Example:
        >>> from kandisco.bench.laws import read_laws
        >>> from kandisco.expr import parse
        >>> law = read_laws(problems=["Nguyen-9"])[0]
        >>> judge(parse("sin(b) + sin(a**2)"), law, {"a": "x2", "b": "x1"})
        Judgement(recovered=True, why='proof', error=0.0)
    """
    found = found.substitute({name: var(real) for name, real in names.items()})
    plain = same_law(found, law.expr, law.box)
    if plain.equal or clean is None:
        return Judgement(recovered=plain.equal is True, why=plain.how, error=plain.error)
    why = _under_noise(found, law, std_errors, clean)
    return Judgement(recovered=not why, why=why or "form and constants within noise", error=plain.error)


def _under_noise(found: Expr, law: Law, std_errors: Sequence[float], clean: Mapping[str, NDArray[np.float64]]) -> str:
    """Why a formula is not the law under noise; empty if it is."""
    from kandisco.symbolic.refit import refit

    missing = set(found.variables()) - set(law.inputs)
    if missing:
        return "uses a column the law does not have: " + min(missing)
    want = clean[""] / (float(np.max(np.abs(clean[""]))) or 1.0)
    got = evaluate(found, clean) / (float(np.max(np.abs(clean[""]))) or 1.0)
    miss = float(np.sqrt(np.mean((got - want) ** 2) / np.mean(want**2)))
    free, errors = _freed(found, std_errors)
    names = tuple(law.inputs)
    fitted = refit(free, names, np.array([clean[name] for name in names]), clean[""], iterations=200).expr
    verdict = same_law(fitted, law.expr, law.box)
    if not verdict.equal:
        return f"another form ({verdict.how})"
    for old, new, error, exponent in zip(free.numbers(), fitted.numbers(), errors, _in_exponent(free), strict=True):
        if exponent and abs(new - old) > _EXPONENT * abs(new):
            return f"exponent {old:.6g} in place of {new:.6g}"
        if abs(new) < _VANISHED * abs(old):
            return f"a term that the law does not have: {old:.6g} in place of 0"
        if abs(new - old) > max(_SHARE * abs(new), _ERRORS * error):
            return f"constant {old:.6g} in place of {new:.6g}"
    return "" if miss <= _SHARE else f"off by {100 * miss:.2g} %"


def _freed(expr: Expr, std_errors: Sequence[float]) -> tuple[Expr, tuple[float, ...]]:
    """A copy whose rounded constants are numbers again, and the standard error of each number (0 where none is known)."""
    known = iter(std_errors)
    errors: list[float] = []

    def free(leaf: Expr) -> Expr:
        if leaf.head == "num":
            error = next(known, 0.0)
            errors.append(error if isfinite(error) else 0.0)
            return leaf
        exact = Fraction(leaf.value) if leaf.head == "rat" else Fraction(0)  # type: ignore[arg-type]
        if exact.denominator > 2 or abs(exact) > 100:
            errors.append(0.0)
            return num(float(exact))
        return leaf

    return expr.map_leaves(free), tuple(errors)


def _in_exponent(expr: Expr, inside: bool = False) -> Iterator[bool]:
    """For each number, in the order of ``walk``, whether it is (part of) a constant exponent."""
    if expr.head == "num":
        yield inside
    for k, arg in enumerate(expr.args):
        yield from _in_exponent(arg, inside or (expr.head == "pow" and k == 1 and not arg.variables()))
