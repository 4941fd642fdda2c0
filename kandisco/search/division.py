"""Smaller problems inside a problem: found, solved, and put together again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from kandisco.control import Control
from kandisco.expr import complexity
from kandisco.search.closed import baselines, closed, curve, floor_of, paired, started
from kandisco.search.problem import Attempt, Problem
from kandisco.stages import structure
from kandisco.stages.candidate import Candidate
from kandisco.stages.divide import reductions, single_index
from kandisco.symbolic.factors import log_factors
from kandisco.symbolic.groups import Grouping
from kandisco.symbolic.merge import merges
from kandisco.symbolic.parts import Parts, parts
from kandisco.symbolic.reduction import Reduction
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.snap import simplest
from kandisco.symbolic.surrogate import Surrogate, fit_surrogate

# A surrogate that misses more than this is up against noise; what leaves so little more than it, with few constants, is solved.
NOISY = 1e-5
_AT_NOISE, _PLAIN = 1.3, 3
_SMOOTH_INDEX, _ROUGH_INDEX = 5e-3, 0.1
_CLEARER, _SHARP = 3, 0.02
_ALIKE = 12.0  # nats
_WAYS, _DEEPEST, _SLOPES = 3, 8, 2


def divisions(problem: Problem, sample: Sample, surrogate: Callable[[], Surrogate]) -> Iterator[Attempt]:
    """The smaller problems, the clearest first, each an attempt of its own, so that what one gives is judged at once."""
    ways = cache(lambda: _ways(sample, surrogate))

    def run(way: int, control: Control) -> list[Candidate]:
        return divide(problem, sample, control, ways=ways()[way : way + 1])

    for way in range(_WAYS):
        name = "divide" if way == 0 else f"divide, way {way + 1}"
        yield Attempt(name=name, run=partial(run, way), deep=True, plainer=True)


def divide(
    problem: Problem, sample: Sample, control: Control, *, ways: Sequence[Reduction | Parts], depth: int = 0
) -> list[Candidate]:
    """Solve smaller problems found in the surrogate's gradients and put the solutions back together.

    Each of ``ways`` is followed in turn, down to problems that no test makes smaller; those are solved in closed form or by
    networks with a closed-form start.
    """
    out: list[Candidate] = []
    for way in ways:
        if control.reason():
            break
        out += _refitted(_put_back(problem, way, control, depth), sample)
        if _exact(out, sample):
            break
    return _shortest(out, sample)


def _put_back(problem: Problem, way: Reduction | Parts, control: Control, depth: int) -> list[Candidate]:
    """The solutions of a smaller problem, put back; of two, where the slope comes first, for each of its best formulas."""
    if isinstance(way, Reduction):
        return [_rebuilt(way, c) for c in _smaller(problem, way.sample, control, depth)]
    slopes = _smaller(problem, way.slope, control, depth) if way.slope.names else structure.constant(way.slope)
    out: list[Candidate] = []
    for slope in slopes[:_SLOPES]:
        rest = way.rest(simplest(way.slope.refit(slope.expr), way.slope, stop=control.reason).expr)
        found = _smaller(problem, rest.sample, control, depth)
        out += [_rebuilt(rest, c) for c in found]
        if _exact(found, rest.sample):
            break
    return out


def by_units(problem: Problem, sample: Sample, smaller: Sequence[Grouping], control: Control) -> list[Candidate]:
    """Solve the problem in groups without dimension; those of the first choice of groups that succeeds are enough."""
    ways = [Reduction(name="units", sample=g.sample, rebuild=g.rebuild, misfit=0.0) for g in smaller]
    return divide(problem, sample, control, ways=ways)


def _followed(sample: Sample, surrogate: Callable[[], Surrogate]) -> list[Reduction | Parts]:
    """The reductions that are worth following below the top: one, or two where the first is a doubtful index."""
    if len(sample.names) < 2:
        return []
    ways = _ways(sample, surrogate)
    sure = not (ways and ways[0].name.startswith("index") and ways[0].misfit > _SMOOTH_INDEX)
    return ways[: 1 if sure else 2]


def _smaller(problem: Problem, sample: Sample, control: Control, depth: int) -> list[Candidate]:
    surrogate = cache(partial(fit_surrogate, sample))
    ways = _followed(sample, surrogate) if depth < _DEEPEST else []
    deeper = divide(problem, sample, control, depth=depth + 1, ways=ways)
    if _solved(deeper, sample, surrogate):
        return deeper
    out = list(deeper)
    for step in _steps(problem, sample, floor_of(sample, surrogate)):
        if control.reason() or (not step.quick and _solved(out, sample, surrogate)):
            break
        found = _refitted(step.run(control), sample)
        out += found
        if _exact(found, sample):
            break
    return _shortest(out, sample)


def _solved(candidates: Sequence[Candidate], sample: Sample, surrogate: Callable[[], Surrogate]) -> bool:
    """Whether one is exact or, with few constants, within a stated uncertainty or what a surrogate up against noise leaves."""
    if _exact(candidates, sample):
        return True
    plain = min((c.rmse for c in candidates if len(c.expr.numbers()) <= _PLAIN), default=math.inf)
    if plain <= sample.stated:
        return True
    if plain > 0.3 * sample.scale or sample.relative or len(sample.y) < 20 or surrogate().log_target:
        return False
    missing = surrogate().missing
    return missing > NOISY and plain <= (_AT_NOISE * missing) ** 0.5 * sample.spread


def _steps(problem: Problem, sample: Sample, floor: Callable[[], float]) -> Iterator[Attempt]:
    """What is tried on a problem that no test makes smaller."""
    yield from baselines(sample)
    yield closed("monomial", structure.monomial, sample)
    if len(sample.names) == 1:
        yield Attempt(name="curve", run=lambda control: curve(problem, sample), quick=True)
    else:
        yield closed("polynomial", structure.polynomial, sample)
    yield closed("rational", structure.rational, sample)
    if len(sample.names) > 1:
        yield closed("monomial + constant", structure.offset_monomial, sample)
    if 1 < len(sample.names) <= 4:
        yield closed("angles", structure.angles, sample)
    if len(sample.names) > 1:
        yield from started(problem, sample, floor)
        yield Attempt(name="paired product", run=lambda control: paired(problem, sample, control))


def _ways(sample: Sample, fitted: Callable[[], Surrogate]) -> list[Reduction | Parts]:
    """Smaller problems, the surest first: a smooth single index, powers that divide out, what the surrogate's gradients show.

    An index smoother than the surrogate is good goes before what that shows.
    """
    index = single_index(sample)
    if index and index[0].misfit < _SMOOTH_INDEX:
        return [*index]
    factors: list[Reduction | Parts] = [*log_factors(sample)]
    surrogate = fitted()
    index = [r for r in index if r.misfit < (_ROUGH_INDEX if surrogate.missing < 0.5 else 0.5)]
    shown = _independent(reductions(surrogate))
    tested: list[Reduction | Parts] = []
    if not (factors and factors[0].misfit == 0) and not (shown and shown[0].name.startswith("without")):
        tested = [*merges(sample)] if surrogate.missing > NOISY else []
        tested = tested or parts(sample, surrogate)
    if factors:
        # Factors that no surrogate could confirm give way to what predicts unseen rows much better.
        factors = [*(way for way in tested if way.misfit < factors[0].misfit), *factors]
        tested = []
    sharp = [r for r in shown if r.misfit < _SHARP and surrogate.missing <= NOISY]
    ordered = [*sharp, *tested, *(r for r in shown if r not in sharp)]
    return [*factors, *index, *ordered] if index and index[0].misfit < surrogate.missing else [*factors, *ordered, *index]


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
    return any(c.rmse <= sample.floor for c in candidates)
