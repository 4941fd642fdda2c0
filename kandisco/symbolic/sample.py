"""The rows formulas are fitted to, and what an error means there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr
from kandisco.symbolic.refit import Fit, refit
from kandisco.types import Array

EXACT = 1e-11
"""Error over the target's spread up to which nothing but rounding is left."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The rows formulas are fitted to.

    Attributes:
        names: of the columns.
        x: float64 [inputs, rows].
        y: float64 [rows].
        relative: whether errors are relative to the target, because the noise grows with it.
        weights: float64 [rows], above zero: what each squared error counts; None for all alike.
        error: what the targets are known to be off by (root mean square), where they come from a model and not from the user.
        stated: the standard uncertainty of the target that the user states, of a row of mean weight (relative, where errors are);
            0 where none is. What fits within it fits as well as can be asked.
    """

    names: tuple[str, ...]
    x: Array
    y: Array
    relative: bool = False
    weights: Array | None = None
    error: float = 0.0
    stated: float = 0.0

    @property
    def floor(self) -> float:
        """The error at which nothing is left to explain: rounding, or what the targets are known to be off by."""
        return max(EXACT * self.scale, self.error)

    @property
    def scale(self) -> float:
        """What errors are compared to: ``spread``, or 1 for relative errors."""
        return 1.0 if self.relative else self.spread

    @property
    def spread(self) -> float:
        """Standard deviation of y, or its size when constant."""
        deviation = float(np.std(self.y))
        size = float(np.max(np.abs(self.y)))
        return deviation if deviation > 1e-14 * size else (size or 1.0)

    @property
    def columns(self) -> dict[str, Array]:
        """Name -> values [rows]: what a formula is evaluated at."""
        return dict(zip(self.names, self.x, strict=True))

    def thinned(self, rows: int) -> Sample:
        """At most ``rows`` of the rows, evenly picked."""
        if len(self.y) <= rows:
            return self
        pick = np.linspace(0, len(self.y) - 1, rows).astype(int)
        return self.rows(pick)

    def rows(self, pick: NDArray[np.bool_] | NDArray[np.int64]) -> Sample:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[pick]
        return replace(self, x=self.x[:, pick], y=self.y[pick], weights=weights)

    @property
    def total(self) -> float:
        """Sum of the weights: the number of rows, where they count alike."""
        return float(len(self.y) if self.weights is None else np.sum(self.weights))

    def mean(self, values: Array) -> float:
        """Weighted mean over the rows; nan values make it nan."""
        return float(np.mean(values) if self.weights is None else np.average(values, weights=self.weights))

    def refit(self, expr: Expr, *, iterations: int = 40) -> Fit:
        """Least squares of the tree's constants on these rows."""
        floor = 1e-16 * self.scale
        return refit(
            expr,
            self.names,
            self.x,
            self.y,
            relative=self.relative,
            weights=self.weights,
            iterations=iterations,
            floor=floor,
            stated=self.stated,
        )

    def description_length(self, fit: Fit, size: float) -> float:
        """Minimum description length in nats: residuals, half a log of the rows per constant, and the tree itself.

        Below the rounding floor (1e-12 of the scale), or the stated uncertainty, residuals count as equal, so that the shortest
        exact form wins.
        """
        return self.length_of(fit.rmse, len(fit.expr.numbers()), size)

    def length_of(self, rmse: float, constants: int, size: float) -> float:
        """``description_length`` from its parts."""
        n = len(self.y)
        least = max(self.error, self.stated) / self.scale
        misfit = math.log(max(rmse / self.scale, 1e-12, least)) if math.isfinite(rmse) else 100.0
        return n * misfit + 0.5 * math.log(n) * constants + size

    def accepts(self, new: Fit, old: Fit, allowance: float) -> bool:
        """Whether ``new`` is as good as ``old``: at the rounding floor, or no more than ``allowance`` nats less likely."""
        if not math.isfinite(new.rmse):
            return False
        if self.exact(old):
            return new.rmse <= max(1e-12 * self.scale, 3 * old.rmse)
        return len(self.y) * math.log(max(new.rmse, 1e-300, self.stated) / max(old.rmse, self.stated)) <= allowance

    def exact(self, fit: Fit) -> bool:
        """Whether nothing but rounding is left; never of a target that is only known to within a stated uncertainty."""
        return not self.stated and fit.rmse <= EXACT * self.scale
