"""The shipped edge bases: cubic B-splines (the default), Chebyshev, Legendre, Fourier, Gaussian bumps, hats and wavelets.

All work in the unit coordinate of a range, and all span the constants and the straight lines; outside the range all but the
periodic ones are straight lines (see ``grid``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kandisco.builtins.grid import AbstractStraight, cell_of, distances, knots_of, unit
from kandisco.builtins.polynomials import Chebyshev, Legendre
from kandisco.builtins.splines import BSpline
from kandisco.hookspecs import hookimpl
from kandisco.specs import AbstractBasis, BasisSpec

if TYPE_CHECKING:
    import torch


class Fourier(AbstractBasis):
    """A constant, a straight line, and sines and cosines whose longest period is the range; periodic outside it."""

    def __init__(self, grid: int) -> None:
        self.waves = max(1, (grid + 2) // 2)

    @property
    def n_features(self) -> int:
        return 2 + 2 * self.waves

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        import torch

        u = unit(x, lo, hi)[0][..., None, :]
        angle = u * self._rates(u)
        return torch.cat([torch.ones_like(u), 2.0 * u - 1.0, torch.sin(angle), torch.cos(angle)], dim=-2)

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        import torch

        u, width = unit(x, lo, hi)
        u = u[..., None, :]
        rates = self._rates(u)
        angle = u * rates
        rows = [torch.zeros_like(u), torch.full_like(u, 2.0), rates * torch.cos(angle), -rates * torch.sin(angle)]
        return torch.cat(rows, dim=-2) / width[..., None, :]

    def _rates(self, like: torch.Tensor) -> torch.Tensor:
        import torch

        return 2.0 * math.pi * torch.arange(1, self.waves + 1, dtype=like.dtype, device=like.device)[:, None]


class Rbf(AbstractStraight):
    """A constant, a straight line, and grid + 1 Gaussian bumps one grid interval apart."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 3

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        line = 2.0 * u[..., None, :] - 1.0
        return torch.cat([torch.ones_like(line), line, torch.exp(-distances(u, self.grid).square())], dim=-2)

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        offset = distances(u, self.grid)
        flat = torch.zeros_like(u)[..., None, :]
        return torch.cat([flat, flat + 2.0, -2.0 * self.grid * offset * torch.exp(-offset.square())], dim=-2)


class Hat(AbstractStraight):
    """Piecewise linear hats on ``grid`` intervals: grid + 1 functions that sum to one, for laws with kinks."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 1

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        return (1.0 - distances(u, self.grid).abs()).clamp_min(0.0)

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
        knots, x = knots_of(lo, hi, spread, self.grid, lead), x.expand(*lead, x.shape[-1])
        cell = cell_of(knots, x)
        left, gap = knots.gather(-1, cell), knots.gather(-1, cell + 1) - knots.gather(-1, cell)
        place, rate = (x - left) / gap, 1.0 / gap
        index = torch.stack([cell, cell + 1], dim=-2)
        blank = place.new_zeros(*lead, self.n_features, x.shape[-1])
        values, slopes = torch.stack([1.0 - place, place], dim=-2), torch.stack([-rate, rate], dim=-2)
        return blank.scatter(-2, index, values), blank.scatter(-2, index, slopes)


class MexicanHat(AbstractStraight):
    """A constant, a straight line, and grid + 1 mexican-hat wavelets (1 - t^2) exp(-t^2 / 2), one and a half intervals wide."""

    def __init__(self, grid: int) -> None:
        self.grid = grid

    @property
    def n_features(self) -> int:
        return self.grid + 3

    def _values(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        line, square = 2.0 * u[..., None, :] - 1.0, (distances(u, self.grid) / 1.5).square()
        return torch.cat([torch.ones_like(line), line, (1.0 - square) * torch.exp(-0.5 * square)], dim=-2)

    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        offset = distances(u, self.grid) / 1.5
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
