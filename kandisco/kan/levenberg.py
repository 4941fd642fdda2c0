"""Levenberg-Marquardt on all restarts at once: one set of normal equations each, with a damping of its own (Nielsen's rule)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kandisco.kan.layout import arguments, blocks, free, moving, pack, unpack
from kandisco.kan.network import KAN
from kandisco.kan.normal import evaluate, normal
from kandisco.kan.passes import Trace
from kandisco.kan.penalty import Penalty
from kandisco.kan.problem import Normal, Problem

_LARGEST_DAMPING = 1e12
# Coefficients of splines and the bias beside them are dependent; this much keeps the solution small.
_PROJECTION_DAMPING = 1e-10
Penalise = Callable[[KAN, Normal], Penalty | None]


@dataclass(frozen=True)
class Damping:
    """Per restart: the damping in units of the Hessian's mean diagonal, and the factor of its next increase."""

    mu: Tensor
    nu: Tensor


@dataclass(frozen=True)
class State:
    """Where the restarts stand: networks, damping, mean squared error [R] and, if it is known, the forward pass.

    Which parameters are free (``layout.free``, ``layout.moving``) stays as it is from step to step.
    """

    kan: KAN
    damping: Damping
    mse: Tensor
    held: Tensor
    chosen: Tensor | None
    known: Trace | None = None


def start(kan: KAN, mse: Tensor, mu: float = 1e-2) -> State:
    """The state before the first step."""
    ones, held = kan.edges[0].coef.new_ones(kan.restarts), free(kan)
    return State(kan, Damping(ones * mu, ones * 2.0), mse, held, moving(held))


def step(state: State, data: Problem, first: Tensor | None, penalise: Penalise | None) -> State:
    """One damped Gauss-Newton step of every restart; a restart whose step does not pay stays and is damped more.

    Args:
        state: from ``start`` or the last step.
        data: the rows.
        first: first layer's features, see ``normal.cached_features``.
        penalise: the regularisation for the current networks and their normal equations, or None.
    """
    kan = state.kan
    chosen = state.chosen if penalise is None else None
    system = normal(kan, data, first, chosen, state.known)
    before = 0.5 * system.mse
    held = state.held if chosen is None else state.held.gather(1, chosen)
    # The damping follows the curvature of the data alone: the stiff pressure on dying edges must not slow the living ones.
    lift = state.damping.mu * _mean_diagonal(system, held)
    penalty = penalise(kan, system) if penalise is not None else None
    if penalty is not None:
        penalty.add_to(system, kan, blocks(kan))
        before = before + penalty.value(kan)
    theta = pack(kan)

    def attempt(moving: Tensor) -> tuple[Tensor, Tensor, KAN, Tensor, Trace | None]:
        found = solve(system, moving, lift)
        delta = found if chosen is None else torch.zeros_like(theta).scatter(1, chosen, found)
        trial = unpack(kan, theta + delta)
        return found, delta, trial, *evaluate(trial, data, first)

    found, delta, trial, mse, known = attempt(held)
    if any(e.symbols for e in kan.edges) and not bool(torch.isfinite(mse).all()):
        # A function was led out of its domain: where that happened the arguments of functions stay, all else moves.
        still = 1.0 - arguments(kan)
        still = still if chosen is None else still[0].expand_as(theta).gather(1, chosen)
        found, delta, trial, mse, known = attempt(torch.where(torch.isfinite(mse)[:, None], held, held * still))
    after = 0.5 * mse if penalty is None else 0.5 * mse + penalty.value(trial)
    expected = 0.5 * (found * (lift[:, None] * found - system.gradient)).sum(1)
    gain = (before - after) / expected.clamp_min(torch.finfo(theta.dtype).tiny)
    good = after < before
    damping = renew(state.damping, gain, good)
    if bool(good.all()):
        return replace(state, kan=trial, damping=damping, mse=mse, known=known)
    if not bool(good.any()):
        return replace(state, damping=damping, mse=system.mse)
    kept = unpack(kan, torch.where(good[:, None], theta + delta, theta))
    mse, known = torch.where(good, mse, system.mse), mix(good, known, state.known)
    return replace(state, kan=kept, damping=damping, mse=mse, known=known)


