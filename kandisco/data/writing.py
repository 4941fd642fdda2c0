"""A dataset as a CSV and its card, which read back as the same dataset."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from kandisco.data.uncertainty import uncertainties
from kandisco.types import Array, Dataset, Variable

if TYPE_CHECKING:
    from kandisco.specs import DatasetSpec


def to_csv(dataset: Dataset) -> str:
    """The rows as text: inputs, target, then groups and weights or uncertainties where there are.

    Its digits give the same float64 again.

    Example:
        >>> import numpy as np
        >>> data = Dataset(name="d", x=np.array([[0.1], [2.0]]), y=np.array([1e-9, 3.0]),
        ...                inputs=(Variable(name="t", label="t [s]"),), target=Variable(name="h"))
        >>> print(to_csv(data), end="")
        t [s],h
        0.1,1e-09
        2,3
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = _columns(dataset)
    writer.writerow(entry["label"] for entry, _ in columns)
    writer.writerows(zip(*([_cell(value) for value in values] for _, values in columns), strict=True))
    return out.getvalue()


def to_card(dataset: Dataset, spec: DatasetSpec, file: str, text: str) -> str:
    """The card of a named dataset's rows as JSON text.

    Args:
        dataset: the rows.
        spec: where they come from.
        file: name of the CSV that holds them.
        text: what ``to_csv`` gave.
    """
    card = {
        "schema": 1,
        "name": dataset.name,
        "kind": "data",
        "rows": len(dataset.y),
        "summary": spec.summary,
        "columns": [entry for entry, _ in _columns(dataset)],
        "source": f"kandisco datasets get @{spec.name}; {spec.source}",
        "license": spec.license,
        "citation": spec.citation,
        "truth": spec.truth,
        "laws": [dataclasses.asdict(law) for law in spec.laws],
        "references": list(spec.references),
        "file": file,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return json.dumps(card, indent=2, ensure_ascii=False) + "\n"


def _columns(dataset: Dataset) -> list[tuple[dict[str, Any], Array]]:
    """Each column as the card has it, with its values."""
    pairs = [(_entry(v, "input"), column) for v, column in zip(dataset.inputs, dataset.x.T, strict=True)]
    pairs.append((_entry(dataset.target, "target"), dataset.y))
    weights = ("uncertainty", uncertainties(dataset)) if dataset.uncertainty else ("weight", dataset.weights)
    for role, values in (("group", dataset.groups), weights):
        if values is not None:
            taken = {entry["label"] for entry, _ in pairs}
            label = role if role not in taken else f"{role} of the row"
            pairs.append(({"label": label, "role": role}, values))
    return pairs


def _entry(variable: Variable, role: str) -> dict[str, Any]:
    return {"label": variable.label or variable.name, "name": variable.name, "unit": variable.unit, "role": role}


def _cell(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
