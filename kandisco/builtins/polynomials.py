"""Orthogonal polynomials by their recurrences, as bases: Chebyshev and Legendre."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from kandisco.builtins.grid import AbstractStraight, unit

if TYPE_CHECKING:
    import torch


class _AbstractPolynomials(AbstractStraight):
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

        u, width = unit(x, lo, hi)
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
