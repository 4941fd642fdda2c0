"""Which columns are related at all: a network tells real rows from rows in which a column was shuffled.

The test of Liu et al. (KAN: Kolmogorov-Arnold Networks, 2024, 4.3), one column at a time, so that each gets its own answer: if
a column does not depend on the others, a shuffled one looks the same, and no network does better than chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.tasks.network import Classifier, train_classifier
from kandisco.types import Array

if TYPE_CHECKING:
    from kandisco.registry import Registry

_ROWS = 800
_SURE = 4.0
_PARTNER = 0.02
# Pressure under which columns that do not help to tell drop out, so that what is left are the partners.
_LAMB = 0.02


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """What the network could tell of one column.

    Attributes:
        column: which was shuffled.
        accuracy: share of held-out rows told right, real or shuffled; 0.5 is chance.
        error: standard error of a share of one half.
        partners: other columns, and by how much the accuracy falls when they are shuffled too; largest first.
    """

    column: str
    accuracy: float
    error: float
    partners: tuple[tuple[str, float], ...]

    @property
    def related(self) -> bool:
        """Whether the column depends on others, beyond four standard errors."""
        return self.accuracy > 0.5 + _SURE * self.error


def contrast(
    columns: Mapping[str, Array], registry: Registry, *, rows: int = _ROWS, seed: int = 0, control: Control | None = None
) -> tuple[Contrast, ...]:
    """Ask of each column whether the others say something about it.

    Args:
        columns: name -> float64 [n]; constant ones are passed over.
        registry: where the edge basis is looked up.
        rows: how many are used; each is shown once as it is and once with the column shuffled.
        seed: of the choice of rows, the shuffles and the network.
        control: the deadline; columns that are left have no answer.

    Returns:
        One answer a column, most surely related first.
    """
    usable = {name: np.asarray(values) for name, values in columns.items() if np.ptp(values) > 0}
    rng = np.random.default_rng(seed)
    total = len(next(iter(usable.values()), ()))
    pick = rng.permutation(total)[: min(rows, total)]
    x = np.column_stack([values[pick] for values in usable.values()]) if usable else np.zeros((0, 0))
    found = []
    for k, name in enumerate(usable):
        if len(usable) < 2 or (control is not None and control.reason()):
            break
        found.append(_asked(k, name, list(usable), x, registry, rng, seed))
    return tuple(sorted(found, key=lambda one: -one.accuracy))


def _asked(k: int, name: str, names: list[str], x: Array, registry: Registry, rng: np.random.Generator, seed: int) -> Contrast:
    half = len(x) // 2
    parts = [_labelled(part, k, rng) for part in (x[:half], x[half : half + half // 2], x[half + half // 2 :])]
    model = train_classifier(
        *parts[0],
        parts[1],
        classes=2,
        ordered=True,
        width=f"{x.shape[1]},1,1",
        basis=registry.basis("bspline"),
        grid=3,
        restarts=4,
        lamb=_LAMB,
        seed=seed,
    )
    held, codes = parts[2]
    accuracy = _right(model, held, codes)
    falls = []
    for other, label in enumerate(names):
        if other != k:
            moved = held.copy()
            moved[:, other] = rng.permutation(moved[:, other])
            falls.append((label, accuracy - _right(model, moved, codes)))
    partners = tuple(sorted((pair for pair in falls if pair[1] > _PARTNER), key=lambda pair: -pair[1]))
    return Contrast(column=name, accuracy=accuracy, error=0.5 / math.sqrt(len(codes)), partners=partners)


def _labelled(rows: Array, k: int, rng: np.random.Generator) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The rows as they are (class 1) and with column k shuffled (class 0)."""
    shuffled = rows.copy()
    shuffled[:, k] = rng.permutation(shuffled[:, k])
    return np.vstack([shuffled, rows]), np.repeat(np.array([0, 1], dtype=np.int64), len(rows))


def _right(model: Classifier, x: Array, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return float(np.mean(model.classes(x) == codes))


def predicted(y: Array, others: Mapping[str, Array], registry: Registry, *, rows: int = 1000) -> float:
    """R2 on held-out rows of a small network that predicts a column from the others: near one where it is a function of them."""
    x = np.column_stack(list(others.values()))
    pick = np.linspace(0, len(y) - 1, min(rows, len(y))).astype(np.int64)
    order = np.random.default_rng(0).permutation(pick)
    train, held = order[: 3 * len(order) // 4], order[3 * len(order) // 4 :]
    centre, spread = x[train].mean(axis=0), x[train].std(axis=0)
    spread[spread == 0] = 1.0
    unit = (x - centre) / spread
    shape = net.parse_width(f"{x.shape[1]},3,1", x.shape[1])
    start = net.init(shape, registry.basis("bspline"), x=unit[train], restarts=2, seed=0, grid=5)
    found = net.fit(start, unit[train], y[train], valid=(unit[held], y[held]), grids=(5,), iterations=40)
    return 1.0 - float(np.min(found.valid_rmse) / (np.std(y[held]) or 1.0)) ** 2
