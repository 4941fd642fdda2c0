"""The shipped bases keep the contract of specs.AbstractBasis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.config import Config
from kandisco.expr import parse
from kandisco.expr.equivalence import same_law
from kandisco.pipeline import discover
from kandisco.registry import Registry
from kandisco.specs import BasisSpec
from kandisco.types import Dataset, Variable

SPECS = tuple(kandisco_bases())
GRIDS = (1, 3, 5, 20)


def _range() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([-1.0, 2.0], dtype=torch.float64), torch.tensor([1.5, 2.5], dtype=torch.float64)


def _rows(low: float, high: float, n: int = 101) -> torch.Tensor:
    lo, hi = _range()
    return lo[:, None] + (hi - lo)[:, None] * torch.linspace(low, high, n, dtype=torch.float64)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_shape_and_finite_far_outside(spec: BasisSpec, grid: int) -> None:
    basis = spec.basis(grid)
    found = basis.features(_rows(-50.0, 50.0), *_range())
    assert found.shape == (2, basis.n_features, 101)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_derivative_agrees_with_autograd_inside_and_outside(spec: BasisSpec, grid: int) -> None:
    basis = spec.basis(grid)
    # No row on a knot, where a kink has two slopes.
    x = _rows(-0.503, 1.497, 97).requires_grad_(True)
    features = basis.features(x, *_range())
    want = torch.stack(
        [torch.autograd.grad(features[:, k].sum(), x, retain_graph=True)[0] for k in range(basis.n_features)], dim=1
    )
    found = basis.derivative(x.detach(), *_range())
    assert found is not None
    torch.testing.assert_close(found, want, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_constants_and_lines_are_spanned(spec: BasisSpec, grid: int) -> None:
    x = _rows(0.0, 1.0)
    features = spec.basis(grid).features(x, *_range())
    for target in (torch.ones_like(x[0]), x[0]):
        solution = torch.linalg.lstsq(features[0].T, target[:, None], driver="gelsd").solution
        assert float((features[0].T @ solution - target[:, None]).abs().max()) < 1e-12


def test_bsplines_sum_to_one_and_are_local() -> None:
    features = SPECS[0].basis(7).features(_rows(0.0, 1.0), *_range())
    torch.testing.assert_close(features.sum(1), torch.ones(2, 101, dtype=torch.float64), rtol=0, atol=1e-14)
    assert int((features > 0).sum(1).max()) <= 4


def test_bspline_goes_on_straight_outside() -> None:
    features = SPECS[0].basis(5).features(_rows(1.0, 3.0, 9), *_range())
    torch.testing.assert_close(features.diff(dim=-1).diff(dim=-1), torch.zeros(2, 8, 7, dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_pair_and_both_routes_agree(spec: BasisSpec) -> None:
    basis, x = spec.basis(6), _rows(-0.4, 1.4, 83)
    x[:, 0], x[:, 1] = _range()
    plain, graph = basis.features(x, *_range()), basis.features(x.clone().requires_grad_(True), *_range()).detach()
    torch.testing.assert_close(plain, graph, rtol=1e-12, atol=1e-13)
    pair = basis.pair(x, *_range())
    if pair is not None:
        torch.testing.assert_close(pair[0], plain, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(pair[1], basis.derivative(x, *_range()), rtol=1e-12, atol=1e-13)
    else:
        assert spec.name != "bspline"


def test_each_names_its_papers() -> None:
    assert all(spec.references and spec.summary for spec in SPECS)


def test_legendre_polynomials_are_orthogonal() -> None:
    nodes, weights = (torch.from_numpy(values) for values in np.polynomial.legendre.leggauss(12))
    basis = {spec.name: spec for spec in SPECS}["legendre"].basis(5)
    rows = basis.features(nodes, torch.tensor(-1.0).double(), torch.tensor(1.0).double())
    want = torch.diag(2.0 / (2.0 * torch.arange(basis.n_features).double() + 1.0))
    torch.testing.assert_close((rows * weights) @ rows.T, want, rtol=0, atol=1e-13)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.name)
def test_a_law_is_read_off_a_network_of_each_basis(spec: BasisSpec, registry: Registry) -> None:
    # With a width the network is the only way to the law: closed forms are not tried.
    x = np.random.default_rng(5).uniform(-1.0, 1.0, (160, 2))
    data = Dataset(
        name="d",
        x=x,
        y=np.sin(2 * x[:, 0]) + x[:, 1] ** 2,
        inputs=(Variable(name="a"), Variable(name="b")),
        target=Variable(name="c"),
    )
    config = Config(basis=spec.name, width="2,1", refiner="none", restarts=1, lamb=0.01, functions=("x", "x^2", "sin", "exp"))
    best = discover(data, config, registry).best
    assert best is not None and best.origin.startswith("kan [2,1]")
    assert same_law(best.expr, parse("sin(2*a) + b**2"), {"a": (-1, 1), "b": (-1, 1)}).equal is True
