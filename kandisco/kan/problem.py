"""What a fit works on: rows in chunks, and the normal equations they add up to."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kandisco.kan.network import KAN
from kandisco.kan.passes import layer_features

_CACHE_BYTES = 100_000_000


@dataclass(frozen=True)
class Problem:
    """Data of a fit, feature-major: ``x`` [inputs, N], ``y`` [outputs, N], the rows of each chunk, and each row's weight.

    Weights [N] have mean 1; None weighs all rows alike.
    """

    x: Tensor
    y: Tensor
    chunk: int
    weights: Tensor | None = None

    @property
    def rows(self) -> int:
        """Number of data rows."""
        return int(self.x.shape[1])

    def weighed(self, values: Tensor, rows: slice) -> Tensor:
        """``values`` [..., rows] times the weights of these rows."""
        return values if self.weights is None else values * self.weights[rows]

    def rooted(self, values: Tensor, rows: slice) -> Tensor:
        """``values`` [..., rows] times the roots of the weights of these rows: products of two such are weighed."""
        return values if self.weights is None else values * self.weights[rows].sqrt()


@dataclass(frozen=True)
class Normal:
    """Hessian approximation [R, P, P], gradient [R, P] and mean squared error [R] of the current parameters."""

    hessian: Tensor
    gradient: Tensor
    mse: Tensor


def cached_features(kan: KAN, data: Problem) -> Tensor | None:
    """The first layer's features, constant while its grid stands; None where they would not fit in memory comfortably."""
    edges = kan.edges[0]
    size = data.x.numel() * kan.basis.n_features * data.x.element_size()
    return layer_features(kan.basis, edges, data.x[None]) if size <= _CACHE_BYTES else None


def chunks_of(data: Problem) -> list[slice]:
    """The rows of each chunk."""
    return [slice(start, min(start + data.chunk, data.rows)) for start in range(0, data.rows, data.chunk)]


def part_of(first: Tensor | None, rows: slice, data: Problem) -> Tensor | None:
    """The cached features of some rows."""
    return first if first is None or rows.stop - rows.start == data.rows else first[..., rows]
