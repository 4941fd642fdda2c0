"""What the ``make.py`` of the datasets share: a CSV and its card, written so that every run gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 500


def uniform(rng: np.random.Generator, low: float, high: float, *, log: bool = False, rows: int = ROWS) -> NDArray[np.float64]:
    """Numbers from a range, rounded to six digits so that the file shows exactly what the law was given."""
    values = np.exp(rng.uniform(np.log(low), np.log(high), rows)) if log else rng.uniform(low, high, rows)
    return np.array([float(f"{value:.6g}") for value in values])


def column(label: str, name: str = "", unit: str = "", role: str = "input") -> dict[str, str]:
    """One entry of a card's ``columns``; the role is input, target, irrelevant or text."""
    return {"label": label, "name": name or label, "unit": unit, "role": role}


def write(folder: Path, table: Mapping[str, Sequence[Any]], card: Mapping[str, Any]) -> None:
    """Write ``data.csv`` (shortest digits that give the same float64 again) and ``card.json`` with its checksum."""
    lines = [",".join(table), *(",".join(_cell(cell) for cell in row) for row in zip(*table.values(), strict=True))]
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    write_card(folder, {"kind": "data", "rows": len(lines) - 1, **card})


def write_card(folder: Path, card: Mapping[str, Any], file: str = "data.csv") -> None:
    """Write ``card.json`` for a file that is there."""
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    whole = {"schema": 1, "name": folder.name, **card, "file": file, "sha256": digest}
    (folder / "card.json").write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else repr(float(cell)).removesuffix(".0")


def nist(folder: Path, file: Path, labels: Sequence[str], card: Mapping[str, Any], formula: str) -> None:
    """A data set of NIST's Statistical Reference Datasets, from its ``.dat`` file.

    Args:
        folder: where the files go.
        file: the ``.dat`` file.
        labels: headers of the inputs, then of the target (which the file has first).
        card: title, summary, columns, citation.
        formula: the certified model in the columns' names and b1, b2, ...
    """
    text = file.read_text(encoding="ascii", errors="replace")
    found = re.findall(r"^\s*(b\d+)\s*=\s*\S+\s+\S+\s+(\S+)\s+(\S+)\s*$", text, re.MULTILINE)
    parameters = {name: {"value": float(value), "std_error": float(error)} for name, value, error in found}
    rss = float(re.search(r"Residual Sum of Squares:\s*(\S+)", text)[1])  # type: ignore[index]
    body = text[text.rindex("Data:") :].splitlines()[1:]
    rows = np.array([[float(cell) for cell in line.split()] for line in body if line.strip()])
    truth = re.sub(r"\bb\d+\b", lambda match: f"({parameters[match[0]]['value']!r})", formula)
    write(
        folder,
        dict(zip(labels, [*rows.T[1:], rows[:, 0]], strict=True)),
        {
            **card,
            "source": f"https://www.itl.nist.gov/div898/strd/nls/data/LINKS/DATA/{file.name}",
            "license": "NIST-PD",
            "truth": truth,
            "certified": {"model": formula, "parameters": parameters, "residual_sum_of_squares": rss},
            "references": [*card.get("references", []), "NIST StRD, Nonlinear Regression, https://www.itl.nist.gov/div898/strd/"],
        },
    )
