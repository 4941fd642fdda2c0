"""Fixing an edge: the wrapping is found, and the refitted network follows."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco import kan as net
from kandisco.builtins.bases import kandisco_bases
from kandisco.builtins.functions import kandisco_functions
from kandisco.errors import InputError
from kandisco.kan.expressions import values
from kandisco.kan.tensors import columns
from kandisco.stages.fix import fit_affine, fix_symbolic
from kandisco.types import EdgeId

BSPLINE = next(iter(kandisco_bases()))
FUNCTIONS = {spec.name: spec for spec in kandisco_functions()}
U = np.linspace(-0.9, 1.4, 200)


@pytest.mark.parametrize(
    ("name", "v"),
    [
        ("sin", 2.0 * np.sin(7.3 * U + 0.4) - 1.0),
        ("exp", -0.2 * np.exp(1.7 * U) + 3.0),
        ("log", np.log(U + 1.3)),
        ("x^2", (U - 0.3) ** 2),
        ("tanh", 4.0 * np.tanh(2.0 * U - 0.5)),
        ("x", 1e-6 * U + 1e3),
        ("gaussian", np.exp(-((3.0 * U - 1.0) ** 2))),
        ("x^p", (U + 2.0) ** 1.5),
    ],
)
def test_the_wrapping_of_a_curve_is_found(name: str, v: np.ndarray) -> None:
    expr, (a, b, c, d), error = fit_affine(U, v, FUNCTIONS[name], BSPLINE)
    assert error < 1e-6
    np.testing.assert_allclose(c * values(expr, columns(a * U + b)[0]).numpy() + d, v, atol=1e-5 * np.ptp(v))


def test_a_flat_curve_gives_a_flat_function() -> None:
    _, affine, error = fit_affine(U, np.full_like(U, 2.5), FUNCTIONS["sin"], BSPLINE)
    assert affine[2] == 0.0 and affine[3] == 2.5 and error == 0.0


def test_fixing_every_edge_gives_the_law() -> None:
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (300, 2))
    y = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    kan = net.init(net.parse_width("2,1,1", 2), BSPLINE, x=x, restarts=4, seed=0)
    done = net.fit(kan, x, y, grids=(5, 10, 20))
    kan = net.select(done.kan, int(np.argmin(done.train_rmse)))
    for (layer, source), name in {(0, 0): "sin", (0, 1): "x^2", (1, 0): "exp"}.items():
        result = fix_symbolic(kan, EdgeId(layer=layer, source=source, target=0), FUNCTIONS[name], x)
        kan = result.value
        assert result.record.metrics["error"] < 1e-2
    assert net.fit(kan, x, y, grids=(20,), iterations=100).train_rmse[0] < 1e-11


def test_a_function_that_is_nowhere_finite_is_refused() -> None:
    spec = FUNCTIONS["sqrt"]
    never = type(spec)(name="never", sympy="sqrt(-1 - x**2)", domain=spec.domain)
    kan = net.init(net.parse_width("1,1", 1), BSPLINE, x=U, restarts=1)
    with pytest.raises(InputError, match="not finite anywhere"):
        fix_symbolic(kan, EdgeId(layer=0, source=0, target=0), never, U)
    with pytest.raises(InputError, match="has no"):
        fix_symbolic(kan, EdgeId(layer=1, source=0, target=0), spec, U)
