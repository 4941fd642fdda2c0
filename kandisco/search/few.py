"""Tables of few rows: all rows count, every simple form is tried, and one posterior over them chooses.

Ten to two hundred rows leave nothing to hold out: two of ten for a test and the outermost for a shell, and no form with two terms
can be told from another. So nothing is: forms are judged by the evidence integral (``kandisco.posterior``), and errors are told
as each row is predicted from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kandisco.arrays import Array
from kandisco.config import Config
from kandisco.evidence.probable import plain, unexplained
from kandisco.evidence.rows import FEW_ROWS
from kandisco.exhaustive import columns_of, exhaustive, kinds_of_errors
from kandisco.exhaustive.catalogue import catalogued
from kandisco.exhaustive.hits import gathered
from kandisco.expr import Expr, complexity, parse
from kandisco.expr.heads import HEADS
from kandisco.posterior import Form, Judge, Prior, Proposal, posterior
from kandisco.posterior.forms import again, words
from kandisco.specs import FunctionSpec, LawSpec
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.types import Dataset

# Rows up to which all count; columns up to which every simple form is tried.
MOST_ROWS, MOST_COLUMNS = FEW_ROWS, 8
# Rows in all, where most repeat the inputs of others: replicates, and tables of 0 and 1.
MOST_REPEATED = 1000
NAME = "every simple form"
_FORMS = 12
_MOST_DIGITS = 9
_STEPS = 6


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the rows say.

    Attributes:
        forms: the most probable first, in the user's units.
        tried: how many forms were tried in all.
        sample: the rows, all of them.
        floor: what the target is known to be rounded to (standard deviation).
    """

    forms: tuple[Form, ...]
    tried: int
    sample: Sample
    floor: float

    @property
    def settled(self) -> bool:
        """Whether nothing but rounding or noise is left to explain, so that no further search is needed."""
        return bool(self.forms) and (self.forms[0].rmse <= EXACT * self.scale or not unexplained(self.forms[0], self.sample))

    @property
    def scale(self) -> float:
        """What the errors of the first form are compared to."""
        return replace(self.sample, relative=self.forms[0].weighed.relative).scale


def applies(dataset: Dataset, config: Config) -> bool:
    """Whether a table is small enough for all rows to count: rows that repeat the same inputs are one.

    A network shape that the user names is trained in any case.
    """
    rows, columns = dataset.x.shape
    if columns > MOST_COLUMNS or config.width or rows > MOST_REPEATED:
        return False
    return rows <= MOST_ROWS or len(np.unique(dataset.x, axis=0)) <= MOST_ROWS


def measured(
    sample: Sample,
    functions: Sequence[FunctionSpec],
    laws: Sequence[LawSpec],
    units: Mapping[str, str],
    *,
    prior: Prior,
    most: int = 40,
    stop: Callable[[], object] = lambda: "",
) -> Measured:
    """Every simple form of a table of few rows, and the most probable of them.

    Args:
        sample: all rows.
        functions: the library.
        laws: the catalogue.
        units: of the columns that have one.
        prior: prices of trees.
        most: largest complexity of a form.
        stop: asked between targets and fits.
    """
    floor = rounding(sample.y)
    judge = Judge(sample, prior, floor=floor)
    allowed = frozenset(node.head for spec in functions for node in parse(spec.sympy, ("x",)).walk() if node.head in HEADS)
    columns = columns_of(sample, units)
    tried = exhaustive(sample, columns, allowed, prior, stop=stop)
    known = [] if tried.exact else catalogued(sample, columns, laws, allowed, stop=stop)
    proposals = [Proposal(expr=gathered(hit.build()), relative=hit.relative, origin=hit.origin) for hit in tried.hits]
    beaten = list(_plain(sample))
    forms = [f for f in posterior([*beaten, *known, *proposals], judge, most=_FORMS, stop=stop) if complexity(f.expr) <= most]
    named = {words(form.expr) for form in forms}
    # What any law has to beat stays in sight, however improbable.
    forms += [form for form in map(judge.form, beaten) if words(form.expr) not in named and not form.weighed.relative]
    return Measured(forms=tuple(forms), tried=tried.forms, sample=sample, floor=floor)


def with_others(found: Measured, others: Sequence[Expr], prior: Prior, *, stop: Callable[[], object] = lambda: "") -> Measured:
    """The same posterior with forms that another search has found."""
    judge = Judge(found.sample, prior, floor=found.floor)
    proposals = [Proposal(expr=e, relative=kind, origin="search") for kind in kinds_of_errors(found.sample) for e in others]
    return replace(found, forms=tuple(again(found.forms, proposals, judge, most=_FORMS, stop=stop)))


def _plain(sample: Sample) -> Iterator[Proposal]:
    """The mean and a straight line, with each kind of errors."""
    trees = plain(sample)
    for kind in kinds_of_errors(sample):
        yield from (Proposal(expr=tree, relative=kind, origin=name) for name, tree in trees.items())


def rounding(y: Array) -> float:
    """Standard deviation of the rounding that the digits of a column show: half the last digit over the root of three.

    Numbers as instruments give them have few significant digits, or few decimals; 0 where neither is so.

    Example:
        >>> float(f"{rounding(np.array([0.1, 0.23, 1.57, 2.8, 3.11, 4.02])):.3g}")
        0.00289
    """
    largest = float(np.max(np.abs(y))) if len(y) else 0.0
    if not largest or len(np.unique(y)) < max(_STEPS, len(y) // 3):
        return 0.0  # classes and counts of a few are what they are
    for decimals in range(-int(np.floor(np.log10(largest))) - 1, _MOST_DIGITS - int(np.floor(np.log10(largest)))):
        step = 10.0**-decimals
        if np.all(np.abs(y / step - np.rint(y / step)) < 1e-6):
            return float(0.5 * step / np.sqrt(3.0))
    for digits in range(1, _MOST_DIGITS):
        steps = 10.0 ** (np.floor(np.log10(np.abs(y[y != 0]))) - digits + 1)
        if np.all(np.abs(y[y != 0] / steps - np.rint(y[y != 0] / steps)) < 1e-6):
            return float(np.sqrt(np.mean((0.5 * steps) ** 2) / 3.0))
    return 0.0
