"""Train: restarts of one KAN shape side by side, by least squares, stopped by held-out error."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.specs import BasisSpec
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, StageRecord, StageResult


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


@dataclass(frozen=True)
class History:
    """Errors of the best network at each iteration as [train, valid] pairs; give ``tell`` to ``kan.fit`` as ``progress``."""

    pairs: list[list[float]] = field(default_factory=list)

    def tell(self, iteration: int, train_rmse: Array, valid_rmse: Array) -> None:
        """Note one iteration."""
        best = int(np.argmin(np.nan_to_num(valid_rmse, nan=np.inf)))
        self.pairs.append([float(train_rmse[best]), float(valid_rmse[best])])


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
    history = History()
    fit = partial(net.fit, valid=data.held, weights=data.weights, control=control, progress=history.tell)
    start = net.init(shape, basis, x=data.x, restarts=restarts, seed=seed, grid=grid)
    first = fit(start, data.x, data.y, grids=(grid,), iterations=25)
    order = np.argsort(np.nan_to_num(first.valid_rmse, nan=np.inf), kind="stable")
    few = net.select(first.kan, [int(i) for i in order[: max(1, restarts // 4)]])
    second = fit(few, data.x, data.y, grids=(grid,), iterations=40)
    best = int(np.argmin(np.nan_to_num(second.valid_rmse, nan=np.inf)))
    errors = {"train": float(second.train_rmse[best]), "valid": float(second.valid_rmse[best])}
    metrics = {"shape": str(shape), **errors, "history": history.pairs}
    record = StageRecord(stage="train", seed=seed, seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=net.select(second.kan, best), record=record)


def sharpen(kan: net.KAN, data: Scaled, *, grids: tuple[int, ...], control: Control | None = None) -> StageResult[net.KAN]:
    """Refine the grid coarse to fine while held-out error falls."""
    started = time.perf_counter()
    history = History()
    fit = partial(net.fit, valid=data.held, weights=data.weights, control=control, progress=history.tell)
    done = fit(kan, data.x, data.y, grids=grids, iterations=40)
    errors = {"train": float(done.train_rmse[0]), "valid": float(done.valid_rmse[0])}
    metrics = {**errors, "grid": done.kan.grid, "history": history.pairs}
    return StageResult(
        value=done.kan, record=StageRecord(stage="refine grid", seconds=time.perf_counter() - started, metrics=metrics)
    )
