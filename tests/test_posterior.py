"""The prior knows what formulas look like, the evidence integral weighs constants, and both do not care for units."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import add, parse, rat, var
from kandisco.posterior import Judge, Prior, Proposal, left_out, posterior, weigh
from kandisco.symbolic.sample import Sample

PRIOR = Prior()


def sample(seed: int = 0, rows: int = 30, noise: float = 0.05) -> Sample:
    x = np.linspace(0.5, 6, rows)
    y = 2.0 + 3.0 * np.exp(-x) + noise * np.random.default_rng(seed).standard_normal(rows)
    return Sample(names=("x",), x=x[None, :], y=y)


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("2.1*x**2", "2.1*x**21"),
        ("2.1*x**1.3", "2.1*x**0.07"),
        ("2.1*sqrt(x)", "2*sqrt(x)"),
        ("1.5 + 2.1*log(x)", "1.5 + log(x)"),
        ("2.1*exp(0.3*x)", "2.1*exp(x)"),
        ("2.1*sin(1.1*x)", "2.1*tan(1.1*x)"),
        ("2.1*exp(0.3*x)", "2.1*exp(0.3*sin(1.2*x))"),
    ],
)
def test_what_is_usual_costs_less(usual: str, odd: str) -> None:
    one, two = (PRIOR.cost(parse(text, ("x",)), 1) for text in (usual, odd))
    # An exact number spares a constant, which the evidence integral prices at five nats and more.
    assert one < two + (0.0 if usual.count(".") == odd.count(".") else 6.0)


def test_a_temperature_in_kelvin_is_one_column() -> None:
    kelvin = parse("2.1*exp(-5000.0/x)", ("x",)).substitute({"x": add(var("x"), rat(27315, 100))})
    assert PRIOR.cost(kelvin, 1) == pytest.approx(PRIOR.cost(parse("2.1*exp(-5000.0/x)", ("x",)), 1))


def test_more_constants_have_to_pay() -> None:
    data = sample()
    judge = Judge(data, PRIOR)
    texts = ("2.0 + 3.0*exp(-1.1*x)", "2.0 + 3.0*exp(-1.1*x) + 0.01*x + 0.01*x**2")
    lean, rich = (judge.form(Proposal(expr=parse(t, ("x",)), relative=False, origin="")) for t in texts)
    assert rich.rmse < lean.rmse and rich.weighed.evidence < lean.weighed.evidence


def test_evidence_does_not_depend_on_units() -> None:
    data = sample()
    other = Sample(names=("x",), x=1e3 * data.x, y=1e-6 * data.y)
    one = data.refit(parse("2.0 + 3.0*exp(-1.1*x)", ("x",)))
    two = other.refit(parse("2e-6 + 3e-6*exp(-0.0011*x)", ("x",)))
    # The density of the target itself changes by the unit of each row.
    assert weigh(one.expr, data).evidence == pytest.approx(weigh(two.expr, other).evidence + 30 * np.log(1e-6), abs=1e-3)


def test_a_row_is_predicted_from_the_others() -> None:
    data = sample(rows=12)
    form = Judge(data, PRIOR).form(Proposal(expr=parse("1.0 + 1.0*x", ("x",)), relative=False, origin=""))
    kept = data.rows(np.arange(12) != 3)
    a, b = np.polynomial.polynomial.polyfit(kept.x[0], kept.y, 1)
    assert left_out(form, data)[3] == pytest.approx(a + b * data.x[0][3] - data.y[3], rel=1e-6)


def test_one_form_in_two_writings_is_one_form() -> None:
    data = sample()
    texts = ("2.0 + 3.0*exp(-1.1*x)", "3.0*exp(-1.1*x) + 2.0", "2.0*(1 + 1.5*exp(-1.1*x))", "2.0 + 0.3*x")
    forms = posterior([Proposal(expr=parse(t, ("x",)), relative=False, origin="") for t in texts], Judge(data, PRIOR))
    assert len(forms) == 1, "the straight line is out of the question"
    assert forms[0].probability == pytest.approx(1.0)


def test_no_more_constants_than_rows() -> None:
    few = sample(rows=3)
    assert weigh(parse("1.0 + 1.0*x + 1.0*x**2", ("x",)), few).evidence == -np.inf
    assert weigh(parse("log(x - 100)", ("x",)), few).evidence == -np.inf
