"""Attempts without a search of their own: linear algebra, curves, and networks that start from a closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from kandisco.control import Control
from kandisco.expr import Expr
from kandisco.search.problem import Attempt, Problem
from kandisco.stages import start, structure
from kandisco.stages.candidate import Candidate
from kandisco.stages.symbolic import symbolic
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.graph import Graph
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import Surrogate
from kandisco.types import Array

_FINE = 30
_NEAR_FLOOR = 2.5


def baselines(sample: Sample) -> Iterator[Attempt]:
    for name, solve in (("constant", structure.constant), ("linear", structure.linear)):
        yield replace(closed(name, solve, sample), always=True)


def closed_forms(sample: Sample) -> Iterator[Attempt]:
    yield replace(closed("monomial", structure.monomial, sample), always=True)
    yield closed("polynomial", structure.polynomial, sample)
    yield closed("rational", structure.rational, sample)
    if len(sample.names) > 1:
        yield closed("monomial + constant", structure.offset_monomial, sample)


def closed(name: str, solve: Callable[[Sample], list[Candidate]], sample: Sample) -> Attempt:
    return Attempt(name=name, run=lambda control: solve(sample), quick=True)


def curve(problem: Problem, sample: Sample) -> list[Candidate]:
    return structure.curve(sample, problem.functions)


def floor_of(sample: Sample, surrogate: Callable[[], Surrogate]) -> Callable[[], float]:
    """Share of variance a smooth surrogate leaves on rows it has not seen, worked out when first asked for."""
    return lambda: surrogate().missing if len(sample.y) >= 20 else 0.05


def started(problem: Problem, sample: Sample, floor: Callable[[], float]) -> Iterator[Attempt]:
    """Networks with a closed-form start: link-additive and product."""
    yield _start("[n,1,1] spectral", start.link_additive, problem, sample, floor)
    if len(sample.names) > 1:
        yield _start("[n,0+1xn] product", start.product, problem, sample, floor)
        yield _start("[n,0+1xn,1] product", start.product_below, problem, sample, floor)


def _start(
    name: str, build: Callable[..., tuple[Graph, float]], problem: Problem, sample: Sample, floor: Callable[[], float]
) -> Attempt:
    """Symbols are only sought where the start leaves little more than a smooth surrogate does: else the shape is wrong."""

    def run(control: Control) -> list[Candidate]:
        graph, missing = build(sample, threshold=problem.config.prune_threshold)
        if missing > min(0.3, max(1e-3, _NEAR_FLOOR * floor())):
            return []
        return symbols(problem, sample, graph, f"{name} (misses {missing:.1e})", missing**0.5, control)

    return Attempt(name=name, run=run)


def paired(problem: Problem, sample: Sample, control: Control) -> list[Candidate]:
    """Products of functions in which a column meets another first: f(x_i x_j) g(x_j) ..., or with a quotient."""

    def met(i: int, expr: Expr, z: Array, intervals: int) -> tuple[Graph, float]:
        x = sample.x.copy()
        x[i] = z
        graph, missing = start.product(replace(sample, x=x), threshold=problem.config.prune_threshold, intervals=intervals)
        inputs = tuple(expr if k == i else known for k, known in enumerate(graph.inputs))
        return replace(graph, inputs=inputs), missing

    def missed(pair: tuple[int, int, Expr, Array]) -> float:
        i, _, expr, z = pair
        return max(met(i, expr, z, _FINE)[1], start.HELD)

    i, j, expr, z = min(start.pairs(sample), key=missed)
    graph, missing = min(
        (met(i, expr, z, intervals) for intervals in (_FINE, 2 * _FINE)), key=lambda found: max(found[1], start.HELD)
    )
    name = f"{sample.names[i]} with {sample.names[j]}"
    if missing > 1e-2:
        return []
    return symbols(problem, sample, graph, f"[n,0+1xn] product, {name} (misses {missing:.1e})", missing**0.5, control)


def symbols(
    problem: Problem,
    sample: Sample,
    graph: Graph,
    origin: str,
    noise: float,
    control: Control,
    engine: Callable[[Array, Array, list[CurveFit]], list[CurveFit]] | None = None,
) -> list[Candidate]:
    config = problem.config
    if not graph.curves or len(graph.curves) > 16:
        return []
    return symbolic(
        graph,
        sample,
        problem.functions,
        origin=origin,
        noise=noise,
        candidates=config.candidates,
        beam=config.beam,
        control=control,
        engine=engine,
        spread=problem.spread,
    ).value
