"""Formulas as LaTeX, Typst, MathML and JSON; programs are in ``kandisco.builtins.programs``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kandisco.builtins.provenance import provenance, range_of, variables
from kandisco.hookspecs import hookimpl
from kandisco.specs import ExporterSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset, EdgeOrigin, Formula, Variable


@hookimpl
def kandisco_exporters() -> Iterable[ExporterSpec]:
    """The exporters that come with kandisco."""
    return (
        ExporterSpec(name="latex", suffix=".tex", export=export_latex, summary="an equation to \\input"),
        ExporterSpec(
            name="latex-table", suffix=".tex", export=export_latex_table, many=True, summary="the front as a table (booktabs)"
        ),
        ExporterSpec(name="typst", suffix=".typ", export=export_typst, summary="an equation for Typst"),
        ExporterSpec(name="mathml", suffix=".mml", export=export_mathml, summary="an equation for web pages and word processors"),
        ExporterSpec(name="json", suffix=".json", export=export_json, many=True, summary="trees, text, LaTeX, metrics, units"),
    )


def export_latex(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """An ``equation`` with its provenance in comments; constants rounded as far as the data allow."""
    head = "".join(f"% {line}\n" for line in provenance(formulas[0], dataset, certified=False))
    return f"{head}\\begin{{equation}}\n  {_equation(formulas[0], dataset)}\n\\end{{equation}}\n"


def export_latex_table(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A ``tabular`` of complexity, errors and formula; needs the package booktabs."""
    rows = []
    for formula in formulas:
        errors = f"{_cell(formula.rmse_test)} & {_cell(formula.r2_test, below_one=True)}"
        rows.append(f"  {formula.complexity} & {errors} & $\\displaystyle {_latex(formula, dataset)}$ \\\\\n")
    head = f"% {variables(dataset)}\n% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{rllp{{0.5\\linewidth}}}}\n"
    titles = "  \\toprule\n  Complexity & RMSE & $R^2$ & Formula \\\\\n  \\midrule\n"
    # Without the space fractions of neighbouring rows would touch.
    body = "  \\addlinespace\n".join(rows)
    return f"{head}{titles}{body}  \\bottomrule\n\\end{{tabular}}\n"


def _cell(value: float, *, below_one: bool = False) -> str:
    """A number of the table; rounding must not turn an R2 of 0.99996 into 1."""
    from kandisco.expr.latex import number

    if value != value:
        return "--"
    if below_one and 0.999 <= value < 1 - 1e-15:
        return f"$1 - {number(1 - value, 2)[0]}$"
    return f"${number(value, 3)[0]}$"


def export_typst(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A displayed equation with its provenance in comments."""
    from kandisco.expr.typst import to_typst

    head = "".join(f"// {line}\n" for line in provenance(formulas[0], dataset, certified=False))
    return f"{head}$ {to_typst(_equation(formulas[0], dataset))} $\n"


def export_mathml(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """Presentation MathML, rendered by browsers as it is, with its provenance in a comment."""
    from kandisco.expr.mathml import to_mathml

    head = "".join(f"  {line.replace('--', '- -')}\n" for line in provenance(formulas[0], dataset, certified=False))
    return f"<!--\n{head}-->\n{to_mathml(_equation(formulas[0], dataset))}\n"


def _equation(formula: Formula, dataset: Dataset) -> str:
    from kandisco.expr.latex import symbol

    sign = "=" if formula.trusted else r"\approx"
    return f"{symbol(dataset.target.name)} {sign} {_latex(formula, dataset)}"


def export_json(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """One object: the variables, and each formula as tree, text and LaTeX with its numbers."""
    import json

    from kandisco import __version__

    value = {
        "schema": 1,
        "kandisco": __version__,
        "target": _variable_json(dataset.target, dataset.y),
        "inputs": [_variable_json(variable, column) for variable, column in zip(dataset.inputs, dataset.x.T, strict=True)],
        "formulas": [_formula_json(formula, dataset) for formula in formulas],
    }
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _formula_json(formula: Formula, dataset: Dataset) -> dict[str, Any]:
    import math

    from kandisco.expr import to_json, to_text

    metrics = {name: getattr(formula, name) for name in ("rmse_train", "rmse_valid", "rmse_test", "rmse_shell", "r2_test")}
    return {
        "formula": to_text(formula.expr),
        "latex": _latex(formula, dataset),
        "tree": to_json(formula.expr),
        "complexity": formula.complexity,
        **{name: value if math.isfinite(value) else None for name, value in metrics.items()},
        "evidence": formula.evidence,
        "origin": formula.origin,
        "std_errors": [value if math.isfinite(value) else None for value in formula.std_errors],
        "judged": None if formula.judged is None else to_text(formula.judged),
        "edges": [_edge_json(edge) for edge in formula.edges],
    }


def _edge_json(edge: EdgeOrigin) -> dict[str, Any]:
    import math

    r2 = edge.r2 if math.isfinite(edge.r2) else None
    return {"start": edge.start, "end": edge.end, "symbol": edge.symbol, "r2": r2, "curve": edge.curve}


def _variable_json(variable: Variable, values: Any) -> dict[str, Any]:
    low, high = range_of(values)
    return {"name": variable.name, "label": variable.label or variable.name, "unit": variable.unit, "min": low, "max": high}


def _latex(formula: Formula, dataset: Dataset) -> str:
    from kandisco.expr.latex import to_latex
    from kandisco.expr.rounding import digits_for

    columns = {variable.name: column for variable, column in zip(dataset.inputs, dataset.x.T, strict=True)}
    return to_latex(formula.expr, digits_for(formula.expr, columns))
