"""Sparsify: train on under a pressure that lets edges and nodes die which the data do not need."""

from __future__ import annotations

import time
from functools import partial

from kandisco import kan as net
from kandisco.control import Control
from kandisco.stages.train import History, Scaled
from kandisco.types import StageRecord, StageResult


def sparsify(kan: net.KAN, data: Scaled, *, lamb: float, control: Control | None = None) -> StageResult[net.KAN]:
    """Levenberg-Marquardt with a reweighted group penalty on each edge's output deviation.

    Args:
        kan: one trained network.
        data: scaled rows, so that ``lamb`` means the same pressure whatever the units.
        lamb: sparsity pressure, unitless; 0 returns the network as it is.
        control: asked at every iteration.
    """
    started = time.perf_counter()
    history = History()
    if lamb > 0:
        fit = partial(net.fit, valid=data.held, weights=data.weights, control=control, progress=history.tell)
        kan = fit(kan, data.x, data.y, lamb=lamb, grids=(kan.grid,), iterations=40).kan
    metrics = {"history": history.pairs}
    record = StageRecord(stage="sparsify", params={"lamb": lamb}, seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=kan, record=record)
