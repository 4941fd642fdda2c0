"""Which shapes to try, in which order, and when to stop: simplest first, until the error reaches the floor.

An attempt is a pure function of the rows, the settings and the seed, counted in fits and never in seconds; so a finished
attempt can be stored and replayed, and a slower machine finds the same formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from operator import itemgetter
from typing import Any

import numpy as np

from kandisco import kan as net
from kandisco.config import Config
from kandisco.control import Control
from kandisco.expr import Expr, complexity
from kandisco.specs import BasisSpec, FunctionSpec, RefinerSpec
from kandisco.stages import start, structure
from kandisco.stages.candidate import Candidate
from kandisco.stages.divide import reductions, single_index
from kandisco.stages.prune import prune
from kandisco.stages.read_off import read_off
from kandisco.stages.refine import curve_fits
from kandisco.stages.score import Rows
from kandisco.stages.sparsify import sparsify
from kandisco.stages.symbolic import symbolic
from kandisco.stages.train import scale, sharpen, train
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.factors import log_factors
from kandisco.symbolic.graph import Graph
from kandisco.symbolic.groups import Grouping, groupings
from kandisco.symbolic.merge import merges
from kandisco.symbolic.reduction import Reduction
from kandisco.symbolic.relevance import influential, most_relevant
from kandisco.symbolic.snap import EXACT, Sample
from kandisco.symbolic.surrogate import Surrogate, fit_surrogate
from kandisco.types import Array, Formula, StageRecord, StageResult

_FINE = 30
_SMOOTH_INDEX, _ROUGH_INDEX = 5e-3, 0.1
_CLEARER = 3
_NEAR_FLOOR = 2.5
_NOISY, _AT_NOISE, _PLAIN = 1e-5, 1.3, 3
_ALIKE = 12.0  # nats
_WAYS, _DEEPEST = 3, 8
_MANY, _SCREENED = 12, 10
_SHAPES = ("1,1", "0+1", "2,1", "1+1,1", "0+2,1")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What attempts work on: scaled rows, the library, the edge basis, the settings.

    ``report`` is told what each stage of a network attempt did, ``keep`` is handed each network that was read off, after each
    stage, with what brings its inputs back to the columns, ``engine`` is asked for functions through the network's edges that the
    library draws poorly, ``units`` are those of the columns that have one, the target's under ``""``.
    """

    rows: Rows
    functions: tuple[FunctionSpec, ...]
    basis: BasisSpec
    config: Config
    report: Callable[[StageRecord], None] = lambda record: None
    keep: Callable[[str, net.KAN, Mapping[str, Any]], None] = lambda name, kan, about: None
    units: Mapping[str, str] = field(default_factory=dict)
    engine: RefinerSpec | None = None

    @property
    def sample(self) -> Sample:
        """The rows formulas are fitted to."""
        return self.rows.fit


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One shape: ``run`` returns candidate formulas (possibly none).

    A ``quick`` one is linear algebra. A ``deep`` one is not worth its time at the noise floor, unless it seeks a ``plainer`` law
    and what is there has fitted constants to spare.
    """

    name: str
    run: Callable[[Control], list[Candidate]]
    quick: bool = False
    deep: bool = False
    plainer: bool = False


def attempts(problem: Problem) -> Iterator[Attempt]:
    """All attempts, simplest first. A width given by the user replaces the search by that one network.

    Among more than a dozen columns only the ten with the strongest signs of influence are searched, all of them linearly. Where a
    surrogate predicts as well without some columns, the others are searched first.
    """
    config = problem.config
    yield from _baselines(problem.sample)
    if config.width:
        yield _network(config.width, problem, lambda: 1.0)
        return
    if len(problem.sample.names) > _MANY:
        keep = most_relevant(problem.sample.x, problem.sample.y, keep=_SCREENED)
        problem = replace(problem, rows=problem.rows.columns(keep))
    sample = problem.sample
    surrogate = cache(partial(fit_surrogate, sample))
    floor = _floor(sample, surrogate)
    yield from _closed_forms(sample)
    yield from _among_fewer(problem, sample, surrogate)
    if len(sample.names) == 1:
        yield Attempt(name="curve", run=lambda control: _curve(problem, sample))
    if smaller := groupings(sample, problem.units):
        yield Attempt(name="dimensionless groups", run=lambda control: _by_units(problem, sample, smaller, control))
    # Under noise every shape draws the rows about as well as another, and takes its time; smaller problems tell them apart.
    first = len(sample.names) > 1 and floor() > _NOISY
    if first:
        yield from _divisions(problem, sample, surrogate)
    yield from _started(problem, sample, floor)
    if len(sample.names) == 1:
        return
    if len(sample.names) <= 4:
        yield _closed("angles", structure.angles, sample)
    if not first:
        yield from _divisions(problem, sample, surrogate)
    if 2 <= len(sample.names) <= 5:
        yield Attempt(name="paired product", run=lambda control: _paired(problem, sample, control), deep=True)
    for shape in _SHAPES:
        yield _network(f"{len(sample.names)},{shape}", problem, floor)


def _baselines(sample: Sample) -> Iterator[Attempt]:
    yield _closed("constant", structure.constant, sample)
    yield _closed("linear", structure.linear, sample)


def _among_fewer(problem: Problem, sample: Sample, surrogate: Callable[[], Surrogate]) -> Iterator[Attempt]:
    """All attempts on the columns that a surrogate needs, where it needs some and not others."""
    if len(sample.names) < 3 or len(sample.y) < 20:
        return
    kept = influential(sample, surrogate())
    if len(kept) == len(sample.names):
        return
    for attempt in attempts(replace(problem, rows=problem.rows.columns(kept))):
        yield replace(attempt, name=f"{attempt.name} ({len(kept)} of {len(sample.names)} columns)")


def _closed_forms(sample: Sample) -> Iterator[Attempt]:
    yield _closed("monomial", structure.monomial, sample)
    yield _closed("polynomial", structure.polynomial, sample)
    yield _closed("rational", structure.rational, sample)
    if len(sample.names) > 1:
        yield _closed("monomial + constant", structure.offset_monomial, sample)


def _closed(name: str, solve: Callable[[Sample], list[Candidate]], sample: Sample) -> Attempt:
    return Attempt(name=name, run=lambda control: solve(sample), quick=True)


def smooth_error(problem: Problem) -> float:
    """Root mean square error of a smooth surrogate on held-out rows, inf where none can be fitted: what a law has to match."""
    sample = problem.sample
    if len(sample.names) > _MANY or len(sample.y) < 20:
        return math.inf
    surrogate = fit_surrogate(sample)
    return float(np.sqrt(np.mean((surrogate.predict(problem.rows.test.x)[0] - problem.rows.test.y) ** 2)))


def _floor(sample: Sample, surrogate: Callable[[], Surrogate]) -> Callable[[], float]:
    """Share of variance a smooth surrogate leaves on rows it has not seen, worked out when first asked for."""
    return lambda: surrogate().missing if len(sample.y) >= 20 else 0.05


def _started(problem: Problem, sample: Sample, floor: Callable[[], float]) -> Iterator[Attempt]:
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
        return _symbolic(problem, sample, graph, f"{name} (misses {missing:.1e})", missing**0.5, control)

    return Attempt(name=name, run=run)


def _paired(problem: Problem, sample: Sample, control: Control) -> list[Candidate]:
    """Products of functions in which a column meets another first: f(x_i x_j) g(x_j) ..., or with a quotient."""

    def met(i: int, expr: Expr, z: Array, intervals: int) -> tuple[Graph, float]:
        x = sample.x.copy()
        x[i] = z
        graph, missing = start.product(replace(sample, x=x), threshold=problem.config.prune_threshold, intervals=intervals)
        inputs = tuple(expr if k == i else known for k, known in enumerate(graph.inputs))
        return replace(graph, inputs=inputs), missing

    _, i, j, expr, z = min(
        ((met(i, expr, z, _FINE)[1], i, j, expr, z) for i, j, expr, z in start.pairs(sample)), key=itemgetter(0)
    )
    graph, missing = min((met(i, expr, z, intervals) for intervals in (_FINE, 2 * _FINE)), key=itemgetter(1))
    name = f"{sample.names[i]} with {sample.names[j]}"
    if missing > 1e-2:
        return []
    return _symbolic(problem, sample, graph, f"[n,0+1xn] product, {name} (misses {missing:.1e})", missing**0.5, control)


def _symbolic(
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
    ).value


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


def _curve(problem: Problem, sample: Sample) -> list[Candidate]:
    return structure.curve(sample, problem.functions)


def _network(width: str, problem: Problem, floor: Callable[[], float]) -> Attempt:
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
        return _symbolic(problem, sample, read_off(kan, data, sample.names), story, error, control, _edges(problem, control))

    return Attempt(name=f"kan {shape}", run=run, deep=True)


def _told(problem: Problem, result: StageResult[net.KAN]) -> net.KAN:
    problem.report(result.record)
    return result.value


def _divisions(problem: Problem, sample: Sample, surrogate: Callable[[], Surrogate]) -> Iterator[Attempt]:
    """The smaller problems, the clearest first, each an attempt of its own, so that what one gives is judged at once."""
    ways = cache(lambda: _ways(sample, surrogate))

    def run(way: int, control: Control) -> list[Candidate]:
        return divide(problem, sample, control, ways=ways()[way : way + 1])

    for way in range(_WAYS):
        name = "divide" if way == 0 else f"divide, way {way + 1}"
        yield Attempt(name=name, run=partial(run, way), deep=True, plainer=True)


def divide(problem: Problem, sample: Sample, control: Control, *, ways: Sequence[Reduction], depth: int = 0) -> list[Candidate]:
    """Solve smaller problems found in the surrogate's gradients and put the solutions back together.

    Each of ``ways`` is followed in turn, down to problems that no test makes smaller; those are solved in closed form or by
    networks with a closed-form start.
    """
    out: list[Candidate] = []
    for reduction in ways:
        if control.reason():
            break
        solved = _smaller(problem, reduction.sample, control, depth)
        out += _refitted([_rebuilt(reduction, c) for c in solved], sample)
        if _exact(out, sample):
            break
    return _shortest(out, sample)


def _followed(sample: Sample, surrogate: Callable[[], Surrogate]) -> list[Reduction]:
    """The reductions that are worth following below the top: one, or two where the first is a doubtful index."""
    if len(sample.names) < 2:
        return []
    ways = _ways(sample, surrogate)
    sure = not (ways and ways[0].name.startswith("index") and ways[0].misfit > _SMOOTH_INDEX)
    return ways[: 1 if sure else 2]


def _by_units(problem: Problem, sample: Sample, smaller: Sequence[Grouping], control: Control) -> list[Candidate]:
    """Solve the problem in groups without dimension; those of the first choice of groups that succeeds are enough."""
    out: list[Candidate] = []
    for grouping in smaller:
        reduction = Reduction(name="units", sample=grouping.sample, rebuild=grouping.rebuild, misfit=0.0)
        if control.reason():
            break
        solved = _smaller(problem, grouping.sample, control, 0)
        out += _refitted([_rebuilt(reduction, c) for c in solved], sample)
        if _exact(out, sample):
            break
    return _shortest(out, sample)


def _smaller(problem: Problem, sample: Sample, control: Control, depth: int) -> list[Candidate]:
    surrogate = cache(partial(fit_surrogate, sample))
    ways = _followed(sample, surrogate) if depth < _DEEPEST else []
    deeper = divide(problem, sample, control, depth=depth + 1, ways=ways)
    if _solved(deeper, sample, surrogate):
        return deeper
    out = list(deeper)
    for step in _steps(problem, sample, _floor(sample, surrogate)):
        if control.reason() or (not step.quick and _solved(out, sample, surrogate)):
            break
        found = _refitted(step.run(control), sample)
        out += found
        if _exact(found, sample):
            break
    return _shortest(out, sample)


def _solved(candidates: Sequence[Candidate], sample: Sample, surrogate: Callable[[], Surrogate]) -> bool:
    """Whether one is exact or, with few constants, leaves no more than a surrogate that is up against noise."""
    if _exact(candidates, sample):
        return True
    plain = min((c.rmse for c in candidates if len(c.expr.numbers()) <= _PLAIN), default=math.inf)
    if plain > 0.3 * sample.scale or sample.relative or len(sample.y) < 20 or surrogate().log_target:
        return False
    missing = surrogate().missing
    return missing > _NOISY and plain <= (_AT_NOISE * missing) ** 0.5 * sample.spread


def _steps(problem: Problem, sample: Sample, floor: Callable[[], float]) -> Iterator[Attempt]:
    """What is tried on a problem that no test makes smaller."""
    yield from _baselines(sample)
    yield _closed("monomial", structure.monomial, sample)
    if len(sample.names) == 1:
        yield Attempt(name="curve", run=lambda control: _curve(problem, sample), quick=True)
    else:
        yield _closed("polynomial", structure.polynomial, sample)
    yield _closed("rational", structure.rational, sample)
    if len(sample.names) > 1:
        yield _closed("monomial + constant", structure.offset_monomial, sample)
    if 1 < len(sample.names) <= 4:
        yield _closed("angles", structure.angles, sample)
    if len(sample.names) > 1:
        yield from _started(problem, sample, floor)
        yield Attempt(name="paired product", run=lambda control: _paired(problem, sample, control))


def _ways(sample: Sample, fitted: Callable[[], Surrogate]) -> list[Reduction]:
    """Smaller problems, the surest first: a smooth single index, powers that divide out, what the surrogate's gradients show.

    An index smoother than the surrogate is good goes before what that shows.
    """
    index = single_index(sample)
    if index and index[0].misfit < _SMOOTH_INDEX:
        return index
    factors = log_factors(sample)
    surrogate = fitted()
    index = [r for r in index if r.misfit < (_ROUGH_INDEX if surrogate.missing < 0.5 else 0.5)]
    shown = _independent(reductions(surrogate))
    if surrogate.missing > _NOISY and not factors and not (shown and shown[0].name.startswith("without")):
        shown = [*merges(sample), *shown]
    return [*factors, *index, *shown] if index and index[0].misfit < surrogate.missing else [*factors, *shown, *index]


def _independent(found: list[Reduction]) -> list[Reduction]:
    """The groups and one division: dividing by different columns in turn leads to the same problem in the end.

    The division goes first, since it leaves a column less, unless others are much clearer.
    """
    divisions = [r for r in found if r.name.startswith("divide")]
    groups = [r for r in found if not r.name.startswith("divide")]
    clearer = [r for r in groups if divisions and r.misfit < divisions[0].misfit / _CLEARER]
    return [*clearer, *divisions[:1], *(r for r in groups if r not in clearer)]


def _rebuilt(reduction: Reduction, candidate: Candidate) -> Candidate:
    return replace(candidate, expr=reduction.rebuild(candidate.expr), origin=f"{reduction.name} > {candidate.origin}")


def _refitted(candidates: Sequence[Candidate], sample: Sample) -> list[Candidate]:
    fits = [(sample.refit(c.expr), c) for c in candidates]
    return [replace(c, expr=fit.expr, rmse=fit.rmse) for fit, c in fits if fit.rmse < float("inf")]


def _shortest(candidates: Sequence[Candidate], sample: Sample) -> list[Candidate]:
    """The shortest descriptions among refitted candidates: four, or where noise makes them alike all that are nearly as short."""
    lengths = [sample.length_of(c.rmse, len(c.expr.numbers()), complexity(c.expr)) for c in candidates]
    order = np.argsort(lengths, kind="stable")
    alike = [i for i in order[:8] if lengths[i] < lengths[order[0]] + _ALIKE]
    return [candidates[i] for i in (alike if len(alike) > 4 else order[:4])]


def _exact(candidates: Sequence[Candidate], sample: Sample) -> bool:
    return any(c.rmse <= EXACT * sample.scale for c in candidates)


def settled(formulas: Sequence[Formula], rows: Rows) -> bool:
    """Whether a formula holds to machine precision on the fitted and the withheld rows, so that the search may end."""
    limit = EXACT * rows.fit.spread
    return any(f.rmse_train <= limit and f.rmse_test <= 10 * limit and f.rmse_shell <= 1e3 * limit for f in formulas)
