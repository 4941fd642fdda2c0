"""The parts of the data: what formulas are fitted to, and the rows no fit has seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kandisco.arrays import ranks
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, Dataset, Split

FEW_ROWS = 200
"""Rows up to which noise never leaves a form exact; a run on few columns has all of them count then (``search.few``)."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The parts of the data as samples: ``fit`` is train and valid together."""

    fit: Sample
    train: Sample
    valid: Sample
    test: Sample
    shell: Sample

    @property
    def every(self) -> Sample:
        """Fitted, test and withheld rows as one sample."""
        return joined(self.fit, self.test, self.shell)

    def relative(self) -> Rows:
        """The same rows with relative errors."""
        return self.each(lambda part: replace(part, relative=True))

    def columns(self, keep: NDArray[np.int64]) -> Rows:
        """The same rows with some of the columns."""
        return self.each(lambda part: replace(part, names=tuple(part.names[i] for i in keep), x=part.x[keep]))

    def each(self, change: Callable[[Sample], Sample]) -> Rows:
        """Every part changed alike."""
        parts = (self.fit, self.train, self.valid, self.test, self.shell)
        fit, train, valid, test, shell = (change(part) for part in parts)
        return Rows(fit=fit, train=train, valid=valid, test=test, shell=shell)


def joined(*parts: Sample) -> Sample:
    """Parts of the same data as one sample."""
    weights = [part.weights for part in parts if part.weights is not None]
    whole = replace(
        parts[0],
        x=np.concatenate([part.x for part in parts], axis=1),
        y=np.concatenate([part.y for part in parts]),
        weights=np.concatenate(weights) if weights else None,
    )
    return replace(whole, stated=_of_mean_weight(parts[0].stated / _of_mean_weight(1.0, parts[0].weights), whole.weights))


def _of_mean_weight(uncertainty: float, weights: Array | None) -> float:
    """The uncertainty of a row of mean weight, from that of a row of weight one."""
    return uncertainty if weights is None or not len(weights) else uncertainty / math.sqrt(float(np.mean(weights)))


def rows_of(dataset: Dataset, split: Split) -> Rows:
    """The parts of a dataset as samples."""
    parts = (np.concatenate([split.train, split.valid]), split.train, split.valid, split.test, split.shell)
    fit, train, valid, test, shell = (sample_of(dataset, rows) for rows in parts)
    return Rows(fit=fit, train=train, valid=valid, test=test, shell=shell)


def sample_of(dataset: Dataset, rows: NDArray[np.int64] | slice = slice(None)) -> Sample:
    """Some rows of a dataset, by default all, as a sample."""
    names = tuple(variable.name for variable in dataset.inputs)
    weights = None if dataset.weights is None else dataset.weights[rows]
    return Sample(
        names=names,
        x=np.ascontiguousarray(dataset.x[rows].T),
        y=dataset.y[rows],
        relative=dataset.relative,
        weights=weights,
        stated=_of_mean_weight(dataset.uncertainty, weights),
    )


def nearest(x: Array) -> NDArray[np.int64]:
    """The nearest other row of each row, by ranks; with one column the next larger one, so that every gap is crossed."""
    from scipy.spatial import cKDTree

    if len(x) == 1:
        order = np.argsort(x[0], kind="stable")
        following = np.empty(len(order), dtype=np.int64)
        following[order] = np.append(order[1:], order[-1])
        return following
    places = np.stack([ranks(column) for column in x], axis=1) / x.shape[1]
    return np.asarray(cKDTree(places).query(places, k=2)[1])[:, 1]
