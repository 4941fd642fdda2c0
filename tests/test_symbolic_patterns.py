"""Curves of two library functions: sums, products, compositions, and what lies below an outer function."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.symbolic.patterns import fit_patterns

U = np.random.default_rng(4).uniform(0.5, 3.0, 160)


@pytest.mark.parametrize(
    "text",
    [
        "2*exp(-1.5*x) + 0.3*sin(4*x)",
        "exp(-0.6*x)*cos(5*x)",
        "sqrt(1 + 2*sin(x)**2)",
        "1/(1 + x**2/3)",
        "x**3 - 2*x + 1/4",
        "log(1 + 2*x + x**3)",
        "sin(x**2)*cos(x) - 1",
        "sin(x) + sin(x**2 + x)",
        "1.3*asinh(x) - 2",
        "x**9/9 - x**7 + x**2 + 1",
    ],
)
def test_the_law_is_among_the_exact_ones(registry: Registry, text: str) -> None:
    v = evaluate(parse(text), {"x": U})
    fits = fit_patterns(U, v, registry.functions(("elementary",)), keep=16)  # a third of the usual: more are only slower
    assert fits[0].error < 1e-11
    far = np.linspace(3.2, 5.0, 9)
    reach = [np.max(np.abs(evaluate(f.expr, {"x": far}) - evaluate(parse(text), {"x": far}))) for f in fits if f.error < 1e-11]
    assert min(reach) < 1e-6


def test_a_jagged_curve_is_drawn_by_none(registry: Registry) -> None:
    v = np.floor(4 * U) + 0.3 * np.floor(11 * U)
    assert fit_patterns(U, v, registry.functions(("elementary",)), keep=12)[0].error > 0.02


def test_a_pole_on_a_row_is_no_candidate(registry: Registry) -> None:
    # The line search over 1/(x - z) meets rows exactly on this grid; numpy's warnings are errors here.
    u = np.linspace(0.0, 3.0, 49)
    for fit in fit_patterns(u, np.abs(u - 1.5) ** 0.3, registry.functions(("powers",)), keep=4):
        assert np.all(np.isfinite(evaluate(fit.expr, {"x": u})))
        assert np.isfinite(fit.error)


def test_under_noise_the_plain_law_comes_first(registry: Registry) -> None:
    rng = np.random.default_rng(11)
    u = rng.uniform(0.0, 1.0, 900)
    fits = fit_patterns(u, 1 + 3 * u / (3 - u) + 0.014 * rng.normal(size=900), registry.functions(("elementary",)))
    assert fits[0].name == "1/x"
    assert sorted(fits[0].expr.numbers()) == pytest.approx([-9.0, -3.0, -2.0], rel=0.2)
