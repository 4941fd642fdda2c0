"""A problem as files: JSON for what is said about it, npz for its arrays. Reading executes nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from kandisco.errors import InputError
from kandisco.expr import Expr, from_json, to_json
from kandisco.specs import RefineProblem

FORMAT = 1


def write_problem(problem: RefineProblem, folder: Path) -> None:
    """Write ``problem.json`` and ``problem.npz`` into an existing folder."""
    card = {
        "format": FORMAT,
        "names": list(problem.names),
        "seeds": [to_json(seed) for seed in problem.seeds],
        "functions": list(problem.functions),
        "complexities": dict(problem.complexities),
        "units": dict(problem.units),
        "max_complexity": problem.max_complexity,
        "seconds": problem.seconds if math.isfinite(problem.seconds) else None,
        "evaluations": problem.evaluations,
        "seed": problem.seed,
    }
    (folder / "problem.json").write_text(json.dumps(card), encoding="utf-8")
    weights: dict[str, Any] = {} if problem.weights is None else {"weights": problem.weights}
    np.savez(folder / "problem.npz", x=problem.x, y=problem.y, **weights)


def read_problem(folder: Path) -> RefineProblem:
    """Read ``write_problem``'s files back; ``complexities`` are those of kandisco.expr.heads and need no reading.

    Raises:
        InputError: the files are of another format.
    """
    card = json.loads((folder / "problem.json").read_text(encoding="utf-8"))
    if card.get("format") != FORMAT:
        raise InputError(f"{folder} holds a problem of format {card.get('format')!r}, not {FORMAT}.", hint="Update the plugin.")
    with np.load(folder / "problem.npz", allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
        weights = arrays.get("weights")
    return RefineProblem(
        x=x,
        y=y,
        names=tuple(card["names"]),
        seeds=tuple(from_json(tree) for tree in card["seeds"]),
        functions=tuple(card["functions"]),
        units=card["units"],
        weights=weights,
        max_complexity=card["max_complexity"],
        seconds=math.inf if card["seconds"] is None else card["seconds"],
        evaluations=card["evaluations"],
        seed=card["seed"],
    )


def read_event(line: bytes) -> dict[str, Any]:
    """One event; empty for a line that is none: half a line of a killed worker, or an engine's chatter."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else {}


def read_formulas(event: dict[str, Any]) -> tuple[Expr, ...]:
    """The formulas of a ``found`` event; trees that are none are left out."""
    out = []
    for tree in event.get("formulas") or ():
        try:
            out.append(from_json(tree))
        except (InputError, RecursionError, OverflowError):
            continue
    return tuple(out)
