"""Certificates: an exported program is run on random points where its tool is here, and compared with the formula.

What a program must look like to be run: a function ``predict`` of the inputs in the order of the columns (python files may hold a
sympy ``expr`` instead; a query reads the table ``data``; a sheet holds the formula in its last column).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.certify.runners import RUNNERS, Missing
from kandisco.expr.numeric import evaluate
from kandisco.specs import UNCHECKED

if TYPE_CHECKING:
    from kandisco.specs import ExporterSpec
    from kandisco.types import Array, Dataset, Formula

POINTS = 1000
TOLERANCE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What running a program showed.

    Attributes:
        tool: what ran it, with versions; empty if nothing did.
        points: how many random points were compared.
        difference: largest relative difference from the formula; nan if it was not run, inf if it failed.
        remark: why it was not run, or how it failed.
    """

    tool: str = ""
    points: int = 0
    difference: float = float("nan")
    remark: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the program was run and gave the formula's numbers."""
        return self.difference <= TOLERANCE

    @property
    def failed(self) -> bool:
        """Whether the program was run and did not give the formula's numbers."""
        return bool(self.tool) and not self.agrees

    def __str__(self) -> str:
        if not self.tool:
            return f"not checked here: {self.remark}"
        if self.remark:
            return f"FAILED in {self.tool}: {self.remark}"
        said = "checked" if self.agrees else "DISAGREES"
        return f"{said}: {self.tool}, {self.points} points, largest relative difference {self.difference:.1e}"


def certified(spec: ExporterSpec, formula: Formula, dataset: Dataset, *, points: int = POINTS) -> tuple[str, Certificate]:
    """The exported text with its certificate in the head, and the certificate.

    Args:
        spec: an exporter of one formula.
        formula: the formula.
        dataset: gives the ranges the random points are drawn from.
        points: how many points.

    Raises:
        InputError: the exporter cannot write the formula.

    Example:
        >>> from kandisco.builtins.programs import kandisco_exporters
        >>> from kandisco.testing.exporters import formula, sample
        >>> numpy = next(spec for spec in kandisco_exporters() if spec.name == "numpy")
        >>> text, found = certified(numpy, formula("2.5*u + 1"), sample())
        >>> found.agrees, str(found) in text
        (True, True)
    """
    text = spec.export([formula], dataset)
    if UNCHECKED not in text:
        return text, Certificate(remark="it is no program")
    found = check(spec, formula, dataset, points=points)
    before, _, after = text.rpartition(UNCHECKED) if text.count(UNCHECKED) == 1 else text.partition(UNCHECKED)
    return f"{before}{found}{after}", found


def check(
    spec: ExporterSpec, formula: Formula, dataset: Dataset, *, points: int = POINTS, largest: float = math.inf
) -> Certificate:
    """Export, run and compare; see ``certified``. Points whose value is above ``largest`` in size are not drawn."""
    runner = RUNNERS.get(spec.suffix)
    if runner is None:
        return Certificate(remark=f"nothing is known to run {spec.suffix} files")
    x = random_points(formula, dataset, points, largest)
    columns = dict(zip((variable.name for variable in dataset.inputs), x.T, strict=True))
    text = spec.export([formula], replace(dataset, x=x, y=np.zeros(len(x)), groups=None))
    try:
        with tempfile.TemporaryDirectory() as folder:
            tool, values = runner(text, columns, Path(folder))
    except Missing as missing:
        return Certificate(remark=str(missing))
    except RuntimeError as error:
        tool, _, remark = str(error).partition(": ")
        return Certificate(tool=tool, remark=remark, difference=float("inf"))
    if len(values) > len(x) or not len(values):
        return Certificate(tool=tool, remark=f"{len(values)} values for {len(x)} points", difference=float("inf"))
    wanted = evaluate(formula.expr, columns)[: len(values)]
    return Certificate(tool=tool, points=len(values), difference=difference(values, wanted, formula, columns))


def random_points(formula: Formula, dataset: Dataset, points: int, largest: float = math.inf) -> Array:
    """Points [points, inputs] within the ranges of the data at which the formula has a value; the same ones every time."""
    rng = np.random.default_rng(0)
    low, high = dataset.x.min(axis=0), dataset.x.max(axis=0)
    x = low + (high - low) * rng.random((4 * points, len(low)))
    values = evaluate(formula.expr, dict(zip((variable.name for variable in dataset.inputs), x.T, strict=True)))
    values = np.broadcast_to(values, len(x))
    good = x[np.isfinite(values) & (np.abs(values) <= largest)][:points]
    chosen: Array = good if len(good) else x[:points]
    return chosen


def difference(values: Array, wanted: Array, formula: Formula, columns: Mapping[str, Any]) -> float:
    """Largest difference relative to the value, or, where terms cancel, to what rounding the inputs does to it.

    That is max(abs(f), sum of abs(x_i df/dx_i)): a program is no more exact than the digits of its inputs.
    """
    size = np.zeros(len(wanted))
    with np.errstate(all="ignore"):
        for name, column in columns.items():
            if name in formula.expr.variables():
                moved = evaluate(formula.expr, {**columns, name: column * (1 + 1e-6)})[: len(values)]
                size = size + np.abs(moved - wanted) * 1e6
        size = np.fmax(np.abs(wanted), size)
        size = np.where(np.isfinite(size) & (size > 0), size, 1.0)
        both = np.isnan(values) & np.isnan(wanted)
        ratio = np.where(both | (values == wanted), 0.0, np.abs(values - wanted) / size)
    return float(np.max(np.where(np.isnan(ratio), np.inf, ratio), initial=0.0))
