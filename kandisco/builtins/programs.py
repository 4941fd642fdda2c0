"""Formulas as programs: one export function, and for each language its printer's table and the lines around the expression."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kandisco.builtins.provenance import one_line, provenance
from kandisco.hookspecs import hookimpl
from kandisco.specs import ExporterSpec

if TYPE_CHECKING:
    from kandisco.expr import Expr
    from kandisco.types import Dataset, Formula


@dataclass(frozen=True, kw_only=True)
class Language:
    """A program around an expression.

    Attributes:
        name: of the exporter.
        dialect: name of the table in ``kandisco.expr.dialects``.
        suffix, summary: of the exporter.
        comment: template of a line of a comment.
        body: template of the program: ``head``, ``imports``, ``params``, ``doc``, ``arrays``, ``used`` (parameters), ``code``.
        param: template of a parameter.
        array: template of the statements for each used parameter, or for the first where none is used.
        constant: template of the expression where it holds no column; ``{1}`` is the first parameter.
        imports: text -> line that is needed where the code holds the text.
    """

    name: str
    dialect: str
    suffix: str
    summary: str
    comment: str
    body: str
    param: str = "{0}"
    array: str = ""
    constant: str = "{0}"
    imports: Mapping[str, str]


_PY_BODY = '{head}\n\n{imports}\n\n\ndef predict({params}):\n    """{doc}"""\n{arrays}    return {code}\n'
# Where terms cancel, single precision leaves few digits: these two work in double and give back what they were given.
_TORCH_BODY = (
    "{head}\n\n{imports}\n\n\ndef predict({params}):\n"
    '    """{doc} Worked out in float64, returned in the precision of the inputs."""\n'
    "    kind = torch.get_default_dtype()\n{arrays}    return ({code}).to(kind)\n"
)
_JAX_BODY = (
    "{head}\n\n{imports}\n\n\ndef predict({params}):\n"
    '    """{doc} Worked out in float64, returned in the precision of the inputs."""\n'
    "    kind = jnp.result_type(float, {used})\n    with jax.enable_x64(True):\n{arrays}        return ({code}).astype(kind)\n"
)
_PY_SAFE = (
    '{head}\n\nimport math\n\n\ndef predict({params}):\n    """{doc} nan where it is not defined."""\n'
    "    try:\n        return {code}\n    except (ArithmeticError, ValueError):\n        return math.nan\n"
)
_C_BODY = "{head}\n\n#define _USE_MATH_DEFINES\n#include {include}\n\ndouble predict({params}) {{\n    return {code};\n}}\n"
LANGUAGES = (
    Language(
        name="python", dialect="PYTHON", suffix=".py", summary="a function of floats, standard library only",
        comment="# {0}", body=_PY_SAFE, constant="float({0})", imports={},
    ),
    Language(
        name="numpy", dialect="NUMPY", suffix=".py", summary="a function of arrays; scipy for special functions",
        comment="# {0}", body=_PY_BODY, array="    {0} = np.asarray({0}, dtype=float)\n",
        constant="np.full(np.shape({1}), {0}, dtype=float)",
        imports={"": "import numpy as np", "special.": "from scipy import special"},
    ),
    Language(
        name="torch", dialect="TORCH", suffix=".py", summary="a differentiable function of tensors",
        comment="# {0}", body=_TORCH_BODY, constant="torch.full_like({1}, {0})",
        array=(
            "    kind = torch.promote_types(kind, torch.as_tensor({0}).dtype)\n"
            "    {0} = torch.as_tensor({0}, dtype=torch.float64)\n"
        ),
        imports={"math.": "import math\n", "": "import torch"},
    ),
    Language(
        name="jax", dialect="JAX", suffix=".py", summary="a differentiable function of arrays (jax 0.8 or later)",
        comment="# {0}", body=_JAX_BODY, array="        {0} = jnp.asarray({0}, dtype=float)\n",
        constant="jnp.full_like({1}, {0})",
        imports={"": "import jax\nimport jax.numpy as jnp", "special.": "from jax.scipy import special"},
    ),
    Language(
        name="c", dialect="C", suffix=".c", summary="a function of doubles (link with -lm)",
        comment="// {0}", body=_C_BODY.replace("{include}", "<math.h>"), param="double {0}", imports={},
    ),
    Language(
        name="c++", dialect="CPP", suffix=".cpp", summary="a function of doubles (C++17)",
        comment="// {0}", body=_C_BODY.replace("{include}", "<cmath>"), param="double {0}", imports={},
    ),
    Language(
        name="rust", dialect="RUST", suffix=".rs", summary="a function of f64",
        comment="// {0}",
        body="{head}\n\n#[allow(non_snake_case, unused_variables)]\npub fn predict({params}) -> f64 {{\n    {code}\n}}\n",
        param="{0}: f64", imports={},
    ),
    Language(
        name="julia", dialect="JULIA", suffix=".jl", summary="a function of numbers or arrays",
        comment="# {0}", body="{head}\n\n{imports}predict({params}) = @. {code}\n", constant="{0} + 0 * {1}",
        imports={
            f"{name}(": "using SpecialFunctions\n\n"
            for name in ("erf", "erfc", "gamma", "digamma", "besselj", "bessely", "besseli", "besselk", "ellipk", "ellipe")
        }
        | {f"{name}(": "using SpecialFunctions\n\n" for name in ("airyai", "airyaiprime", "airybi", "airybiprime")},
    ),
    Language(
        name="matlab", dialect="MATLAB", suffix=".m", summary="a function of arrays; save it as predict.m (Octave too)",
        comment="% {0}", body="{head}\nfunction y = predict({params})\n    y = {code};\nend\n", constant="{0} + 0 .* {1}",
        imports={},
    ),
    Language(
        name="mathematica", dialect="MATHEMATICA", suffix=".wl", summary="a function in the Wolfram Language, numbers exact",
        comment="(* {0} *)", body="{head}\n\npredict[{params}] := {code}\n", param="{0}_", imports={},
    ),
)  # fmt: skip


@hookimpl
def kandisco_exporters() -> Iterable[ExporterSpec]:
    """The exporters of programs."""
    made = [
        _spec(language.name, language.suffix, functools.partial(export, language), language.summary) for language in LANGUAGES
    ]
    return (
        *made,
        _spec("sympy", ".py", export_sympy, "python source that builds the sympy expression"),
        _spec("sql", ".sql", export_sql, "a query that adds the prediction to a table"),
        _spec("excel", ".csv", export_excel, "a sheet whose last column is the formula (Excel, LibreOffice)"),
    )


def _spec(name: str, suffix: str, function: Callable[[Sequence[Formula], Dataset], str], summary: str) -> ExporterSpec:
    return ExporterSpec(name=name, suffix=suffix, export=function, summary=summary)


def export(language: Language, formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A file with the function ``predict`` of all inputs, in the order of the columns.

    Raises:
        InputError: the language has no such function.
    """
    from kandisco.expr import dialects
    from kandisco.expr.source import safe_names, source

    expr, dialect = formulas[0].expr, getattr(dialects, language.dialect)
    names = safe_names((variable.name for variable in dataset.inputs), dialect.reserved, dialect.identifier)
    first = next(iter(names.values()))
    code = source(expr, dialect, names)
    code = code if expr.variables() else language.constant.format(code, first)
    used = [names[name] for name in expr.variables()] or [first]
    lines = dict.fromkeys(line for text, line in language.imports.items() if text in code)
    return language.body.format(
        head=_head(language.comment, formulas[0], dataset),
        imports="\n".join(lines),
        params=", ".join(language.param.format(name) for name in names.values()),
        doc=_doc(dataset),
        arrays="".join(language.array.format(name) for name in used),
        used=", ".join(used),
        code=code,
    )


