"""How well the target is known, as the user states it: a number in its unit, or a percentage of each value."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from kandisco.errors import ConfigError, InputError
from kandisco.types import Array, Dataset


def with_uncertainty(dataset: Dataset, value: float, relative: bool) -> Dataset:
    """The dataset with a stated standard uncertainty of its target; of rows with weights it is that of a row of mean weight.

    Args:
        dataset: left as it is.
        value: in the target's unit, or the share of each value; 0 leaves what the dataset has.
        relative: whether it is a share.

    Raises:
        ConfigError: the dataset has an uncertainty of its own.
        InputError: a share of a target that is zero.

    Example:
        >>> from kandisco.types import Variable
        >>> t = Variable(name="t")
        >>> data = Dataset(name="fall", x=np.ones((2, 1)), y=np.array([1.0, 9.0]), inputs=(t,), target=Variable(name="s"))
        >>> with_uncertainty(data, 0.02, True).uncertainty
        0.02
    """
    if not value:
        return dataset
    said = f"uncertainty={100 * value:g}%" if relative else f"uncertainty={value:g}"
    if relative and np.any(dataset.y == 0):
        zero, name = int(np.flatnonzero(dataset.y == 0)[0]) + 1, dataset.target.label or dataset.target.name
        raise InputError(
            f"{said}: the target {name!r} is 0 (first in the usable row {zero}), and a percentage of 0 is none.",
            hint="Give a number in the target's unit, such as 0.01.",
        )
    value *= 1.0 if dataset.weights is None else math.sqrt(float(np.mean(dataset.weights)))
    if dataset.uncertainty and (dataset.uncertainty, dataset.relative) != (value, relative):
        raise ConfigError(
            f"{said}: the data state the uncertainty of each row already.",
            hint="Leave the option out, or the column with the role uncertainty.",
        )
    return replace(dataset, uncertainty=value, relative=relative)


class Counted(NamedTuple):
    """What each squared error counts (None for all alike), and the uncertainty of a row of weight one."""

    weights: Array | None
    uncertainty: float


def counted(uncertainties: Array) -> Counted:
    """Weights, on average one, from the standard uncertainty of each row, float64 [rows] above zero.

    Example:
        >>> counted(np.array([0.1, 0.1])).uncertainty
        0.1
    """
    if not np.ptp(uncertainties):
        return Counted(None, float(uncertainties[0]))
    least = float(np.min(uncertainties))
    squares = (least / uncertainties) ** 2
    mean = float(np.mean(squares))
    return Counted(squares / mean, least / math.sqrt(mean))


def uncertainties(dataset: Dataset) -> Array:
    """The standard uncertainty of each row, float64 [rows] in the target's unit, of a dataset that states one."""
    size = np.abs(dataset.y) if dataset.relative else np.ones_like(dataset.y)
    return np.asarray(dataset.uncertainty * size / (1.0 if dataset.weights is None else np.sqrt(dataset.weights)))
