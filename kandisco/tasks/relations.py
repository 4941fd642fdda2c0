"""Exact relations among the columns of a table, with no target given: in all rows, in a share of them, or in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from kandisco.config import Config
from kandisco.control import Control
from kandisco.expr import Expr, complexity, mul, num, power, rat
from kandisco.expr.numeric import evaluate
from kandisco.tasks.links import LINKS, Features, Link, features, plain, scaled
from kandisco.tasks.modes import Bools, affine, crowded, mode, slope_pairs, slopes
from kandisco.types import Array, Dataset, Variable

if TYPE_CHECKING:
    from kandisco.registry import Registry

Form = Literal["one", "min", "max", "pieces"]
_SAMPLE = 400
_DISTINCT = 4
_ALL = 0.9999
_CHANCE, _KAPPA = 0.02, 0.5
_PIECES = 3
_FEW = 30


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A law ``target = expr`` that holds exactly in a share of the rows.

    Attributes:
        target: the column on the left.
        exprs: one tree, or the pieces.
        form: ``one`` law, the ``min`` or ``max`` of the pieces, or ``pieces`` of which each row obeys one, not known which.
        share: of the rows that obey it to within the tolerance.
        error: largest relative error of those rows.
        chance: the share that a law of this form reaches when the target's rows are shuffled.
        shares: of the rows that obey each piece.
    """

    target: str
    exprs: tuple[Expr, ...]
    form: Form
    share: float
    error: float
    chance: float = 0.0
    shares: tuple[float, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """The columns it ties together."""
        return frozenset({self.target, *(name for expr in self.exprs for name in expr.variables())})

    @property
    def complexity(self) -> int:
        """Nodes of all pieces together."""
        return sum(complexity(expr) for expr in self.exprs)

    def values(self, columns: Mapping[str, Array]) -> Array:
        """Its right-hand side, float64 [rows]; for ``pieces`` the one nearest to the target."""
        found = np.array([evaluate(expr, columns) for expr in self.exprs])
        if self.form == "min":
            return np.asarray(np.min(found, axis=0))
        if self.form == "max":
            return np.asarray(np.max(found, axis=0))
        nearest = np.argmin(np.nan_to_num(np.abs(found - columns[self.target]), nan=np.inf), axis=0)
        return np.asarray(found[nearest, np.arange(found.shape[1])])


@dataclass(frozen=True, kw_only=True)
class _Law:
    expr: Expr
    holds: Bools
    chance: float


def relations(
    columns: Mapping[str, Array],
    *,
    min_share: float = 0.1,
    tolerance: float = 1e-6,
    config: Config | None = None,
    registry: Registry | None = None,
    control: Control | None = None,
) -> tuple[Relation, ...]:
    """Find exact relations, every column taking its turn as the target.

    First, laws g(y) = a f + b that many rows agree on, over a dictionary of features f of one or two columns and functions g
    with an inverse. The rows that obey the best one are set aside, and the rest is searched again; then it is asked whether the
    pieces are the minimum or the maximum of each other. Last, where a network says that a column is a function of the others,
    the ordinary search looks for it. Nothing is known of what the columns mean.

    Args:
        columns: name (an identifier) -> float64 [rows], finite; constant columns are passed over.
        min_share: laws that fewer rows obey are not reported.
        tolerance: largest relative error of a row that obeys a law.
        config, registry: for the ordinary search, which is left out without them.
        control: the deadline.

    Returns:
        Each set of columns once, by the simplest law for it; those that hold in all rows first.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> a, b = rng.uniform(1, 2, (2, 200))
        >>> found = relations({"a": a, "b": b, "c": np.minimum(a, b**2)})
        >>> from kandisco.expr import to_text
        >>> found[0].form, sorted(to_text(expr) for expr in found[0].exprs), found[0].share
        ('min', ['a', 'b**2'], 1.0)
    """
    usable = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items() if np.ptp(values) > 0}
    found: list[Relation] = []
    for name in usable:
        if control is not None and control.reason():
            break
        if len(np.unique(usable[name])) > _DISTINCT:
            found += _of_target(name, usable, min_share, tolerance)
    if config is not None and registry is not None:
        found += _searched(usable, found, tolerance, config, registry, control)
    return _sorted_out(found)


