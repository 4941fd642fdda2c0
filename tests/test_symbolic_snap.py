"""Constants: kept where the data object, snapped where they do not, dropped where nothing needs them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.prices import price_of_numbers
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.snap import replace_number, simple_values, simplest, uncertainty

RNG = np.random.default_rng(5)
A, B = RNG.uniform(0.5, 3.0, (2, 200))
NAMES = ("a", "b")


def sample(text: str, noise: float = 0.0) -> Sample:
    """Rows of a law in ``a`` and ``b``."""
    y = evaluate(parse(text), {"a": A, "b": B})
    return Sample(names=NAMES, x=np.stack([A, B]), y=y + noise * np.random.default_rng(7).normal(size=len(y)))


def reduced(form: str, data: Sample) -> str:
    """The form, refitted and reduced, as text."""
    return to_text(simplest(data.refit(parse(form)), data).expr, 6)


@pytest.mark.parametrize(
    ("truth", "form"),
    [
        ("3*a**2/4", "0.7*a**1.9"),
        ("a + 5", "1.1*a + 4.0"),
        ("sin(pi*a)", "1.0*sin(3.1*a + 0.01)"),
        ("exp(-a**2/2)/sqrt(2*pi)", "0.4*exp(-0.45*a**2)"),
        ("sqrt(2)*a", "1.3*a"),
    ],
)
def test_exact_constants_come_out_exactly(truth: str, form: str) -> None:
    data = sample(truth)
    fit = simplest(data.refit(parse(form)), data)
    assert not fit.expr.numbers()
    assert fit.rmse < 1e-14 * data.scale


def test_a_constant_the_data_object_to_stays() -> None:
    data = sample("2.0003*a")
    fit = simplest(data.refit(parse("1.0*a")), data)
    assert fit.expr.numbers() == pytest.approx([2.0003], rel=1e-14)


def test_noise_hides_a_small_difference_but_not_a_large_one() -> None:
    assert reduced("1.5*a + 0.5*b", sample("2.0003*a + b", 0.1)) == "2*a + b"
    # 2.06 is nine standard errors from 2 and three or more from every other fraction worth naming.
    other = sample("2.06*a + b", 0.1)
    kept = simplest(other.refit(parse("1.5*a + 0.5*b")), other).expr.numbers()
    assert kept == pytest.approx([2.06], abs=0.02)


def test_noise_does_not_turn_floats_into_multiples_of_pi() -> None:
    data = sample("3.1*a", 0.3)
    assert "pi" not in to_text(simplest(data.refit(parse("2.0*a")), data).expr)


def test_rows_that_cannot_tell_22_over_7_from_pi_settle_on_neither() -> None:
    rough = {to_text(expr) for expr, _, _ in simple_values(3.1428, False, 5e-3)}
    assert "22/7" not in rough and "3" in rough and not any("pi" in text for text in rough)
    assert "22/7" in {to_text(expr) for expr, _, _ in simple_values(22 / 7, True, 0.0)}
    assert "0.4" in {to_text(expr) for expr, _, _ in simple_values(0.4, False, 2e-3)}


def test_terms_the_data_do_not_need_go() -> None:
    assert reduced("1.1*a + 0.2*b + 0.1*a*b + 0.3", sample("a", 0.05)) == "a"
    assert reduced("1.1*a + 0.2*b + 0.1*a*b + 0.3", sample("a + 2*b")) == "a + 2*b"


def test_terms_the_data_need_stay() -> None:
    text = reduced("1.1*a + 0.2*b + 0.1*a*b + 0.3", sample("2*a + b*a/2 + 7", 0.01))
    assert text.count("b") == 1
    assert text.count("a") == 2


def test_constants_that_say_the_same_are_reduced_to_one() -> None:
    data = sample("6.28319*a*exp(-b)")
    fit = simplest(data.refit(parse("1.2*(0.7*a)*(2.0*exp(-1.1*b + 0.3))")), data)
    assert len(fit.expr.numbers()) == 1
    assert fit.rmse < 1e-13 * data.scale


def test_uncertainty_names_the_free_directions() -> None:
    data = sample("6*a + b", 0.01)
    errors, free = uncertainty(data.refit(parse("1.2*(0.7*a) + 0.9*b")).expr, data)
    assert free.tolist() == [True, True, False]
    assert errors[2] == pytest.approx(0.01 / math.sqrt(200) / math.sqrt(float(np.mean(B**2)) * (1 - _overlap())), rel=0.2)


def _overlap() -> float:
    return float((A @ B) ** 2 / ((A @ A) * (B @ B)))


def test_shorter_of_two_exact_forms_has_the_shorter_description() -> None:
    data = sample("2*a")
    short, long = data.refit(parse("2*a")), data.refit(parse("2*a + 0.0*b"))
    assert data.description_length(short, 3) < data.description_length(long, 7)
    noisy = sample("2*a", 0.1)
    wrong, right = noisy.refit(parse("1.0*b")), noisy.refit(parse("1.0*a"))
    assert noisy.description_length(right, 3) < noisy.description_length(wrong, 1)


def test_simple_values_are_near_and_irrational_ones_need_precision() -> None:
    exact = {to_text(expr) for expr, _, _ in simple_values(math.pi / 2, True, 0.0)}
    rough = {to_text(expr) for expr, _, _ in simple_values(math.pi / 2, False, 0.1)}
    assert "pi/2" in exact
    assert not any("pi" in text or "sqrt" in text for text in rough)
    assert all(abs(evaluate(expr, {}) - value) < 1e-12 for expr, value, _ in simple_values(-0.7071, True, 0.0))


def test_rarer_numbers_cost_more() -> None:
    prices = [price_of_numbers(parse(text)) for text in ("a", "2*a", "7*a/12", "7*a/12 + 40")]
    assert prices == sorted(prices)
    assert prices[0] == 0.0 < prices[1] < prices[2] < prices[3]


def test_one_constant_is_replaced_and_the_rest_untouched() -> None:
    assert to_text(replace_number(parse("1.5*a + 2.5*b + 3.5"), 1, parse("pi"))) == "1.5*a + pi*b + 3.5"


def test_reducing_stops_when_told_to() -> None:
    data = sample("a")
    fit = data.refit(parse("1.1*a + 0.2*b"))
    assert simplest(fit, data, stop=lambda: True) == fit
