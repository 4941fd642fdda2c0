"""The shipped library: what is in it, by which tags, and that each entry is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.builtins.functions import kandisco_functions
from kandisco.errors import PluginError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.specs import FunctionSpec

SPECS = {spec.name: spec for spec in kandisco_functions()}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_finite_inside_its_domain_and_nowhere_promised_outside(spec: FunctionSpec) -> None:
    low, high = (float(np.clip(edge, -4.0, 4.0)) for edge in spec.domain)
    x = np.linspace(low, high, 203)[1:-1]
    x = x[[not any(abs(point - s) < 1e-3 for s in spec.singularities) for point in x]]
    assert np.all(np.isfinite(evaluate(parse(spec.sympy, ("x",)), {"x": x})))
    # A domain that ends before infinity ends because the function does.
    for edge, step in zip(spec.domain, (-1e-6, 1e-6), strict=True):
        if np.isfinite(edge) and spec.name != "tan":
            assert not np.isfinite(evaluate(parse(spec.sympy, ("x",)), {"x": np.array([edge + step])}))[0]
    for point in spec.singularities:
        assert not np.isfinite(evaluate(parse(spec.sympy, ("x",)), {"x": np.array([point])}))[0]


def test_names_and_forms_are_distinct() -> None:
    assert len(SPECS) == len(list(kandisco_functions()))
    assert len({spec.sympy for spec in SPECS.values()}) == len(SPECS)


def test_values_are_those_of_the_books() -> None:
    at = {"x": np.array([1.0])}
    known = {"sech^2": 1 / np.cosh(1) ** 2, "logistic": 1 / (1 + np.exp(-1)), "langevin": 1 / np.tanh(1) - 1, "sinc": np.sin(1)}
    known |= {"planck": 1 / (np.e - 1), "bose": 1 / (np.e - 1), "gaussian": np.exp(-1), "1/sqrt": 1.0, "abs": 1.0}
    known |= {"fermi": 1 / (np.e + 1)}
    for name, value in known.items():
        assert evaluate(parse(SPECS[name].sympy, ("x",)), at)[0] == pytest.approx(value, rel=1e-14)


def test_tags_and_names_select(registry: Registry) -> None:
    trigonometric = {spec.name for spec in registry.functions(("trigonometric",))}
    assert {"sin", "cos", "tan", "asin"} <= trigonometric
    assert "exp" not in trigonometric
    assert {spec.name for spec in registry.functions(("elementary", "planck"))} >= {"x", "exp", "planck"}
    assert {spec.name for spec in registry.functions(("sin",))} >= {"sin"}
    with pytest.raises(PluginError, match="sinn"):
        registry.functions(("sinn",))
