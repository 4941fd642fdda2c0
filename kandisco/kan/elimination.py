"""Backward elimination: which nodes and edges can the network do without? Asked by refitting, all candidates side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.control import Control
from kandisco.kan.cutting import edge_effects, protected, with_masks
from kandisco.kan.network import KAN, select, stack
from kandisco.kan.normal import problem
from kandisco.kan.penalty import Pressure
from kandisco.kan.problem import Problem
from kandisco.kan.tensors import Held, columns
from kandisco.kan.training import Progress, Trained, fit

# A removal may raise the held-out error by this factor, or by this share of lamb of the target's deviation.
_FACTOR, _SHARE = 1.1, 0.5
_MOST_CANDIDATES = 8


def sparsify(
    kan: KAN,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    lamb: float,
    valid: Held | None = None,
    weights: ArrayLike | Tensor | None = None,
    grids: Sequence[int] = (5, 10),
    smooth: float = 0.0,
    pressure: Pressure | None = None,
    iterations: int = 60,
    control: Control | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train under sparsity pressure, then remove nodes and edges one by one as long as a refit without them is no worse.

    Pressure alone leaves some restarts with two nodes that share the work of one; elimination gets them out of that.

    Args:
        kan: networks to start from.
        x: [rows, inputs].
        y: [rows] or [rows, outputs].
        lamb: pressure, unitless; a removal may cost half of ``lamb`` of the target's deviation in held-out error.
        valid: held-out (x, y) or (x, y, weights); None judges by the training rows.
        weights: [rows], see ``fit``.
        grids: grid intervals, coarse to fine; elimination works on the last.
        smooth, pressure: see ``fit``.
        iterations: as in ``fit``, and a third of it for each refit.
        control, progress: see ``fit``.
    """
    common: dict[str, Any] = {"valid": valid, "weights": weights, "smooth": smooth, "control": control}
    done = fit(kan, x, y, lamb=lamb, pressure=pressure, grids=grids, iterations=iterations, progress=progress, **common)
    like = kan.edges[0].coef
    slack = _SHARE * lamb * float(columns(y).std(correction=0))
    data = problem(select(done.kan, 0), *(columns(v, like.dtype, like.device) for v in (x, y)))

    def refit(batch: KAN) -> Trained:
        few = max(iterations // 3, 5)
        grid = (done.kan.grid,)
        return fit(batch, x, y, grids=grid, iterations=few, patience=6, **common)

    found: list[Trained] = []
    for index in range(done.kan.restarts):
        one = replace(done, kan=select(done.kan, index), train_rmse=done.train_rmse[[index]], valid_rmse=done.valid_rmse[[index]])
        found.append(_reduce(one, data, refit, slack))
    return replace(
        done,
        kan=stack(one.kan for one in found),
        train_rmse=np.concatenate([one.train_rmse for one in found]),
        valid_rmse=np.concatenate([one.valid_rmse for one in found]),
        iterations=done.iterations + sum(one.iterations - done.iterations for one in found),
        status=next((one.status for one in found if one.status != "done"), "done"),
    )


def _reduce(one: Trained, data: Problem, refit: Callable[[KAN], Trained], slack: float) -> Trained:
    """Remove nodes, then edges, from a single network while a refit stays within the limit."""
    for propose in (_without_a_node, _without_an_edge):
        while one.status == "done":
            variants = propose(one.kan, data)
            if not variants:
                break
            batch = stack(with_masks(one.kan, masks, data) for masks in variants)
            trial = refit(batch)
            best = int(np.argmin(trial.valid_rmse))
            used = one.iterations + trial.iterations
            if trial.valid_rmse[best] > max(_FACTOR * one.valid_rmse[0], one.valid_rmse[0] + slack):
                one = replace(one, iterations=used, status=trial.status)
                break
            errors = trial.train_rmse[[best]], trial.valid_rmse[[best]]
            one = replace(
                one, kan=select(trial.kan, best), train_rmse=errors[0], valid_rmse=errors[1], iterations=used, status=trial.status
            )
    return one


def _without_a_node(kan: KAN, data: Problem) -> list[list[Tensor]]:
    """Masks without one hidden node each; the last node of a layer stays."""
    variants = []
    kept = protected(kan, edge_effects(kan, data))
    for level in range(1, len(kan.edges)):
        live = torch.nonzero(kan.edges[level].mask[0].amax(0))[:, 0].tolist()
        for node in (node for node in live if len(live) > 1 and not kept[level][0, :, node].any()):
            masks = [e.mask.clone() for e in kan.edges]
            masks[level][:, :, node] = 0.0
            variants.append(masks)
    return variants


def _without_an_edge(kan: KAN, data: Problem) -> list[list[Tensor]]:
    """Masks without one edge each, for the edges of least effect; a sub-sum of a product and the outputs keep their last one."""
    ranked: list[tuple[float, int, int, int]] = []
    effects = edge_effects(kan, data)
    kept = protected(kan, effects)
    for level, effect in enumerate(effects):
        mask = kan.edges[level].mask[0]
        for sub, source in torch.nonzero(mask * ~kept[level][0]).tolist():
            if float(mask[sub].sum()) > 1:
                ranked.append((float(effect[0, sub, source]), level, sub, source))
    variants = []
    for _, level, sub, source in sorted(ranked)[:_MOST_CANDIDATES]:
        masks = [e.mask.clone() for e in kan.edges]
        masks[level][:, sub, source] = 0.0
        variants.append(masks)
    return variants
