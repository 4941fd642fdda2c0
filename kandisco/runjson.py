"""The JSON form of what a run folder holds. Numbers that are not finite are written as null and read back as nan."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from kandisco.errors import InputError
from kandisco.expr import from_json, to_json
from kandisco.types import Array, Dataset, Formula, Result, StageRecord, Variable

_METRICS = ("rmse_train", "rmse_valid", "rmse_test", "rmse_shell", "r2_test")


def finite(value: float) -> float | None:
    """The number, or None when JSON cannot hold it."""
    return float(value) if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """A copy made of JSON values only: numpy scalars and arrays become numbers and lists, anything strange its text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return finite(value)
    return plain(value.tolist()) if type(value).__module__ == "numpy" else str(value)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def record_to_json(record: StageRecord) -> dict[str, Any]:
    """A record as JSON values."""
    return {f.name: plain(getattr(record, f.name)) for f in dataclasses.fields(record)}


def record_from_json(value: Mapping[str, Any]) -> StageRecord:
    """Read ``record_to_json``'s value back."""
    known = {f.name for f in dataclasses.fields(StageRecord)}
    kept = {k: v for k, v in value.items() if k in known}
    return StageRecord(**{**kept, "notes": tuple(kept.get("notes", ()))})


def formula_to_json(formula: Formula) -> dict[str, Any]:
    """A formula as JSON values; the expression is a tree."""
    return {
        "expr": to_json(formula.expr),
        "complexity": formula.complexity,
        **{name: finite(getattr(formula, name)) for name in _METRICS},
        "evidence": formula.evidence,
        "origin": formula.origin,
        "std_errors": [finite(value) for value in formula.std_errors],
    }


def formula_from_json(value: Mapping[str, Any]) -> Formula:
    """Read ``formula_to_json``'s value back.

    Raises:
        InputError: the tree is not an expression, or a field is missing.
    """
    try:
        return Formula(
            expr=from_json(value["expr"]),
            complexity=int(value["complexity"]),
            **{name: _number(value[name]) for name in _METRICS},
            evidence=value["evidence"],
            origin=str(value["origin"]),
            std_errors=tuple(_number(error) for error in value["std_errors"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"A stored formula is damaged: {error!r}.", hint="Run kandisco discover again.") from None


def result_to_json(result: Result) -> dict[str, Any]:
    """A result without its dataset and records, which have files of their own."""
    return {
        "schema": 1,
        "status": result.status,
        "seed": result.seed,
        "seconds": result.seconds,
        "noise": finite(result.noise),
        "best": None if result.best is None else formula_to_json(result.best),
        "front": [formula_to_json(formula) for formula in result.front],
        "baselines": {name: [finite(v) for v in pair] for name, pair in result.baselines.items()},
        "warnings": list(result.warnings),
    }


def result_from_json(value: Mapping[str, Any], dataset: Dataset, records: tuple[StageRecord, ...]) -> Result:
    """Read ``result_to_json``'s value back."""
    try:
        return Result(
            best=None if value["best"] is None else formula_from_json(value["best"]),
            front=tuple(formula_from_json(formula) for formula in value["front"]),
            dataset=dataset,
            baselines={name: (_number(pair[0]), _number(pair[1])) for name, pair in value["baselines"].items()},
            noise=_number(value["noise"]),
            status=value["status"],
            seed=int(value["seed"]),
            seconds=float(value["seconds"]),
            warnings=tuple(value["warnings"]),
            records=records,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The stored result is damaged: {error!r}.", hint="Run kandisco discover again.") from None


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
    }


def _column(variable: Variable, values: Array) -> dict[str, Any]:
    low, high = (finite(values.min()), finite(values.max())) if len(values) else (None, None)
    return {"name": variable.name, "label": variable.label, "unit": variable.unit, "min": low, "max": high}


def _variable(value: Mapping[str, Any]) -> Variable:
    return Variable(name=str(value["name"]), label=str(value["label"]), unit=str(value["unit"]))


def dataset_from_json(value: Mapping[str, Any], x: Array, y: Array) -> Dataset:
    """The dataset with the rows ``x`` [rows, inputs] and ``y`` [rows]."""
    return Dataset(
        name=str(value["name"]),
        x=x,
        y=y,
        inputs=tuple(_variable(column) for column in value["inputs"]),
        target=_variable(value["target"]),
        notes=tuple(value["notes"]),
        source=str(value["source"]),
    )
