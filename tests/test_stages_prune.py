"""Sparsify and prune: edges the data do not need go, edges they need stay, none is ever added."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kandisco import kan as net
from kandisco.builtins.bases import kandisco_bases
from kandisco.control import Control
from kandisco.stages.prune import prune
from kandisco.stages.train import Scaled, scale, train
from kandisco.symbolic.sample import Sample

BASIS = {spec.name: spec for spec in kandisco_bases()}["bspline"]


def data(seed: int = 0) -> Scaled:
    """Rows of a law that needs two of three columns."""
    x = np.random.default_rng(seed).uniform(-1.0, 1.0, (3, 220))
    sample = Sample(names=("a", "b", "c"), x=x, y=np.exp(np.sin(2 * x[0]) + x[1] ** 2))
    return scale(sample.rows(np.arange(160)), sample.rows(np.arange(160, 220)))


@pytest.fixture(scope="module")
def trained() -> net.KAN:
    """A network with more edges than the law."""
    return train(net.parse_width("3,1,1", 3), BASIS, data(), restarts=4, seed=0, grid=5).value


def test_exactly_the_edges_of_the_law_are_left(trained: net.KAN) -> None:
    done = prune(trained, data(), threshold=0.01)
    assert {(e.layer, e.source) for e in done.value.live_edges()} == {(0, 0), (0, 1), (1, 0)}
    assert done.record.metrics["edges_before"] == 4
    assert done.record.metrics["edges_after"] == 3
    assert done.record.metrics["valid"] < 0.05


def test_the_network_it_was_given_is_untouched(trained: net.KAN) -> None:
    before = [(edges.coef.clone(), edges.mask.clone()) for edges in trained.edges]
    prune(trained, data(), threshold=0.5)
    for (coef, mask), edges in zip(before, trained.edges, strict=True):
        assert torch.equal(coef, edges.coef)
        assert torch.equal(mask, edges.mask)


@settings(max_examples=5)
@given(threshold=st.floats(0.0, 0.99), seed=st.integers(0, 1000))
def test_no_edge_is_ever_added_and_one_is_always_left(threshold: float, seed: int) -> None:
    kan = net.init(net.parse_width("3,2,1", 3), BASIS, x=data().x, restarts=1, seed=seed, grid=3)
    after = prune(kan, data(), threshold=threshold).value.live_edges()
    assert set(after) <= set(kan.live_edges())
    assert after


def test_an_interrupt_leaves_a_usable_network(trained: net.KAN) -> None:
    done = prune(trained, data(), threshold=0.0, control=Control(interrupted=True))
    assert set(done.value.live_edges()) == set(trained.live_edges())
    assert "No edge could be spared." in done.record.notes
