"""Where to measure next: where the two most probable forms differ most in units of the noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kandisco.evidence.design import next_measurement
from kandisco.expr import parse
from kandisco.posterior import Form, Judge, Prior, Proposal
from kandisco.symbolic.sample import Sample

X = np.linspace(1.0, 3.0, 12)
SAMPLE = Sample(names=("x",), x=X[None, :], y=2.0 * X + 0.05 * np.random.default_rng(1).standard_normal(12))


def form(text: str, probability: float) -> Form:
    found = Judge(SAMPLE, Prior()).form(Proposal(expr=parse(text, ("x",)), relative=False, origin=""))
    return replace(found, probability=probability)


def test_two_forms_are_told_apart_at_an_end() -> None:
    said = next_measurement((form("2.0*x", 0.7), form("1.5 + 0.5*x**2", 0.3)), SAMPLE)
    assert said is not None
    assert said.inputs["x"] > 3.0 or said.inputs["x"] < 1.0
    assert said.rows == max(1, int(np.ceil(10 / said.sigmas**2)))


def test_no_rival_no_advice() -> None:
    assert next_measurement((form("2.0*x", 0.999), form("1.9 + 0.2*x", 0.001)), SAMPLE) is None
    assert next_measurement((form("2.0*x", 1.0),), SAMPLE) is None
    assert next_measurement((), SAMPLE) is None


def test_columns_without_a_sign_change_get_none() -> None:
    near = replace(SAMPLE, x=SAMPLE.x - 0.99)
    said = next_measurement((form("2.0*x", 0.7), form("1.5 + 0.5*x**2", 0.3)), near)
    assert said is not None and said.inputs["x"] > 0, "both are fitted to x above 1"
