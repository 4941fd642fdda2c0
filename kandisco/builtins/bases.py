"""The shipped edge bases: cubic B-splines (the default), Chebyshev, Legendre, Fourier, Gaussian bumps, hats and wavelets.

All work in the unit coordinate u = (x - lo) / (hi - lo), so one grid of coefficients serves any range, and all span the constants
and the straight lines. Outside [lo, hi] the non-periodic ones go on as straight lines: phi(x) = phi(c) + phi'(c) (x - c), c the
nearer end, so a node that drifts out of its grid meets neither an infinity nor a flat, gradient-free plateau.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kandisco.compiled import suits
from kandisco.hookspecs import hookimpl
from kandisco.specs import AbstractBasis, BasisSpec

if TYPE_CHECKING:
    import torch

Kernel = Callable[["torch.Tensor"], "torch.Tensor"]
# Functions of an edge up to which a product of all of them can be faster than loops over four (benchmarks/engine).
_MOST_MULTIPLIED = 12


def _unit(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The unit coordinate of ``x`` and the width of the range, shaped to broadcast against ``x``."""
    width = (hi - lo)[..., None]
    return (x - lo[..., None]) / width, width


def _extended(u: torch.Tensor, values: Kernel, slopes: Kernel) -> torch.Tensor:
    """Basis values at ``u``, continued by straight lines outside [0, 1]."""
    inside = u.clamp(0.0, 1.0)
    beyond = u - inside
    found = values(inside)
    # The test is cheap beside a second evaluation, which almost no batch needs.
    return found + slopes(inside) * beyond[..., None, :] if bool(beyond.any()) or beyond.requires_grad else found


def _distances(u: torch.Tensor, grid: int) -> torch.Tensor:
    """Distance, in grid intervals, of ``u`` [..., rows] from each grid point: [..., grid + 1, rows]."""
    import torch

    return u[..., None, :] * grid - torch.arange(grid + 1, dtype=u.dtype, device=u.device)[:, None]


def _knots(lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor, grid: int, lead: torch.Size) -> torch.Tensor:
    """The knots [*lead, grid + 1] of a grid spread over a range, see ``AbstractBasis.placed``."""
    import torch

    level = torch.arange(grid + 1, dtype=spread.dtype, device=spread.device) * ((spread.shape[-1] - 1) / grid)
    cell = level.floor().clamp_max(spread.shape[-1] - 2).long()
    at = spread[..., cell] + (level - cell) * (spread[..., cell + 1] - spread[..., cell])
    return (lo[..., None] + (hi - lo)[..., None] * at).expand(*lead, grid + 1).contiguous()


