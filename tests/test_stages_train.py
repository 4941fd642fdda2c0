"""Scaling and training: reproducible, unit-free, and good enough to draw a law."""

from __future__ import annotations

import numpy as np
import torch

from kandisco import kan as net
from kandisco.registry import Registry
from kandisco.stages.train import Scaled, scale, sharpen, train
from kandisco.symbolic.sample import Sample


def sample(n: int) -> Sample:
    """Rows of a small law."""
    x = np.random.default_rng(n).uniform(1.0, 3.0, (2, n))
    return Sample(names=("a", "b"), x=x, y=np.exp(-x[0]) * x[1])


def data() -> Scaled:
    """Scaled rows of it."""
    return scale(sample(150), sample(40))


def test_scaling_is_undone_by_its_own_numbers() -> None:
    rows, held = sample(100), sample(30)
    scaled = scale(rows, held)
    np.testing.assert_allclose(np.abs(scaled.x).max(axis=0), 1.0, rtol=1e-14)
    assert abs(scaled.y.mean()) < 1e-13
    np.testing.assert_allclose(scaled.x.T * scaled.half[:, None] + scaled.centre[:, None], rows.x, rtol=1e-14)
    np.testing.assert_allclose(scaled.valid_x.T * scaled.half[:, None] + scaled.centre[:, None], held.x, rtol=1e-14)
    np.testing.assert_allclose(scaled.valid_y * scaled.deviation + scaled.mean, held.y, rtol=1e-12)


def test_constant_columns_and_missing_valid_rows_are_no_trouble() -> None:
    rows = Sample(names=("a", "b"), x=np.stack([np.full(20, 7.0), np.arange(20.0)]), y=np.arange(20.0))
    scaled = scale(rows, rows.rows(np.arange(2)))
    assert np.all(np.isfinite(scaled.x))
    assert len(scaled.valid_y) == 20


def test_training_draws_the_law_and_repeats_bit_for_bit(registry: Registry) -> None:
    rows, shape = data(), net.parse_width("2,1,1", 2)
    runs = [train(shape, registry.basis("bspline"), rows, restarts=4, seed=5, grid=5) for _ in range(2)]
    for first, second in zip(runs[0].value.edges, runs[1].value.edges, strict=True):
        assert torch.equal(first.coef, second.coef)
    assert runs[0].value.restarts == 1
    assert runs[0].record.metrics["valid"] < 0.05
    sharp = sharpen(runs[0].value, rows, grids=(5, 10))
    assert sharp.record.metrics["valid"] < min(5e-3, runs[0].record.metrics["valid"])
    fitted = net.forward(sharp.value, rows.valid_x).numpy().reshape(-1)
    np.testing.assert_allclose(np.sqrt(np.mean((fitted - rows.valid_y) ** 2)), sharp.record.metrics["valid"], rtol=1e-6)
