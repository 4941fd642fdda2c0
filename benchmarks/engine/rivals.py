"""pykan on the same rows with its own defaults, each run paired with ours in one process: a busy machine slows both."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import accuracy
import numpy as np
import torch
from accuracy import LEVELS, Array


class _Enough(Exception):
    """Leaves pykan's loop."""


class _Run:
    """One pykan model on one data set; notes the training error after every step, until a goal or a time limit."""

    def __init__(self, rows: tuple[Array, ...], width: list[int], seed: int, goal: float, limit: float) -> None:
        import kan

        torch.set_default_dtype(torch.float64)
        x, y, xv, yv = (torch.as_tensor(v) for v in rows)
        y, yv = (v[:, None] if v.ndim == 1 else v for v in (y, yv))
        self.data = {"train_input": x, "train_label": y, "test_input": xv, "test_label": yv}
        self.goal, self.limit, self.started = goal, limit, time.process_time()
        self.model: Any = kan.KAN(width=width, grid=5, k=3, seed=seed, auto_save=False)
        self.errors: list[tuple[float, float]] = []

    def spent(self) -> float:
        """CPU seconds so far."""
        return time.process_time() - self.started

    def error(self, part: str) -> float:
        """RMSE, summed over outputs, on the ``train`` or ``test`` rows."""
        with torch.no_grad():
            residual = self.model.forward(self.data[f"{part}_input"]) - self.data[f"{part}_label"]
        return float(residual.square().sum(1).mean().sqrt())

    def _watched(self) -> torch.Tensor:
        error = self.error("train")
        self.errors.append((self.spent(), error))
        if error <= self.goal or self.spent() > self.limit:
            raise _Enough
        return torch.tensor(error)

    def steps(self, steps: int, lamb: float = 0.0) -> bool:
        """Fit on; False once the goal or the limit is reached."""
        try:
            self.model.fit(self.data, opt="LBFGS", steps=steps, lamb=lamb, metrics=(self._watched,))
        except _Enough:
            return False
        return True


def _paired(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    finally:
        torch.set_default_dtype(torch.float32)


def to_accuracy(seed: int, limit: float, grids: tuple[int, ...], steps: int, goal: float) -> dict[str, float]:
    """hellokan: CPU seconds to each error of pykan and (``ours ...``) of this engine, the median of three runs on either side.

    A run of this engine is so short that a single one says more of the moment than of the engine. Where pykan has one grid,
    ``stays ...`` is this engine on that grid alone.
    """

    def ours() -> list[dict[str, float]]:
        found = []
        for _ in range(3):
            coarse_to_fine = accuracy.ours_to_accuracy(seed)
            stays = accuracy.ours_to_accuracy(seed, grids, 60) if len(grids) == 1 else {}
            found.append(_prefixed("ours", coarse_to_fine) | _prefixed("stays", stays))
        return found

    def work() -> dict[str, Any]:
        accuracy.ours_to_accuracy(seed + 1)
        mine = ours()
        run = _Run(accuracy.rows_of(accuracy.hellokan, 2, seed), [2, 5, 1], seed, goal, limit)
        for grid in grids:
            run.model = run.model if grid == grids[0] else run.model.refine(grid)
            if not run.steps(steps):
                break
        hits = {
            f"train {level:.0e}": min(when for when, error in run.errors if error <= level)
            for level in LEVELS
            if any(error <= level for _, error in run.errors)
        }
        mine += ours()
        medians = {key: median(one.get(key, np.inf) for one in mine) for key in mine[0]}
        return {**medians, **hits, "spent": run.spent(), "least": min(error for _, error in run.errors)}

    return _paired(work)


def _prefixed(who: str, hits: dict[str, float]) -> dict[str, float]:
    return {f"{who} {key}": value for key, value in hits.items()}


def sparse(seed: int, limit: float) -> dict[str, Any]:
    """The procedure of pykan's tutorial: 50 steps at lamb 0.01, prune, 50 steps, refine to 10, 50 steps; and ours."""

    def work() -> dict[str, Any]:
        ours = accuracy.ours_held_out(seed)
        run = _Run(accuracy.rows_of(accuracy.hellokan, 2, seed), [2, 5, 1], seed, 0.0, limit)
        found: dict[str, Any] = {"ours after": ours["sparse after"], "ours held out": ours["sparse held out"]}
        phases = []
        for name, lamb in (("sparse fit", 0.01), ("pruned, refitted", 0.0), ("refined", 0.0)):
            if name == "pruned, refitted":
                run.model = run.model.prune()
                found["hidden nodes"] = int(sum(run.model.width[1]))
            if name == "refined":
                run.model = run.model.refine(10)
            going = run.steps(50, lamb)
            phases.append({"phase": name, "spent": run.spent(), "held out": run.error("test")})
            if not going:
                break
        return {**found, "phases": phases}

    return _paired(work)


def composition(seed: int, limit: float) -> dict[str, Any]:
    """[4,4,2,1] on the law of three levels: pykan's errors when its steps or the time are up."""

    def work() -> dict[str, Any]:
        run = _Run(accuracy.rows_of(accuracy.three_levels, 4, seed, 3000), [4, 4, 2, 1], seed, 0.0, limit)
        run.steps(200)
        return {"spent": run.spent(), "steps": len(run.errors), "train": run.error("train"), "held out": run.error("test")}

    return _paired(work)


def many_outputs(seed: int, limit: float) -> dict[str, Any]:
    """[17,1,14]: the best training error pykan reaches, when, and how soon this engine is there."""

    def work() -> dict[str, Any]:
        run = _Run(accuracy.rows_of(accuracy.many_outputs, 17, seed, 2000), [17, 1, 14], seed, 0.0, limit)
        run.steps(200)
        least = min(error for _, error in run.errors if np.isfinite(error))
        when = min(spent for spent, error in run.errors if error <= 1.02 * least)
        return {"error": 1.02 * least, "spent": when, "ours": accuracy.many_to(seed, 1.02 * least)}

    return _paired(work)
