"""What a run warns of, in sentences: a person reads them, no program does (see the fields of ``Result`` and ``Formula``)."""

from __future__ import annotations

from kandisco import data
from kandisco.evidence.errors import error
from kandisco.evidence.judge import Verdict
from kandisco.evidence.rows import Rows, sample_of
from kandisco.expr import to_text
from kandisco.symbolic.sample import Sample
from kandisco.types import CAVEATS, EXCEEDED, EXCLUDED, RELATIVE, Dataset, NextMeasurement, Split, Status


def remarks(verdict: Verdict, rows: Rows, dataset: Dataset, split: Split, status: Status) -> tuple[str, ...]:
    """How errors were measured, what a stated uncertainty says of them, and what a law is not.

    Args:
        verdict: on the formulas found.
        rows: those it was reached on.
        dataset: all of the data.
        split: which of them are in ``rows``.
        status: how the search ended.
    """
    said = [RELATIVE] if rows.fit.relative and not rows.fit.stated else []
    if verdict.chi2:
        said += _stated(verdict, rows.fit, dataset.target.unit)
    evidence = "none" if verdict.best is None else verdict.best.evidence
    if evidence in CAVEATS:
        said.append(CAVEATS[evidence])
    if status != "done":
        said.append(f"The search was cut short ({status}); a longer --time or --resume may find more.")
    rest = data.rest(dataset, split)
    if verdict.best is not None and len(rest):
        rmse = error(verdict.best.expr, sample_of(dataset, rest))
        said.append(f"Trained on a sample; on the other {len(rest)} rows the best formula's RMSE is {rmse:.3g}.")
    return tuple(said)


def remarks_of(
    verdict: Verdict, sample: Sample, relative: bool, unit: str, status: Status, further: NextMeasurement | None = None
) -> tuple[str, ...]:
    """What a run warns of where all rows count: the kind of errors, the forms not excluded, a search cut short.

    Args:
        verdict: on the forms that were tried.
        sample: all rows.
        relative: whether errors are a share of each value.
        unit: of the target.
        further: where to measure next.
        status: how the search ended.
    """
    said = [RELATIVE] if relative and not sample.stated else []
    if verdict.chi2:
        said += _stated(verdict, sample, unit)
    evidence = "none" if verdict.best is None else verdict.best.evidence
    if evidence in CAVEATS:
        said.append(CAVEATS[evidence])
    rivals = [f for f in verdict.front if f != verdict.best and (f.probability or 0.0) >= EXCLUDED]
    if rivals and not verdict.chi2:
        rivals.sort(key=lambda f: -(f.probability or 0.0))
        others = "; ".join(f"{to_text(f.expr, 4)} ({100 * (f.probability or 0.0):.0f} %)" for f in rivals[:3])
        said.append(f"The rows do not exclude: {others}.")
    if further is not None:
        place = ", ".join(f"{name} = {value:g}" for name, value in further.inputs.items())
        count = "one measurement" if further.rows == 1 else f"{further.rows} measurements"
        said.append(
            f"To tell the first two apart, measure at {place}: they differ by {further.sigmas:.2g} sigma there; {count} will do."
        )
    if status != "done":
        said.append(f"The search was cut short ({status}); a longer --time or --resume may find more.")
    return tuple(said)


def _stated(verdict: Verdict, sample: Sample, unit: str) -> list[str]:
    """The stated uncertainty, how the best formula's errors compare with it, and which forms do about as well."""
    size = f"{100 * sample.stated:.3g} %" if sample.relative else f"{sample.stated:.3g} {unit}".rstrip()
    mean = "" if sample.weights is None else " in a row of mean weight"
    told = ", ".join(f"{value:.3g} on {name} rows" for name, value in verdict.chi2.items())
    said = [f"The stated uncertainty of the target is {size}{mean}; chi squared per row is {told}."]
    if verdict.exceeds:
        said.append(EXCEEDED)
    if verdict.alike:
        others = "; ".join(to_text(formula.expr, 4) for formula in verdict.alike)
        said.append(f"Within the stated uncertainty these are about as short: {others}.")
    return said
