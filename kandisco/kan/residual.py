"""Networks that satisfy equations between their values and derivatives: damped Gauss-Newton on the residuals themselves.

Each condition asks something of the network at points of its own: a differential equation inside a domain, a value on its edge.
The Jacobian of the residuals is exact (``kandisco.kan.jets``), and every column of it is brought to length one before the damping
(More 1978): second derivatives make coefficients of edges differ in effect by many orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kandisco.control import Control
from kandisco.kan.jets import Index, Jet, first_features, forward_jets, jacobian_of
from kandisco.kan.layout import free, pack, unpack
from kandisco.kan.levenberg import Damping, renew, solve
from kandisco.kan.network import KAN
from kandisco.kan.problem import Normal

Residual = Callable[[Mapping[Index, Tensor], Tensor], tuple[Tensor, Mapping[Index, Tensor]]]
_CHUNK_BYTES = 64_000_000


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One equation and where it holds.

    Attributes:
        x: float64 [inputs, N], the points.
        indices: the partial derivatives it needs, a closed set (``jets.closure``).
        residual: the output's derivatives, each [R, N], and the points -> residuals [R, N] and their slopes in each derivative.
        weight: what its mean square counts in the sum of all conditions.
    """

    x: Tensor
    indices: tuple[Index, ...]
    residual: Residual
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Solved:
    """Outcome of ``fit_residual``: the networks, the weighted sum of mean squares [R], and iterations spent."""

    kan: KAN
    loss: Tensor
    iterations: int


@dataclass(frozen=True)
class _Prepared:
    """Chunks of conditions with their first layer's features."""

    condition: Condition
    first: tuple[Jet, list[Tensor], Jet]

    def residual(self, jets: Jet) -> tuple[Tensor, Mapping[Index, Tensor]]:
        """The condition's residuals [R, N] and their slopes."""
        return self.condition.residual({a: rows[:, 0] for a, rows in jets.items()}, self.condition.x)


def fit_residual(
    kan: KAN,
    conditions: Sequence[Condition],
    *,
    iterations: int = 60,
    patience: int = 5,
    gain: float = 0.01,
    control: Control | None = None,
) -> Solved:
    """Lower the sum of the conditions' mean squares, in every restart.

    Args:
        kan: networks of one output, without symbolic edges; all restarts have the first grid in common.
        conditions: what they shall satisfy.
        iterations: at most.
        patience: so many iterations in which no restart gains the share ``gain`` end it.
        gain: see ``patience``.
        control: asked for a reason to stop at every iteration.
    """
    parts = _prepared(kan, conditions)
    held = free(kan)
    ones = held.new_ones(kan.restarts)
    damping, stalled, count = Damping(ones * 1e-2, ones * 2.0), 0, 0
    loss = _loss(kan, parts)
    system: Normal | None = None
    while count < iterations and stalled < patience and bool((loss > 0).any()):
        if control is not None and control.reason():
            break
        count += 1
        if system is None:
            system = _normal(kan, parts)
        scale = system.hessian.diagonal(dim1=1, dim2=2).sqrt()
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        unit = Normal(system.hessian / scale[:, :, None] / scale[:, None, :], system.gradient / scale, system.mse)
        delta = solve(unit, held, damping.mu)
        trial = unpack(kan, pack(kan) + delta / scale)
        after = _loss(trial, parts)
        good = torch.isfinite(after) & (after < loss)
        expected = (delta * (damping.mu[:, None] * delta - unit.gradient)).sum(1)
        damping = renew(damping, (loss - after) / expected.clamp_min(torch.finfo(loss.dtype).tiny), good)
        better = bool((good & (after < (1.0 - gain) * loss)).any())
        stalled = 0 if better else stalled + 1
        if bool(good.any()):  # a refused step leaves the system as it was
            kan, system = unpack(kan, torch.where(good[:, None], pack(trial), pack(kan))), None
            loss = torch.where(good, after, loss)
    return Solved(kan=kan, loss=loss, iterations=count)


def polish(kan: KAN, conditions: Sequence[Condition], *, steps: int = 3) -> KAN:
    """Gauss-Newton steps of a single network from the Jacobian itself, kept while they lower the loss.

    Normal equations square the condition number; this does not.
    """
    parts = _prepared(kan, conditions)
    moving = free(kan)[0] > 0
    loss = _loss(kan, parts)
    for _ in range(steps):
        blocks = [_weighed(kan, part) for part in parts]
        residual, jacobian = torch.cat([r[0] for r, _ in blocks]), torch.cat([j[0] for _, j in blocks], dim=1)[moving]
        scale = jacobian.norm(dim=1).clamp_min(torch.finfo(loss.dtype).tiny)
        step = torch.linalg.lstsq((jacobian / scale[:, None]).T, residual, rcond=1e-13, driver="gelsd").solution / scale
        theta = pack(kan).clone()
        theta[0, moving] -= step
        trial = unpack(kan, theta)
        after = _loss(trial, parts)
        if not bool(after < loss):
            break
        kan, loss = trial, after
    return kan


def _prepared(kan: KAN, conditions: Sequence[Condition]) -> list[_Prepared]:
    """The conditions in chunks of rows; a chunk's weight is that of one row."""
    found = []
    for condition in conditions:
        wide = sum(int(e.coef[0].numel()) for e in kan.edges) * kan.restarts * condition.x.element_size()
        count = int(condition.x.shape[1])
        size = max(64, min(count, _CHUNK_BYTES // wide))
        for start in range(0, count, size):
            part = replace(condition, x=condition.x[:, start : start + size], weight=condition.weight / count)
            found.append(_Prepared(part, first_features(kan, part.x, part.indices)))
    return found


def _loss(kan: KAN, parts: Sequence[_Prepared]) -> Tensor:
    total = kan.edges[0].coef.new_zeros(kan.restarts)
    for part in parts:
        jets, _ = forward_jets(kan, part.condition.indices, part.first)
        total = total + part.condition.weight * part.residual(jets)[0].square().sum(1)
    return total


def _weighed(kan: KAN, part: _Prepared) -> tuple[Tensor, Tensor]:
    """Residuals [R, N] and their Jacobian [R, P, N], both times the root of the weight."""
    indices = part.condition.indices
    jets, layers = forward_jets(kan, indices, part.first, slopes=True)
    value, slopes = part.residual(jets)
    jacobian = jacobian_of(kan, indices, layers, {a: rows.expand_as(value)[:, None] for a, rows in slopes.items()})
    root = part.condition.weight**0.5
    return root * value, root * jacobian


def _normal(kan: KAN, parts: Sequence[_Prepared]) -> Normal:
    size = pack(kan).shape[1]
    like = kan.edges[0].coef
    hessian, gradient, total = like.new_zeros(kan.restarts, size, size), like.new_zeros(kan.restarts, size), like.new_zeros(1)
    for part in parts:
        residual, jacobian = _weighed(kan, part)
        hessian.baddbmm_(jacobian, jacobian.transpose(1, 2))
        gradient += (jacobian @ residual[..., None])[..., 0]
        total = total + residual.square().sum(1)
    return Normal(hessian, gradient, total)
