"""Smaller problems inside a problem: found, solved, and put together again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np

from kandisco.control import Control
from kandisco.expr import complexity
from kandisco.reductions.reduction import Reduction
from kandisco.reductions.units import Grouping
from kandisco.reductions.ways import Way, followed, ways
from kandisco.search.closed import baselines, closed, curve, floor_of, paired, started
from kandisco.search.problem import Attempt, Problem
from kandisco.spread import Spread
from kandisco.stages import structure
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.snap import simplest
from kandisco.symbolic.surrogate import NOISY, Surrogate, fit_surrogate

# Up against noise, what leaves so little more than the surrogate, with few constants, is solved.
_AT_NOISE, _PLAIN = 1.3, 3
_ALIKE = 12.0  # nats
_WAYS, _DEEPEST, _SLOPES = 3, 8, 2


def divisions(problem: Problem, sample: Sample, surrogate: Callable[[], Surrogate]) -> Iterator[Attempt]:
    """The smaller problems, the clearest first, each an attempt of its own, so that what one gives is judged at once."""
    known = cache(lambda: ways(sample, surrogate, problem.spread))

    def run(way: int, control: Control) -> list[Candidate]:
        return divide(problem, sample, control, ways=known()[way : way + 1])

    for way in range(_WAYS):
        name = "divide" if way == 0 else f"divide, way {way + 1}"
        yield Attempt(name=name, run=partial(run, way), deep=True, plainer=True)


def divide(problem: Problem, sample: Sample, control: Control, *, ways: Sequence[Way], depth: int = 0) -> list[Candidate]:
    """Solve smaller problems found in the surrogate's gradients and put the solutions back together.

    Each of ``ways`` is followed in turn, down to problems that no test makes smaller; those are solved in closed form or by
    networks with a closed-form start.
    """
    out: list[Candidate] = []
    for way in ways:
        if control.reason():
            break
        out += _refitted(_put_back(problem, way, control, depth), sample, problem.spread)
        if _exact(out, sample):
            break
    return _shortest(out, sample)


def _put_back(problem: Problem, way: Way, control: Control, depth: int) -> list[Candidate]:
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
    found = [Reduction(kind="units", name="units", sample=g.sample, rebuild=g.rebuild) for g in smaller]
    return divide(problem, sample, control, ways=found)


def _smaller(problem: Problem, sample: Sample, control: Control, depth: int) -> list[Candidate]:
    surrogate = cache(partial(fit_surrogate, sample))
    follow = followed(sample, surrogate, problem.spread) if depth < _DEEPEST else []
    deeper = divide(problem, sample, control, depth=depth + 1, ways=follow)
    if _solved(deeper, sample, surrogate):
        return deeper
    out = list(deeper)
    for step in _steps(problem, sample, floor_of(sample, surrogate)):
        if control.reason() or (not step.quick and _solved(out, sample, surrogate)):
            break
        found = _refitted(step.run(control), sample, problem.spread)
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


def _rebuilt(reduction: Reduction, candidate: Candidate) -> Candidate:
    """A solution put back, and told where it comes from; units and columns without influence divide nothing."""
    whole = replace(candidate, expr=reduction.rebuild(candidate.expr), origin=f"{reduction.name} > {candidate.origin}")
    return whole if reduction.kind in ("units", "idle") else whole.found_by("division")


def _refitted(candidates: Sequence[Candidate], sample: Sample, spread: Spread) -> list[Candidate]:
    fits = zip(spread(sample.refit, [c.expr for c in candidates]), candidates, strict=True)
    return [replace(c, expr=fit.expr, rmse=fit.rmse) for fit, c in fits if fit.rmse < float("inf")]


def _shortest(candidates: Sequence[Candidate], sample: Sample) -> list[Candidate]:
    """The shortest descriptions among refitted candidates: four, or where noise makes them alike all that are nearly as short."""
    lengths = [sample.length_of(c.rmse, len(c.expr.numbers()), complexity(c.expr)) for c in candidates]
    order = np.argsort(lengths, kind="stable")
    alike = [i for i in order[:8] if lengths[i] < lengths[order[0]] + _ALIKE]
    return [candidates[i] for i in (alike if len(alike) > 4 else order[:4])]


def _exact(candidates: Sequence[Candidate], sample: Sample) -> bool:
    return any(c.rmse <= sample.floor for c in candidates)
