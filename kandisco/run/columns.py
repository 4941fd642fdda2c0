"""The JSON form of a dataset: all but its rows, which a run folder keeps as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from kandisco.runjson import finite
from kandisco.types import Array, Dataset, Variable


def dataset_to_json(dataset: Dataset) -> dict[str, Any]:
    """All of a dataset but its rows: columns with their ranges, notes, source."""
    columns = [_column(v, values) for v, values in zip(dataset.inputs, dataset.x.T, strict=True)]
    return {
        "name": dataset.name,
        "source": dataset.source,
        "rows": len(dataset.y),
        "inputs": columns,
        "target": _column(dataset.target, dataset.y),
        "notes": list(dataset.notes),
        **({"uncertainty": dataset.uncertainty, "relative": dataset.relative} if dataset.uncertainty else {}),
    }


def _column(variable: Variable, values: Array) -> dict[str, Any]:
    low, high = (finite(values.min()), finite(values.max())) if len(values) else (None, None)
    return {"name": variable.name, "label": variable.label, "unit": variable.unit, "min": low, "max": high}


def _variable(value: Mapping[str, Any]) -> Variable:
    return Variable(name=value["name"], label=value["label"], unit=value["unit"])


def dataset_from_json(value: Mapping[str, Any], x: Array, y: Array, weights: Array | None = None) -> Dataset:
    """The dataset with the rows ``x`` [rows, inputs] and ``y`` [rows], and their ``weights`` [rows] where they have some.

    Raises:
        ValueError: the rows do not fit the columns.
    """
    if x.ndim != 2 or x.shape != (len(y), len(value["inputs"])) or y.ndim != 1 or x.dtype != "float64" or y.dtype != "float64":
        raise ValueError("rows and columns do not fit")
    if weights is not None and (weights.shape != y.shape or weights.dtype != "float64" or not (weights > 0).all()):
        raise ValueError("rows and weights do not fit")
    uncertainty = value.get("uncertainty", 0.0)
    if not isinstance(uncertainty, int | float) or not 0 <= uncertainty < math.inf:
        raise ValueError("the uncertainty is no number")
    return Dataset(
        name=value["name"],
        x=x,
        y=y,
        inputs=tuple(_variable(column) for column in value["inputs"]),
        target=_variable(value["target"]),
        notes=tuple(value["notes"]),
        weights=weights,
        uncertainty=float(uncertainty),
        relative=value.get("relative", False) is True,
        source=value["source"],
    )
