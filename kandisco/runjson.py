"""The JSON form of what a run folder holds. Numbers that are not finite are written as null and read back as nan."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kandisco.errors import InputError
from kandisco.expr import from_json, to_json
from kandisco.types import (
    EXCEEDED,
    RELATIVE,
    Dataset,
    EdgeOrigin,
    Formula,
    NamedLaw,
    NextMeasurement,
    Parameter,
    Result,
    StageRecord,
)

_Shape = Any
_NUMBER = (int, float)
_MAYBE = (int, float, type(None))
_NAME = re.compile(r"[^\W\d]\w*")
_EVIDENCE = frozenset(("exact", "supported", "weak", "none"))
_STATUS = frozenset(("running", "done", "timeout", "interrupted", "failed"))
_COLUMN = {"name": _NAME, "label": str, "unit": str, "min": _MAYBE, "max": _MAYBE}
META: _Shape = {
    "status": _STATUS,
    "created": str,
    "config": dict,
    "fingerprint": str,
    "identity": str,
    "versions": {...: str},
    "dataset": {"name": str, "source": str, "rows": int, "inputs": [_COLUMN], "target": _COLUMN, "notes": [str]},
}
_METRICS = ("rmse_train", "rmse_valid", "rmse_test", "rmse_shell", "r2_test")


_FORMULA: _Shape = {
    "expr": (list, int, float),
    "complexity": int,
    **dict.fromkeys(_METRICS, _MAYBE),
    "evidence": _EVIDENCE,
    "origin": str,
    "std_errors": [_MAYBE],
}
_FOUND_BY: _Shape = {"methods": [frozenset(("network", "division", "engine"))], "shape": str, "engine": str}
_PARAMETER: _Shape = {"symbol": str, "value": _MAYBE, "std_error": _MAYBE}
_LAW: _Shape = {"title": str, "parameters": [_PARAMETER], "reference": str}
_EDGE: _Shape = {"start": str, "end": str, "symbol": str, "r2": _MAYBE, "curve": str}
_RESULT: _Shape = {
    "status": _STATUS,
    "seed": int,
    "seconds": _NUMBER,
    "noise": _MAYBE,
    "front": [_FORMULA],
    "baselines": {...: [_MAYBE]},
    "warnings": [str],
}


RECORD: _Shape = {"stage": str, "params": dict, "seed": int, "seconds": _NUMBER, "metrics": dict, "notes": [str]}


def check(value: Any, shape: _Shape, place: str = "") -> None:
    """Compare a JSON value from outside with the shape it must have.

    Args:
        value: what was read.
        shape: a type or a tuple of types; a set of the allowed words; a pattern; ``[shape]`` for a list; ``{key: shape}`` for an
            object that may hold more; ``{...: shape}`` for an object with any keys.
        place: where ``value`` was found.

    Raises:
        ValueError: the first difference, with its place.

    Example:
        >>> check({"n": [1, 2.5]}, {"n": [int]})
        Traceback (most recent call last):
        ValueError: .n[1] is 2.5
    """
    if isinstance(shape, dict) and isinstance(value, dict):
        parts = dict.fromkeys(value, shape[...]) if ... in shape else shape
        for key, part in parts.items():
            check(value.get(key, None), part, f"{place}.{key}")
    elif isinstance(shape, list) and isinstance(value, list):
        for number, item in enumerate(value):
            check(item, shape[0], f"{place}[{number}]")
    elif not _fits(value, shape):
        raise ValueError(f"{place or 'it'} is {str(value)[:40]}")


def _fits(value: Any, shape: _Shape) -> bool:
    if isinstance(shape, dict | list):
        return False
    if isinstance(shape, frozenset | re.Pattern):
        return isinstance(value, str) and (value in shape if isinstance(shape, frozenset) else bool(shape.fullmatch(value)))
    return isinstance(value, shape) and not isinstance(value, bool)


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


def _maybe(value: Any) -> float | None:
    """A number, or None for null and for what older files do not have."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


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
        "judged": None if formula.judged is None else to_json(formula.judged),
        "edges": edges_to_json(formula.edges),
        "probability": formula.probability,
        **found_by_to_json(formula),
    }


def edges_to_json(edges: Sequence[EdgeOrigin]) -> list[dict[str, Any]]:
    """The edges behind a formula as JSON values."""
    return [plain(dataclasses.asdict(edge)) for edge in edges]


def edges_from_json(value: Any) -> tuple[EdgeOrigin, ...]:
    """Read ``edges_to_json``'s value back.

    Raises:
        ValueError: it is damaged.
    """
    check(value, [_EDGE])
    return tuple(EdgeOrigin(**{name: item[name] for name in _EDGE} | {"r2": _number(item["r2"])}) for item in value)


