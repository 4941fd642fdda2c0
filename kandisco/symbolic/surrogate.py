"""A smooth stand-in for the data with exact gradients: Gaussian-process regression with one length scale per input.

Structure shows in derivatives, and rows scattered at random have none. A squared-exponential process (Rasmussen and Williams,
Gaussian Processes for Machine Learning, 2006, ch. 2 and 5) fitted by marginal likelihood gives them in closed form, and its
nugget estimates the noise. On smooth noise-free data of 500 rows gradients are good to 1e-2..1e-4, where a spline network needs
many more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.symbolic.sample import Sample
from kandisco.symbolic.spectral import even_out
from kandisco.types import Array

NOISY = 1e-5
"""Share of variance on unseen rows above which a surrogate is up against noise."""
_BOUNDS = ((-12.0, 5.0), (-3.0, 14.0), (float(np.log(1e-9)), 0.0))


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """A fitted process.

    Attributes:
        sample: the rows it was fitted to.
        missing: share of the target's variance it leaves on rows it has not seen, in the coordinate it works in.
    """

    sample: Sample
    missing: float
    centre: Array
    half: Array
    logs: NDArray[np.bool_]
    log_target: int
    mean: float
    deviation: float
    points: Array
    weights: Array
    length: Array
    size: float

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Values [rows] and gradients [inputs, rows] at ``x`` [inputs, rows], in the user's coordinates."""
        u = self.coordinates(x)
        gap = u[:, None, :] - self.points[None, :, :]
        kernel = self.size * np.exp(-0.5 * np.einsum("mnd,d->mn", gap**2, self.length)) * self.weights
        value = kernel.sum(axis=1) * self.deviation + self.mean
        slope = -np.einsum("mn,mnd->dm", kernel, gap) * (self.length * self.deviation / self.half)[:, None]
        with np.errstate(all="ignore"):
            slope = np.where(self.logs[:, None], slope / x, slope)
            if self.log_target:
                value = self.log_target * np.exp(value)
                slope = slope * value
        return value, slope

    def coordinates(self, x: Array) -> Array:
        """Points [rows, inputs] the process works on, for ``x`` [inputs, rows]."""
        with np.errstate(all="ignore"):
            logs = np.log(np.abs(x))
        u = np.where(self.logs[:, None], logs, x)
        return np.asarray(((u - self.centre[:, None]) / self.half[:, None]).T)


def fit_surrogate(sample: Sample, *, rows: int = 600, tuning_rows: int = 300, iterations: int = 25) -> Surrogate:
    """Fit the process, in whichever coordinates predict unseen rows better: columns as they are, or logarithms where signs allow.

    Rows with a small weight are taken to be as much noisier.

    Args:
        sample: rows in arbitrary units.
        rows: used for the final fit at most; a tenth more measures ``missing``.
        tuning_rows: used to find the length scales.
        iterations: of the marginal-likelihood search.
    """
    spans = np.array([_decades(column) for column in sample.x])
    choices = [spans > 1.0] + ([spans > 0.0] if np.any((spans > 0.0) & (spans <= 1.0)) else [])
    fits = [_fit(sample, logs, rows, tuning_rows, iterations) for logs in choices]
    return min(fits, key=lambda fit: fit.missing)


def _decades(column: Array) -> float:
    """Powers of ten a column of one sign spans; 0 for one of both signs."""
    size = np.abs(column)
    return float(np.log10(size.max() / size.min())) if np.all(column > 0) or np.all(column < 0) else 0.0