def _of_target(name: str, columns: dict[str, Array], min_share: float, tolerance: float) -> Iterator[Relation]:
    """The law of one column: in one piece or in several."""
    y = columns[name]
    others = {other: values for other, values in columns.items() if other != name}
    left = np.ones(len(y), dtype=bool)
    laws: list[_Law] = []
    while len(laws) < _PIECES and np.sum(left) >= max(_FEW, 0.005 * len(y)):
        law = _modal(y, others, left, min_share, tolerance)
        if law is None:
            break
        laws.append(law)
        left = left & ~law.holds
    if laws:
        yield _combined(name, laws, columns, tolerance)


def _modal(y: Array, others: dict[str, Array], rows: Bools, min_share: float, tolerance: float) -> _Law | None:
    """The law that most of the given rows obey, the simplest of equals."""
    numbers = np.flatnonzero(rows)
    sample = numbers[np.linspace(0, len(numbers) - 1, min(_SAMPLE, len(numbers))).astype(np.int64)]
    pool = features({name: values[sample] for name, values in others.items()})
    best: _Law | None = None
    rank = (0.0, 0)
    for link in LINKS:
        for expr, law_share in _candidates(y[sample], pool, link, min_share, tolerance):
            expr = _shortest(expr)
            new = (round(law_share, 2), -complexity(expr))
            if new <= rank:
                continue
            holds = obeyed(y, evaluate(expr, others), tolerance)
            share = float(np.mean(holds[rows]))
            if share < min_share or not _varied(y[holds & rows]) or not _used(expr, others, holds & rows):
                continue
            chance = _chance(y[sample], expr, {name: values[sample] for name, values in others.items()}, tolerance)
            if chance > _CHANCE and (share - chance) / (1 - chance) < _KAPPA:
                continue
            best, rank = _Law(expr=expr, holds=holds, chance=chance), new
    return best


def _candidates(y: Array, pool: Features, link: Link, min_share: float, tolerance: float) -> Iterator[tuple[Expr, float]]:
    """Laws a f and a f + b of the sample, each with the share of its rows."""
    target = link.of(y)
    if np.sum(np.isfinite(target)) < min_share * len(y) or not len(pool.exprs):
        return
    with np.errstate(all="ignore"):
        ratios = target[None] / np.where(pool.values == 0, np.nan, pool.values)
    for k in np.flatnonzero(crowded(ratios, min_share, tolerance)):
        slope, share = mode(ratios[k], tolerance)
        yield link.solved(scaled(plain(slope, tolerance), pool.exprs[k], 0.0)), share
    if link.apply not in ("y", "log(y)"):
        return
    pairs = slope_pairs(len(y), 0)
    rises = slopes(target, pool.values, pairs)
    for k in np.flatnonzero(crowded(rises, 0.8 * min_share**2, 100 * tolerance)):
        slope, _ = mode(rises[k], 100 * tolerance)
        finite = np.isfinite(target)
        slope, intercept, agree = affine(target[finite], pool.values[k][finite], slope, tolerance)
        if slope:
            offset = 0.0 if abs(intercept) < 1e-9 * np.max(np.abs(target[finite])) else plain(intercept, tolerance)
            yield link.solved(scaled(plain(slope, tolerance), pool.exprs[k], offset)), float(np.sum(agree)) / len(y)


def _shortest(expr: Expr) -> Expr:
    """(4 a b)^(1/2) as 2 a^(1/2) b^(1/2): without a power of a product whose number is positive."""
    if expr.head == "pow" and expr.args[0].head == "mul" and expr.args[1].head == "rat":
        parts = expr.args[0].args
        if all(float(part.value or 0) > 0 for part in parts if part.head in ("num", "rat")):
            return mul(*(_raised(part, expr.args[1]) for part in parts))
    return expr


def _raised(part: Expr, exponent: Expr) -> Expr:
    value = part.value if part.head in ("num", "rat") else None
    if value is not None:
        return num(float(value) ** float(exponent.value or 0))
    if part.head == "pow" and part.args[1].head == "rat":
        from fractions import Fraction

        return power(part.args[0], rat(Fraction(part.args[1].value or 0) * Fraction(exponent.value or 0)))
    return power(part, exponent)