def found_by_to_json(formula: Formula) -> dict[str, Any]:
    """What found a formula, as JSON values."""
    return {"methods": list(formula.methods), "shape": formula.shape, "engine": formula.engine}


def found_by_from_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """Read ``found_by_to_json``'s value back; of older files, which told it in the origin only, as far as that tells.

    Raises:
        ValueError: it is damaged.
    """
    if "methods" in value:
        check(value, _FOUND_BY)
        return {"methods": tuple(value["methods"]), "shape": value["shape"], "engine": value["engine"]}
    origin = value["origin"]
    shape, engine = re.search(r"kan (\[.*?\])", origin), re.match(r"refiner ([^,]+)", origin)
    found = {
        "network": value.get("edges") or shape,
        "division": re.search(r"divide|group|index|merge|scale", origin),
        "engine": engine,
    }
    methods = tuple(name for name, said in found.items() if said)
    return {"methods": methods, "shape": shape[1] if shape else "", "engine": engine[1] if engine else ""}


def formula_from_json(value: Mapping[str, Any]) -> Formula:
    """Read ``formula_to_json``'s value back.

    Raises:
        InputError: the tree is not an expression, or a field is missing.
    """
    try:
        check(value, _FORMULA)
        expr = from_json(value["expr"])
        judged = None if value.get("judged") is None else from_json(value["judged"])
        edges = edges_from_json(value.get("edges", []))
        told = {**{name: _number(value[name]) for name in _METRICS}, **found_by_from_json(value)}
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InputError(f"A stored formula is damaged: {error}.", hint="Run kandisco discover again.") from None
    return Formula(
        expr=expr,
        complexity=value["complexity"],
        evidence=value["evidence"],
        origin=value["origin"],
        std_errors=tuple(_number(error) for error in value["std_errors"]),
        judged=judged,
        edges=edges,
        probability=_maybe(value.get("probability")),
        **told,
    )


def _law_from_json(value: Any) -> NamedLaw | None:
    if value is None:
        return None
    try:
        check(value, _LAW)
    except ValueError as error:
        raise InputError(f"A stored law is damaged: {error}.", hint="Run kandisco discover again.") from None
    numbers = ((p["symbol"], _number(p["value"]), _number(p["std_error"])) for p in value["parameters"])
    parameters = tuple(Parameter(symbol=symbol, value=v, std_error=e) for symbol, v, e in numbers)
    return NamedLaw(title=value["title"], parameters=parameters, reference=value["reference"])


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
        "relative": result.relative,
        "exceeds": result.exceeds,
        "tried": result.tried,
        "next": None if result.next is None else plain(dataclasses.asdict(result.next)),
    }


def result_from_json(value: Any, dataset: Dataset, records: tuple[StageRecord, ...]) -> Result:
    """Read ``result_to_json``'s value back.

    Raises:
        InputError: it is damaged, or a formula speaks of a column that the dataset lacks.
    """
    try:
        check(value, _RESULT)
        baselines = {name: (_number(rmse), _number(r2)) for name, (rmse, r2) in value["baselines"].items()}
    except ValueError as error:
        raise InputError(f"The stored result is damaged: {error}.", hint="Run kandisco discover again.") from None
    best = None if value.get("best") is None else formula_from_json(value["best"])
    front = tuple(formula_from_json(formula) for formula in value["front"])
    names = {variable.name for variable in dataset.inputs}
    for formula in (*front, *([best] if best else [])):
        trees = (formula.expr, formula.judged or formula.expr)
        if not all(names.issuperset(tree.variables()) for tree in trees):
            raise InputError("A stored formula speaks of a column that is not there.", hint="Run kandisco discover again.")
    return Result(
        best=best,
        front=front,
        dataset=dataset,
        baselines=baselines,
        noise=_number(value["noise"]),
        status=value["status"],
        seed=value["seed"],
        seconds=float(value["seconds"]),
        warnings=tuple(value["warnings"]),
        records=records,
        relative=_said(value, "relative", dataset.relative or RELATIVE in value["warnings"]),
        exceeds=_said(value, "exceeds", EXCEEDED in value["warnings"]),
        tried=int(_maybe(value.get("tried")) or 0),
        next=_next_from_json(value.get("next")),
    )


def _next_from_json(value: Any) -> NextMeasurement | None:
    told = value if isinstance(value, dict) else {}
    try:
        check(told, {"inputs": {...: _NUMBER}, "sigmas": _NUMBER, "rows": int})
    except ValueError:
        return None  # it is advice: a run is whole without it
    return NextMeasurement(inputs=told["inputs"], sigmas=float(told["sigmas"]), rows=told["rows"])


def _said(value: Mapping[str, Any], field: str, told: bool) -> bool:
    """A yes or no of a result; older files tell it among their warnings only."""
    return value[field] is True if field in value else told
