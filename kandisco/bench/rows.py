"""Rows of a law as a user would bring them: shuffled columns without telling names, noise, columns that do not matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from kandisco.bench.laws import Law
from kandisco.data.problems import points, values
from kandisco.types import Array, Dataset, Variable


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Rows of a law.

    Attributes:
        dataset: inputs ``x0``, ``x1``, ... in random order, target ``y``.
        names: name in the dataset -> name in the law; columns that do not matter become ``irrelevant_0``, ...
        clean: rows of the same law without noise, for the judge: name in the law -> float64 [rows], the target under ``""``.
    """

    dataset: Dataset
    names: Mapping[str, str]
    clean: Mapping[str, Array]


def draw(law: Law, *, rows: int = 1000, noise: float = 0.0, irrelevant: int = 0, seed: int = 0, units: bool = False) -> Drawn:
    """Draw rows of a law; the same arguments give the same rows.

    Args:
        law: what to draw from. Points where the law has no finite value are drawn again.
        rows: how many, for training and testing together.
        noise: standard deviation of Gaussian noise, as a share of the RMS of the target.
        irrelevant: columns that do not matter, each drawn from the range of a random input.
        seed: of all randomness.
        units: give the columns the units of the table, where it has them.

    Raises:
        InputError: the law is hardly anywhere finite in its ranges.

    Example:
        >>> from kandisco.bench.laws import read_laws
        >>> draw(read_laws(problems=["I.16.6"])[0], rows=50, irrelevant=1).dataset.x.shape
        (50, 4)
    """
    rng = np.random.default_rng([seed, crc32(f"{law.suite}/{law.name}".encode())])
    columns = points(law, rows, rng)
    clean = points(law, max(rows, 400), np.random.default_rng([seed, 1, crc32(law.name.encode())]))
    y = columns.pop("")
    ranges = list(law.inputs.values())
    for k in range(irrelevant):
        columns[f"irrelevant_{k}"] = values(ranges[rng.integers(len(ranges))], rows, rng)
    order = list(columns)
    rng.shuffle(order)
    names = {f"x{k}": name for k, name in enumerate(order)}
    unit = float(np.max(np.abs(y))) or 1.0  # squares of the smallest targets would underflow
    y = y + noise * unit * float(np.sqrt(np.mean((y / unit) ** 2))) * rng.standard_normal(rows)
    dataset = Dataset(
        name="rows",
        x=np.column_stack([columns[name] for name in order]),
        y=y,
        inputs=tuple(
            Variable(name=name, label=name, unit=law.units.get(real, "") if units else "") for name, real in names.items()
        ),
        target=Variable(name="y", label="y", unit=law.units.get("OUT", "") if units else ""),
    )
    return Drawn(dataset=dataset, names=names, clean=clean)
