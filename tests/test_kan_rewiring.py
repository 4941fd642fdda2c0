"""Rewiring never changes what the network computes, unless it takes something away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kandisco import kan as net
from kandisco.errors import ConfigError, StageError
from kandisco.expr import parse
from kandisco.kan.rewiring import add_layer, add_nodes, all_nodes, compact, edges_of_node, keep_nodes, perturb
from kandisco.registry import Registry
from kandisco.types import EdgeId

X = np.random.default_rng(2).uniform(-1, 1, (40, 3))


@pytest.fixture
def kan(registry: Registry) -> net.KAN:
    """Sum and product nodes, a skip, a symbol and a lock."""
    made = net.init(net.parse_width("3,2+1,2+1x3,1@0", 3), registry.basis("bspline"), x=X, seed=1)
    made = net.set_symbol(made, EdgeId(layer=1, source=2, target=1), parse("sin(x)"), (1.2, 0.1, 0.8, 0.2), name="sin")
    return net.lock(made, [EdgeId(layer=0, source=1, target=3)])


def same(a: net.KAN, b: net.KAN, x: np.ndarray = X) -> None:
    torch.testing.assert_close(net.forward(a, X), net.forward(b, x), rtol=1e-9, atol=1e-9)


def test_nodes_in_another_order_compute_the_same(kan: net.KAN) -> None:
    order = all_nodes(kan.shape)
    order[1], order[2] = [1, 0, 2], [1, 0, 2]
    turned = keep_nodes(kan, order)
    same(kan, turned)
    assert turned.edges[1].symbols[0].sub == 0
    same(kan, keep_nodes(turned, order))
    order[0] = [2, 0, 1]
    same(kan, keep_nodes(kan, order), X[:, [2, 0, 1]])


def test_a_product_cannot_stand_before_a_sum(kan: net.KAN) -> None:
    order = all_nodes(kan.shape)
    order[1] = [2, 0, 1]
    with pytest.raises(ConfigError, match="before a sum node"):
        keep_nodes(kan, order)


def test_compact_drops_what_is_unheard_and_keeps_what_constants_said(kan: net.KAN) -> None:
    unheard = net.prune(kan, [e for e in edges_of_node(kan, 1, 0) if e.layer == 1], X)
    smaller = compact(unheard, X)
    assert str(smaller.shape) == "[3,1+1,2+1x3,1@0]"
    same(unheard, smaller)
    deaf = net.prune(kan, [e for e in edges_of_node(kan, 2, 1) if e.layer == 1])
    smaller = compact(deaf, X)
    assert str(smaller.shape) == "[3,2+1,1+1x3,1@0]"
    same(deaf, smaller)


def test_compact_refuses_to_cut_every_way(kan: net.KAN) -> None:
    everything = [EdgeId(layer=2, source=i, target=0) for i in range(6)]
    with pytest.raises(StageError, match="No way"):
        compact(net.prune(kan, everything, X), X)


@pytest.mark.parametrize(("level", "sums", "products"), [(1, 2, ()), (2, 1, (2,)), (1, 0, (3,))])
def test_new_nodes_change_nothing_until_they_are_trained(kan: net.KAN, level: int, sums: int, products: tuple[int, ...]) -> None:
    grown = add_nodes(kan, level, X, sums=sums, products=products)
    assert grown.shape.layers[level - 1].nodes == kan.shape.layers[level - 1].nodes + sums + len(products)
    same(kan, grown)
    y = np.sin(3 * X[:, 0]) * X[:, 1] + X[:, 2]
    before, after = (net.fit(k, X, y, grids=(5,), iterations=10).kan for k in (kan, grown))
    new = edges_of_node(after, level, kan.shape.layers[level - 1].sums if sums else after.shape.layers[level - 1].nodes - 1)
    heard = [e for e in new if e.layer == level]
    assert any(float(after.edges[e.layer].coef[0, e.target, e.source].abs().max()) > 1e-6 for e in heard)
    assert before.shape == kan.shape


def test_a_new_input_is_heard_only_after_training(kan: net.KAN) -> None:
    wide = np.column_stack([X, X[:, 0] * X[:, 1]])
    same(kan, add_nodes(kan, 0, wide, sums=1), wide)


def test_a_new_layer_hands_on(kan: net.KAN) -> None:
    deeper = add_layer(kan, X)
    assert str(deeper.shape) == "[3,2+1,2+1x3,1@0,1]"
    same(kan, deeper)


def test_perturbing_leaves_locked_and_symbolic_edges_alone(kan: net.KAN) -> None:
    moved = perturb(kan, 0.1, seed=3)
    assert torch.equal(moved.edges[0].coef[:, 3, 1], kan.edges[0].coef[:, 3, 1])
    assert not torch.equal(moved.edges[0].coef[:, 0, 0], kan.edges[0].coef[:, 0, 0])
    assert torch.equal(moved.edges[1].affine, kan.edges[1].affine)
    same(kan, perturb(kan, 0.0))
