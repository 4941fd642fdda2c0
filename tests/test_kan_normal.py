"""Normal equations: every route to them gives J J' / N and J r / N."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.kan import KAN, init, parse_width, prune
from kandisco.kan.layout import free, moving
from kandisco.kan.normal import evaluate, jacobian, normal
from kandisco.kan.problem import Problem, cached_features
from kandisco.types import EdgeId

BASES = {spec.name: spec for spec in kandisco_bases()}
X = np.random.default_rng(5).uniform(-1.0, 1.0, (150, 3))
XT = torch.as_tensor(X.T.copy())


def make(width: str) -> KAN:
    return init(parse_width(width, 3), BASES["bspline"], x=X, restarts=2, seed=3)


@pytest.mark.parametrize("width", ["3,1", "3,2,1", "3,0+1", "3,2,4", "3,2+1,3,3", "3,1,1+1", "3,2"])
@pytest.mark.parametrize("chunk", [150, 64])
def test_normal_equations_are_those_of_the_jacobian(width: str, chunk: int) -> None:
    kan = make(width)
    y = torch.randn(kan.shape.outputs, 150, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    data = Problem(XT, y, chunk)
    mse, known = evaluate(kan, data, None)
    assert (known is not None) == (chunk == 150)
    found = normal(kan, data, cached_features(kan, data), None, known)
    exact = jacobian(kan, XT)
    residual = (evaluate(kan, Problem(XT, y, 150), None)[1].outputs - y).flatten(1)  # type: ignore[union-attr]
    torch.testing.assert_close(found.hessian, exact @ exact.transpose(1, 2) / 150, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(found.gradient, (exact @ residual[..., None])[..., 0] / 150, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(found.mse, residual.square().sum(1) / 150, rtol=1e-11, atol=0)
    torch.testing.assert_close(found.mse, mse, rtol=1e-11, atol=0)


@pytest.mark.parametrize("width", ["3,3,1", "3,3,2"])
def test_only_the_moving_parameters_when_asked(width: str) -> None:
    removed = [EdgeId(layer=0, source=i, target=0) for i in range(3)] + [EdgeId(layer=1, source=0, target=0)]
    kan = prune(make(width), removed)
    data = Problem(XT, torch.ones(kan.shape.outputs, 150, dtype=torch.float64), 150)
    chosen = moving(free(kan))
    assert chosen is not None
    whole, part = normal(kan, data, None), normal(kan, data, None, chosen)
    for r in range(2):
        torch.testing.assert_close(part.hessian[r], whole.hessian[r][chosen[r][:, None], chosen[r]], rtol=1e-10, atol=1e-11)
        torch.testing.assert_close(part.gradient[r], whole.gradient[r][chosen[r]], rtol=1e-10, atol=1e-11)
