"""Partial derivatives of networks agree with differences, and their Jacobian with differences in the parameters."""

from __future__ import annotations

import pytest
import torch

from kandisco import kan as net
from kandisco.kan.jets import _by_autograd as by_autograd
from kandisco.kan.jets import basis_derivatives, closure, first_features, forward_jets, jacobian_of
from kandisco.kan.layout import pack, unpack
from kandisco.registry import Registry

INDICES = closure([(2, 0), (1, 1), (0, 2)])
SHAPES = ("2,0+1", "2,3+1,1", "2,2+1x3,2,1@0")


def network(registry: Registry, shape: str, basis: str) -> tuple[net.KAN, torch.Tensor]:
    x = torch.rand(30, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return net.init(net.parse_width(shape, 2), registry.basis(basis), x=x, restarts=2, seed=1, grid=6), x


@pytest.mark.parametrize("basis", ["chebyshev", "bspline", "fourier"])
@pytest.mark.parametrize("shape", SHAPES)
def test_derivatives_agree_with_differences(registry: Registry, shape: str, basis: str) -> None:
    kan, x = network(registry, shape, basis)
    out, _ = forward_jets(kan, INDICES, first_features(kan, x.T.contiguous(), INDICES))
    h = 1e-4
    a, b = torch.tensor([h, 0.0], dtype=torch.float64), torch.tensor([0.0, h], dtype=torch.float64)

    def at(shift: torch.Tensor) -> torch.Tensor:
        return net.forward(kan, x + shift)[..., 0]

    wanted = {
        (0, 0): at(0 * a),
        (1, 0): (at(a) - at(-a)) / (2 * h),
        (0, 2): (at(b) - 2 * at(0 * b) + at(-b)) / h**2,
        (1, 1): (at(a + b) - at(a - b) - at(b - a) + at(-a - b)) / (4 * h**2),
    }
    for index, value in wanted.items():
        # The median: a difference across a knot of the spline is no derivative.
        assert float((out[index][:, 0] - value).abs().median()) < 1e-6, index


@pytest.mark.parametrize("shape", SHAPES)
def test_jacobian_agrees_with_differences(registry: Registry, shape: str) -> None:
    kan, x = network(registry, shape, "chebyshev")
    first = first_features(kan, x.T.contiguous(), INDICES)
    sense = {index: torch.randn(2, 1, 30, dtype=torch.float64) for index in INDICES}
    _, layers = forward_jets(kan, INDICES, first, slopes=True)
    direction = torch.randn_like(pack(kan))
    found = (jacobian_of(kan, INDICES, layers, sense) * direction[..., None]).sum(1)

    def value(step: float) -> torch.Tensor:
        out, _ = forward_jets(unpack(kan, pack(kan) + step * direction), INDICES, first)
        return torch.stack([(sense[index] * out[index])[:, 0] for index in INDICES]).sum(0)

    wanted = (value(1e-6) - value(-1e-6)) / 2e-6
    assert float((found - wanted).abs().max()) < 1e-6 * float(found.abs().max())


@pytest.mark.parametrize("basis", ["bspline", "chebyshev"])
def test_closed_forms_agree_with_autograd_inside_and_outside(registry: Registry, basis: str) -> None:
    built = registry.basis(basis).basis(7)
    lo, hi = torch.tensor(-1.0).double(), torch.tensor(2.0).double()
    x = torch.linspace(-1.05, 2.1, 57).double()
    for own, auto in zip(basis_derivatives(built, x, lo, hi, 3), by_autograd(built, x, lo, hi, 3), strict=True):
        torch.testing.assert_close(own, auto, rtol=1e-9, atol=1e-9)
