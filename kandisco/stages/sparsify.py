"""Sparsify: train on under a pressure that lets edges and nodes die which the data do not need."""

from __future__ import annotations

import time

from kandisco import kan as net
from kandisco.control import Control
from kandisco.stages.train import Scaled
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
    if lamb > 0:
        grids = (kan.grid,)
        done = net.fit(
            kan, data.x, data.y, valid=data.held, weights=data.weights, lamb=lamb, grids=grids, iterations=40, control=control
        )
        kan = done.kan
    record = StageRecord(stage="sparsify", params={"lamb": lamb}, seconds=time.perf_counter() - started)
    return StageResult(value=kan, record=record)
