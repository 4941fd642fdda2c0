"""The smaller problems inside a problem, from all tests, in the order in which they are worth following."""

from __future__ import annotations

from collections.abc import Callable

from kandisco.reductions.gradients import reductions
from kandisco.reductions.index import single_index
from kandisco.reductions.intercept import Parts, parts
from kandisco.reductions.merge import merges
from kandisco.reductions.powers import log_factors
from kandisco.reductions.reduction import Reduction
from kandisco.spread import Spread, in_turn
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.surrogate import NOISY, Surrogate

Way = Reduction | Parts
_SMOOTH_INDEX, _ROUGH_INDEX = 5e-3, 0.1
_CLEARER, _SHARP = 3, 0.02


def followed(sample: Sample, surrogate: Callable[[], Surrogate], spread: Spread = in_turn) -> list[Way]:
    """The reductions that are worth following below the top: one, or two where the first is a doubtful index."""
    if len(sample.names) < 2:
        return []
    found = ways(sample, surrogate, spread)
    sure = not (found and isinstance(found[0], Reduction) and found[0].kind == "index" and found[0].doubt > _SMOOTH_INDEX)
    return found[: 1 if sure else 2]


def ways(sample: Sample, fitted: Callable[[], Surrogate], spread: Spread = in_turn) -> list[Way]:
    """Smaller problems, the surest first: a smooth single index, powers that divide out, what the surrogate's gradients show.

    An index smoother than the surrogate is good goes before what that shows.
    """
    index = single_index(sample)
    if index and index[0].doubt < _SMOOTH_INDEX:
        return [*index]
    factors: list[Way] = [*log_factors(sample)]
    surrogate = fitted()
    index = [r for r in index if r.doubt < (_ROUGH_INDEX if surrogate.missing < 0.5 else 0.5)]
    shown = _independent(reductions(surrogate))
    tested: list[Way] = []
    if not (factors and factors[0].doubt == 0) and not (shown and shown[0].kind == "idle"):
        tested = [*merges(sample, spread=spread)] if surrogate.missing > NOISY else []
        tested = tested or parts(sample, surrogate)
    if factors:
        # Factors that no surrogate could confirm give way to what predicts unseen rows much better.
        factors = [*(way for way in tested if way.doubt < factors[0].doubt), *factors]
        tested = []
    sharp = [r for r in shown if r.priority < _SHARP and surrogate.missing <= NOISY]
    ordered = [*sharp, *tested, *(r for r in shown if r not in sharp)]
    return [*factors, *index, *ordered] if index and index[0].doubt < surrogate.missing else [*factors, *ordered, *index]


def _independent(found: list[Reduction]) -> list[Reduction]:
    """The groups and one division: dividing by different columns in turn leads to the same problem in the end.

    The division goes first, since it leaves a column less, unless others are much clearer.
    """
    divisions = [r for r in found if r.kind == "divide"]
    groups = [r for r in found if r.kind != "divide"]
    clearer = [r for r in groups if divisions and r.priority < divisions[0].priority / _CLEARER]
    return [*clearer, *divisions[:1], *(r for r in groups if r not in clearer)]
