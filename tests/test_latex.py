"""kandisco.expr.latex: formulas that read as if typed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kandisco.expr import Expr, add, call, mul, num, parse, power, rat, var
from kandisco.expr.latex import number, symbol, to_latex


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("x_1", "x_{1}"),
        ("alpha", r"\alpha"),
        ("Omega_0", r"\Omega_{0}"),
        ("mass", r"\mathrm{mass}"),
        ("v_max", r"v_{\mathrm{max}}"),
        ("m_e_rest", r"m_{e,\mathrm{rest}}"),
        ("λ", r"\lambda"),
        ("Δt", r"\Delta_{t}"),
        ("θ", r"\theta"),
        ("é", "e"),
        ("lambda_", r"\lambda"),
        ("_", r"\_"),
    ],
)
def test_symbol(name: str, latex: str) -> None:
    assert symbol(name) == latex


@pytest.mark.parametrize(
    ("value", "digits", "latex"),
    [
        (6.6743e-11, 6, r"6.6743 \times 10^{-11}"),
        (-6.6743e-11, 6, r"-6.6743 \times 10^{-11}"),
        (1e30, 6, "10^{30}"),
        (-1e-30, 6, "-10^{-30}"),
        (0.1, None, "0.1"),
        (2.0, 6, "2"),
        (2.0, None, "2"),
        (100000.0, 6, "100000"),
        (123456789.0, 6, r"1.23457 \times 10^{8}"),
        (1.2345678901234567e-20, None, r"1.2345678901234567 \times 10^{-20}"),
        (0.0, 6, "0"),
        (3.14159265, 6, "3.14159"),
    ],
)
def test_number(value: float, digits: int | None, latex: str) -> None:
    assert number(value, digits)[0] == latex


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("x + y - 2", "x + y - 2"),
        ("x/y", r"\frac{x}{y}"),
        ("-x/y", r"-\frac{x}{y}"),
        ("q1*q2/(4*pi*eps*r**2)", r"\frac{q_{1} q_{2}}{4 \pi \, \mathrm{eps} \, r^{2}}"),
        ("sqrt(x**2 + y**2)", r"\sqrt{x^{2} + y^{2}}"),
        ("exp(sin(pi*x) + y**2)", r"e^{\sin(\pi x) + y^{2}}"),
        ("exp(-x/(k*T))", r"\exp\left(-\frac{x}{k T}\right)"),
        ("sin(x)**2", r"\sin^{2}(x)"),
        ("(x + y)**2", "(x + y)^{2}"),
        ("(x + y)*(x - y)", "(x + y) (x - y)"),
        ("x - (y + 1)/2", r"x - \frac{y + 1}{2}"),
        ("abs(x)", r"\left|x\right|"),
        ("2*log(x)", r"2 \ln(x)"),
        ("exp(x)**2", r"\left(e^{x}\right)^{2}"),
        ("besselj(0, x)", "J_{0}(x)"),
        ("x**0.5", "x^{0.5}"),
        ("(-2)**x", "(-2)^{x}"),
        ("x**(1/3)", r"\sqrt[3]{x}"),
        ("x**(3/2)", "x^{3/2}"),
        ("1/sqrt(1 - v**2/c**2)", r"\frac{1}{\sqrt{1 - \frac{v^{2}}{c^{2}}}}"),
        ("6.674e-11*m1*m2/r**2", r"\frac{6.674 \times 10^{-11} m_{1} m_{2}}{r^{2}}"),
        ("2*3.5*x", r"2 \cdot 3.5 x"),
        ("2**x", "2^{x}"),
    ],
)
def test_formulas(formula: str, latex: str) -> None:
    assert to_latex(parse(formula)) == latex


def test_negated_sum_keeps_its_parentheses() -> None:
    assert to_latex(parse("1 - (x + y)")) == "1 - (x + y)"
    assert to_latex(mul(rat(-1), add(var("x"), var("y")))) == "-(x + y)"


def test_product_of_a_fraction_and_a_negative_number_in_a_power() -> None:
    assert to_latex(power(mul(rat(1, 2), var("x")), rat(2))) == r"\left(\frac{x}{2}\right)^{2}"
    assert to_latex(power(num(-1.5), rat(2))) == "(-1.5)^{2}"
    assert to_latex(power(num(1e-9), rat(2))) == r"\left(10^{-9}\right)^{2}"


_LEAVES = st.one_of(
    st.floats(-1e9, 1e9).map(num), st.sampled_from(["x", "y1", "beta_2"]).map(var), st.fractions(max_denominator=9).map(rat)
)
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: add(*pair)),
        st.tuples(inner, inner).map(lambda pair: mul(*pair)),
        st.tuples(inner, st.sampled_from([-2, -1, 2, 3])).map(lambda pair: power(pair[0], rat(pair[1]))),
        st.tuples(st.sampled_from(["sin", "exp", "log", "abs", "erf"]), inner).map(lambda pair: call(*pair)),
    ),
    max_leaves=8,
)


@given(_TREES)
def test_braces_and_delimiters_balance(expr: Expr) -> None:
    latex = to_latex(expr)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert "--" not in latex and "+ -" not in latex and "nan" not in latex
