"""The data sets that come with kandisco: a CSV and a card each, in ``datasets/`` (installed: ``_datasets/``)."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kandisco.errors import InputError
from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """One spec for each card of kind ``data``; the tables of laws are for benchmarks and cannot be fitted."""
    return tuple(_spec(folder, card) for folder, card in cards() if card["kind"] == "data")


def root() -> Path:
    """The folder that holds the data sets.

    Raises:
        InputError: it is not where it belongs.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_datasets", package.parent / "datasets"):
        if folder.is_dir():
            return folder
    raise InputError("The data sets of kandisco are missing.", hint="Install kandisco again.")


def cards() -> tuple[tuple[Path, dict[str, Any]], ...]:
    """Each data set's folder and card, by name."""
    found = sorted(root().glob("*/card.json"))
    return tuple((path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in found)


def _spec(folder: Path, card: dict[str, Any]) -> DatasetSpec:
    return DatasetSpec(
        name=card["name"],
        load=functools.partial(load, folder, card),
        summary=card["summary"],
        source=card["source"],
        license=card["license"],
        truth=card["truth"],
        references=tuple(card["references"]),
    )


def load(folder: Path, card: dict[str, Any]) -> Dataset:
    """Read a data set whose bytes are those the card was made for.

    Args:
        folder: holds the card's ``file``.
        card: columns with label, unit and role; sha256 of the file.

    Raises:
        InputError: the file was changed.
    """
    import dataclasses
    import hashlib

    from kandisco.builtins.readers import read_csv
    from kandisco.data import to_dataset

    path = folder / card["file"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != card["sha256"]:
        raise InputError(f"{path} is not the file its card describes.", hint="Restore it, or run make.py beside it.")
    columns = {column["label"]: column for column in card["columns"]}
    target = next(label for label, column in columns.items() if column["role"] == "target")
    data = to_dataset(read_csv(path), target=target)
    named = [dataclasses.replace(v, unit=columns[v.label]["unit"]) for v in (*data.inputs, data.target)]
    return dataclasses.replace(data, name=card["name"], inputs=tuple(named[:-1]), target=named[-1], source=f"@{card['name']}")
