"""Uniform cubic B-splines, the default basis, and the same on knots that are not even."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kandisco.builtins.grid import cell_of, extended, knots_of, unit
from kandisco.compiled import suits
from kandisco.specs import AbstractBasis

if TYPE_CHECKING:
    import torch

# Functions of an edge up to which a product of all of them can be faster than loops over four (benchmarks/engine).
_MOST_MULTIPLIED = 12


class BSpline(AbstractBasis):
    """Uniform cubic B-splines on ``grid`` intervals, in closed form (no recursion): grid + 3 functions that sum to one."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 3

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        if suits(x, lo, hi):
            from kandisco.builtins import kernels

            return kernels.cubic(x, lo, hi, self.grid, sloping=False)[0]
        u, width = unit(x, lo, hi)
        if u.requires_grad:
            return extended(u, self._dense, self._dense_slopes)
        inside = u.clamp(0.0, 1.0)
        t, index = self._cells(inside)
        found = self._scatter(_cubic(t), index, u)
        if not inside.equal(u):
            found += self._scatter(_cubic_slopes(t, self.grid / width), index, u) * ((u - inside) * width)[..., None, :]
        return found

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        u, width = unit(x, lo, hi)
        if u.requires_grad:
            return self._dense_slopes(u.clamp(0.0, 1.0)) / width[..., None, :]
        t, index = self._cells(u.clamp(0.0, 1.0))
        return self._scatter(_cubic_slopes(t, self.grid / width), index, u)

    def pair(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        if suits(x, lo, hi):
            from kandisco.builtins import kernels

            values, slopes = kernels.cubic(x, lo, hi, self.grid)
            return values, slopes
        u, width = unit(x, lo, hi)
        if u.requires_grad:
            return None
        inside = u.clamp(0.0, 1.0)
        t, index = self._cells(inside)
        found, slopes = self._scatter(_cubic(t), index, u), self._scatter(_cubic_slopes(t, self.grid / width), index, u)
        if not inside.equal(u):
            found += slopes * ((u - inside) * width)[..., None, :]
        return found, slopes

    def placed(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        lead = (x[..., 0] + lo + spread[..., 0]).shape
        knots, x = knots_of(lo, hi, spread, self.grid, lead), x.expand(*lead, x.shape[-1])
        inside = torch.minimum(torch.maximum(x, knots[..., :1]), knots[..., -1:])
        cell = cell_of(knots, inside)
        # Beyond the ends the grid goes on as it ends.
        beyond = torch.arange(1, 4, dtype=x.dtype, device=x.device)
        before, after = knots[..., :1] - knots[..., 1:2], knots[..., -1:] - knots[..., -2:-1]
        long = torch.cat([knots[..., :1] + beyond.flip(0) * before, knots, knots[..., -1:] + beyond * after], dim=-1)
        near = [long.gather(-1, cell + j) for j in range(1, 7)]
        values, slopes = _cubic_between(inside, near)
        values = values + slopes * (x - inside)[..., None, :]
        index = cell[..., None, :] + torch.arange(4, device=x.device)[:, None]
        blank = values.new_zeros(*lead, self.n_features, x.shape[-1])
        return blank.scatter(-2, index, values), blank.scatter(-2, index, slopes)

    def layer(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor) -> torch.Tensor | None:
        if not self._loops(x, lo, hi, coef):
            return None
        from kandisco.builtins import kernels

        return kernels.layer(x, lo, hi, coef, self.grid)

    def layer_slopes(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, sense: torch.Tensor, *, inner: bool
    ) -> tuple[torch.Tensor, torch.Tensor | None] | None:
        if not self._loops(x, lo, hi, coef):
            return None
        from kandisco.builtins import kernels

        return kernels.layer_slopes(x, lo, hi, coef, sense, self.grid, inner=inner)

    def _loops(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor) -> bool:
        """Whether loops over the four splines that are not zero at a point beat a product of all features.

        They lose where an edge has few functions and a source many edges: measured, with more than twice the functions of an
        edge, or as many in float32.
        """
        few = self.n_features <= _MOST_MULTIPLIED and 4 * coef.shape[1] > self.n_features * coef.element_size()
        return not few and suits(x, lo, hi, coef)

    def higher(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, order: int) -> torch.Tensor:
        u, width = unit(x, lo, hi)
        inside = u.clamp(0.0, 1.0)
        t, index = self._cells(inside)
        # The straight lines outside have no bend.
        scale = (inside == u) * (self.grid / width) ** order
        return self._scatter(tuple(piece * scale for piece in _bends(t, order)), index, u)

    def _cells(self, u: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Place within its interval of each point, and where the first of its four functions lies in the flat result."""
        import torch

        place = u * self.grid
        cell = place.floor().clamp_max_(self.grid - 1)
        size, rows = self.n_features, u.shape[-1]
        series = torch.arange(u.numel() // rows, device=u.device)[:, None] * (size * rows)
        # A value that is no number has no cell; any will do, for its functions are no numbers either.
        index = cell.long().clamp_min_(0).mul_(rows).view(-1, rows).add_(series).add_(torch.arange(rows, device=u.device))
        return place.sub_(cell), index.view(-1)

    def _scatter(self, weights: tuple[torch.Tensor, ...], index: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """The four functions that are not zero at each point, written into their rows: a quarter of the dense arithmetic."""
        rows, size = like.shape[-1], like.numel() * self.n_features
        found = like.new_zeros(size)
        for j, weight in enumerate(weights):
            # The next function lies one row further on.
            found[j * rows : size - (3 - j) * rows].scatter_(0, index, weight.reshape(-1))
        return found.view(*like.shape[:-1], self.n_features, rows)

    def _offset(self, u: torch.Tensor) -> torch.Tensor:
        """Distance, in knots, from the centre of each function: centres lie at -1, 0, ..., grid + 1."""
        import torch

        centres = torch.arange(-1, self.grid + 2, dtype=u.dtype, device=u.device)
        return (u * self.grid)[..., None, :] - centres[:, None]

    def _dense(self, u: torch.Tensor) -> torch.Tensor:
        """All functions everywhere, differentiable: the cardinal spline is ((2 - a)+^3 - 4 (1 - a)+^3) / 6 with a = |t|."""
        outer = (2.0 - self._offset(u).abs()).clamp_min(0.0)
        inner = (outer - 1.0).clamp_min(0.0)
        return (outer * outer * outer - 4.0 * inner * inner * inner) / 6.0

    def _dense_slopes(self, u: torch.Tensor) -> torch.Tensor:
        offset = self._offset(u)
        outer = (2.0 - offset.abs()).clamp_min(0.0)
        inner = (outer - 1.0).clamp_min(0.0)
        return (4.0 * inner * inner - outer * outer) * offset.sign() * (0.5 * self.grid)


def _cubic(t: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The four cubic pieces over one interval, t from 0 to 1, left to right."""
    s, square = 1.0 - t, t * t
    last = (square * t).mul_(1.0 / 6.0)
    first = (s * s).mul_(s).mul_(1.0 / 6.0)
    second = (0.5 * t).sub_(1.0).mul_(square).add_(2.0 / 3.0)
    return first, second, (1.0 - first).sub_(second).sub_(last), last


def _cubic_slopes(t: torch.Tensor, scale: float | torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Their slopes times ``scale``."""
    grown = t * scale
    s, last = 1.0 - t, (t * grown).mul_(0.5)
    first = (s * s).mul_(-0.5 * scale)
    second = (1.5 * t).sub_(2.0).mul_(grown)
    return first, second, (first + second).add_(last).neg_(), last


def _cubic_between(x: torch.Tensor, near: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """The four splines that are not zero at ``x`` and their slopes, [..., 4, rows], by de Boor's recursion.

    ``near`` are the three knots up to x and the three after it.
    """
    import torch

    rows, slopes = [torch.ones_like(x)], [torch.zeros_like(x)]
    for degree in (1, 2, 3):
        gaps = [near[3 + r] - near[3 + r - degree] for r in range(degree)]
        parts = [row / gap for row, gap in zip(rows, gaps, strict=True)]
        zero = torch.zeros_like(x)
        rising, falling = [zero, *parts], [*parts, zero]
        slopes = [degree * (up - down) for up, down in zip(rising, falling, strict=True)]
        ends = [(x - near[max(2 + r - degree, 0)], near[min(3 + r, 5)] - x) for r in range(degree + 1)]
        rows = [up * since + down * until for up, down, (since, until) in zip(rising, falling, ends, strict=True)]
    return torch.stack(rows, dim=-2), torch.stack(slopes, dim=-2)


def _bends(t: torch.Tensor, order: int) -> tuple[torch.Tensor, ...]:
    """Their derivatives in t of the second order or a higher one."""
    if order == 2:
        return 1.0 - t, 3.0 * t - 2.0, 1.0 - 3.0 * t, t
    steps = (-1.0, 3.0, -3.0, 1.0) if order == 3 else (0.0, 0.0, 0.0, 0.0)
    return tuple(t.new_full(t.shape, step) for step in steps)
