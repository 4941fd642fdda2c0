"""kandisco.evidence.rivals: a function is only certain where no other could stand in its place."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.evidence.rivals import exchanged, mimicked
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample

HEADS = ("atan", "cos", "cosh", "exp", "log", "sin", "tan", "tanh")


def sample(text: str, low: float, high: float, *, relative: bool = False) -> Sample:
    x = np.random.default_rng(0).uniform(low, high, (2, 600))
    return Sample(names=("a", "b"), x=x, y=evaluate(parse(text, ("a", "b")), {"a": x[0], "b": x[1]}), relative=relative)


@pytest.mark.parametrize(
    ("text", "low", "high", "noise", "expected"),
    [
        ("1.06*tanh(a + b) + 0.036*sin(2*(a + b))", -1, 1, 7e-3, True),
        ("1.06*tanh(a + b) + 0.036*sin(2*(a + b))", -1, 1, 1e-6, False),
        ("exp(sin(pi*a) + b**2)", -1, 1, 1e-2, False),
        ("exp(-a)*b", 1, 3, 1e-3, False),
        ("sin(a)*b", 0, 6, 5e-2, False),
        ("a**1.5 + b", 1, 3, 1e-2, False),
        ("b/(a + 0.0703)**4", 1, 3, 1e-2, True),
        ("b/(a + 0.0703)**4", 1, 3, 1e-5, False),
    ],
)
def test_what_noise_hides_and_what_it_does_not(text: str, low: float, high: float, noise: float, expected: bool) -> None:
    assert mimicked(parse(text, ("a", "b")), sample(text, low, high), noise, HEADS) is expected


def test_relative_errors_are_judged_as_such() -> None:
    text = "exp(3*a)*tanh(b)"
    given = sample(text, 0.5, 0.8, relative=True)
    assert mimicked(parse(text, ("a", "b")), given, 0.05, HEADS)
    assert not mimicked(parse(text, ("a", "b")), given, 1e-8, HEADS)


def test_a_formula_that_is_not_defined_everywhere_has_no_rival() -> None:
    assert not mimicked(parse("log(a)", ("a", "b")), sample("a", -1, 1), 0.1, HEADS)


def test_one_function_at_a_time_is_exchanged_and_exponents_stay() -> None:
    others = list(exchanged(parse("sin(cos(a))**2", ("a", "b")), ("sin", "cos", "exp")))
    texts = {frozenset(node.head for node in other.walk()) & {"sin", "cos", "exp"} for other in others}
    assert texts == {frozenset({"cos"}), frozenset({"cos", "exp"}), frozenset({"sin"}), frozenset({"sin", "exp"})}
    assert list(exchanged(parse("a**2", ("a", "b")), ("sin", "exp"))) == []