def _head(comment: str, formula: Formula, dataset: Dataset) -> str:
    """The provenance as a comment that no text in it can end: no backslash before a line break, no ``*)``."""
    lines = [line.replace("\\", "/").replace("*)", "* )").replace("(*", "( *") for line in provenance(formula, dataset)]
    return "\n".join(comment.format(line) for line in lines)


def _doc(dataset: Dataset) -> str:
    target = one_line(dataset.target.label or dataset.target.name)
    return target.replace("\\", "/").replace('"', "'") + " from its inputs."


def export_sympy(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """Source that builds ``expr`` from real symbols; rationals stay exact, fitted constants keep all digits."""
    from kandisco.expr.dialects import SYMPY
    from kandisco.expr.source import safe_names, source

    expr = formulas[0].expr
    names = safe_names(expr.variables(), SYMPY.reserved)
    code = source(expr, SYMPY, names)
    lines = [
        _head("# {0}", formulas[0], dataset),
        "",
        "import sympy",
        "",
        *(f'{shown} = sympy.Symbol("{name}", real=True)' for name, shown in names.items()),
        f"expr = {code if names else f'sympy.Add({code})'}",
    ]
    return "\n".join(lines) + "\n"


def export_sql(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A query on a table ``data`` whose columns have the names of the inputs."""
    from kandisco.expr.dialects import SQL
    from kandisco.expr.source import source

    names = {variable.name: f'"{variable.name}"' for variable in dataset.inputs}
    casts = ",\n         ".join(f"CAST({name} AS DOUBLE PRECISION) AS {name}" for name in names.values())
    code = source(formulas[0].expr, SQL, names)
    head = _head("-- {0}", formulas[0], dataset)
    target = f'"{dataset.target.name}"'
    # Whole numbers in a table would be divided as whole numbers.
    return f"{head}\n\nWITH input AS (\n  SELECT {casts}\n  FROM data\n)\nSELECT *,\n       {code} AS {target}\nFROM input;\n"


def export_excel(formulas: Sequence[Formula], dataset: Dataset) -> str:
    """A CSV file: the provenance, the names, then rows of the data with the formula in the last column, to be filled down."""
    from kandisco.expr.dialects import EXCEL

    expr = formulas[0].expr
    head = [f'"# {line.replace(chr(34), chr(39))}"' for line in provenance(formulas[0], dataset)]
    titles = ",".join(variable.name for variable in (*dataset.inputs, dataset.target))
    first = len(head) + 2
    rows = [_excel_row(expr, EXCEL, dataset, first + i, x) for i, x in enumerate(dataset.x[:1000].tolist())]
    return "\n".join([*head, titles, *rows]) + "\n"


def _excel_row(expr: Expr, dialect: Any, dataset: Dataset, row: int, values: Sequence[float]) -> str:
    from kandisco.expr.source import source

    cells = {variable.name: f"{_letters(i)}{row}" for i, variable in enumerate(dataset.inputs)}
    return ",".join([*map(repr, values), f'"={source(expr, dialect, cells)}"'])


def _letters(column: int) -> str:
    """A, B, ..., Z, AA, ..."""
    letters = ""
    while column >= 0:
        letters, column = chr(ord("A") + column % 26) + letters, column // 26 - 1
    return letters
