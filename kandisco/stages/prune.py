"""Prune: remove edges, the weakest first, as long as a refit without them is not worse on held-out rows beyond noise."""

from __future__ import annotations

import time

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.stages.train import Scaled
from kandisco.types import EdgeId, StageRecord, StageResult


def prune(kan: net.KAN, data: Scaled, *, threshold: float, control: Control | None = None) -> StageResult[net.KAN]:
    """Backward elimination of edges.

    Args:
        kan: one network.
        data: scaled rows.
        threshold: edges whose share of the total deviation is below this go in one batch first; the others are tried one by one.
        control: asked between trials.

    Returns:
        The pruned network; a note says so when no edge could be spared.
    """
    started = time.perf_counter()
    before = len(kan.live_edges())
    kan, error = _refit(kan, data, control)
    shares = _shares(kan, data)
    kan, error = _try(kan, [edge for edge, share in shares.items() if share < threshold], data, error, control)
    tried: set[EdgeId] = set()
    while control is None or not control.reason():
        left = [(share, edge) for edge, share in _shares(kan, data).items() if edge not in tried and share < 0.5]
        if not left or len(left) + len(tried) <= 1:
            break
        edge = min(left, key=lambda item: item[0])[1]
        tried.add(edge)
        smaller, new_error = _try(kan, [edge], data, error, control)
        if smaller is kan and len(tried) > 12:
            break
        kan, error = smaller, new_error
    after = len(kan.live_edges())
    notes = ("No edge could be spared.",) if after == before else ()
    metrics = {"edges_before": before, "edges_after": after, "valid": error}
    return StageResult(
        value=kan,
        record=StageRecord(
            stage="prune", params={"threshold": threshold}, seconds=time.perf_counter() - started, metrics=metrics, notes=notes
        ),
    )


def _try(kan: net.KAN, edges: list[EdgeId], data: Scaled, error: float, control: Control | None) -> tuple[net.KAN, float]:
    """The network without ``edges``, refitted, if that costs no more than a tenth of its error (at least 1e-4 of the target)."""
    if not edges or len(edges) >= len(kan.live_edges()):
        return kan, error
    smaller, new_error = _refit(net.prune(kan, edges, data.x), data, control)
    return (smaller, new_error) if new_error <= max(1.1 * error, 1e-4) else (kan, error)


def _refit(kan: net.KAN, data: Scaled, control: Control | None) -> tuple[net.KAN, float]:
    done = net.fit(kan, data.x, data.y, valid=data.held, weights=data.weights, grids=(kan.grid,), iterations=15, control=control)
    return done.kan, float(np.nan_to_num(done.valid_rmse[0], nan=np.inf))


def _shares(kan: net.KAN, data: Scaled) -> dict[EdgeId, float]:
    """Each live edge's output deviation over the largest in its layer."""
    from kandisco.kan.tensors import columns

    deviations = [layer[0].cpu().numpy() for layer in net.edge_deviations(kan, columns(data.x))]
    return {e: float(deviations[e.layer][e.target, e.source] / (deviations[e.layer].max() or 1.0)) for e in kan.live_edges()}
