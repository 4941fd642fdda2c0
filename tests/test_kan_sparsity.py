"""Sparsity pressure finds the structure of a law: which inputs, how many nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.errors import ConfigError
from kandisco.kan import Pressure, adapt_grid, fit, forward, init, levenberg, parse_width, select
from kandisco.kan.cutting import cut, edge_effects, with_masks
from kandisco.kan.elimination import sparsify
from kandisco.kan.knots import features
from kandisco.kan.layout import blocks, pack, unpack
from kandisco.kan.normal import normal, problem
from kandisco.kan.penalty import bending, smoothing, sparsity

BASES = {spec.name: spec for spec in kandisco_bases()}
RNG = np.random.default_rng(3)
X, XV = RNG.uniform(-1.0, 1.0, (600, 3)), RNG.uniform(-1.0, 1.0, (300, 3))


def law(x: np.ndarray) -> np.ndarray:
    """Two of three inputs, one node."""
    found: np.ndarray = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    return found


def test_one_node_and_two_edges_are_left() -> None:
    kan = init(parse_width("3,4,1", 3), BASES["bspline"], x=X, restarts=5, seed=0)
    done = fit(kan, X, law(X), valid=(XV, law(XV)), lamb=0.01, grids=(5, 10))
    sizes = [(int(done.kan.edges[1].mask[r].sum()), int(done.kan.edges[0].mask[r].sum())) for r in range(5)]
    assert sizes.count((1, 2)) >= 4
    assert done.valid_rmse[[s == (1, 2) for s in sizes]].max() < 2e-3 * law(XV).std()
    best = done.kan.edges[0].mask[sizes.index((1, 2))]
    assert float(best[:, 2].sum()) == 0.0


@pytest.mark.parametrize("lamb", [0.001, 0.01])
def test_pressure_does_not_depend_on_units(lamb: float) -> None:
    masks = []
    for scale in (1e-9, 1e12):
        kan = init(parse_width("3,3,1", 3), BASES["bspline"], x=X, restarts=2, seed=1)
        masks.append(torch.cat([e.mask.flatten() for e in fit(kan, X, scale * law(X), lamb=lamb, grids=(5,)).kan.edges]))
    assert torch.equal(masks[0], masks[1])


def test_effects_are_blind_to_the_scale_of_a_hidden_node() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=1, seed=2)
    inner, outer = kan.edges
    other = (replace(inner, coef=7.0 * inner.coef, bias=7.0 * inner.bias), replace(outer, lo=7.0 * outer.lo, hi=7.0 * outer.hi))
    rows = torch.as_tensor(X.T.copy())
    data = problem(kan, rows, torch.zeros(1, 600, dtype=torch.float64))
    for a, b in zip(edge_effects(kan, data), edge_effects(replace(kan, edges=other), data), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-12)


def test_effect_of_an_outer_edge_is_its_deviation_and_cut_keeps_means() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=1, seed=2)
    data = problem(kan, torch.as_tensor(X.T.copy()), torch.zeros(1, 600, dtype=torch.float64))
    found = edge_effects(kan, data)
    from kandisco.kan import activations

    deviations = activations(kan, X)[1].edges[0].std(1)
    np.testing.assert_allclose(found[1][0, 0].numpy(), deviations, rtol=1e-8)
    masks = [kan.edges[0].mask, (found[1] > found[1].min()).double()]
    less = with_masks(kan, masks, data)
    assert int(less.edges[1].mask.sum()) == 1 == int(less.edges[0].mask.amax(2).sum())
    np.testing.assert_allclose(float(forward(less, X).mean()), float(forward(kan, X).mean()), atol=1e-12)
    assert int(cut(kan, data, 1e9).edges[1].mask.sum()) == 1


PRESSURES = (Pressure(), Pressure(log=0.0, l1=1.0), Pressure(log=0.0, entropy=1.0), Pressure(log=1.0, l1=1.0, entropy=2.0))


@pytest.mark.parametrize("pressure", PRESSURES)
def test_penalty_gradient_and_hessian_agree_with_its_value(pressure: Pressure) -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=2, seed=2)
    data = problem(kan, torch.as_tensor(X.T.copy()), torch.as_tensor(law(X))[None])
    layout = blocks(kan)
    penalty = sparsity(kan, normal(kan, data, None), layout, 0.1, 0.1, pressure)
    blank = normal(kan, data, None)
    with_it = normal(kan, data, None)
    penalty.add_to(with_it, kan, layout)
    gradient, hessian = with_it.gradient - blank.gradient, with_it.hessian - blank.hessian
    theta, delta = pack(kan), torch.randn(pack(kan).shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    want = (gradient * delta).sum(1) + 0.5 * (delta * (hessian @ delta[..., None])[..., 0]).sum(1)
    torch.testing.assert_close(penalty.value(unpack(kan, theta + delta)) - penalty.value(kan), want, rtol=1e-7, atol=1e-10)


def test_bending_of_a_parabola() -> None:
    basis = BASES["bspline"].basis(8)
    u = torch.linspace(0, 1, 40, dtype=torch.float64)
    phi = basis.features(u, torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    coef = torch.linalg.lstsq(phi.T, (3.0 * u**2 - u)[:, None], driver="gelsd").solution[:, 0]
    kan = init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=1, seed=0, grid=8)
    form = bending(basis, kan.edges[0])[0, 0, 0]
    assert float(coef @ form @ coef) == pytest.approx(36.0, rel=1e-6)
    spread = adapt_grid(kan, X**3, 0.7).edges[0]
    level = bending(basis, spread)[0, 0, 0]
    at = torch.linspace(0, 1, 400, dtype=torch.float64)
    phi = features(basis, at[None], torch.zeros(1).double(), torch.ones(1).double(), spread.spread[0, :1])[0]
    coef = torch.linalg.lstsq(phi.T, (3.0 * at**2 - at)[:, None], driver="gelsd").solution[:, 0]
    assert float(coef @ level @ coef) == pytest.approx(36.0, rel=1e-4)


def test_smoothness_does_not_depend_on_units_or_on_the_scale_of_a_hidden_node() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=1, seed=2)
    inner, outer = kan.edges
    other = (replace(inner, coef=7.0 * inner.coef, bias=7.0 * inner.bias), replace(outer, lo=7.0 * outer.lo, hi=7.0 * outer.hi))
    data = problem(kan, torch.as_tensor(X.T.copy()), torch.zeros(1, 600, dtype=torch.float64))
    found = []
    for one in (kan, replace(kan, edges=other)):
        penalty = smoothing(one, normal(one, data, None), blocks(one), 2.0)
        layers = zip(penalty.forms, one.edges, strict=True)
        found.append([float((e.coef * (q @ e.coef[..., None])[..., 0]).sum()) for q, e in layers])
        # Its gradient along a hidden sub-sum's own coefficients is zero.
        pull = (penalty.forms[0] @ one.edges[0].coef[..., None])[..., 0] - penalty.shifts[0]
        assert float((pull * one.edges[0].coef).sum((2, 3)).abs().max()) < 1e-9 * float(pull.abs().max())
    assert found[0] == pytest.approx(found[1], rel=1e-8)
    small, large = (fit(kan, X, scale * law(X), smooth=1e-6, grids=(5,)).train_rmse[0] / scale for scale in (1e-9, 1e12))
    assert small == pytest.approx(large, rel=1e-2)


@pytest.mark.parametrize("pressure", PRESSURES)
def test_pressures_have_the_slope_of_what_they_say(pressure: Pressure) -> None:
    size, mask = torch.tensor([[[0.7, 0.2], [0.05, 0.4]]]).double(), torch.tensor([[[1.0, 1.0], [1.0, 0.0]]]).double()
    at, lamb = size.clone().requires_grad_(True), 0.02
    live = at[mask > 0]
    share = live / live.sum()
    value = pressure.log * (2.5 * lamb) ** 2 * live.log().sum() + lamb * pressure.l1 * live.sum()
    value = value - lamb * pressure.entropy * (share * share.log()).sum()
    (own,) = torch.autograd.grad(value, at)
    torch.testing.assert_close(pressure.slopes(size, mask, lamb), own, rtol=1e-9, atol=1e-12)


def test_l1_takes_lamb_off_every_effect_and_all_of_the_small_ones() -> None:
    x = np.linspace(-1.0, 1.0, 400)
    pair = np.stack([np.repeat(x[::20], 20), np.tile(x[::20], 20)], axis=1)
    y = pair[:, 0] + 0.05 * pair[:, 1]
    kan = init(parse_width("2,1", 2), BASES["bspline"], x=pair, grid=3)
    rows = torch.as_tensor(pair.T.copy())
    for lamb, left in ((0.01, 2), (0.2, 1)):
        done = fit(kan, pair, y, lamb=lamb, pressure=Pressure(log=0.0, l1=1.0), grids=(3,), iterations=60)
        assert int(done.kan.edges[0].mask.sum()) == left
    data = problem(kan, rows, torch.as_tensor((y - y.mean()) / y.std())[None])
    state = levenberg.start(kan, normal(kan, data, None).mse)
    layout = blocks(kan)
    for _ in range(60):
        state = levenberg.step(state, data, None, lambda k, s: sparsity(k, s, layout, 0.2, 1e-3, Pressure(log=0.0, l1=1.0)))
    effect = edge_effects(state.kan, data)[0][0, 0]
    assert float(effect[0]) == pytest.approx(pair[:, 0].std() / y.std() - 0.2, abs=2e-3) and float(effect[1]) < 2e-3


def test_entropy_leaves_fewer_edges_than_none() -> None:
    left = []
    for pressure in (Pressure(log=0.0, l1=0.5), Pressure(log=0.0, l1=0.5, entropy=2.0)):
        kan = init(parse_width("3,4,1", 3), BASES["bspline"], x=X, restarts=3, seed=0)
        done = fit(kan, X, law(X), lamb=0.01, pressure=pressure, grids=(5,), iterations=50)
        left.append(sum(len(select(done.kan, r).live_edges()) for r in range(3)))
    assert left[1] < left[0]


def test_a_pressure_that_pushes_is_refused() -> None:
    with pytest.raises(ConfigError, match="-1"):
        Pressure(l1=-1.0)


def test_elimination_leaves_the_one_node_that_is_needed() -> None:
    kan = init(parse_width("3,3,1", 3), BASES["bspline"], x=X, restarts=2, seed=4)
    done = sparsify(kan, X, law(X), lamb=0.01, valid=(XV, law(XV)), grids=(5, 10), iterations=40)
    for r in range(2):
        assert int(done.kan.edges[1].mask[r].sum()) == 1
        assert done.kan.edges[0].mask[r].sum(0).tolist() == [1.0, 1.0, 0.0]
    rmse = np.sqrt(np.mean((forward(done.kan, XV)[:, :, 0].numpy() - law(XV)) ** 2, axis=1))
    np.testing.assert_allclose(rmse, done.valid_rmse, rtol=1e-6)
    assert done.status == "done"


def test_elimination_keeps_what_is_needed() -> None:
    kan = init(parse_width("3,3,1", 3), BASES["bspline"], x=X, restarts=1, seed=4)
    y, yv = (np.sin(3.0 * d[:, 0]) + d[:, 1] * d[:, 2] for d in (X, XV))
    done = sparsify(kan, X, y, lamb=0.003, valid=(XV, yv), grids=(5,), iterations=40)
    assert float(done.kan.edges[0].mask[0].sum(0).min()) >= 1.0
    assert done.valid_rmse[0] < 0.02 * yv.std()
