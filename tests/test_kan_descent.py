"""Gradients are exact, and the trainers that use them go downhill."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from kandisco.builtins.bases import kandisco_bases
from kandisco.control import Control
from kandisco.kan import fit_adam, fit_lbfgs, init, parse_width, prune
from kandisco.kan.gradient import loss_and_gradient, square
from kandisco.kan.layout import pack
from kandisco.kan.normal import normal
from kandisco.kan.problem import Problem
from kandisco.types import EdgeId

BASES = {spec.name: spec for spec in kandisco_bases()}
X = np.random.default_rng(5).uniform(-1.0, 1.0, (300, 3))
Y = np.stack([np.sin(2.0 * X[:, 0]) * X[:, 1], X[:, 2] ** 2], axis=1)
DATA = Problem(torch.as_tensor(X.T.copy()), torch.as_tensor(Y.T.copy()), 128)


def absolute(outputs: Tensor, y: Tensor) -> Tensor:
    """A smooth absolute error."""
    return ((outputs - y).square() + 1e-2).sqrt().sum(1)


@pytest.mark.parametrize("width", ["3,2,2", "3,1+1,2+1x3,2", "3,1+1"])
def test_gradient_is_that_of_the_normal_equations(width: str) -> None:
    kan = prune(init(parse_width(width, 3), BASES["bspline"], x=X, restarts=2, seed=1), [EdgeId(layer=0, source=1, target=0)])
    loss, gradient = loss_and_gradient(kan, DATA)
    system = normal(kan, DATA, None)
    torch.testing.assert_close(loss, system.mse, rtol=1e-12, atol=0)
    from kandisco.kan.layout import blocks

    block = blocks(kan)[0]
    removed = slice(block.start + block.features, block.start + 2 * block.features)
    want = 2.0 * system.gradient
    assert float(gradient[:, removed].abs().max()) == 0.0
    want[:, removed] = 0.0
    torch.testing.assert_close(gradient, want, rtol=1e-9, atol=1e-12)


def test_lbfgs_minimises_another_loss() -> None:
    kan = init(parse_width("3,4,2", 3), BASES["bspline"], x=X, restarts=2, seed=1)
    start = loss_and_gradient(kan, DATA, None, absolute)[0]
    done = fit_lbfgs(kan, X, Y, iterations=60, loss=absolute)
    again = loss_and_gradient(done.kan, DATA, None, absolute)[0]
    np.testing.assert_allclose(done.loss, again.numpy(), rtol=1e-9)
    assert (done.loss < 0.5 * start.numpy()).all()
    # 0.2 is the least this loss can be: two outputs, each at its floor of 0.1.
    assert done.loss.min() < 0.22


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_adam_learns_in_minibatches_and_repeats(dtype: torch.dtype) -> None:
    kan = init(parse_width("3,4,2", 3), BASES["bspline"], x=X, restarts=2, seed=1, dtype=dtype)
    runs = [fit_adam(kan, X, Y, epochs=60, batch=64, rate=2e-2, seed=3, loss=square) for _ in range(2)]
    assert runs[0].loss.max() < 0.05 * float(Y.var(0).sum())
    assert torch.equal(pack(runs[0].kan), pack(runs[1].kan))
    assert pack(runs[0].kan).dtype == dtype


def test_both_stop_when_asked() -> None:
    kan = init(parse_width("3,2,2", 3), BASES["bspline"], x=X, restarts=1, seed=1)
    for trainer in (fit_lbfgs, fit_adam):
        done = trainer(kan, X, Y, control=Control(interrupted=True))
        assert (done.status, done.evaluations) == ("interrupted", 0)
        assert torch.equal(pack(done.kan), pack(kan))
