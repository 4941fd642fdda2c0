"""What stands in the head of every exported file: the formula in full, its variables, ranges, evidence, origin, version, date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kandisco.specs import UNCHECKED

if TYPE_CHECKING:
    from kandisco.types import Dataset, Formula


def provenance(formula: Formula, dataset: Dataset, *, certified: bool = True) -> list[str]:
    """Lines of a comment.

    Args:
        formula: the formula.
        dataset: its variables, and the rows their ranges are taken from.
        certified: add the line that the core replaces by the certificate once it has run the program.
    """
    import datetime

    from kandisco import __version__
    from kandisco.expr import to_text

    sign = "=" if formula.trusted else "~"
    lines = [f"{dataset.target.name} {sign} {to_text(formula.expr)}", variables(dataset)]
    for variable, column in zip(dataset.inputs, dataset.x.T, strict=True):
        low, high = range_of(column)
        lines.append(f"{variable.name} in [{low!r}, {high!r}]{' ' + variable.unit if variable.unit else ''} in the data")
    apart = "" if formula.judged is None else ", with constants fitted without them; those above are fitted to all rows"
    errors = f"R2 = {formula.r2_test:.10g}, RMSE = {formula.rmse_test:.6g}"
    lines.append(f"evidence: {formula.evidence}; on held-out rows {errors}{apart}")
    lines.append(f"data: {dataset.source or dataset.name}; found by: {formula.origin}")
    lines.append(f"kandisco {__version__}, {datetime.datetime.now(datetime.UTC).date().isoformat()}")
    return [one_line(line) for line in lines] + ([UNCHECKED] if certified else [])


def variables(dataset: Dataset) -> str:
    """The columns by name, with header and unit where they say more."""
    parts = []
    for variable in (dataset.target, *dataset.inputs):
        label = variable.label if variable.label not in ("", variable.name) else ""
        unit = f"[{variable.unit}]" if variable.unit and variable.unit not in label else ""
        parts.append(" ".join(filter(None, (variable.name, f"is {label!r}" if label else "", unit))))
    return one_line("variables: " + "; ".join(parts))


def one_line(text: str) -> str:
    """Headers come from files: a line break in one must not end a comment and become code."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def range_of(values: Any) -> tuple[float | None, float | None]:
    """Least and largest value."""
    return (float(values.min()), float(values.max())) if len(values) else (None, None)
