"""The exhaustive search: every simple form in the columns, screened by linear algebra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from kandisco.exhaustive.blocks import Builder, Column
from kandisco.exhaustive.hits import Hit, gathered
from kandisco.exhaustive.paired import Vocabulary, longer_sums, side_by_side, sums_of_terms
from kandisco.exhaustive.products import beside_a_constant, products
from kandisco.exhaustive.targets import NO_FACTOR, Target, targets
from kandisco.exhaustive.vocabulary import powers, products_of_powers, sum_factors, terms
from kandisco.exhaustive.waves import waves
from kandisco.expr import add, rat, var
from kandisco.posterior.prior import ZERO_CELSIUS, Prior
from kandisco.symbolic.sample import EXACT, Sample

# Links whose sums are tried over a factor too: of the others they are the same forms in other words, or rare.
_WITH_FACTOR = ("y", "1/y", "log")
# Columns up to which functions of sums and products stand beside constants and in sums; of more, products of powers do.
FULL = 4
_CELSIUS = ("°C", "degC", "deg C", "celsius", "Celsius")
# A share of the target's spread that screening can tell from nothing, the nats that a form itself may cost, hits checked in full.
_NEARLY, _PRICE, _CHECKED = 1e-7, 60.0, 3
# Hits whose inner constants are brought off their grids, for each that is kept.
_REFINED = 4
_Part = Callable[[], tuple[list[Hit], int]]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of the search.

    Attributes:
        hits: the most promising forms, the best first.
        forms: how many forms were tried, each over its whole grid of inner constants.
        exact: whether one was found that leaves nothing but rounding, so that the rest was not tried.
    """

    hits: tuple[Hit, ...]
    forms: int
    exact: bool = False


def exhaustive(
    sample: Sample,
    columns: Sequence[Column],
    allowed: frozenset[str],
    prior: Prior,
    *,
    keep: int = 150,
    stop: Callable[[], object] = lambda: "",
) -> Tried:
    """Every simple form in these columns, screened by linear algebra.

    Sums of one and two terms of T(y) for the links T (y, 1/y, log y, powers), over a factor or not, longer sums by forward
    selection, products of powers times a factor, waves. An inner constant runs over a grid.

    Args:
        sample: all rows.
        columns: the inputs, as they enter formulas.
        allowed: heads of the functions of the library.
        prior: prices of trees.
        keep: forms handed on, of each kind of errors.
        stop: asked between targets.

    Sources: parallel symbolic enumeration (Nature Computational Science 2025), exhaustive symbolic regression (Bartlett,
    Desmond and Ferreira, arXiv 2211.11461), variable projection (Golub and Pereyra 1973).
    """
    with np.errstate(all="ignore"):  # what overflows is no form of these rows
        return _tried(sample, Builder(columns, allowed, prior), keep, stop)


def _tried(sample: Sample, make: Builder, keep: int, stop: Callable[[], object]) -> Tried:
    columns = make.columns
    words = side_by_side(terms(make) if len(columns) <= FULL else products_of_powers(make))
    found: list[Hit] = []
    count = 0
    for relative in kinds_of_errors(sample):
        hits: list[Hit] = []
        for number, part in enumerate(_parts(make, words, sample, relative)):
            if stop():
                break
            tried, forms = part()
            hits += tried
            count += forms
            # Products come first, and hold the simplest of all forms; one of a later part might have a simpler equal after it.
            if not number and _leaves_nothing(tried, sample, relative):
                return Tried(hits=tuple(_first(hits, keep // _REFINED)), forms=count, exact=True)
        found += _first([_between(hit, stop) for hit in _first(hits, _REFINED * keep)], keep)
    return Tried(hits=tuple(sorted(found, key=lambda hit: hit.score)), forms=count)


def _leaves_nothing(hits: Sequence[Hit], sample: Sample, relative: bool) -> bool:
    """Whether one of a part's best forms fits to machine precision: then nothing is left to try."""
    if sample.stated:
        return False
    kind = replace(sample, relative=relative)
    shift = float(np.sum(np.log(np.abs(sample.y)))) if relative else 0.0
    limit = len(sample.y) * math.log(_NEARLY * kind.scale) + shift + _PRICE
    best = sorted((hit for hit in hits if hit.score < limit), key=lambda hit: hit.score)[:_CHECKED]
    return any(kind.refit(gathered(hit.build())).rmse <= EXACT * kind.scale for hit in best)


def _between(hit: Hit, stop: Callable[[], object]) -> Hit:
    """The hit with its inner constants off their grids."""
    return hit if hit.off_grid is None or stop() else hit.off_grid()


def _first(hits: Sequence[Hit], keep: int) -> list[Hit]:
    """The best of all, and of each part of the search at least a few: their scores before a fit are not quite of one kind."""
    ordered = sorted(hits, key=lambda hit: hit.score)
    chosen = dict.fromkeys(range(min(keep, len(ordered))))
    counts: dict[str, int] = {}
    for i, hit in enumerate(ordered):
        counts[hit.origin] = counts.get(hit.origin, 0) + 1
        if counts[hit.origin] <= keep // 10:
            chosen[i] = None
    return [ordered[i] for i in sorted(chosen)]


def kinds_of_errors(sample: Sample) -> tuple[bool, ...]:
    """Errors alike in all rows (False), errors that are a share of each value (True), or both where the rows may tell."""
    if sample.stated or sample.relative:
        return (sample.relative,)
    y = sample.y
    one_sign = bool(np.all(y > 0) or np.all(y < 0))
    return (False, True) if one_sign and np.max(np.abs(y)) > 1.5 * np.min(np.abs(y)) else (False,)


def _parts(make: Builder, words: Vocabulary, sample: Sample, relative: bool) -> Iterator[_Part]:
    if len(make.columns) == 1:
        yield partial(waves, make, sample, relative)
        factors, narrow = powers(make), words
    else:
        yield partial(products, make, sample, relative)
        if len(make.columns) <= FULL:
            yield partial(beside_a_constant, make, sample, relative)
        narrow = words if len(make.columns) > FULL else side_by_side(products_of_powers(make))
        factors = sum_factors(make) if len(make.columns) <= FULL else []
    for goal in targets(sample.y, relative, sample.weights, [NO_FACTOR], make.prior):
        yield partial(sums_of_terms, make, goal, words)
        yield partial(longer_sums, make, goal, narrow)
    for goal in _over_factors(make, sample, relative, factors):
        yield partial(sums_of_terms, make, goal, narrow)


def _over_factors(make: Builder, sample: Sample, relative: bool, factors: Sequence[object]) -> Iterator[Target]:
    some = [factor for factor in factors if factor is not NO_FACTOR]
    for goal in targets(sample.y, relative, sample.weights, some, make.prior):  # type: ignore[arg-type]
        if goal.name in _WITH_FACTOR and not (goal.logarithm and len(make.columns) > 1):
            yield goal


def columns_of(sample: Sample, units: Mapping[str, str]) -> list[Column]:
    """The inputs of a sample; temperatures in degrees Celsius enter formulas in kelvin as well."""
    out = [Column(expr=var(name), values=values) for name, values in zip(sample.names, sample.x, strict=True)]
    for name, values in zip(sample.names, sample.x, strict=True):
        if units.get(name, "").strip() in _CELSIUS:
            out.append(Column(expr=add(var(name), rat(ZERO_CELSIUS)), values=values + 273.15))
    return out
