"""Dimensional analysis: a law between quantities is one between fewer quantities without dimension (Buckingham 1914).

y = u f(g_1, ..., g_k) with u a product of powers of the inputs that has the dimension of y, and each g a product of powers that
has none. A choice of u and the g is only a choice of coordinates; the one with the smallest exponents is what people write.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from kandisco.data.dimensions import NONE, Dimension, dimension
from kandisco.expr import Expr, mul, power, rat, var
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample
from kandisco.types import Array

_VECTORS = 150_000
_CHOICES = 2


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """A problem in groups without dimension: its rows, and what its columns and its target stand for.

    Attributes:
        sample: columns ``group_0``, ...; the target divided by ``factor``.
        groups: name of a column -> product of powers of the inputs.
        factor: product of powers with the dimension of the target.
    """

    sample: Sample
    groups: Mapping[str, Expr]
    factor: Expr

    def rebuild(self, expr: Expr) -> Expr:
        """A formula for the groups as one for the inputs."""
        return mul(self.factor, expr.substitute(dict(self.groups)))


def groupings(sample: Sample, units: Mapping[str, str]) -> list[Grouping]:
    """The same problem in fewer columns; empty where the units do not allow it.

    Args:
        sample: the rows.
        units: name of a column -> unit, the target's under ``""``; a column without one counts as without dimension.
    """
    known = {name: dimension(units.get(name, "")) for name in ("", *sample.names)}
    dims = {name: found for name, found in known.items() if found is not None}
    if len(dims) < len(known):
        return []
    measured = [name for name in sample.names if dims[name] != NONE]
    plain = [name for name in sample.names if dims[name] == NONE]
    if not measured:
        return []
    vectors = _vectors(len(measured), halves=False)
    matrix = np.array([[float(part) for part in dims[name]] for name in measured])
    empty = _basis(vectors[np.all(np.abs(vectors @ matrix) < 1e-9, axis=1)], len(measured) - np.linalg.matrix_rank(matrix))
    if empty is None:
        return []
    groups = [*(_monomial(measured, row) for row in empty), *(var(name) for name in plain)]
    found = (_grouping(sample, groups, _monomial(measured, row)) for row in _factors(matrix, dims[""], measured, sample))
    return [grouping for grouping in found if grouping is not None][:_CHOICES]


def _factors(matrix: Array, target: Dimension, names: Sequence[str], sample: Sample) -> Array:
    """Exponents of products with the target's dimension, the simplest first; halves only where whole numbers do not do."""
    want = np.array([float(part) for part in target])
    for halves in (False, True):
        vectors = _vectors(len(names), halves=halves)
        fitting = vectors[np.all(np.abs(vectors @ matrix - want) < 1e-9, axis=1)]
        if len(fitting):
            return fitting
    return np.empty((0, len(names)))


def _vectors(n: int, *, halves: bool) -> Array:
    """All vectors of n small exponents, those of the least sum first."""
    reach = next((r for r in (4, 3, 2, 1) if (2 * r + 1) ** n <= _VECTORS), 1)
    every = np.array(list(itertools.product(range(-reach, reach + 1), repeat=n)), dtype=np.float64)
    every = every[np.argsort(np.abs(every).sum(axis=1) + 0.1 * (every < 0).sum(axis=1), kind="stable")]
    return every / 2 if halves else every


def _basis(vectors: Array, rank: int) -> list[Array] | None:
    """The first ``rank`` independent vectors that are not zero; None where there are not so many."""
    kept: list[Array] = []
    for row in vectors:
        if len(kept) == rank:
            break
        if row.any() and np.linalg.matrix_rank(np.array([*kept, row])) > len(kept):
            kept.append(row)
    return kept if len(kept) == rank else None


def _monomial(names: Sequence[str], exponents: Array) -> Expr:
    factors = [(name, Fraction(float(e)).limit_denominator(2)) for name, e in zip(names, exponents, strict=True) if e]
    return mul(*(power(var(name), rat(e)) if e != 1 else var(name) for name, e in factors))


def _grouping(sample: Sample, groups: Sequence[Expr], factor: Expr) -> Grouping | None:
    columns = sample.columns
    names = tuple(f"group_{k}" for k in range(len(groups)))
    x = np.array([np.broadcast_to(evaluate(group, columns), sample.y.shape) for group in groups]).reshape(
        len(groups), len(sample.y)
    )
    with np.errstate(all="ignore"):
        value = evaluate(factor, columns)
        y = sample.y / value
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    stated = sample.stated if sample.relative or not sample.stated else sample.stated * math.sqrt(np.mean(value**-2.0))
    made = replace(sample, names=names, x=np.ascontiguousarray(x), y=y, stated=stated)
    return Grouping(sample=made, groups=dict(zip(names, groups, strict=True)), factor=factor)
