"""Train: restarts of one KAN shape side by side, by least squares, stopped by held-out error."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco import kan as net
from kandisco.control import Control
from kandisco.specs import BasisSpec
from kandisco.symbolic.snap import Sample
from kandisco.types import StageRecord, StageResult

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Rows as a network likes them: inputs [rows, inputs] in [-1, 1], target of zero mean and unit deviation.

    ``half * u + centre`` brings a network's input back to the column, ``deviation * v + mean`` its output to the target.
    """

    x: Array
    y: Array
    valid_x: Array
    valid_y: Array
    centre: Array
    half: Array
    mean: float
    deviation: float
    weights: Array | None = None
    valid_weights: Array | None = None

    @property
    def held(self) -> tuple[Array, Array] | tuple[Array, Array, Array]:
        """The validation rows as ``kan.fit`` takes them."""
        known = self.valid_weights
        return (self.valid_x, self.valid_y) if known is None else (self.valid_x, self.valid_y, known)


def scale(train: Sample, valid: Sample) -> Scaled:
    """Fit the scaling on the training rows and apply it to both parts; without valid rows the training rows stand in."""
    lo, hi = train.x.min(axis=1), train.x.max(axis=1)
    centre, half = (lo + hi) / 2, (hi - lo) / 2
    half[half == 0] = 1.0
    mean, deviation = float(np.mean(train.y)), train.spread
    held = valid if len(valid.y) >= 5 else train

    def inputs(sample: Sample) -> Array:
        return np.ascontiguousarray(((sample.x - centre[:, None]) / half[:, None]).T)

    return Scaled(
        x=inputs(train),
        y=(train.y - mean) / deviation,
        valid_x=inputs(held),
        valid_y=(held.y - mean) / deviation,
        centre=centre,
        half=half,
        mean=mean,
        deviation=deviation,
        weights=train.weights,
        valid_weights=held.weights,
    )


def train(
    shape: net.Shape, basis: BasisSpec, data: Scaled, *, restarts: int, seed: int, grid: int, control: Control | None = None
) -> StageResult[net.KAN]:
    """The best of ``restarts`` networks after coarse training with successive halving.

    Args:
        shape: of the network.
        basis: of its edges.
        data: scaled rows.
        restarts: networks trained side by side.
        seed: of their starting points.
        grid: intervals of the coarse grid.
        control: asked at every iteration.
    """
    started = time.perf_counter()
    start = net.init(shape, basis, x=data.x, restarts=restarts, seed=seed, grid=grid)
    first = net.fit(start, data.x, data.y, valid=data.held, weights=data.weights, grids=(grid,), iterations=25, control=control)
    order = np.argsort(np.nan_to_num(first.valid_rmse, nan=np.inf), kind="stable")
    few = net.select(first.kan, [int(i) for i in order[: max(1, restarts // 4)]])
    second = net.fit(few, data.x, data.y, valid=data.held, weights=data.weights, grids=(grid,), iterations=40, control=control)
    best = int(np.argmin(np.nan_to_num(second.valid_rmse, nan=np.inf)))
    metrics = {"shape": str(shape), "train": float(second.train_rmse[best]), "valid": float(second.valid_rmse[best])}
    record = StageRecord(stage="train", seed=seed, seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=net.select(second.kan, best), record=record)


def sharpen(kan: net.KAN, data: Scaled, *, grids: tuple[int, ...], control: Control | None = None) -> StageResult[net.KAN]:
    """Refine the grid coarse to fine while held-out error falls."""
    started = time.perf_counter()
    done = net.fit(kan, data.x, data.y, valid=data.held, weights=data.weights, grids=grids, iterations=40, control=control)
    metrics = {"train": float(done.train_rmse[0]), "valid": float(done.valid_rmse[0]), "grid": done.kan.grid}
    return StageResult(
        value=done.kan, record=StageRecord(stage="refine grid", seconds=time.perf_counter() - started, metrics=metrics)
    )
