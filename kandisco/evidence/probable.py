"""The verdict where all rows count: words, errors and a front that follow from one posterior over the forms that were tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kandisco.arrays import Array
from kandisco.evidence.errors import chi2, error, exceeds
from kandisco.evidence.judge import Verdict
from kandisco.evidence.residuals import structured
from kandisco.evidence.rows import Rows
from kandisco.expr import Expr, add, complexity, mul, num, var
from kandisco.posterior import Form, Judge, Prior, Proposal, left_out
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.types import EXCLUDED, Evidence, Formula, NamedLaw, Parameter

# The mean may be this probable at most beside a law.
_NOTHING = 0.05
# Rows below which nothing is more than an approximation, and rows that machine precision needs to be exact.
_FEWEST, _EXACT_ROWS = 5, 10
_FRONT = 10
_TESTED = 8


def verdict_of(forms: Sequence[Form], sample: Sample) -> Verdict:
    """The most probable form as the best formula, and the front of those that the rows do not exclude.

    Args:
        forms: the most probable first.
        sample: all rows.

    Returns:
        Formulas with errors at each row as predicted from the others (``rmse_test``; ``rmse_shell`` at the outermost rows). The
        evidence is ``exact`` at machine precision only, ``supported`` where nothing but noise is left, ``weak`` or ``none``
        where the fit is bad: never because the rows are few.
    """
    if not forms:
        return Verdict(best=None)
    nothing = max((form.probability for form in forms if not form.expr.variables()), default=0.0)
    with np.errstate(all="ignore"):  # a form that is wild beside a row misses it by infinity
        formulas = [_formula(form, sample, nothing) for form in forms]
    best, front = formulas[0], _front(formulas)
    if not sample.stated:
        return Verdict(best=best, front=front)
    rivals = tuple(f for f in formulas[1:] if (f.probability or 0.0) >= EXCLUDED)
    measured = {"fitted": chi2(best.expr, sample)}
    return Verdict(best=best, front=front, chi2=measured, exceeds=exceeds(best.expr, sample), alike=rivals[:3])


def _front(formulas: Sequence[Formula]) -> tuple[Formula, ...]:
    """Least complex first: the best, what the rows do not exclude, and else what is better than all that is shorter."""
    out: list[Formula] = []
    least = math.inf
    for formula in sorted(formulas, key=lambda f: (f.complexity, f.rmse_test)):
        if formula is formulas[0] or (formula.probability or 0.0) >= EXCLUDED or formula.rmse_test < least:
            out.append(formula)
        least = min(least, formula.rmse_test)
    while len(out) > _FRONT:
        out.remove(min((f for f in out if f is not formulas[0]), key=lambda f: f.probability or 0.0))
    return tuple(out)


def _formula(form: Form, sample: Sample, nothing: float) -> Formula:
    missed = left_out(form, sample)
    rmse = error(form.expr, sample)
    out = math.sqrt(sample.mean(missed**2)) if np.all(np.isfinite(missed)) else math.inf
    spread = float(np.std(sample.y)) * len(sample.y) / max(len(sample.y) - 1, 1)
    formula = Formula(
        expr=form.expr,
        complexity=complexity(form.expr),
        rmse_train=rmse,
        rmse_valid=out,
        rmse_test=out,
        rmse_shell=math.sqrt(float(np.mean(missed[_outermost(sample.x)] ** 2))),
        r2_test=1.0 - (out / spread) ** 2 if spread > 0 else (1.0 if out == 0 else 0.0),
        origin=form.origin,
        std_errors=form.std_errors,
        probability=form.probability,
        law=_law(form),
    )
    return replace(formula, evidence=_word(formula, form, sample, nothing))


def _law(form: Form) -> NamedLaw | None:
    """The law and its constants under the letters of the catalogue."""
    named = form.named
    if named is None:
        return None
    known = dict(zip(named.owner, zip(form.expr.numbers(), form.std_errors, strict=True), strict=True))
    parameters = tuple(
        Parameter(symbol=letter, value=known[k][0], std_error=known[k][1]) for k, letter in enumerate(named.letters) if k in known
    )
    return NamedLaw(title=named.title, parameters=parameters, reference=named.reference)


def _outermost(x: Array) -> np.ndarray:
    """The rows where some column is least or largest."""
    return np.unique([pick for column in x for pick in (int(np.argmin(column)), int(np.argmax(column)))])


def _word(formula: Formula, form: Form, sample: Sample, nothing: float) -> Evidence:
    rows, free = len(sample.y), len(formula.expr.numbers())
    if not formula.expr.variables():
        return "exact" if len(np.unique(sample.y)) == 1 else "none"
    limit = EXACT * sample.spread
    if formula.rmse_train <= limit and formula.rmse_test <= 1e3 * limit:
        if rows < _EXACT_ROWS:
            return "weak"
        return "supported" if sample.stated or 3 * (free + 1) > rows or 4 * free + formula.complexity > rows else "exact"
    if formula.r2_test <= 0 or nothing > max(_NOTHING, form.probability):
        return "none"
    if unexplained(form, sample):
        return "weak" if formula.r2_test > 0.9 else "none"
    if rows < _FEWEST or free + 2 > rows or form.probability < EXCLUDED or nothing > _NOTHING:
        return "weak"
    return "supported"


def unexplained(form: Form, sample: Sample) -> bool:
    """Whether the residuals of a form still depend on the inputs; of fewer than eight no test can tell."""
    if sample.stated and not exceeds(form.expr, sample):
        return False  # a law within its uncertainty may leave something that is no noise
    if len(sample.y) < _TESTED:
        return False
    kind = replace(sample, relative=form.weighed.relative)
    none = kind.rows(np.zeros(len(kind.y), dtype=bool))
    return structured(form.expr, Rows(fit=kind, train=kind, valid=kind, test=none, shell=none))


def plain(sample: Sample) -> dict[str, Expr]:
    """What any law has to beat, before it is fitted: the mean and a straight line."""
    line = add(num(1.0), *(mul(num(1.0), var(name)) for name in sample.names))
    return {"constant": num(float(np.mean(sample.y))), "linear": line}


def baselines_of(sample: Sample) -> dict[str, tuple[float, float]]:
    """RMSE and R2 of the mean and of a straight line, each row predicted from the others."""
    judge = Judge(sample, Prior())
    spread = float(np.std(sample.y)) * len(sample.y) / max(len(sample.y) - 1, 1)
    out = {}
    for name, tree in plain(sample).items():
        form = judge.form(Proposal(expr=tree, relative=False, origin=name))
        rmse = math.sqrt(sample.mean(left_out(form, replace(sample, relative=False)) ** 2))
        out[name] = (rmse, 1.0 - (rmse / spread) ** 2 if spread > 0 else 0.0)
    return out
