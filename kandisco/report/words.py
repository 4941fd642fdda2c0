"""How results are put into words and digits: shared by the terminal, report.md and report.html, so that they never disagree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kandisco.expr import to_text
from kandisco.expr.latex import symbol, to_latex
from kandisco.expr.rounding import digits_for, known_digits, with_error
from kandisco.types import CAVEATS

if TYPE_CHECKING:
    from kandisco.expr import Expr
    from kandisco.types import Dataset, Formula, Result

# A rounding that moves values by less than this share of the residuals is not seen.
_UNSEEN = 0.05
_GROUNDS: Mapping[str, str] = {
    "supported": "as good as the noise allows, but another form could do as well",
    "weak": "an approximation: its errors still have structure, or the rows are too few to tell",
    "none": "it does not explain the held-out rows",
}


def grounds(result: Result) -> str:
    """Why the best formula has the evidence it has, in one phrase."""
    if result.best is None:
        return ""
    if result.best.evidence == "supported" and result.dataset.uncertainty and not result.exceeds:
        return "as good as the stated uncertainty allows, but another form could do as well"
    if result.best.evidence == "supported" and result.tried and result.noise:
        return f"{share(result.best.probability)} of the probability among {result.tried:,} forms tried"
    if result.best.evidence == "supported" and not (result.noise or result.dataset.uncertainty):
        return "machine precision on held-out rows, but few rows for so many constants"
    if result.best.evidence != "exact":
        return _GROUNDS[result.best.evidence]
    if result.noise:
        return "at the noise floor, with a clear gap to every other form"
    return "machine precision on held-out rows and in the withheld outer shell of the data"


def columns_of(dataset: Dataset) -> dict[str, Any]:
    """Input name -> its values."""
    return {variable.name: column for variable, column in zip(dataset.inputs, dataset.x.T, strict=True)}


def names_of(dataset: Dataset) -> dict[str, str]:
    """Escaped name -> the header as it was written, for columns whose headers are no identifiers."""
    variables = (*dataset.inputs, dataset.target)
    return {v.name: v.label for v in variables if v.label and v.label != v.name}


def readable(formula: Formula, dataset: Dataset) -> str:
    """The formula as text, each constant with the digits that its error leaves it."""
    return to_text(*_shown(formula, dataset))


def _shown(formula: Formula, dataset: Dataset) -> tuple[Expr, int]:
    """The tree to be printed and its digits."""
    columns = columns_of(dataset)
    if formula.probability is None or len(formula.std_errors) != len(formula.expr.numbers()):
        return formula.expr, digits_for(formula.expr, columns)
    return known_digits(formula.expr, formula.std_errors, columns, tolerance=_UNSEEN * formula.rmse_train)


def constants(formula: Formula) -> str:
    """The law that a formula is and its constants with their standard errors: ``2.006(8)``; empty where no error is known."""
    if formula.law is not None:
        told = ", ".join(f"{p.symbol} = {with_error(p.value, p.std_error)}" for p in formula.law.parameters)
        return f"{formula.law.title}: {told}" if told else formula.law.title
    if formula.probability is None or len(formula.std_errors) != len(formula.expr.numbers()) or not formula.std_errors:
        return ""
    told = ", ".join(with_error(v, e) for v, e in zip(formula.expr.numbers(), formula.std_errors, strict=True))
    return f"constants, in order: {told}"


def held_out(result: Result) -> str:
    """Which rows the errors are of."""
    return "each row predicted from the others" if result.tried else "on held-out rows"


def share(probability: float | None) -> str:
    """A probability in per cent, never rounded to certainty or to nothing; empty where none is known.

    Example:
        >>> share(0.873), share(0.99991), share(0.00004)
        ('87 %', '> 99 %', '< 1 %')
    """
    if probability is None:
        return ""
    if probability > 0.99:
        return "> 99 %"
    return "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def latex(formula: Formula, dataset: Dataset, *, target: bool = False) -> str:
    """The formula as LaTeX, with as few digits as keep its numbers; ``target`` puts ``y =`` before it."""
    text = to_latex(*_shown(formula, dataset))
    sign = "=" if formula.trusted else r"\approx"
    return f"{symbol(dataset.target.name)} {sign} {text}" if target else text


def refitted(result: Result) -> str:
    """What to say of errors that belong to other constants than those shown; empty where they do not."""
    if result.best is None or result.best.judged is None:
        return ""
    return "The constants are of a last fit to all rows; errors and evidence are of constants fitted without the held-out rows."


def law(formula: Formula, dataset: Dataset) -> str:
    """``y = ...`` for a law, ``y ~ ...`` for what is none."""
    return f"{dataset.target.name} {'=' if formula.trusted else '~'} {readable(formula, dataset)}"


def verdict(result: Result) -> list[str]:
    """What to say before anything that is not a law is shown; empty for a law."""
    best = result.best
    if best is None:
        return ["No formula was found."]
    if best.trusted:
        return []
    linear = result.baselines.get("linear")
    beside = f"; a linear model: R2 {r2(linear[1])}, RMSE {linear[0]:.4g}" if linear else ""
    reached = f"R2 {r2(best.r2_test)}, RMSE {best.rmse_test:.4g} {held_out(result)}"
    return [
        f"No trustworthy formula was found (evidence: {best.evidence}).",
        f"The best approximation reaches {reached}{beside}. It is not a law:",
    ]


def warnings(result: Result) -> list[str]:
    """The warnings without what the verdict has said already."""
    return [warning for warning in result.warnings if warning not in CAVEATS.values()]


def scores(result: Result) -> list[tuple[str, float, float]]:
    """Name, RMSE and R2 on held-out rows of the best formula and of the baselines."""
    best = result.best
    rows = [] if best is None else [("formula", best.rmse_test, best.r2_test)]
    return rows + [(name, *result.baselines[name]) for name in ("linear", "constant") if name in result.baselines]


def r2(value: float) -> str:
    """R2 with as many nines as it has earned: rounding must not turn 0.99996 into 1.

    Example:
        >>> r2(0.5), r2(0.99996), r2(1.0)
        ('0.5000', '1 - 4.0e-05', '1')
    """
    if not math.isfinite(value):
        return "-"
    if value < 0.999:
        return f"{round(value, 4) + 0.0:.4f}"  # the sum makes 0 of -0
    return "1" if 1.0 - value < 1e-15 else f"1 - {1.0 - value:.1e}"


def shortened(text: str, width: int = 100) -> str:
    """The text, cut with an ellipsis where it is longer than ``width``."""
    return text if len(text) <= width else text[: width - 1] + "…"
