"""One library function below an outer one and a power of the column."""

from __future__ import annotations

import numpy as np

from kandisco.registry import Registry
from kandisco.symbolic.patterns import fit_below, fit_patterns


def test_targets_beyond_what_squares_can_hold_are_left_out(registry: Registry) -> None:
    u = np.linspace(0.5, 3.0, 60)
    v = np.exp(100 * u)
    functions = registry.functions(("powers",))
    assert fit_patterns(u, v, functions)
    assert fit_below(u, v, functions)
