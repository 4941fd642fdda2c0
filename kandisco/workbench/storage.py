"""A workbench on disk: ``<stem>.json`` and ``<stem>.npz``, the data and all states. Loading executes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from kandisco import kan as net
from kandisco.errors import InputError
from kandisco.expr import from_json, to_json
from kandisco.specs import BasisSpec
from kandisco.types import Dataset, Variable
from kandisco.workbench.state import Frame, State, make_frame, measured

_FORMAT = 1


def write(path: Path, states: tuple[State, ...], at: int, settings: Mapping[str, Any]) -> None:
    """Write both files, each under a temporary name first, so that a crash leaves the old ones whole."""
    dataset = states[at].frame.dataset
    arrays: dict[str, Any] = {"x": dataset.x, "y": dataset.y}
    arrays |= {} if dataset.weights is None else {"weights": dataset.weights}
    described = []
    for step, state in enumerate(states):
        tensors, meta = net.save(state.kan)
        arrays |= {f"{step}/{name}": value for name, value in tensors.items()}
        inputs = [{"label": label, "expr": to_json(e)} for label, e in zip(state.frame.labels, state.frame.inputs, strict=True)]
        described.append({"verb": state.verb, "notes": list(state.notes), "network": meta, "inputs": inputs})
    page = {
        "format": _FORMAT,
        "name": dataset.name,
        "inputs": [asdict(variable) for variable in dataset.inputs],
        "target": asdict(dataset.target),
        "notes": list(dataset.notes),
        "uncertainty": dataset.uncertainty,
        "relative": dataset.relative,
        "at": at,
        "settings": dict(settings),
        "states": described,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with _fresh(_file(path, ".npz")).open("wb") as out:
        np.savez_compressed(out, **arrays)
    _fresh(_file(path, ".json")).write_text(json.dumps(page, indent=1), encoding="utf-8")
    for suffix in (".npz", ".json"):
        _fresh(_file(path, suffix)).replace(_file(path, suffix))


def _file(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _fresh(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def read(path: Path, basis: Callable[[str], BasisSpec]) -> tuple[tuple[State, ...], int, dict[str, Any]]:
    """States, the number of the current one, and the settings.

    Raises:
        InputError: a file is missing, damaged, or of another format.
    """
    try:
        page = json.loads(_file(path, ".json").read_text(encoding="utf-8"))
        with np.load(_file(path, ".npz"), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no saved workbench: {error}.", hint="Give the name that save() got.") from None
    if not isinstance(page, dict) or page.get("format") != _FORMAT:
        raise InputError(f"{path}.json is not of format {_FORMAT}.", hint="It was written by another version.")
    try:
        settings = dict(page["settings"])
        base = make_frame(_dataset(page, arrays), **{name: settings[name] for name in ("test_size", "max_rows", "seed")})
        states = tuple(_state(step, item, arrays, base, basis) for step, item in enumerate(page["states"]))
        return states, int(page["at"]), settings
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(f"{path} is damaged: {error!r}.", hint="Restore it from a copy.") from None


def _dataset(page: Mapping[str, Any], arrays: Mapping[str, Any]) -> Dataset:
    return Dataset(
        name=str(page["name"]),
        x=arrays["x"],
        y=arrays["y"],
        inputs=tuple(Variable(**variable) for variable in page["inputs"]),
        target=Variable(**page["target"]),
        notes=tuple(page["notes"]),
        weights=arrays.get("weights"),
        uncertainty=float(page.get("uncertainty", 0.0)),
        relative=bool(page.get("relative", False)),
    )


def _state(
    step: int, item: Mapping[str, Any], arrays: Mapping[str, Any], base: Frame, basis: Callable[[str], BasisSpec]
) -> State:
    start = f"{step}/"
    kan = net.load({name[len(start) :]: v for name, v in arrays.items() if name.startswith(start)}, item["network"], basis)
    inputs = tuple(from_json(entry["expr"]) for entry in item["inputs"])
    labels = tuple(str(entry["label"]) for entry in item["inputs"])
    frame = base if inputs == base.inputs else base.with_inputs(labels, inputs)
    return measured(kan, frame, str(item["verb"]), tuple(item["notes"]))
