"""One sampled curve against the library."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.symbolic.curves import correlations, fit_curve, make_atoms, wrap

U = np.random.default_rng(2).uniform(0.4, 2.6, 300)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2*exp(-1.3*x) + 0.5", "exp"),
        ("0.7*sin(4*x + 0.3) - 1", "sin"),
        ("3*log(x + 0.2)", "log"),
        ("1/(x + 0.6)", "1/x"),
        ("tanh(1.7*x - 2)", "tanh"),
        ("exp(-(x - 1.5)**2/0.3)", "gaussian"),
        ("2*x - 7", "x"),
        ("0.4*x**2.3", "x^p"),
    ],
)
def test_the_function_that_drew_the_curve_is_found_to_the_last_digits(registry: Registry, text: str, name: str) -> None:
    v = evaluate(parse(text), {"x": U})
    exact = [fit for fit in fit_curve(U, v, registry.functions(("elementary",))) if fit.error < 1e-12]
    assert name in [fit.name for fit in exact]
    far = np.linspace(3.0, 5.0, 7)
    best = next(fit for fit in exact if fit.name == name)
    np.testing.assert_allclose(evaluate(best.expr, {"x": far}), evaluate(parse(text), {"x": far}), rtol=1e-8, atol=1e-11)


def test_fits_are_ranked_and_their_errors_are_true(registry: Registry) -> None:
    v = np.exp(np.sin(3 * U))
    fits = fit_curve(U, v, registry.functions(("elementary",)))
    errors = [fit.error for fit in fits]
    assert errors == sorted(errors)
    assert errors[0] > 1e-6
    order = np.argsort(U, kind="stable")[np.unique(np.linspace(0, 299, 160).astype(int))]
    left = evaluate(fits[0].expr, {"x": U[order]}) - v[order]
    assert fits[0].error == pytest.approx(float(np.sqrt(np.mean(left**2)) / np.std(v[order])), rel=1e-9)


def test_functions_that_are_not_finite_on_the_curve_are_left_out(registry: Registry) -> None:
    fits = fit_curve(np.linspace(-1, 1, 101), np.linspace(-1, 1, 101) ** 3, registry.functions(("elementary",)))
    for fit in fits:
        assert np.isfinite(fit.error)
    assert fits[0].name == "x^3"


def test_an_atom_is_its_tree(registry: Registry) -> None:
    atoms = make_atoms(np.sort(U), registry.functions(("elementary",)), dense=False)
    assert len(set(atoms.names)) > 10
    for i in range(0, len(atoms.names), 17):
        np.testing.assert_allclose(evaluate(atoms.expr(i), {"x": np.sort(U)}), atoms.values[i], rtol=1e-9, atol=1e-12)


def test_correlation_is_the_share_a_line_leaves() -> None:
    v = U**2
    values = np.stack([np.exp(U), 3 * v - 1, np.full_like(U, 2.0)])
    missing = correlations(values, v)
    line = np.polyfit(values[0], v, 1)
    assert missing[0] == pytest.approx(float(np.var(v - np.polyval(line, values[0])) / np.var(v)), rel=1e-9)
    assert missing[1] == pytest.approx(0.0, abs=1e-14)
    assert missing[2] == 1.0
    wrapped = wrap(parse("exp(x)"), values[0], v)
    np.testing.assert_allclose(evaluate(wrapped, {"x": U}), np.polyval(line, values[0]), rtol=1e-9, atol=1e-9)
