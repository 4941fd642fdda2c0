"""The attempt that trains: a KAN of a given shape, sparsified, pruned, refined and read off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kandisco import kan as net
from kandisco.control import Control
from kandisco.search.closed import symbols
from kandisco.search.problem import Attempt, Problem
from kandisco.stages.candidate import Candidate
from kandisco.stages.prune import prune
from kandisco.stages.read_off import read_off
from kandisco.stages.refine import curve_fits
from kandisco.stages.sparsify import sparsify
from kandisco.stages.train import scale, sharpen, train
from kandisco.symbolic.curves import CurveFit
from kandisco.types import Array, StageResult


def network(width: str, problem: Problem, floor: Callable[[], float]) -> Attempt:
    """A KAN of a given shape: train -> sparsify -> prune -> refine the grid -> symbolic.

    A network that fits much worse than a smooth surrogate has the wrong shape and is not read off.
    """
    config, sample = problem.config, problem.sample
    shape = net.parse_width(width, len(sample.names))

    def run(control: Control) -> list[Candidate]:
        data = scale(problem.rows.train, problem.rows.valid)
        lamb = 0.01 if config.lamb == "auto" else config.lamb
        grids = (config.grid, 2 * config.grid, 4 * config.grid)
        options = {"restarts": config.restarts, "seed": config.seed, "grid": config.grid}
        first = _told(problem, train(shape, problem.basis, data, control=control, **options))
        sparse = _told(problem, sparsify(first, data, lamb=lamb, control=control))
        kan = _told(problem, prune(sparse, data, threshold=config.prune_threshold, control=control))
        sharp = sharpen(kan, data, grids=grids, control=control)
        steps = {"trained": first, "sparse": sparse, "pruned": kan}
        kan, error = _told(problem, sharp), float(sharp.record.metrics["valid"])
        if error > max(0.05, 3 * floor() ** 0.5):
            return []
        about = {"shape": str(shape), "columns": list(sample.names), "centre": data.centre.tolist(), "half": data.half.tolist()}
        for step, (name, one) in enumerate({**steps, "refined": kan}.items()):
            problem.keep(f"kan {shape} {name}", one, {**about, "step": step})
        story = f"kan {shape} (held-out error {error:.1e})"
        graph = read_off(kan, data, sample.names)
        found = symbols(problem, sample, graph, story, error, control, _edges(problem, control))
        return [replace(candidate, shape=str(shape)) for candidate in found]

    return Attempt(name=f"kan {shape}", run=run, deep=True)


def _edges(problem: Problem, control: Control) -> Callable[[Array, Array, list[CurveFit]], list[CurveFit]] | None:
    """How an engine is asked for an edge, where there is one for edges."""
    engine = problem.engine
    if engine is None:
        return None

    def ask(u: Array, v: Array, seeds: list[CurveFit]) -> list[CurveFit]:
        found = curve_fits(engine, u, v, problem.functions, seeds=seeds, seed=problem.config.seed, control=control)
        problem.report(found.record)
        return found.value

    return ask


def _told(problem: Problem, result: StageResult[net.KAN]) -> net.KAN:
    problem.report(result.record)
    return result.value
