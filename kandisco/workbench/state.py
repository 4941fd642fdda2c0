"""What a workbench holds at one moment: a network, the data it reads, and how it was made. Frozen, so that undo costs nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kandisco import data
from kandisco import kan as net
from kandisco.errors import ConfigError, InputError
from kandisco.evidence.rows import Rows, rows_of
from kandisco.expr import Expr, var
from kandisco.expr.numeric import evaluate
from kandisco.stages.train import Scaled, scale
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, Dataset, EdgeId

Edge = EdgeId | tuple[int, int, int]
Width = str | list[Any] | tuple[Any, ...] | net.Shape


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The data as the network reads them.

    Attributes:
        dataset: clean numbers in the user's units.
        rows: its rows, dealt out as in a run.
        labels: a name for each input of the network.
        inputs: what enters each input, a tree in the dataset's columns (a column itself, or an auxiliary variable).
        scaled: training and validation rows in the network's coordinates.
    """

    dataset: Dataset
    rows: Rows
    labels: tuple[str, ...]
    inputs: tuple[Expr, ...]
    scaled: Scaled

    def sample(self, part: Sample) -> Sample:
        """Rows with the network's inputs in place of the columns, in the user's units."""
        return replace(part, names=self.labels, x=read(self.inputs, part.columns))

    def to_network(self, columns: Mapping[str, Array]) -> Array:
        """[rows, inputs] in the network's coordinates, from columns in the user's."""
        return np.ascontiguousarray((read(self.inputs, columns).T - self.scaled.centre) / self.scaled.half)

    def with_inputs(self, labels: tuple[str, ...], inputs: tuple[Expr, ...]) -> Frame:
        """Other inputs on the same rows.

        Raises:
            InputError: an input that is not finite on every row, or does not vary.
        """
        return _frame(self.dataset, self.rows, labels, inputs)


def read(inputs: tuple[Expr, ...], columns: Mapping[str, Array]) -> Array:
    """[inputs, rows]: values of trees in columns."""
    return np.stack([evaluate(expr, columns) for expr in inputs])


def make_frame(dataset: Dataset, *, test_size: float, max_rows: int, seed: int) -> Frame:
    """The dataset's own columns as inputs."""
    rows = rows_of(dataset, data.split(dataset, test_size=test_size, max_rows=max_rows, seed=seed))
    names = tuple(variable.name for variable in dataset.inputs)
    return _frame(dataset, rows, names, tuple(map(var, names)))


def _frame(dataset: Dataset, rows: Rows, labels: tuple[str, ...], inputs: tuple[Expr, ...]) -> Frame:
    columns = dict(zip(rows.fit.names, dataset.x.T, strict=True))
    for label, values in zip(labels, read(inputs, columns), strict=True):
        if not np.all(np.isfinite(values)):
            bad = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(f"Input {label!r} is not finite in row {bad} of the data.", hint="Choose one defined on every row.")
        if np.ptp(values) == 0:
            raise InputError(f"Input {label!r} does not vary.", hint="A constant tells a network nothing.")
    bare = Frame(dataset=dataset, rows=rows, labels=labels, inputs=inputs, scaled=_EMPTY)
    return replace(bare, scaled=scale(bare.sample(rows.train), bare.sample(rows.valid)))


_NONE = np.zeros((0, 0))
_EMPTY = Scaled(x=_NONE, y=_NONE, valid_x=_NONE, valid_y=_NONE, centre=np.zeros(0), half=np.ones(0), mean=0.0, deviation=1.0)


@dataclass(frozen=True, kw_only=True)
class State:
    """One step of the history.

    Attributes:
        kan: the network (with several restarts before the first fit).
        frame: the data it reads.
        verb: what made it, as it could be typed again.
        errors: RMSE in the target's unit on ``train``, ``valid``, ``test`` and ``shell`` rows (nan where there are none).
        notes: what the user should know.
    """

    kan: net.KAN
    frame: Frame
    verb: str
    errors: Mapping[str, float]
    notes: tuple[str, ...] = ()


def measured(kan: net.KAN, frame: Frame, verb: str, notes: tuple[str, ...] = ()) -> State:
    """A state with its errors."""
    rows = frame.rows
    parts = {"train": rows.train, "valid": rows.valid, "test": rows.test, "shell": rows.shell}
    errors = {name: _error(kan, frame, part) for name, part in parts.items()}
    return State(kan=kan, frame=frame, verb=verb, errors=errors, notes=notes)


def _error(kan: net.KAN, frame: Frame, part: Sample) -> float:
    if not len(part.y):
        return math.nan
    values = predict(kan, frame, part.columns)
    rmse = math.sqrt(part.mean(((values - part.y) / part.scale) ** 2)) * part.scale
    return rmse if math.isfinite(rmse) else math.inf


def predict(kan: net.KAN, frame: Frame, columns: Mapping[str, Array]) -> Array:
    """[rows] in the target's unit, of restart 0."""
    out = net.forward(net.select(kan, 0), frame.to_network(columns))[0, :, 0].detach().cpu().numpy().astype(np.float64)
    return np.asarray(out * frame.scaled.deviation + frame.scaled.mean)


def edge_id(edge: Edge) -> EdgeId:
    """An edge given as (layer, source, target) or as an EdgeId."""
    if isinstance(edge, EdgeId):
        return edge
    if len(edge) != 3:
        raise ConfigError(f"{edge!r} is not an edge.", hint="Give (layer, source, target), each counted from 0.")
    return EdgeId(layer=int(edge[0]), source=int(edge[1]), target=int(edge[2]))


def named(edge: Edge) -> str:
    """An edge as it is typed."""
    place = edge_id(edge)
    return f"({place.layer}, {place.source}, {place.target})"


def as_shape(width: Width | None, inputs: int) -> net.Shape:
    """A shape from ``"2,5+1,1"``, from ``[2, [5, 1], 1]`` (5 sum nodes and 1 product of two), or the default ``inputs,5,1``.

    Example:
        >>> str(as_shape([2, [5, 1], 1], 2)), str(as_shape(None, 3))
        ('[2,5+1,1]', '[3,5,1]')
    """
    if isinstance(width, net.Shape):
        width = str(width)
    if width is None:
        width = f"{inputs},5,1"
    if not isinstance(width, str):
        width = ",".join("+".join(str(part) for part in w) if isinstance(w, list | tuple) else str(w) for w in width)
    shape = net.parse_width(width, inputs)
    if shape.outputs != 1:
        raise ConfigError(f"Shape {shape} has {shape.outputs} outputs.", hint="A workbench explains one target: end it with 1.")
    return shape
