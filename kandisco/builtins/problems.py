"""Each law of the problem table as a named set, ``feynman/I.6.2``: rows drawn from its ranges, in its own names and units."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset, Variable

ROWS = 1000


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """One spec for each row of each table of laws that says which suite a law is of."""
    from kandisco.builtins.datasets import cards
    from kandisco.data.problems import read_rows

    for folder, card in cards():
        if card["kind"] == "laws" and "suite" in (column["label"] for column in card["columns"]):
            for row in read_rows(folder / card["file"]):
                yield _spec(row, tuple(card["references"]))


def _spec(row: Mapping[str, str], references: tuple[str, ...]) -> DatasetSpec:
    from kandisco.types import KnownLaw

    names = _names(row)
    law = f"{names[row['target']]} = {_renamed(row['formula'], names)}"
    name = f"{row['suite']}/{row['name']}"
    return DatasetSpec(
        name=name,
        load=functools.partial(draw, row, ROWS, 0),
        generate=functools.partial(draw, row),
        summary=f"{row['target']} = {row['formula']}",
        source=f"computed from the law, {row['suite']} suite",
        license="CC0-1.0",
        truth=law,
        references=tuple(text for text in references if re.search(rf"\b{row['suite']}\b", text)),
        laws=(KnownLaw(expression=law, reference=name),),
    )


def draw(row: Mapping[str, str], rows: int, seed: int) -> Dataset:
    """Rows of a law; the same arguments give the same rows.

    Args:
        row: of a problem table.
        rows: how many.
        seed: of all randomness.
    """
    from zlib import crc32

    import numpy as np

    from kandisco.data.problems import law_from, points
    from kandisco.types import Dataset

    law = law_from(row)
    name = f"{law.suite}/{law.name}"
    columns = points(law, rows, np.random.default_rng([seed, crc32(name.encode())]))
    y = np.ascontiguousarray(columns.pop(""))
    *inputs, target = _variables(row, law.units)
    x = np.column_stack(list(columns.values()))
    return Dataset(name=name.replace("/", "_"), x=x, y=y, inputs=tuple(inputs), target=target, source=f"@{name}")


def _variables(row: Mapping[str, str], units: Mapping[str, str]) -> Iterable[Variable]:
    from kandisco.types import Variable

    for label, name in _names(row).items():
        unit = units.get("OUT" if label == row["target"] else label, "")
        yield Variable(name=name, label=label, unit="" if unit == "1" else unit)


def _names(row: Mapping[str, str]) -> dict[str, str]:
    """What the law calls a column -> its name here (``gamma`` is a function's); the target comes last."""
    from kandisco.data.names import variables

    labels = [name.strip() for name in row["inputs"].split(";")] + [row["target"]]
    return {variable.label: variable.name for variable in variables(labels)}


def _renamed(formula: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\b[A-Za-z_]\w*\b(?!\()", lambda match: names.get(match[0], match[0]), formula)
