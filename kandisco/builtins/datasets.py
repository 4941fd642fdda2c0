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


def _spec(folder: Path, raw: dict[str, Any]) -> DatasetSpec:
    from kandisco.data import card_from

    card = card_from(raw, str(folder / "card.json"))
    return DatasetSpec(
        name=card.name,
        load=functools.partial(load, folder, raw),
        summary=card.summary,
        source=card.source,
        license=card.license,
        truth=card.truth,
        references=card.references,
        laws=card.laws,
        citation=card.citation,
    )


def load(folder: Path, raw: dict[str, Any]) -> Dataset:
    """Read a data set whose bytes are those the card was made for.

    Args:
        folder: holds the card's ``file``.
        raw: the card's JSON values.

    Raises:
        InputError: the file was changed, or the card is unusable.
    """
    import dataclasses
    import hashlib

    from kandisco.builtins.readers import read_csv
    from kandisco.data import card_from, described

    card = card_from(raw, str(folder / "card.json"))
    path = folder / card.file
    if hashlib.sha256(path.read_bytes()).hexdigest() != card.sha256:
        raise InputError(f"{path} is not the file its card describes.", hint="Restore it, or run make.py beside it.")
    return dataclasses.replace(described(read_csv(path), card), source=f"@{card.name}")
