"""The library keeps the kit's rules, and laws of physics with special functions come out of their data exactly."""

from __future__ import annotations

from collections.abc import Callable

import kandisco_special
import numpy as np
import pytest
from scipy import special

from kandisco.config import Config
from kandisco.expr.numeric import evaluate
from kandisco.pipeline import discover
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.testing import parametrize_with_checks
from kandisco.types import Dataset, Variable

REGISTRY = Registry(load(entry_points=False, environ={}, modules=[kandisco_special]))


@parametrize_with_checks(kandisco_special)
def test_it_conforms(check) -> None:
    check()


@pytest.mark.parametrize(
    ("low", "high", "law", "holds"),
    [
        (0.0, 10.0, lambda x: 3 * special.j0(2 * x), "besselj"),
        (0.1, 4.0, lambda x: 0.5 * special.k0(1.5 * x), "besselk"),
        (-2.0, 2.0, lambda x: 1 + 2 * special.erf(0.8 * x), "erf"),
        (-6.0, 2.0, lambda x: 4 * special.airy(x)[0], "airyai"),
        (0.0, 0.9, lambda x: 2 * special.ellipk(x), "elliptic_k"),
        (-1.0, 1.0, lambda x: 2 * special.eval_legendre(3, x) - 1, ""),
    ],
    ids=["J0", "K0", "erf", "Ai", "K", "P3"],
)
def test_a_law_with_a_special_function_is_recovered(
    low: float, high: float, law: Callable[[np.ndarray], np.ndarray], holds: str
) -> None:
    x = np.linspace(low, high, 120)
    data = Dataset(name="t", x=x[:, None], y=law(x), inputs=(Variable(name="x"),), target=Variable(name="y"))
    best = discover(data, Config(functions=("elementary", "special")), REGISTRY).best
    assert best is not None
    assert best.evidence == "exact"
    assert holds in {"", *(node.head for node in best.expr.walk())}
    far = np.array([low + 0.1234 * (high - low), high + 0.05 * (high - low)])
    np.testing.assert_allclose(evaluate(best.expr, {"x": far}), law(far), rtol=1e-8)


def test_one_can_be_asked_for_by_name() -> None:
    assert [spec.name for spec in REGISTRY.functions(("Ai'", "J0"))] == ["J0", "Ai'"]
