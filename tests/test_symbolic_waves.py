"""Waves: many periods, in x or in a plain function of it."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.waves import fit_waves

U = np.random.default_rng(2).uniform(0.7, 3.0, 400)


@pytest.mark.parametrize("argument", ["x", "1/x", "x**2", "sqrt(x)", "log(x)"])
def test_a_wave_of_dozens_of_periods_is_drawn_to_the_last_digit(argument: str) -> None:
    turns = evaluate(parse(argument, ("x",)), {"x": U})
    frequency = 2 * np.pi * 31.3 / np.ptp(turns)
    best = fit_waves(U, 3 + 2 * np.cos(frequency * turns + 0.4))[0]
    assert best.name == f"wave in {argument}"
    assert best.error < 1e-10


def test_what_is_no_wave_gives_none_or_a_poor_one() -> None:
    assert fit_waves(U, np.random.default_rng(3).normal(size=400)) == []
    assert all(fit.error > 1e-3 for fit in fit_waves(U, np.exp(U)))


def test_few_rows_and_undefined_arguments_are_left_out() -> None:
    assert fit_waves(U[:5], U[:5]) == []
    assert {fit.name for fit in fit_waves(U - 2, np.cos(9 * U))} <= {"wave in x", "wave in 1/x", "wave in x**2"}
