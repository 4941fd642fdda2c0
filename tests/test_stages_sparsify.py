"""Sparsity pressure as a stage."""

from __future__ import annotations

import numpy as np
import torch

from kandisco import kan as net
from kandisco.registry import Registry
from kandisco.stages.sparsify import sparsify
from kandisco.stages.train import scale, train
from kandisco.symbolic.sample import Sample


def test_pressure_shrinks_what_is_idle_and_none_changes_nothing(registry: Registry) -> None:
    x = np.random.default_rng(1).uniform(-1.0, 1.0, (3, 220))
    sample = Sample(names=("a", "b", "c"), x=x, y=np.exp(np.sin(2 * x[0]) + x[1] ** 2))
    rows = scale(sample.rows(np.arange(160)), sample.rows(np.arange(160, 220)))
    kan = train(net.parse_width("3,2,1", 3), registry.basis("bspline"), rows, restarts=4, seed=0, grid=5).value
    assert sparsify(kan, rows, lamb=0.0).value is kan
    before = [edges.coef.clone() for edges in kan.edges]
    done = sparsify(kan, rows, lamb=0.01)
    assert done.record.params == {"lamb": 0.01}
    assert all(torch.equal(a, b.coef) for a, b in zip(before, kan.edges, strict=True))
    assert len(done.value.live_edges()) < len(kan.live_edges())
    assert not [edge for edge in done.value.live_edges() if edge.layer == 0 and edge.source == 2]