def project(state: State, data: Problem, first: Tensor | None, penalise: Penalise | None) -> State:
    """The last layer, which is linear, solved exactly for the layers before it, where that helps (Golub and Pereyra 1973).

    Restarts whose last layer has product nodes or moving functions take a Gauss-Newton step of it instead.
    """
    kan = state.kan
    system = normal(kan, data, first, None, state.known)
    penalty = penalise(kan, system) if penalise is not None else None
    if penalty is not None:
        penalty.add_to(system, kan, blocks(kan))
    held = state.held * (1.0 - arguments(kan))
    held[:, : blocks(kan)[-1].start] = 0.0
    trial = unpack(kan, pack(kan) + solve(system, held, _PROJECTION_DAMPING * _mean_diagonal(system, held)))
    mse, known = evaluate(trial, data, first)
    good = mse < state.mse if penalty is None else 0.5 * mse + penalty.value(trial) < 0.5 * state.mse + penalty.value(kan)
    kept = unpack(kan, torch.where(good[:, None], pack(trial), pack(kan)))
    return replace(state, kan=kept, mse=torch.where(good, mse, state.mse), known=mix(good, known, state.known))


def _mean_diagonal(system: Normal, held: Tensor) -> Tensor:
    """The mean [R] of the Hessian's diagonal over the free parameters, 1 where it is zero."""
    mean = (system.hessian.diagonal(dim1=1, dim2=2) * held).sum(1) / held.sum(1).clamp_min(1.0)
    return torch.where(mean > 0, mean, 1.0)


def mix(good: Tensor, new: Trace | None, old: Trace | None) -> Trace | None:
    """Restart by restart the pass of the new parameters where ``good``, else of the old."""
    if bool(good.all()):
        return new
    if new is None or old is None:
        return None
    pick = good[:, None, None]

    def mixed(a: Tensor, b: Tensor) -> Tensor:
        return a if a.shape[0] == 1 < good.shape[0] else torch.where(pick if a.ndim == 3 else pick[..., None], a, b)

    def each(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
        return [mixed(va, vb) for va, vb in zip(a, b, strict=True)]

    def some(a: list[Tensor | None], b: list[Tensor | None]) -> list[Tensor | None]:
        return [None if va is None or vb is None else mixed(va, vb) for va, vb in zip(a, b, strict=True)]

    sources, subs = each(new.sources, old.sources), each(new.subs, old.subs)
    return Trace(sources, some(new.phi, old.phi), subs, mixed(new.outputs, old.outputs), some(new.dphi, old.dphi))


def solve(system: Normal, held: Tensor, lift: Tensor) -> Tensor:
    """The step [R, P] under the damping ``lift`` [R]; parameters with ``held`` 0 stay."""
    if bool(held.all()):
        hessian, gradient, raised = system.hessian.clone(), system.gradient, lift[:, None]
    else:
        hessian, gradient = system.hessian * held[:, :, None] * held[:, None, :], system.gradient * held
        raised = torch.maximum(lift[:, None] * held, 1.0 - held)
    hessian.diagonal(dim1=1, dim2=2).add_(raised)
    factor, failed = torch.linalg.cholesky_ex(hessian)
    bad = (failed > 0) | ~torch.isfinite(gradient).all(1)
    if not bool(bad.any()):
        return torch.cholesky_solve(-gradient[..., None], factor)[..., 0]
    eye = torch.eye(hessian.shape[-1], dtype=hessian.dtype, device=hessian.device)
    delta = torch.cholesky_solve(-gradient[..., None], torch.where(bad[:, None, None], eye, factor))[..., 0]
    return torch.where(bad[:, None], torch.zeros_like(delta), delta)


def renew(damping: Damping, gain: Tensor, good: Tensor) -> Damping:
    """Nielsen: relax smoothly after a success, push ever harder after failures."""
    relaxed = damping.mu * (1.0 - (2.0 * gain - 1.0) ** 3).clamp(1.0 / 3.0, 2.0)
    mu = torch.where(good, relaxed, damping.mu * damping.nu).clamp(1e-15, _LARGEST_DAMPING)
    return Damping(mu, torch.where(good, 2.0, (damping.nu * 2.0).clamp_max(1e6)))
