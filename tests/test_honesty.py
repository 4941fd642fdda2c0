"""Where there is no law to find, none is claimed."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.config import Config
from kandisco.pipeline import discover
from kandisco.registry import Registry
from kandisco.types import Dataset, Result, Variable

# Every kind of closed form and two networks: the others are of the same kind, and take half of the time.
CONFIG = Config(restarts=1, beam=2, candidates=1, refiner="none", time=600.0, max_attempts=16)


def result(x: np.ndarray, y: np.ndarray, registry: Registry) -> Result:
    """Of columns x [inputs, rows]."""
    inputs = tuple(Variable(name=name) for name in "abcd"[: len(x)])
    dataset = Dataset(name="test", x=np.ascontiguousarray(x.T), y=y, inputs=inputs, target=Variable(name="y"))
    return discover(dataset, CONFIG, registry)


@pytest.mark.parametrize("seed", range(2))
def test_pure_noise(registry: Registry, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = result(rng.uniform(0, 1, (2, 40)), rng.normal(size=40), registry)
    assert found.best is not None
    assert found.best.evidence == "none"
    assert any("No trustworthy formula" in warning for warning in found.warnings)
    assert all(formula.evidence in ("none", "weak") for formula in found.front)


def test_a_staircase(registry: Registry) -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, (2, 240))
    found = result(x, np.floor(4 * x[0]) + 2 * np.floor(3 * x[1]) * (x[0] > 0.5), registry)
    assert found.best is not None
    assert found.best.evidence in ("none", "weak")
    assert found.warnings


@pytest.mark.parametrize("name", ["j0", "gamma"])
def test_a_function_outside_the_library(registry: Registry, name: str) -> None:
    import scipy.special

    x = np.random.default_rng(2).uniform(0.5, 5.0, (1, 90))
    function = getattr(scipy.special, name)
    found = result(x, function({"j0": 3.0, "gamma": 0.8}[name] * x[0]), registry)
    assert found.best is not None
    assert found.best.evidence in ("none", "weak")
    assert found.warnings


def test_five_rows_are_not_enough_to_claim_a_law(registry: Registry) -> None:
    x = np.array([[1.0, 1.4, 2.1, 2.5, 3.0]])
    for y in (3.7 * x[0] ** 2, np.array([0.3, 0.9, 0.1, 0.4, 0.2])):
        found = result(x, y, registry)
        assert found.best is not None
        assert found.best.evidence in ("none", "weak")
