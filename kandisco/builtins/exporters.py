"""Formulas as LaTeX, python, sympy and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kandisco.hookspecs import hookimpl
from kandisco.specs import ExporterSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset, Formula, Variable


@hookimpl
def kandisco_exporters() -> Iterable[ExporterSpec]:
    """The exporters that come with kandisco."""
    return (
        ExporterSpec(name="latex", suffix=".tex", export=export_latex, summary="an equation to \\input"),
        ExporterSpec(
            name="latex-table", suffix=".tex", export=export_latex_table, many=True, summary="the front as a table (booktabs)"
        ),
        ExporterSpec(name="python", suffix=".py", export=export_python, summary="a stand-alone numpy function"),
        ExporterSpec(name="sympy", suffix=".py", export=export_sympy, summary="python source that builds the sympy expression"),
        ExporterSpec(name="json", suffix=".json", export=export_json, many=True, summary="trees, text, LaTeX, metrics, units"),
    )


def export_latex(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """An ``equation`` with its provenance in comments; constants rounded as far as the data allow."""
    from kandisco.expr.latex import symbol

    formula = formulas[0]
    head = "".join(f"% {line}\n" for line in _provenance(formula, dataset))
    sign = "=" if _is_law(formula) else r"\approx"
    body = f"{symbol(dataset.target.name)} {sign} {_latex(formula, dataset)}"
    return f"{head}\\begin{{equation}}\n  {body}\n\\end{{equation}}\n"


def export_latex_table(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A ``tabular`` of complexity, errors and formula; needs the package booktabs."""
    rows = []
    for formula in formulas:
        errors = f"{_cell(formula.rmse_test)} & {_cell(formula.r2_test, below_one=True)}"
        rows.append(f"  {formula.complexity} & {errors} & $\\displaystyle {_latex(formula, dataset)}$ \\\\\n")
    head = f"% {_variables(dataset)}\n% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{rllp{{0.6\\linewidth}}}}\n"
    titles = "  \\toprule\n  Complexity & RMSE & $R^2$ & Formula \\\\\n  \\midrule\n"
    return f"{head}{titles}{''.join(rows)}  \\bottomrule\n\\end{{tabular}}\n"


def _cell(value: float, *, below_one: bool = False) -> str:
    """A number of the table; rounding must not turn an R2 of 0.99996 into 1."""
    from kandisco.expr.latex import number

    if value != value:
        return "--"
    if below_one and 0.999 <= value < 1 - 1e-15:
        return f"$1 - {number(1 - value, 2)[0]}$"
    return f"${number(value, 3)[0]}$"


def export_python(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A file that needs nothing but numpy (and scipy for special functions) and gives the formula's numbers at 1e-12."""
    from kandisco.expr.source import numpy_source, safe_names

    formula = formulas[0]
    names = safe_names((variable.name for variable in dataset.inputs), ("np", "special"))
    code, imports = numpy_source(formula.expr, names)
    used = [names[name] for name in formula.expr.variables()]
    first = next(iter(names.values()))
    result = code if used else f"np.full(np.shape({first}), {code}, dtype=float)"
    lines = [
        *(f"# {line}" for line in _provenance(formula, dataset)),
        "",
        *imports.split("\n"),
        "",
        "",
        f"def predict({', '.join(names.values())}):",
        f'    """{_doc(dataset)}"""',
        *(f"    {name} = np.asarray({name}, dtype=float)" for name in used),
        f"    return {result}",
    ]
    return "\n".join(lines) + "\n"


def export_sympy(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """Source that builds ``expr`` from real symbols; rationals stay exact, fitted constants keep all digits."""
    from kandisco.expr.source import safe_names, sympy_source

    formula = formulas[0]
    names = safe_names(formula.expr.variables(), ("sympy", "expr"))
    code = sympy_source(formula.expr, names)
    lines = [
        *(f"# {line}" for line in _provenance(formula, dataset)),
        "",
        "import sympy",
        "",
        *(f'{shown} = sympy.Symbol("{name}", real=True)' for name, shown in names.items()),
        f"expr = {code if names else f'sympy.Add({code})'}",
    ]
    return "\n".join(lines) + "\n"


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
    }


def _variable_json(variable: Variable, values: Any) -> dict[str, Any]:
    low, high = _range(values)
    return {"name": variable.name, "label": variable.label or variable.name, "unit": variable.unit, "min": low, "max": high}


def _range(values: Any) -> tuple[float | None, float | None]:
    return (float(values.min()), float(values.max())) if len(values) else (None, None)


def _is_law(formula: Formula) -> bool:
    return formula.evidence in ("exact", "supported")


def _latex(formula: Formula, dataset: Dataset) -> str:
    from kandisco.expr.latex import to_latex
    from kandisco.expr.rounding import digits_for

    columns = {variable.name: column for variable, column in zip(dataset.inputs, dataset.x.T, strict=True)}
    return to_latex(formula.expr, digits_for(formula.expr, columns))


def _provenance(formula: Formula, dataset: Dataset) -> list[str]:
    """Lines of a comment: the formula in full precision, its variables with ranges and units, its evidence, its origin."""
    import datetime

    from kandisco import __version__
    from kandisco.expr import to_text

    sign = "=" if _is_law(formula) else "~"
    lines = [f"{dataset.target.name} {sign} {to_text(formula.expr)}", _variables(dataset)]
    for variable, column in zip(dataset.inputs, dataset.x.T, strict=True):
        low, high = _range(column)
        lines.append(f"{variable.name} in [{low!r}, {high!r}]{' ' + variable.unit if variable.unit else ''} in the data")
    lines.append(f"evidence: {formula.evidence}; on held-out rows R2 = {formula.r2_test:.10g}, RMSE = {formula.rmse_test:.6g}")
    lines.append(f"data: {dataset.source or dataset.name}; found by: {formula.origin}")
    lines.append(f"kandisco {__version__}, {datetime.datetime.now(datetime.UTC).date().isoformat()}")
    return [_one_line(line) for line in lines]


def _variables(dataset: Dataset) -> str:
    parts = []
    for variable in (dataset.target, *dataset.inputs):
        label = variable.label if variable.label not in ("", variable.name) else ""
        unit = f"[{variable.unit}]" if variable.unit and variable.unit not in label else ""
        parts.append(" ".join(filter(None, (variable.name, f"is {label!r}" if label else "", unit))))
    return _one_line("variables: " + "; ".join(parts))


def _one_line(text: str) -> str:
    """Headers come from files: a line break in one must not end a comment and become code."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _doc(dataset: Dataset) -> str:
    target = _one_line(dataset.target.label or dataset.target.name)
    return target.replace("\\", "/").replace('"', "'") + " from numbers or arrays."
