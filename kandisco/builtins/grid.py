"""What bases on a grid share: the unit coordinate of a range, its knots, and straight lines beyond its ends.

In the unit coordinate u = (x - lo) / (hi - lo) one grid of coefficients serves any range. Outside [lo, hi] a basis goes on as
straight lines: phi(x) = phi(c) + phi'(c) (x - c), c the nearer end, so that a node that drifts out of its grid meets neither an
infinity nor a flat, gradient-free plateau.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING

from kandisco.specs import AbstractBasis

if TYPE_CHECKING:
    import torch

Kernel = Callable[["torch.Tensor"], "torch.Tensor"]


def unit(x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The unit coordinate of ``x`` and the width of the range, shaped to broadcast against ``x``."""
    width = (hi - lo)[..., None]
    return (x - lo[..., None]) / width, width


def extended(u: torch.Tensor, values: Kernel, slopes: Kernel) -> torch.Tensor:
    """Basis values at ``u``, continued by straight lines outside [0, 1]."""
    inside = u.clamp(0.0, 1.0)
    beyond = u - inside
    found = values(inside)
    # The test is cheap beside a second evaluation, which almost no batch needs.
    return found + slopes(inside) * beyond[..., None, :] if bool(beyond.any()) or beyond.requires_grad else found


def distances(u: torch.Tensor, grid: int) -> torch.Tensor:
    """Distance, in grid intervals, of ``u`` [..., rows] from each grid point: [..., grid + 1, rows]."""
    import torch

    return u[..., None, :] * grid - torch.arange(grid + 1, dtype=u.dtype, device=u.device)[:, None]


def knots_of(lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor, grid: int, lead: torch.Size) -> torch.Tensor:
    """The knots [*lead, grid + 1] of a grid spread over a range, see ``AbstractBasis.placed``."""
    import torch

    level = torch.arange(grid + 1, dtype=spread.dtype, device=spread.device) * ((spread.shape[-1] - 1) / grid)
    cell = level.floor().clamp_max(spread.shape[-1] - 2).long()
    at = spread[..., cell] + (level - cell) * (spread[..., cell + 1] - spread[..., cell])
    return (lo[..., None] + (hi - lo)[..., None] * at).expand(*lead, grid + 1).contiguous()


def cell_of(knots: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The interval each of ``x`` [..., rows] lies in; the first and the last go on outside."""
    import torch

    return (torch.searchsorted(knots, x.detach().contiguous(), right=True) - 1).clamp(0, knots.shape[-1] - 2)


class AbstractStraight(AbstractBasis):
    """A basis given by its values and slopes on the unit interval; straight lines outside it."""

    @abc.abstractmethod
    def _values(self, u: torch.Tensor) -> torch.Tensor:
        """Basis values [..., n_features, rows] at ``u`` in [0, 1]."""

    @abc.abstractmethod
    def _slopes(self, u: torch.Tensor) -> torch.Tensor:
        """Their derivatives in ``u``."""

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        return extended(unit(x, lo, hi)[0], self._values, self._slopes)

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        u, width = unit(x, lo, hi)
        return self._slopes(u.clamp(0.0, 1.0)) / width[..., None, :]
