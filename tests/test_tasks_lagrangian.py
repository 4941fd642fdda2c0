"""Lagrangians come out of rows of coordinate, velocity and acceleration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kandisco.errors import InputError
from kandisco.expr import to_text
from kandisco.tasks.lagrangian import lagrangian

ROWS = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 120))
Force = Callable[[np.ndarray, np.ndarray], np.ndarray]


@pytest.mark.parametrize(
    ("force", "wanted"),
    [
        (lambda q, v: -2.5 * q, "v**2 - 5*q**2/2"),
        (lambda q, v: -np.sin(q), "v**2 + 2*cos(q)"),
        (lambda q, v: (1 - v**2) ** 1.5, "q - sqrt(1 - v**2)"),
    ],
)
def test_known_motions(force: Force, wanted: str) -> None:
    q, v = ROWS
    found = lagrangian(q, v, force(q, v))
    assert found is not None and found.misfit < 1e-12
    assert to_text(found.expr) == wanted


def test_friction_has_none_in_the_dictionary() -> None:
    q, v = ROWS
    assert lagrangian(q, v, -q - 0.1 * v) is None


def test_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="20 rows"):
        lagrangian(np.zeros(3), np.zeros(3), np.zeros(3))
