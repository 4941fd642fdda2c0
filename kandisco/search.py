"""Which shapes to try, in which order, and when to stop: simplest first, until the error reaches the floor.

An attempt is a pure function of the rows, the settings and the seed, counted in fits and never in seconds; so a finished
attempt can be stored and replayed, and a slower machine finds the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kandisco.config import Config
from kandisco.control import Control
from kandisco.specs import FunctionSpec
from kandisco.stages import start, structure
from kandisco.stages.candidate import Candidate
from kandisco.stages.score import Rows
from kandisco.stages.symbolic import symbolic
from kandisco.symbolic.graph import Graph
from kandisco.symbolic.snap import EXACT, Sample
from kandisco.types import Formula


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What attempts work on: scaled rows, the library, the settings."""

    rows: Rows
    functions: tuple[FunctionSpec, ...]
    config: Config

    @property
    def sample(self) -> Sample:
        """The rows formulas are fitted to."""
        return self.rows.fit


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One shape: ``run`` returns candidate formulas (possibly none)."""

    name: str
    run: Callable[[Control], list[Candidate]]


def attempts(problem: Problem) -> Iterator[Attempt]:
    """All attempts, simplest first."""
    sample, functions, config = problem.sample, problem.functions, problem.config
    closed: list[tuple[str, Callable[[Sample], list]]] = [  # type: ignore[type-arg]
        ("constant", structure.constant),
        ("linear", structure.linear),
        ("monomial", structure.monomial),
    ]
    if len(sample.names) <= 12:
        closed += [("polynomial", structure.polynomial), ("rational", structure.rational)]
    for name, solve in closed:
        yield Attempt(name=name, run=_closed(name, solve, sample))
    threshold = config.prune_threshold
    yield Attempt(name="[n,1,1]", run=_started("[n,1,1] spectral", lambda: start.link_additive(sample, threshold=threshold), problem))
    if len(sample.names) == 1:
        yield Attempt(name="curve", run=_closed("curve", lambda rows: structure.curve(rows, functions), sample))
    else:
        yield Attempt(name="[n,0+1xn]", run=_started("[n,0+1xn] product", lambda: start.product(sample, threshold=threshold), problem))


def _closed(name: str, solve: Callable[[Sample], list], sample: Sample) -> Callable[[Control], list[Candidate]]:  # type: ignore[type-arg]
    return lambda control: [Candidate(expr=expr, origin=name) for expr in solve(sample)]


def _started(origin: str, build: Callable[[], tuple[Graph, float]], problem: Problem) -> Callable[[Control], list[Candidate]]:
    def run(control: Control) -> list[Candidate]:
        graph, missing = build()
        if missing > 0.5 or len(graph.curves) > 13:
            return []
        config = problem.config
        story = f"{origin} (misses {missing:.1e})"
        return symbolic(
            graph, problem.sample, problem.functions, origin=story, candidates=config.candidates, beam=config.beam, control=control
        ).value

    return run


def settled(formulas: Sequence[Formula], rows: Rows) -> bool:
    """Whether a formula holds to machine precision on the fitted and the withheld rows, so that the search may end."""
    limit = EXACT * rows.fit.scale
    return any(f.rmse_train <= limit and f.rmse_test <= 10 * limit and f.rmse_shell <= 1e3 * limit for f in formulas)
