"""Grids whose knots lie where the data do, for bases that have knots (``AbstractBasis.placed``).

Of the knots of a source, a share follows the quantiles of what reaches it and the rest lies evenly: with F the distribution of
the data and u the place in the range, the knots lie at even steps of share F(u) + (1 - share) u. That curve is kept as a table of
its inverse, not the knots, so that grids of any number of intervals, and each refinement of one, follow from the same table.
"""

from __future__ import annotations

import torch
from torch import Tensor

from kandisco.errors import ConfigError
from kandisco.specs import AbstractBasis

_LEVELS, _MOST_ROWS = 64, 20_000
# Knots of data that repeat one value would fall together; this much of an even grid keeps them apart.
_APART = 1e-3


def features(basis: AbstractBasis, x: Tensor, lo: Tensor, hi: Tensor, spread: Tensor) -> Tensor:
    """Basis values [..., K, N] at ``x`` [..., N]; ``spread`` [..., 0] is an even grid."""
    return basis.features(x, lo, hi) if not spread.shape[-1] else placed(basis, x, lo, hi, spread)[0]


def placed(basis: AbstractBasis, x: Tensor, lo: Tensor, hi: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
    """Basis values and derivatives on knots that are spread.

    Raises:
        ConfigError: a basis without knots.
    """
    found = basis.placed(x, lo, hi, spread)
    if found is None:
        raise ConfigError("This basis has no knots that could follow the data.", hint="Use bspline or hat, or an even grid.")
    return found


def even(like: Tensor) -> Tensor:
    """The table [*like.shape, levels] of an even grid."""
    return torch.linspace(0.0, 1.0, _LEVELS + 1, dtype=like.dtype, device=like.device).expand(*like.shape, _LEVELS + 1).clone()


def spread_of(z: Tensor, lo: Tensor, hi: Tensor, share: float) -> Tensor:
    """The table [..., levels] for sources ``z`` [..., N] on the ranges ``lo``, ``hi`` [...]; even where z is not finite."""
    step = -(-int(z.shape[-1]) // _MOST_ROWS)
    place = ((z[..., ::step] - lo[..., None]) / (hi - lo)[..., None]).clamp(0.0, 1.0).sort(-1).values
    place = torch.cat([torch.zeros_like(place[..., :1]), place, torch.ones_like(place[..., :1])], dim=-1)
    rank = torch.linspace(0.0, 1.0, place.shape[-1], dtype=z.dtype, device=z.device)
    level, plain = share * rank + (1.0 - share) * place, even(place[..., 0])
    right = torch.searchsorted(level, plain, right=True).clamp(1, place.shape[-1] - 1)
    below, above = level.gather(-1, right - 1), level.gather(-1, right)
    start, end = place.gather(-1, right - 1), place.gather(-1, right)
    found = start + (end - start) * (plain - below) / (above - below)
    found[..., 0], found[..., -1] = 0.0, 1.0
    usable = torch.isfinite(found).all(-1, keepdim=True)
    return torch.where(usable, (1.0 - _APART) * found + _APART * plain, plain)


def places(spread: Tensor, points: int) -> Tensor:
    """``points`` places [..., points] in the unit range at even levels of a table, so that each interval gets its share."""
    level = torch.linspace(0.0, spread.shape[-1] - 1.0, points, dtype=spread.dtype, device=spread.device)
    cell = level.floor().clamp_max(spread.shape[-1] - 2).long()
    return spread[..., cell] + (level - cell) * (spread[..., cell + 1] - spread[..., cell])
