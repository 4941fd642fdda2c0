"""Laws of the expression tree: what is stored, printed or handed to sympy comes back with the same values."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kandisco.errors import InputError
from kandisco.expr import Expr, add, call, complexity, const, from_json, mul, num, parse, power, rat, to_json, to_text, var
from kandisco.expr.heads import HEADS
from kandisco.expr.numeric import evaluate
from kandisco.expr.symbolic import from_sympy, to_sympy

_UNARY = ("exp", "log", "sin", "cos", "tanh", "atan", "asin", "abs", "sqrt", "erf")
_numbers = st.floats(-50, 50, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-3)
_leaves = st.one_of(
    st.sampled_from(["x", "y", "z"]).map(var),
    _numbers.map(num),
    st.fractions(-9, 9, max_denominator=9).map(rat),
    st.sampled_from(["pi", "E"]).map(const),
)


def _branches(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda args: add(*args)),
        st.lists(inner, min_size=2, max_size=3).map(lambda args: mul(*args)),
        st.tuples(inner, st.sampled_from([rat(2), rat(-1), rat(3), rat(1, 2), rat(-1, 2), num(1.5)])).map(
            lambda pair: power(*pair)
        ),
        st.tuples(st.sampled_from(_UNARY), inner).map(lambda pair: call(*pair)),
    )


trees = st.recursive(_leaves, _branches, max_leaves=10)
_RNG = np.random.default_rng(5)
COLUMNS = {name: _RNG.uniform(-2.0, 2.0, 40) for name in "xyz"}


def same_values(a: Expr, b: Expr, tolerance: float = 1e-9) -> bool:
    """Equal wherever both are finite and the values are not rounding noise of huge intermediate ones."""
    left, right = evaluate(a, COLUMNS), evaluate(b, COLUMNS)
    good = np.isfinite(left) & np.isfinite(right) & (np.abs(left) < 1e12)
    return bool(np.allclose(left[good], right[good], rtol=tolerance, atol=tolerance))


@given(trees)
def test_json_round_trip(tree: Expr) -> None:
    assert from_json(json.loads(json.dumps(to_json(tree)))) == tree


@given(trees)
def test_text_reads_back_with_the_same_values(tree: Expr) -> None:
    left, right = evaluate(tree, COLUMNS), evaluate(parse(to_text(tree)), COLUMNS)
    assert np.allclose(left, right, rtol=1e-12, atol=1e-12, equal_nan=True) or _overflows(left, right)


def _overflows(left: np.ndarray, right: np.ndarray) -> bool:
    """Values that differ only where an intermediate result left the range of floats or cancelled to noise."""
    good = np.isfinite(left) & np.isfinite(right)
    size = np.maximum(np.abs(left[good]), np.abs(right[good]))
    return bool(np.all(np.abs(left[good] - right[good]) <= 1e-9 * np.maximum(size, 1.0)) | (size.max(initial=0.0) > 1e12))


@given(trees)
def test_sympy_keeps_values(tree: Expr) -> None:
    try:
        back = from_sympy(to_sympy(tree))
    except InputError as error:
        # sympy folds what is not real or not finite; that such a thing is refused by name is the contract.
        assert "not part of a formula" in str(error)
        return
    assert same_values(tree, back, 1e-7)


@given(_numbers)
def test_sympy_keeps_every_bit_of_a_number(value: float) -> None:
    assert from_sympy(to_sympy(num(value))) == num(value)


@pytest.mark.parametrize("head", sorted(HEADS))
def test_every_function_crosses_to_sympy_and_back(head: str) -> None:
    args = (*(rat(2), rat(3))[: HEADS[head].arity - 1], var("x"))
    tree = call(head, *args)
    back = from_sympy(to_sympy(tree))
    points = {"x": np.linspace(0.1, 0.9, 7)}
    assert np.allclose(evaluate(tree, points), evaluate(back, points), equal_nan=True)


@pytest.mark.parametrize("head", sorted(HEADS))
def test_every_function_is_in_mpmath(head: str) -> None:
    import mpmath

    from kandisco.expr.precise import precise

    args = (*(rat(2), rat(3))[: HEADS[head].arity - 1], var("x"))
    tree = call(head, *args)
    at = 1.3 if head == "acosh" else 0.3
    want = float(evaluate(tree, {"x": np.array([at])})[0])
    value, real = precise(tree, {"x": mpmath.mpf(at)})
    assert real
    assert float(value) == pytest.approx(want, rel=1e-10)


def test_from_sympy_refuses_what_a_formula_may_not_contain() -> None:
    import sympy

    x = sympy.Symbol("x")
    for foreign in (sympy.I, sympy.oo, sympy.Derivative(sympy.sin(x), x), sympy.Piecewise((x, x > 0), (0, True)), sympy.zeta(x)):
        with pytest.raises(InputError, match="not part of a formula"):
            from_sympy(foreign)


@pytest.mark.parametrize(
    "tree",
    [
        None,
        True,
        "x",
        [],
        ["add", 1.0],
        ["rat", 1, 0],
        ["rat", 1.5, 2],
        ["pow", 1.0],
        ["exp"],
        ["__import__", "os"],
        ["const", "e"],
        [1, 2],
    ],
)
def test_bad_json_is_refused(tree: object) -> None:
    with pytest.raises(InputError):
        from_json(tree)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "x.y", "x[0]", "lambda: 1", "x if y else z", "'a'", "f(x)", "x,", "1 +", "exp(x, y)", "True"]
)
def test_bad_text_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", 1),
        ("-x", 2),
        ("x - y", 4),
        ("x/y", 4),
        ("sqrt(x)", 2),
        ("1/sqrt(x)", 3),
        ("x**2", 3),
        ("x*y*z", 5),
        ("sin(x)", 3),
        ("x/2", 4),
    ],
)
def test_complexity_is_what_it_reads_like(text: str, expected: int) -> None:
    assert complexity(parse(text)) == expected


def test_exact_numbers_stay_exact() -> None:
    assert parse("1/3").value == Fraction(1, 3)
    assert parse("2*x").args[0] == rat(2)
    assert to_text(parse("x**(1/3)")) == "x**(1/3)"


def test_powers_too_large_to_write_out_are_refused() -> None:
    with pytest.raises(InputError, match="too large a number"):
        to_sympy(parse("2**1000000000 + x"))


def test_a_formula_with_a_pole_on_a_row_is_rounded_in_silence() -> None:
    from kandisco.expr.rounding import digits_for

    assert digits_for(parse("0.25/r**3"), {"r": np.array([0.0, 1.0, 2.0])}) <= 6


def test_the_slope_of_a_legendre_polynomial_holds_at_its_ends() -> None:
    from kandisco.expr.numeric import Program

    program = Program(parse("legendre(3, 1.0*x)"), ["x"])
    slope = program.jacobian(program.start[None, :], np.array([[-1.0, 0.5, 1.0]]))[1][0, 0]
    np.testing.assert_allclose(slope, [-6.0, 0.5 * (7.5 * 0.25 - 1.5), 6.0])
