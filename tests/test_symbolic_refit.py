"""Least squares for whole expressions: the derivatives, the last digit, and errors that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import Program, evaluate
from kandisco.symbolic.refit import _curved, _damped, _residual, _solved, refit, residual_unit

RNG = np.random.default_rng(11)
X = RNG.uniform(0.5, 3.0, (2, 120))
LAWS = [
    "1.5*exp(-0.7*a) + 0.3*b",
    "2.0*sin(1.3*a + 0.4)*log(b + 0.2)",
    "(1.1*a + 0.5)/(b**2 + 0.8)",
    "0.9*a**1.7*b**(-0.6)",
    "sqrt(a**2 + 1.4*b) - 2.2",
]


def moved(text: str, factor: float) -> str:
    """The same law, every constant off by ``factor``."""
    law = parse(text)
    values = [value * factor for value in law.numbers()]
    return law.with_numbers(iter(values))


@pytest.mark.parametrize("text", LAWS)
def test_the_jacobian_is_the_derivative(text: str) -> None:
    program = Program(parse(text), ("a", "b"))
    _, jacobian = program.jacobian(program.start[None, :], X)
    for i, value in enumerate(program.start):
        step = 1e-6 * max(1.0, abs(value))
        shift = np.zeros_like(program.start)
        shift[i] = step
        ends = program.values(np.stack([program.start + shift, program.start - shift]), X)
        np.testing.assert_allclose(jacobian[0, i], (ends[0] - ends[1]) / (2 * step), rtol=2e-7, atol=2e-8)


@pytest.mark.parametrize("text", LAWS)
def test_constants_come_back_to_the_last_digits(text: str) -> None:
    law = parse(text)
    y = evaluate(law, {"a": X[0], "b": X[1]})
    fit = refit(moved(text, 1.1), ("a", "b"), X, y)
    assert fit.rmse <= 1e-14 * np.max(np.abs(y))
    np.testing.assert_allclose(fit.expr.numbers(), law.numbers(), rtol=1e-12)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_units_do_not_matter(size: float) -> None:
    y = size * (2.5 * np.exp(-0.4 * X[0]) + 1.0)
    fit = refit(parse("1.0*exp(-0.8*a) + 0.5").with_numbers(iter([size, -0.8, size])), ("a", "b"), X, y)
    np.testing.assert_allclose(fit.expr.numbers(), [2.5 * size, -0.4, size], rtol=1e-11)


def test_the_best_of_several_starts_is_kept() -> None:
    y = np.sin(5.0 * X[0])
    stuck = refit(parse("1.0*sin(1.0*a)"), ("a", "b"), X, y)
    fit = refit(parse("1.0*sin(1.0*a)"), ("a", "b"), X, y, starts=np.array([[1.0, 1.0], [1.0, 4.8]]))
    assert stuck.rmse > 0.1
    assert fit.rmse < 1e-14


def test_relative_residuals_are_weighed_by_the_target() -> None:
    y = np.exp(2.0 * X[0]) * (1 + 0.02 * RNG.normal(size=120))
    unit = residual_unit(y, True)
    fit = refit(parse("1.1*exp(1.9*a)"), ("a", "b"), X, y, relative=True)
    left = (evaluate(fit.expr, {"a": X[0], "b": X[1]}) - y) / unit
    assert fit.rmse == pytest.approx(float(np.sqrt(np.mean(left**2))), rel=1e-9)
    # At the minimum the weighted residual is orthogonal to both derivatives.
    _, jacobian = Program(fit.expr, ("a", "b")).jacobian(np.array([fit.expr.numbers()]), X)
    weighted = jacobian[0] / unit
    assert np.max(np.abs(weighted @ left) / np.sqrt(np.sum(weighted**2, axis=1))) < 1e-9


def test_standard_errors_are_the_scatter_of_repeated_measurements() -> None:
    truth, sigma = parse("2.0*exp(-0.5*a) + 1.0"), 0.05
    clean = evaluate(truth, {"a": X[0], "b": X[1]})
    fits = [refit(truth, ("a", "b"), X, clean + sigma * RNG.normal(size=120)) for _ in range(250)]
    scatter = np.std([fit.expr.numbers() for fit in fits], axis=0)
    claimed = np.mean([fit.std_errors for fit in fits], axis=0)
    np.testing.assert_allclose(claimed, scatter, rtol=0.2)


def test_no_standard_error_where_the_data_cannot_tell() -> None:
    fit = refit(parse("1.2*(0.7*a)"), ("a", "b"), X, 3.0 * X[0])
    assert fit.rmse < 1e-13
    assert np.all(np.isnan(fit.std_errors))


def test_a_formula_that_is_not_defined_on_the_rows_is_infinitely_wrong() -> None:
    fit = refit(parse("1.0*log(a - 2.0)"), ("a", "b"), X, X[0])
    assert fit.rmse == np.inf


def test_a_row_of_weight_three_counts_as_three_rows() -> None:
    counts = np.random.default_rng(3).integers(1, 4, X.shape[1])
    y = evaluate(parse(LAWS[0]), {"a": X[0], "b": X[1]}) + RNG.normal(0, 0.05, X.shape[1])
    once = refit(parse(LAWS[0]), ("a", "b"), X, y, weights=counts.astype(float))
    thrice = refit(parse(LAWS[0]), ("a", "b"), np.repeat(X, counts, axis=1), np.repeat(y, counts))
    np.testing.assert_allclose(once.expr.numbers(), thrice.expr.numbers(), rtol=1e-7)
    assert once.rmse == pytest.approx(thrice.rmse, rel=1e-9)


def test_weights_are_inverse_variances() -> None:
    rng, spread = np.random.default_rng(5), np.where(np.arange(400) % 2, 0.01, 1.0)
    x = rng.uniform(0, 2, (1, 400))
    y = 3.0 * x[0] + 1.0 + rng.normal(0, 1, 400) * spread
    plain, weighted = (refit(parse("2.5*a + 0.5"), ("a",), x, y, weights=w) for w in (None, spread**-2.0))
    slope = weighted.expr.numbers()[0]
    assert abs(slope - 3.0) < 4 * weighted.std_errors[0]
    assert weighted.std_errors[0] < 0.05 * plain.std_errors[0]


def test_constants_that_stand_in_for_each_other_to_the_last_bit_get_a_step() -> None:
    twins = np.ones((1, 2, 8))
    # The damping takes back what keeps the matrix regular: that is singular to the last bit.
    matrix, unit, scale = _damped(twins, np.array([-1e-12]))
    step = _solved(matrix, unit, np.ones((1, 8))) / scale
    np.testing.assert_allclose(step.sum(), 1.0, rtol=1e-6)


def test_a_bent_valley_takes_a_dozen_steps() -> None:
    x = np.linspace(0.0, 1.0, 200)
    y = -2 - 9 / (x - 3) + 0.01 * np.random.default_rng(3).normal(size=200)
    few, many = (refit(parse("-0.2 - 2.1/(x - 1.7)"), ("x",), x[None], y, iterations=n) for n in (15, 300))
    assert few.rmse == pytest.approx(many.rmse, rel=1e-9)


@pytest.mark.parametrize("flat", [1e-80, 1e-150])
def test_a_step_that_overflows_gives_no_warning(flat: float) -> None:
    program, x, y = Program(parse("1.5*exp(a)"), ("a",)), np.linspace(1.0, 2.0, 40)[None, :], np.ones(40)
    residual, jacobian = _residual(program, program.start[None, :], x, y, 1.0)
    step = _curved(program, program.start[None, :], 1e150 * residual, flat * jacobian, np.array([1e-3]), x, y, 1.0)
    assert step.shape == (1, 1)
