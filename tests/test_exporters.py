"""kandisco.builtins.exporters: exported programs keep the formula's numbers; nothing in a header becomes code."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import runpy
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kandisco.builtins import exporters, programs
from kandisco.certify import certified, check
from kandisco.errors import InputError
from kandisco.expr import Expr, add, from_json, num, parse, to_text, var
from kandisco.expr.numeric import evaluate
from kandisco.expr.rounding import digits_for, rounded
from kandisco.specs import ExporterSpec
from kandisco.types import Dataset, Formula, Variable

EXPORTERS = {spec.name: spec for spec in (*exporters.kandisco_exporters(), *programs.kandisco_exporters())}
PROGRAMS = [spec.name for spec in programs.kandisco_exporters()]
FORMULAS = [
    "q1*q2/(4*pi*eps*r**2)",
    "sqrt(x**2 + y**2)",
    "exp(sin(pi*x) + y**2)",
    "-x/(1.5 - 2*y)**3 + 1/3",
    "2.5e-30*x**(1/3) - 7/9*log(y + 2)",
    "besselj(0, x) + gamma(y + 1)*erf(x) - airybiprime(x/2)",
    "elliptic_k(x/3)*atan(y) + legendre(3, x/4) + polygamma(1, y + 1)",
    "asin(x/9)*abs(y - x)**1.7 + sign(x)*E",
    "1234567891.0*x - 1234567890.0*y",
    "2.5",
]


def names_of(expr: Expr) -> tuple[str, ...]:
    return expr.variables() or ("x",)


def dataset_for(expr: Expr, label: str = "") -> Dataset:
    names = names_of(expr)
    x = np.random.default_rng(0).uniform(0.2, 1.9, (50, len(names)))
    inputs = tuple(Variable(name=name, label=label or name, unit="m/s") for name in names)
    y = evaluate(expr, dict(zip(names, x.T, strict=True)))
    return Dataset(name="t", x=x, y=y, inputs=inputs, target=Variable(name="z", label=label or "z", unit="J"))


def formula_of(expr: Expr) -> Formula:
    return Formula(
        expr=expr,
        complexity=7,
        rmse_train=1e-3,
        rmse_valid=1e-3,
        rmse_test=1e-3,
        rmse_shell=float("nan"),
        r2_test=0.999,
        evidence="exact",
        origin="test",
    )


def export(name: str, expr: Expr, label: str = "") -> str:
    spec: ExporterSpec = EXPORTERS[name]
    return spec.export([formula_of(expr)], dataset_for(expr, label))


def run_python(text: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exported.py"
        path.write_text(text, encoding="utf-8")
        return runpy.run_path(str(path))


def columns_of(expr: Expr) -> dict[str, Any]:
    return dict(zip(names_of(expr), dataset_for(expr).x.T, strict=True))


@pytest.mark.parametrize("text", FORMULAS)
def test_numpy_keeps_the_numbers(text: str) -> None:
    expr = parse(text)
    columns = columns_of(expr)
    values = run_python(export("numpy", expr))["predict"](**columns)
    np.testing.assert_allclose(values, evaluate(expr, columns), rtol=1e-12, atol=0)


@pytest.mark.parametrize("text", FORMULAS)
def test_sympy_keeps_the_numbers(text: str) -> None:
    expr = parse(text)
    columns = columns_of(expr)
    built = run_python(export("sympy", expr))["expr"]
    row = {symbol: columns[str(symbol)][0] for symbol in built.free_symbols}
    value = built.evalf(30, subs=row)
    assert float(value) == pytest.approx(float(evaluate(expr, columns)[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["c", "c++", "rust", "sql", "python", "matlab", "excel"])
@pytest.mark.parametrize(
    "text", ["exp(-x**2)*sin(pi*y)/3 - 7/9*(x + y)**1.5 - -2.5e-7/x**x", "tanh(x)*asinh(y) - sign(x - y)*abs(x - 2*y)"]
)
def test_programs_are_run_and_agree(name: str, text: str) -> None:
    expr = parse(text)
    written, found = certified(EXPORTERS[name], formula_of(expr), dataset_for(expr), points=40)
    if not found.tool:
        pytest.skip(str(found))
    assert found.agrees and found.points == 40, str(found)
    assert str(found) in written


# Words of the languages, of their libraries, of spreadsheets, and names that are spelt alike once they are mapped.
WORDS = ("double", "exp", "main", "j1", "y0", "fn", "end", "A1", "select", "C", "I", "alpha_1", "\u03b1", "_x", "x", "if")


@pytest.mark.parametrize("language", PROGRAMS)
def test_no_name_of_a_column_breaks_a_program(language: str) -> None:
    expr = add(*(parse(f"{k}.5*exp(x/{k})").substitute({"x": var(name)}) for k, name in enumerate(WORDS, start=1)))
    text = export(language, expr)
    assert text.count("exp") + text.count("EXP") + text.count("Exp") >= len(WORDS)
    if language in ("c", "rust", "sql", "python"):
        found = check(EXPORTERS[language], formula_of(expr), dataset_for(expr), points=5)
        assert not found.failed, str(found)


def test_torch_takes_the_root_of_a_number_elsewhere() -> None:
    text = export("torch", parse("x/sqrt(2*pi) + exp(1/3)"))
    assert "x / math.sqrt(2.0 * math.pi)" in text and "torch.exp" not in text and "math.exp" in text


def cancelling(name: str) -> tuple[Any, Any, Any]:
    """The program of a formula whose terms cancel, float32 points for it, and the true values there."""
    expr = parse("1e30*(exp(x) - exp(-x))/1e30")
    points = np.linspace(1e-4, 2e-3, 7, dtype=np.float32)
    return run_python(export(name, expr))["predict"], points, 2 * np.sinh(points.astype(float))


def test_torch_works_in_double_and_gives_back_what_it_was_given() -> None:
    import torch

    predict, points, true = cancelling("torch")
    x = torch.tensor(points, requires_grad=True)
    values = predict(x)
    assert values.dtype == torch.float32 and predict(x.double()).dtype == torch.float64
    np.testing.assert_allclose(values.detach().numpy(), true, rtol=1e-6)
    (slope,) = torch.autograd.grad(values.sum(), x)
    np.testing.assert_allclose(slope.numpy(), 2 * np.cosh(points), rtol=1e-6)
    assert run_python(export("torch", parse("2.5")))["predict"](torch.tensor([1, 2])).tolist() == [2.5, 2.5]


def test_jax_works_in_double_and_gives_back_what_it_was_given() -> None:
    jax = pytest.importorskip("jax")
    predict, points, true = cancelling("jax")
    x = jax.numpy.asarray(points)
    assert predict(x).dtype == "float32" and not jax.config.jax_enable_x64
    for function in (predict, jax.jit(predict), jax.vmap(predict)):
        np.testing.assert_allclose(function(x), true, rtol=1e-6)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(predict)))(x), 2 * np.cosh(points), rtol=1e-6)
    assert run_python(export("jax", parse("2.5")))["predict"](jax.numpy.array([1, 2])).tolist() == [2.5, 2.5]


def test_a_language_without_the_function_says_so() -> None:
    with pytest.raises(InputError, match=r"Rust's standard library has no besselj\(0, \.\.\.\)"):
        export("rust", parse("besselj(0, x)"))


def test_a_wrong_program_gets_no_certificate() -> None:
    spec = dataclasses.replace(
        EXPORTERS["python"], export=lambda formulas, dataset: "# not checked on this machine\ndef predict(x): return x\n"
    )
    text, found = certified(spec, formula_of(parse("2.0*x")), dataset_for(parse("2.0*x")))
    assert found.failed and not found.agrees and "DISAGREES" in text
    broken = dataclasses.replace(spec, export=lambda formulas, dataset: "def predict(x): return undefined\n")
    assert "FAILED in python: NameError" in str(check(broken, formula_of(parse("2.0*x")), dataset_for(parse("2.0*x"))))


def test_a_missing_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    text, found = certified(EXPORTERS["c"], formula_of(parse("2.0*x")), dataset_for(parse("2.0*x")))
    assert not found.failed and not found.agrees and "// not checked here: no gcc" in text


def test_what_sqlite_takes_for_one_column_is_not_checked_there() -> None:
    found = check(EXPORTERS["sql"], formula_of(parse("x + 2.0*X")), dataset_for(parse("x + 2.0*X")))
    assert "not checked here" in str(found) and "differ only in case" in found.remark


def test_a_compiler_that_does_not_start_is_a_missing_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = shutil.which("false")
    monkeypatch.setattr(shutil, "which", lambda name: broken)
    found = check(EXPORTERS["rust"], formula_of(parse("2.0*x")), dataset_for(parse("2.0*x")))
    assert not found.failed and "does not start" in found.remark


@pytest.mark.parametrize("name", ["typst", "mathml"])
@pytest.mark.parametrize("text", FORMULAS)
def test_markup_is_well_formed(name: str, text: str) -> None:
    import xml.etree.ElementTree as ElementTree

    written = export(name, parse(text), label="a--b --> \\")
    if name == "mathml":
        assert ElementTree.fromstring(written).tag.endswith("math")
    else:
        assert written.count("(") == written.count(")") and "\\left" not in written and "\\frac" not in written


def test_sympy_keeps_rationals_exact() -> None:
    import sympy

    built = run_python(export("sympy", parse("x**(1/3) + 7/(9*x)")))["expr"]
    x = sympy.Symbol("x", real=True)
    assert built == sympy.cbrt(x) + sympy.Rational(7, 9) / x


@pytest.mark.parametrize("name", ["np", "special", "pi", "E", "gamma", "lambda", "predict", "sympy", "expr", "sin"])
def test_columns_named_like_code(name: str) -> None:
    from kandisco.expr import call, mul, var

    expr = mul(num(1.5), call("sin", var(name)), parse("pi"))
    x = np.linspace(0, 1, 5)
    values = run_python(export("numpy", expr))["predict"](x)
    np.testing.assert_allclose(values, 1.5 * np.sin(x) * np.pi, rtol=1e-12)
    built = run_python(export("sympy", expr))["expr"]
    (symbol,) = built.free_symbols
    assert str(symbol) == name
    assert float(built.subs(symbol, 0.5)) == pytest.approx(1.5 * np.sin(0.5) * np.pi)


@pytest.mark.parametrize("exporter", sorted(EXPORTERS))
def test_a_label_never_becomes_code(exporter: str) -> None:
    hostile = 'v\nraise SystemExit("ran")\n"""\u2028raise SystemExit(1)\r\\end{equation}'
    text = export(exporter, parse("2.0*x"), label=hostile)
    if exporter in ("python", "numpy", "sympy"):
        run_python(text)
    elif exporter in PROGRAMS:
        assert not check(EXPORTERS[exporter], formula_of(parse("2.0*x")), dataset_for(parse("2.0*x"), hostile), points=5).failed
    elif exporter == "json":
        assert json.loads(text)["inputs"][0]["label"] == hostile
    else:
        live = [line for line in re.sub("<!--.*?-->", "", text, flags=re.DOTALL).splitlines() if line[:1] not in ("%", "/")]
        assert not any("raise" in line for line in live)


