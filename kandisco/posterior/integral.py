"""The evidence integral: how well a form with all values its constants may take predicts the rows.

Around the best fit the likelihood is a Gaussian in the constants (Laplace), the noise's size is integrated out with the
scale-free prior 1/sigma, which leaves Student's t: lgamma((n - k)/2) - (n - k)/2 log(pi RSS) - log det(J)/2. A constant's prior
is as wide as its own size, or as what it takes to move the formula by the target's spread, and ``_DECADES`` of that (a free
scale). A direction that the rows leave open costs nothing, as it should.

Errors are either alike in all rows or a share of each value; both are tried, and the target's own units are put back, so that
the two can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.arrays import Array
from kandisco.expr import Expr
from kandisco.expr.numeric import Program
from kandisco.symbolic.refit import residual_unit, size
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.tied import Tied

# Width of a constant's prior, in nats on each side of its size: a factor e^2 either way.
_WIDTH = 4.0
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """A fitted form and what the rows say of it.

    Attributes:
        evidence: log of the evidence integral, in nats, up to a constant of the table.
        sigma: standard deviation of the noise: in the target's unit, or a share of each value where ``relative``.
        relative: which of the two kinds of errors.
    """

    evidence: float
    sigma: float
    relative: bool


def weigh(expr: Expr, sample: Sample, *, floor: float = 0.0, owner: Sequence[int] = ()) -> Weighed:
    """The evidence of a form whose constants were fitted to these rows; ``sample.relative`` says which kind of errors.

    Args:
        expr: the tree with its fitted constants.
        sample: all rows.
        owner: for each leaf of the tree the constant it belongs to, where some stand in several places.
        floor: what the target is known to be rounded to (standard deviation; a share where errors are relative).

    Returns:
        minus infinity where the formula has no value on some row, or there are no more rows than constants.
    """
    program = Program(expr, sample.names) if not owner else Tied(Program(expr, sample.names), owner)
    value, jacobian = program.jacobian(program.start[None, :], sample.x)
    unit = residual_unit(sample.y, sample.relative, sample.weights)
    residual, slopes = (value[0] - sample.y) / unit, jacobian[0] / unit
    n, k = len(sample.y), len(program.start)
    back = 1.0 if sample.relative else size(sample.y)
    spread = 1.0 if sample.relative else sample.spread / back
    least = max(_ROUNDING * spread, floor / back, sample.stated / back)
    if n <= k or not (np.all(np.isfinite(residual)) and np.all(np.isfinite(slopes))):
        return Weighed(evidence=-math.inf, sigma=math.inf, relative=sample.relative)
    squares = max(float(residual @ residual), (n - k) * least**2)
    sigma = math.sqrt(squares / (n - k))
    evidence = math.lgamma((n - k) / 2) - 0.5 * (n - k) * math.log(math.pi * squares) - k * math.log(sigma)
    evidence += _volumes(slopes, program.start, sigma, spread)
    # Densities are of the target itself: units divided by above are put back.
    evidence -= float(np.sum(np.log(np.broadcast_to(unit, n))))
    return Weighed(evidence=evidence, sigma=sigma * back, relative=sample.relative)


def _volumes(slopes: Array, constants: Array, sigma: float, spread: float) -> float:
    """Log of the share of the prior's volume that the rows leave, over all directions in which constants can go."""
    if not len(constants):
        return 0.0
    n = slopes.shape[1]
    largest = np.max(np.abs(slopes), axis=1)
    largest = np.where(largest > 0, largest, 1e-300)
    strength = largest * np.sqrt(np.mean((slopes / largest[:, None]) ** 2, axis=1))
    strength = np.where(strength > 0, strength, 1e-300)
    scale = np.maximum(np.abs(constants), spread / strength)
    steep = slopes * scale[:, None]
    if not np.all(np.isfinite(steep)):
        return -math.inf
    singular = np.linalg.svd(steep, compute_uv=False)
    singular = np.concatenate([singular, np.zeros(len(constants) - len(singular))]) if n < len(constants) else singular
    with np.errstate(divide="ignore"):
        width = math.log(math.sqrt(2 * math.pi) * sigma / _WIDTH) - np.log(singular)
    return float(np.sum(np.minimum(width, 0.0)))
