"""How well the data fix a formula's constants and its predictions: the linear theory of least squares.

With J the derivatives of the formula by its constants at the n fitted rows and s^2 = |r|^2 / (n - p) the variance of its
residuals, the constants have the covariance C = s^2 (J J^T)^-1, and a new value at x the variance s^2 + j(x) C j(x)^T. Quantiles
are Student's with n - p degrees of freedom (Seber and Wild, Nonlinear Regression, Wiley 1989, chapter 5). Where an uncertainty
of the target is stated s^2 is at least its square. Where errors are relative to the target, residuals and J are divided by it.
All this holds for the formula as it stands: it does not know that the form was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kandisco.expr import Expr
from kandisco.expr.numeric import Program
from kandisco.symbolic.refit import residual_unit
from kandisco.symbolic.sample import Sample
from kandisco.types import Array


@dataclass(frozen=True, kw_only=True)
class Inference:
    """What the rows say of a formula.

    Attributes:
        expr: the formula; its constants are the estimates, in the order of ``Expr.numbers``.
        covariance: float64 [p, p] of the constants; nan where the rows do not fix them.
        deviation: standard deviation of the residuals (of a row of mean weight), in the target's unit, or relative to it.
        freedom: rows less constants.
        relative: whether errors are relative to the target.
    """

    expr: Expr
    covariance: Array
    deviation: float
    freedom: int
    relative: bool = False

    @property
    def std_errors(self) -> Array:
        """Standard error of each constant."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.covariance))

    def quantile(self, level: float) -> float:
        """Half width of a two-sided interval of that level, in standard errors; nan without degrees of freedom."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 0.5 + level / 2)) if self.freedom > 0 else float("nan")

    def constants(self, level: float = 0.95) -> Array:
        """Confidence interval of each constant, float64 [p, 2]."""
        values, half = np.array(self.expr.numbers()), self.quantile(level) * self.std_errors
        return np.stack([values - half, values + half], axis=-1).reshape(-1, 2)

    def predictions(self, columns: Mapping[str, Any], level: float = 0.95) -> tuple[Array, Array, Array]:
        """The formula at new rows and the interval a new measurement falls into.

        Args:
            columns: variable name -> float64 [rows]; every variable of the formula.
            level: of the interval.

        Returns:
            Values, lower and upper ends, float64 [rows] each; nan where the formula or the covariance is not defined.

        Example:
            >>> from kandisco.expr import parse
            >>> x = np.linspace(0, 1, 50)
            >>> noisy = 2.0 * x + np.where(np.arange(50) % 2, 0.1, -0.1)
            >>> found = infer(parse("2.0*x"), Sample(names=("x",), x=x[None, :], y=noisy))
            >>> value, low, high = found.predictions({"x": np.array([0.5])})
            >>> bool(low[0] < 0.85 < value[0] < 1.15 < high[0])
            True
        """
        names = list(columns)
        rows = max((np.size(column) for column in columns.values()), default=1)
        x = (
            np.stack([np.broadcast_to(np.asarray(columns[name], dtype=np.float64), rows) for name in names])
            if names
            else np.zeros((0, rows))
        )
        program = Program(self.expr, names)
        values, jacobian = program.jacobian(program.start[None, :], x)
        with np.errstate(all="ignore"):
            own = np.einsum("pn,pq,qn->n", jacobian[0], self.covariance, jacobian[0]) if len(program.start) else np.zeros(rows)
            scale = np.abs(values[0]) if self.relative else 1.0
            half = self.quantile(level) * np.sqrt(own + (self.deviation * scale) ** 2)
        return values[0], values[0] - half, values[0] + half


def infer(expr: Expr, sample: Sample) -> Inference:
    """Covariance of a formula's constants from the rows they were fitted to.

    Args:
        expr: the formula, its constants at the least squares estimate.
        sample: the fitted rows; ``sample.relative`` says what errors are measured by.
    """
    program = Program(expr, sample.names)
    value, jacobian = program.jacobian(program.start[None, :], sample.x)
    unit = residual_unit(sample.y, sample.relative, sample.weights)
    back = 1.0 if sample.relative else float(residual_unit(sample.y, False))
    with np.errstate(all="ignore"):
        residual, slopes = (value[0] - sample.y) / unit, jacobian[0] / unit
        freedom = len(sample.y) - len(program.start)
        variance = float(np.sum(residual**2)) / freedom if freedom > 0 else float("nan")
        variance = max(variance, (sample.stated / back) ** 2)
        covariance = _inverse(slopes) * variance
    return Inference(
        expr=expr, covariance=covariance, deviation=float(np.sqrt(variance)) * back, freedom=freedom, relative=sample.relative
    )


def _inverse(slopes: Array) -> Array:
    """(J J^T)^-1 by a singular value decomposition of the scaled J; nan when a constant is not fixed by the rows."""
    p = len(slopes)
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.sum(slopes**2, axis=1))
    if not p or not np.all(np.isfinite(slopes)) or np.any(scale == 0) or slopes.shape[1] < p:
        return np.full((p, p), np.nan)
    _, singular, right = np.linalg.svd((slopes / scale[:, None]).T, full_matrices=False)
    if singular[-1] < 1e-12 * singular[0]:
        return np.full((p, p), np.nan)
    half = (right.T / singular) / scale[:, None]
    return np.asarray(half @ half.T)
