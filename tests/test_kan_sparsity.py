"""Sparsity pressure finds the structure of a law: which inputs, how many nodes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.kan import fit, forward, init, parse_width
from kandisco.kan.cutting import cut, edge_effects, with_masks
from kandisco.kan.elimination import sparsify
from kandisco.kan.layout import blocks, pack
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
    from dataclasses import replace

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


def test_penalty_gradient_and_hessian_agree_with_its_value() -> None:
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=2, seed=2)
    data = problem(kan, torch.as_tensor(X.T.copy()), torch.as_tensor(law(X))[None])
    layout = blocks(kan)
    penalty = sparsity(kan, normal(kan, data, None), layout, 0.3, 0.1)
    from kandisco.kan.layout import unpack

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
    features = basis.features(u, torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    coef = torch.linalg.lstsq(features.T, (3.0 * u**2 - u)[:, None], driver="gelsd").solution[:, 0]
    assert float(coef @ bending(basis, coef) @ coef) == pytest.approx(36.0, rel=1e-6)
    kan = init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    assert float(smoothing(kan, 2.0).value(kan)) == pytest.approx(2.0 * float(smoothing(kan, 1.0).value(kan)))


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