def _cell(knots: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The interval each of ``x`` [..., rows] lies in; the first and the last go on outside."""
    import torch

    return (torch.searchsorted(knots, x.detach().contiguous(), right=True) - 1).clamp(0, knots.shape[-1] - 2)


class _AbstractStraight(AbstractBasis):
    """A basis given by its values and slopes on the unit interval; straight lines outside it."""

    @abc.abstractmethod
    def _values(self, u: torch.Tensor) -> torch.Tensor:
        """Basis values [..., n_features, rows] at ``u`` in [0, 1]."""

    @abc.abstractmethod
    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        """Their derivatives in ``u``."""

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        return _extended(_unit(x, lo, hi)[0], self._values, self._slopes)

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        u, width = _unit(x, lo, hi)
        return self._slopes(u.clamp(0.0, 1.0)) / width[..., None, :]


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
        u, width = _unit(x, lo, hi)
        if u.requires_grad:
            return _extended(u, self._dense, self._dense_slopes)
        inside = u.clamp(0.0, 1.0)
        t, index = self._cells(inside)
        found = self._scatter(_cubic(t), index, u)
        if not inside.equal(u):
            found += self._scatter(_cubic_slopes(t, self.grid / width), index, u) * ((u - inside) * width)[..., None, :]
        return found

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        u, width = _unit(x, lo, hi)
        if u.requires_grad:
            return self._dense_slopes(u.clamp(0.0, 1.0)) / width[..., None, :]
        t, index = self._cells(u.clamp(0.0, 1.0))
        return self._scatter(_cubic_slopes(t, self.grid / width), index, u)

    def pair(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        if suits(x, lo, hi):
            from kandisco.builtins import kernels

            values, slopes = kernels.cubic(x, lo, hi, self.grid)
            return values, slopes
        u, width = _unit(x, lo, hi)
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
        knots, x = _knots(lo, hi, spread, self.grid, lead), x.expand(*lead, x.shape[-1])
        inside = torch.minimum(torch.maximum(x, knots[..., :1]), knots[..., -1:])
        cell = _cell(knots, inside)
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
        u, width = _unit(x, lo, hi)
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


class _AbstractPolynomials(_AbstractStraight):
    """Polynomials of degree 0 to grid + 2 in t, which goes from -1 to 1 as u goes from 0 to 1."""

    def __init__(self, grid: int) -> None:
        self.degree = grid + 2

    @property
    def n_features(self) -> int:
        return self.degree + 1

    @abc.abstractmethod
    def _rows(self, t: torch.Tensor) -> list[torch.Tensor]:
        """The values of each at ``t``, by their recurrence."""

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.stack(self._rows(2.0 * u - 1.0), dim=-2)


class Chebyshev(_AbstractPolynomials):
    """Chebyshev polynomials, degree 0 to grid + 2, by recurrence (an arc cosine has infinite slopes at the ends)."""

    def _rows(self, t: torch.Tensor) -> list[torch.Tensor]:
        rows = [t.new_ones(t.shape), t]
        for _ in range(self.degree - 1):
            rows.append(2.0 * t * rows[-1] - rows[-2])
        return rows

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        # T_n' = n U_{n-1}; the factor 2 is dt/du.
        import torch

        t = 2.0 * u - 1.0
        second = [torch.zeros_like(t), torch.ones_like(t)]
        for _ in range(self.degree - 1):
            second.append(2.0 * t * second[-1] - second[-2])
        return torch.stack([2.0 * n * row for n, row in enumerate(second)], dim=-2)

    def higher(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, order: int) -> torch.Tensor:
        # Differentiated m times, the recurrence of the values reads T_n+1^(m) = 2 t T_n^(m) + 2 m T_n^(m-1) - T_n-1^(m).
        import torch

        u, width = _unit(x, lo, hi)
        t = 2.0 * u.clamp(0.0, 1.0) - 1.0
        below = self._rows(t)
        zero, one = torch.zeros_like(t), below[0]
        for m in range(1, order + 1):
            rows = [zero, one if m == 1 else zero]
            for n in range(1, self.degree):
                rows.append(2.0 * t * rows[n] + 2.0 * m * below[n] - rows[n - 1])
            below = rows
        inside = (u >= 0.0) & (u <= 1.0)  # the straight lines outside have no bend
        return torch.stack(below, dim=-2) * (inside * (2.0 / width) ** order)[..., None, :]


class Legendre(_AbstractPolynomials):
    """Legendre polynomials, degree 0 to grid + 2, by Bonnet's recurrence (n + 1) P_n+1 = (2n + 1) t P_n - n P_n-1."""

    def _rows(self, t: torch.Tensor) -> list[torch.Tensor]:
        rows = [t.new_ones(t.shape), t]
        for n in range(1, self.degree):
            rows.append(((2 * n + 1) * t * rows[n] - n * rows[n - 1]) / (n + 1))
        return rows

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        # P_n+1' = P_n-1' + (2n + 1) P_n; the factor 2 is dt/du.
        import torch

        values = self._rows(2.0 * u - 1.0)
        rows = [torch.zeros_like(u), torch.full_like(u, 2.0)]
        for n in range(1, self.degree):
            rows.append(rows[n - 1] + 2.0 * (2 * n + 1) * values[n])
        return torch.stack(rows, dim=-2)


class Fourier(AbstractBasis):
    """A constant, a straight line, and sines and cosines whose longest period is the range; periodic outside it."""

    def __init__(self, grid: int) -> None:
        self.waves = max(1, (grid + 2) // 2)

    @property
    def n_features(self) -> int:
        return 2 + 2 * self.waves

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        import torch

        u = _unit(x, lo, hi)[0][..., None, :]
        angle = u * self._rates(u)
        return torch.cat([torch.ones_like(u), 2.0 * u - 1.0, torch.sin(angle), torch.cos(angle)], dim=-2)

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        import torch

        u, width = _unit(x, lo, hi)
        u = u[..., None, :]
        rates = self._rates(u)
        angle = u * rates
        rows = [torch.zeros_like(u), torch.full_like(u, 2.0), rates * torch.cos(angle), -rates * torch.sin(angle)]
        return torch.cat(rows, dim=-2) / width[..., None, :]

    def _rates(self, like: torch.Tensor) -> torch.Tensor:
        import torch

        return 2.0 * math.pi * torch.arange(1, self.waves + 1, dtype=like.dtype, device=like.device)[:, None]


class Rbf(_AbstractStraight):
    """A constant, a straight line, and grid + 1 Gaussian bumps one grid interval apart."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 3

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        line = 2.0 * u[..., None, :] - 1.0
        return torch.cat([torch.ones_like(line), line, torch.exp(-_distances(u, self.grid).square())], dim=-2)

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        offset = _distances(u, self.grid)
        flat = torch.zeros_like(u)[..., None, :]
        return torch.cat([flat, flat + 2.0, -2.0 * self.grid * offset * torch.exp(-offset.square())], dim=-2)


class Hat(_AbstractStraight):
    """Piecewise linear hats on ``grid`` intervals: grid + 1 functions that sum to one, for laws with kinks."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 1

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        return (1.0 - _distances(u, self.grid).abs()).clamp_min(0.0)

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        # At a knot the interval to its left counts, at the first knot the one to its right: slopes outside are those inside.
        import torch

        cell = (u * self.grid).ceil().clamp(1, self.grid)[..., None, :]
        knots = torch.arange(self.grid + 1, dtype=u.dtype, device=u.device)[:, None]
        return self.grid * ((knots == cell).to(u) - (knots == cell - 1).to(u))

    def placed(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        lead = (x[..., 0] + lo + spread[..., 0]).shape
        knots, x = _knots(lo, hi, spread, self.grid, lead), x.expand(*lead, x.shape[-1])
        cell = _cell(knots, x)
        left, gap = knots.gather(-1, cell), knots.gather(-1, cell + 1) - knots.gather(-1, cell)
        place, rate = (x - left) / gap, 1.0 / gap
        index = torch.stack([cell, cell + 1], dim=-2)
        blank = place.new_zeros(*lead, self.n_features, x.shape[-1])
        values, slopes = torch.stack([1.0 - place, place], dim=-2), torch.stack([-rate, rate], dim=-2)
        return blank.scatter(-2, index, values), blank.scatter(-2, index, slopes)


class MexicanHat(_AbstractStraight):
    """A constant, a straight line, and grid + 1 mexican-hat wavelets (1 - t^2) exp(-t^2 / 2), one and a half intervals wide."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 3

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        line, square = 2.0 * u[..., None, :] - 1.0, (_distances(u, self.grid) / 1.5).square()
        return torch.cat([torch.ones_like(line), line, (1.0 - square) * torch.exp(-0.5 * square)], dim=-2)

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        offset = _distances(u, self.grid) / 1.5
        flat, square = torch.zeros_like(u)[..., None, :], offset.square()
        waves = (self.grid / 1.5) * offset * (square - 3.0) * torch.exp(-0.5 * square)
        return torch.cat([flat, flat + 2.0, waves], dim=-2)


@hookimpl
def kandisco_bases() -> Iterable[BasisSpec]:
    """The shipped bases, each with where it is from and where it was first used on the edges of a network."""
    return (
        BasisSpec(
            name="bspline",
            basis=BSpline,
            summary="uniform cubic B-splines, straight lines outside",
            references=("de Boor, A Practical Guide to Splines, Springer 1978", "Liu et al., KAN, arXiv:2404.19756"),
        ),
        BasisSpec(
            name="chebyshev",
            basis=Chebyshev,
            summary="Chebyshev polynomials up to degree grid + 2",
            references=("https://dlmf.nist.gov/18.9", "Sidharth et al., Chebyshev KAN, arXiv:2405.07200"),
        ),
        BasisSpec(
            name="legendre",
            basis=Legendre,
            summary="Legendre polynomials up to degree grid + 2",
            references=("https://dlmf.nist.gov/18.9", "Aghaei, fKAN (Jacobi polynomials), arXiv:2406.07456"),
        ),
        BasisSpec(
            name="fourier",
            basis=Fourier,
            summary="line plus sines and cosines, periodic over the range",
            references=("Xu et al., FourierKAN-GCF, arXiv:2406.01034",),
        ),
        BasisSpec(
            name="rbf",
            basis=Rbf,
            summary="line plus Gaussian bumps, one per grid point",
            references=("Li, FastKAN, arXiv:2405.06721",),
        ),
        BasisSpec(
            name="hat",
            basis=Hat,
            summary="piecewise linear hats, for laws with kinks",
            references=("Polar and Poluektov, Eng. Appl. Artif. Intell. 99 (2021) 104137",),
        ),
        BasisSpec(
            name="mexicanhat",
            basis=MexicanHat,
            summary="line plus mexican-hat wavelets, one per grid point",
            references=("Bozorgasl and Chen, Wav-KAN, arXiv:2405.12832",),
        ),
    )