def obeyed(y: Array, value: Array, tolerance: float) -> Bools:
    """Rows in which a law holds to a relative tolerance."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(y - value) <= tolerance * np.maximum(np.abs(y), np.abs(value)))


def _varied(y: Array) -> bool:
    """Rows that agree on few values would agree on a constant too."""
    return len(np.unique(y)) >= _DISTINCT


def _used(expr: Expr, others: Mapping[str, Array], rows: Bools) -> bool:
    """Whether each column of the law varies among the rows that obey it."""
    return all(len(np.unique(others[name][rows])) >= _DISTINCT for name in expr.variables())


def _chance(y: Array, expr: Expr, others: Mapping[str, Array], tolerance: float) -> float:
    """Largest share of five shuffles of the target that still obey: what few different values do by themselves."""
    rng = np.random.default_rng(0)
    value = evaluate(expr, others)
    order = rng.permutation(len(y))
    # Turning a random order leaves no row where it was, as a shuffle does with one or two.
    turns = rng.integers(1, max(len(y), 2), 5).tolist()
    return max((float(np.mean(obeyed(y[order], value[np.roll(order, k)], tolerance))) for k in turns), default=0.0)


def _combined(name: str, laws: Sequence[_Law], columns: Mapping[str, Array], tolerance: float) -> Relation:
    """One law, or the extremum of several, or the pieces as they are."""
    y, exprs = columns[name], tuple(law.expr for law in laws)
    shares = tuple(float(np.mean(law.holds)) for law in laws)
    chance = max(law.chance for law in laws)
    options: list[Relation] = []
    shapes: tuple[Form, ...] = ("min", "max", "pieces") if len(laws) > 1 else ("one",)
    for form in shapes:
        one = Relation(target=name, exprs=exprs, form=form, share=0.0, error=0.0, chance=chance, shares=shares)
        value = one.values(columns)
        holds = obeyed(y, value, tolerance)
        if np.any(holds):
            size = np.maximum(np.abs(y[holds]), 1e-300)
            error = float(np.max(np.abs(y[holds] - value[holds]) / size))
            options.append(replace(one, share=float(np.mean(holds)), error=error))
    best = max(options, key=lambda one: one.share)
    # Pieces fit whatever their union fits; an extremum that does as well says which piece is meant.
    return next(one for one in options if one.share >= min(_ALL, best.share) or one is best)


def _searched(
    columns: dict[str, Array],
    known: Sequence[Relation],
    tolerance: float,
    config: Config,
    registry: Registry,
    control: Control | None,
) -> Iterator[Relation]:
    """Laws of the ordinary search, for columns that a network predicts and that no exact law ties yet."""
    from kandisco import pipeline
    from kandisco.tasks.contrast import predicted

    tied = {name for relation in known if relation.share >= _ALL for name in relation.columns}
    for name in columns:
        if control is not None and control.reason():
            return
        if name in tied or len(np.unique(columns[name])) < 20:
            continue
        others = {other: values for other, values in columns.items() if other != name}
        if predicted(columns[name], others, registry) < 0.99:
            continue
        data = Dataset(
            name=name,
            x=np.column_stack(list(others.values())),
            y=columns[name],
            inputs=tuple(Variable(name=other) for other in others),
            target=Variable(name=name),
        )
        best = pipeline.discover(data, config, registry).best
        if best is None or best.evidence != "exact":
            continue
        holds = obeyed(columns[name], evaluate(best.expr, columns), tolerance)
        if np.mean(holds) >= 0.5:
            yield _combined(name, [_Law(expr=best.expr, holds=holds, chance=0.0)], columns, tolerance)
            tied |= set(best.expr.variables()) | {name}


def _sorted_out(found: Sequence[Relation]) -> tuple[Relation, ...]:
    """Each set of columns once; laws of a share are left out where one that holds always ties the same columns."""
    ranked = sorted(
        found, key=lambda one: (one.share < _ALL, one.form == "pieces", len(one.columns), -round(one.share, 3), one.complexity)
    )
    kept: list[Relation] = []
    for one in ranked:
        covered = any(one.columns <= other.columns for other in kept if other.share >= _ALL and other.form != "pieces")
        same = any(one.columns == other.columns for other in kept)
        if not covered and not same:
            kept.append(one)
    return tuple(kept)
