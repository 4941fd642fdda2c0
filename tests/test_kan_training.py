"""Training reaches what the network can represent, repeats bit by bit, and survives any numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.control import Control
from kandisco.kan import fit, forward, init, parse_width
from kandisco.kan.layout import pack

BASES = {spec.name: spec for spec in kandisco_bases()}
RNG = np.random.default_rng(11)
X, XV = RNG.uniform(-1.0, 1.0, (400, 3)), RNG.uniform(-1.0, 1.0, (200, 3))


def test_product_node_finds_a_product() -> None:
    kan = init(parse_width("3,0+1x3", 3), BASES["bspline"], x=X, restarts=8, seed=0)
    done = fit(kan, X, X.prod(1), valid=(XV, XV.prod(1)), grids=(5,), iterations=80, stop_rmse=1e-9)
    assert done.valid_rmse.min() < 1e-6
    rmse = np.sqrt(np.mean((forward(done.kan, XV)[:, :, 0].numpy() - XV.prod(1)) ** 2, axis=1))
    np.testing.assert_allclose(rmse, done.valid_rmse, rtol=1e-3, atol=1e-14)


@pytest.mark.parametrize("basis", sorted(BASES))
def test_every_basis_trains(basis: str) -> None:
    y, yv = (np.exp(np.sin(2.0 * d[:, 0]) + d[:, 1] ** 2) for d in (X, XV))
    kan = init(parse_width("3,2,1", 3), BASES[basis], x=X, restarts=3, seed=1)
    done = fit(kan, X, y, valid=(XV, yv), grids=(5, 10), iterations=40)
    assert done.valid_rmse.min() < 0.02 * y.std()


def test_same_seed_same_bits() -> None:
    runs = [
        fit(init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=2, seed=7), X, X[:, 0] * X[:, 1], iterations=8)
        for _ in "ab"
    ]
    assert torch.equal(pack(runs[0].kan), pack(runs[1].kan))


def test_inputs_stay_untouched_and_units_do_not_matter() -> None:
    kan = init(parse_width("3,1,1", 3), BASES["bspline"], x=X, restarts=2, seed=0)
    before = pack(kan).clone()
    y = np.exp(X[:, 0] + X[:, 1] ** 2)
    plain = fit(kan, X, y, grids=(5,), iterations=25)
    assert torch.equal(pack(kan), before)
    big = fit(
        init(kan.shape, BASES["bspline"], x=X * 1e9, restarts=2, seed=0), X * 1e9, 1e20 * y + 1e19, grids=(5,), iterations=25
    )
    assert max(big.train_rmse.min() / 1e20, plain.train_rmse.min()) < 1e-3 * y.std()


def test_halving_and_a_stop_request() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=4, seed=0)
    done = fit(kan, X, X[:, 0] ** 2, grids=(3, 5, 10), iterations=4, halving=True)
    assert done.kan.restarts == 1 == len(done.members)
    assert done.train_rmse.shape == (1,)
    stopped = fit(kan, X, X[:, 0], control=Control(interrupted=True))
    assert (stopped.status, stopped.iterations) == ("interrupted", 0)


@pytest.mark.parametrize("seed", range(40))
def test_any_numbers_give_finite_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, inputs = int(rng.choice([1, 2, 3, 10, 40])), int(rng.integers(1, 4))
    x = rng.normal(size=(rows, inputs)) * 10.0 ** rng.uniform(-30, 30, inputs)
    y = rng.normal(size=rows) * 10.0 ** rng.uniform(-30, 30)
    kind = seed % 4
    if kind == 1:
        x[:, 0] = x[0, 0]
    if kind == 2:
        x[:] = x[:1]
    if kind == 3:
        y[:] = y[0] if seed % 8 == 3 else 0.0
    width = [f"{inputs},1", f"{inputs},2,1", f"{inputs},1+1,1", f"{inputs},0+1"][int(rng.integers(4))]
    kan = init(parse_width(width, inputs), BASES["bspline"], x=x, restarts=2, seed=seed)
    done = fit(kan, x, y, grids=(3, 5), iterations=5, lamb=float(rng.choice([0.0, 0.01])))
    assert torch.isfinite(pack(done.kan)).all()
    assert np.isfinite(done.train_rmse).all()
    assert torch.isfinite(forward(done.kan, x)).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_everything_works_on_cuda() -> None:
    kan = init(parse_width("3,2+1,2", 3), BASES["bspline"], x=X, restarts=2, seed=1, device="cuda")
    y = np.stack([X[:, 0] * X[:, 1], X[:, 2] ** 2], axis=1)
    done = fit(kan, X, y, valid=(X, y), lamb=0.001, grids=(3, 5), iterations=20)
    assert done.kan.edges[0].coef.is_cuda
    assert done.valid_rmse.min() < 0.1


def test_all_but_the_last_grid_get_a_third_of_the_iterations() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    seen: list[int] = []
    y = np.sin(3.0 * X[:, 0]) * X[:, 1]
    done = fit(kan, X, y, grids=(3, 5, 8), iterations=9, patience=99, progress=lambda i, a, b: seen.append(i))
    assert done.iterations == 3 + 3 + 9 == seen[-1]


@pytest.mark.parametrize("width", ["3,2,1", "3,2,2"])
def test_projection_solves_the_last_layer(width: str) -> None:
    from kandisco.kan import levenberg
    from kandisco.kan.network import init as fresh
    from kandisco.kan.normal import evaluate, problem

    kan = fresh(parse_width(width, 3), BASES["bspline"], x=X, restarts=2, seed=1)
    target = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2]])[: kan.shape.outputs]
    data = problem(kan, torch.as_tensor(X.T.copy()), torch.as_tensor(target))
    mse, known = evaluate(kan, data, None)
    once = levenberg.project(levenberg.start(kan, mse), data, None, None)
    phi = known.phi[-1].flatten(1, 2)  # type: ignore[union-attr]
    design = torch.cat([phi, torch.ones_like(phi[:, :1])], dim=1).transpose(1, 2)
    for r in range(2):
        solution = torch.linalg.lstsq(design[r], data.y.T, driver="gelsd").solution
        best = (design[r] @ solution - data.y.T).square().sum() / data.rows
        torch.testing.assert_close(once.mse[r], best, rtol=1e-3, atol=1e-12)
    assert torch.equal(once.kan.edges[0].coef, kan.edges[0].coef)


def test_fit_with_projection_reaches_a_moderate_error_in_few_iterations() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=4, seed=0)
    y = np.exp(np.sin(2.0 * X[:, 0]) + X[:, 1])
    few, plain = (fit(kan, X, y, grids=(5,), iterations=5, project=on).train_rmse for on in (True, False))
    assert np.median(few) < np.median(plain)