def test_json_holds_the_tree_and_no_nan() -> None:
    expr = parse("2.5*sin(x)**2")
    value = json.loads(export("json", expr))
    (formula,) = value["formulas"]
    assert from_json(formula["tree"]) == expr
    assert formula["rmse_shell"] is None
    assert parse(formula["formula"]) == expr


def test_latex_carries_full_precision_in_a_comment() -> None:
    expr = parse("3.14159265358979*x")
    text = export("latex", expr)
    assert "% z = 3.14159265358979*x" in text
    assert "z = 3.14159 x\n" in text
    assert "[J]" in text and "m/s" in text


def test_cancelling_constants_keep_their_digits() -> None:
    expr = parse("1234567891.0*x - 1234567890.0*y")
    columns = columns_of(expr)
    digits = digits_for(expr, columns)
    assert digits_for(parse("1.23456789*x"), columns) == 6
    change = evaluate(rounded(expr, digits), columns) - evaluate(expr, columns)
    assert np.abs(change).max() <= 1e-4 * np.std(evaluate(expr, columns))
    close = {"x": np.linspace(1, 1 + 1e-9, 50), "y": np.linspace(1, 1 + 1e-9, 50)}
    assert digits_for(expr, close) > 6


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), st.sampled_from(["x", "alpha_1"]))
def test_python_law(numbers: list[float], name: str) -> None:
    template = parse(f"1.0*exp(2.0*{name}/1000000) + sin(3.0*{name})/3")
    expr = template.with_numbers(iter([*numbers, *template.numbers()[3:]]))
    columns = columns_of(expr)
    values = run_python(export("numpy", expr))["predict"](**columns)
    np.testing.assert_allclose(values, evaluate(expr, columns), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("evidence", "signs"), [("exact", "=="), ("supported", "=="), ("weak", r"~\approx"), ("none", r"~\approx")]
)
def test_what_is_no_law_is_not_exported_as_an_equality(evidence: str, signs: str) -> None:
    formula = dataclasses.replace(formula_of(parse("2*x")), evidence=evidence)  # type: ignore[arg-type]
    text = EXPORTERS["latex"].export([formula], dataset_for(formula.expr))
    assert f"% z {signs[0]} 2*x" in text and f"z {signs[1:]} 2 x" in text


@pytest.mark.parametrize(("r2", "shown"), [(0.5, "$0.5$"), (0.99996, r"$1 - 4 \times 10^{-5}$"), (1.0, "$1$"), (math.nan, "--")])
def test_the_table_never_rounds_r2_up_to_one(r2: float, shown: str) -> None:
    formula = dataclasses.replace(formula_of(parse("2*x")), r2_test=r2)
    assert f"& {shown} &" in EXPORTERS["latex-table"].export([formula], dataset_for(formula.expr))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path: Path) -> None:
    bodies = [export("latex", parse(text)) for text in FORMULAS]
    spec = EXPORTERS["latex-table"]
    first = parse(FORMULAS[0])
    table = spec.export([formula_of(first)], dataset_for(first))
    source = "\\documentclass{article}\\usepackage{amsmath,booktabs}\\begin{document}\n" + "\n".join([*bodies, table])
    (tmp_path / "t.tex").write_text(source + "\\end{document}\n")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "t.pdf").stat().st_size > 1000


def test_text_form_is_what_the_comment_shows() -> None:
    expr = parse("x/y - 2.25")
    assert to_text(expr) in export("numpy", expr)