def _fit(sample: Sample, logs: NDArray[np.bool_], rows: int, tuning_rows: int, iterations: int) -> Surrogate:
    with np.errstate(all="ignore"):
        coordinates = np.where(logs[:, None], np.log(np.abs(sample.x)), sample.x)
    target = even_out(sample.y)
    log_target = 0 if np.array_equal(target, sample.y) else int(np.sign(sample.y[0]))
    lo, hi = coordinates.min(axis=1), coordinates.max(axis=1)
    centre, half = (lo + hi) / 2, np.where(hi > lo, (hi - lo) / 2, 1.0)
    u = ((coordinates - centre[:, None]) / half[:, None]).T
    mean, deviation = float(target.mean()), float(target.std()) or 1.0
    t = (target - mean) / deviation
    noise = np.ones_like(t) if sample.weights is None or log_target else float(np.mean(sample.weights)) / sample.weights
    cut = min(len(t) - max(1, len(t) // 10), rows)
    tuned = min(cut, tuning_rows)
    length, (size,), nugget = tune(u[:tuned], t[:tuned], noise[:tuned], iterations)
    weights: Array = np.asarray(
        np.linalg.solve(kernel(u[:cut], u[:cut], length, size) + np.diag(nugget * noise[:cut]), t[:cut]), dtype=np.float64
    )
    held = kernel(u[cut:], u[:cut], length, size) @ weights
    missing = float(np.average((held - t[cut:]) ** 2, weights=1 / noise[cut:])) if cut < len(t) else 1.0
    return Surrogate(
        sample=sample,
        missing=missing,
        centre=centre,
        half=half,
        logs=logs,
        log_target=log_target,
        mean=mean,
        deviation=deviation,
        points=u[:cut],
        weights=weights,
        length=length,
        size=size,
    )


def kernel(a: Array, b: Array, length: Array, size: float) -> Array:
    """Squared-exponential covariance [rows of a, rows of b]; ``length`` holds inverse squares of length scales."""
    scaled_a, scaled_b = a * np.sqrt(length), b * np.sqrt(length)
    gap = np.sum(scaled_a**2, axis=1)[:, None] + np.sum(scaled_b**2, axis=1)[None, :] - 2 * scaled_a @ scaled_b.T
    return np.asarray(size * np.exp(-0.5 * np.maximum(gap, 0.0)))


def tune(u: Array, t: Array, noise: Array, iterations: int, factors: Sequence[Array] | None = None) -> tuple[Array, Array, float]:
    """Length scales (as inverse squares), signal sizes and nugget by L-BFGS on the marginal likelihood.

    Args:
        u: float64 [rows, inputs], about within -1 and 1.
        t: float64 [rows], about of mean 0 and deviation 1.
        noise: float64 [rows], the share of the nugget that each row has, on average about 1.
        iterations: of the search.
        factors: symmetric matrices [rows, rows]: the covariance is the sum of each times its size, times the squared exponential.
    """
    from scipy.linalg import cho_solve
    from scipy.optimize import minimize

    n, d = u.shape
    shapes = np.ones((1, n, n)) if factors is None else np.stack(factors)
    gaps = [(u[:, k][:, None] - u[:, k][None, :]) ** 2 for k in range(d)]

    def negative_likelihood(p: Array) -> tuple[float, Array]:
        length, sizes, nugget = np.exp(p[:d]), np.exp(p[d:-1]), np.exp(p[-1])
        near = np.exp(-0.5 * sum((w * gap for w, gap in zip(length, gaps, strict=True)), np.zeros((n, n))))
        smooth = np.tensordot(sizes, shapes, 1) * near
        try:
            lower = np.linalg.cholesky(smooth + np.diag(nugget * noise))
        except np.linalg.LinAlgError:
            return 1e10, np.zeros(len(p))
        alpha = cho_solve((lower, True), t)
        inner = cho_solve((lower, True), np.eye(n)) - np.outer(alpha, alpha)
        weighted = inner * smooth
        slopes = [-0.25 * float(np.sum(weighted * gap)) * w for w, gap in zip(length, gaps, strict=True)]
        slopes += [0.5 * size * float(np.sum(inner * shape * near)) for size, shape in zip(sizes, shapes, strict=True)]
        slopes += [0.5 * float(np.diag(inner) @ noise) * nugget]
        return 0.5 * float(t @ alpha) + float(np.log(np.diag(lower)).sum()), np.array(slopes)

    start = np.concatenate([np.full(d, np.log(0.3)), np.full(len(shapes), np.log(10.0)), [np.log(1e-5)]])
    bounds = [_BOUNDS[0]] * d + [_BOUNDS[1]] * len(shapes) + [_BOUNDS[2]]
    best = minimize(negative_likelihood, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations}).x
    return np.exp(best[:d]), np.exp(best[d:-1]), float(np.exp(best[-1]))
