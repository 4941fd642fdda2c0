"""Which shapes to try, and in which order: simplest first.

An attempt is a pure function of the rows, the settings and the seed, counted in fits and never in seconds; so a finished
attempt can be stored and replayed, and a slower machine finds the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial

from kandisco.reductions.relevance import influential, most_relevant
from kandisco.reductions.units import groupings
from kandisco.search.closed import baselines, closed, closed_forms, curve, floor_of, paired, started
from kandisco.search.division import by_units, divisions
from kandisco.search.networks import network
from kandisco.search.problem import Attempt, Problem
from kandisco.stages import structure
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import NOISY, Surrogate, fit_surrogate

MANY, _SCREENED = 12, 10
_SHAPES = ("1,1", "0+1", "2,1", "1+1,1", "0+2,1")


def attempts(problem: Problem) -> Iterator[Attempt]:
    """All attempts, simplest first. A width given by the user replaces the search by that one network.

    Among more than a dozen columns only the ten with the strongest signs of influence are searched, all of them linearly. Where a
    surrogate predicts as well without some columns, the others are searched first.
    """
    config = problem.config
    yield from baselines(problem.sample)
    if config.width:
        yield network(config.width, problem, lambda: 1.0)
        return
    if len(problem.sample.names) > MANY:
        keep = most_relevant(problem.sample.x, problem.sample.y, keep=_SCREENED)
        problem = replace(problem, rows=problem.rows.columns(keep))
    sample = problem.sample
    surrogate = cache(partial(fit_surrogate, sample))
    floor = floor_of(sample, surrogate)
    yield from closed_forms(sample)
    yield from _among_fewer(problem, sample, surrogate)
    if len(sample.names) == 1:
        yield Attempt(name="curve", run=lambda control: curve(problem, sample))
    if smaller := groupings(sample, problem.units):
        yield Attempt(name="dimensionless groups", run=lambda control: by_units(problem, sample, smaller, control))
    # Under noise every shape draws the rows about as well as another, and takes its time; smaller problems tell them apart.
    first = len(sample.names) > 1 and floor() > NOISY
    if first:
        yield from divisions(problem, sample, surrogate)
    yield from started(problem, sample, floor)
    if len(sample.names) == 1:
        return
    if len(sample.names) <= 4:
        yield closed("angles", structure.angles, sample)
    if not first:
        yield from divisions(problem, sample, surrogate)
    if 2 <= len(sample.names) <= 5:
        yield Attempt(name="paired product", run=lambda control: paired(problem, sample, control), deep=True)
    for shape in _SHAPES:
        yield network(f"{len(sample.names)},{shape}", problem, floor)


def _among_fewer(problem: Problem, sample: Sample, surrogate: Callable[[], Surrogate]) -> Iterator[Attempt]:
    """All attempts on the columns that a surrogate needs, where it needs some and not others."""
    if len(sample.names) < 3 or len(sample.y) < 20:
        return
    kept = influential(sample, surrogate())
    if len(kept) == len(sample.names):
        return
    for attempt in attempts(replace(problem, rows=problem.rows.columns(kept))):
        yield replace(attempt, always=False, name=f"{attempt.name} ({len(kept)} of {len(sample.names)} columns)")
