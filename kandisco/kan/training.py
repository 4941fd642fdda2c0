"""Training: Levenberg-Marquardt from coarse to fine grids, stopped by held-out error, with sparsity when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.control import Control
from kandisco.kan import levenberg
from kandisco.kan.grids import extend_grid, rerange
from kandisco.kan.network import KAN, Edges, select
from kandisco.kan.normal import Problem, cached_features, mean_square, problem
from kandisco.kan.passes import trace
from kandisco.kan.penalty import Penalty, add, smoothing, sparsity
from kandisco.kan.tensors import columns
from kandisco.types import Array, Status

Progress = Callable[[int, Array, Array], None]
_RERANGE_EVERY = 5
_RERANGE_UNTIL = 30


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Outcome of ``fit``.

    Attributes:
        kan: the networks, each at its best held-out error.
        train_rmse, valid_rmse: [R], in the units of y; valid equals train where nothing was held out.
        iterations: Levenberg-Marquardt iterations spent.
        status: ``done``, ``timeout`` or ``interrupted``.
        members: [R], which of the restarts given to ``fit`` these are (all of them unless halving dropped some).
    """

    kan: KAN
    train_rmse: Array
    valid_rmse: Array
    iterations: int
    status: Status
    members: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How ``fit`` goes about it.

    Attributes:
        grids: grid intervals, coarse to fine.
        iterations: most iterations on one grid.
        stop_rmse: enough when one restart's held-out error is below this (units of y).
        lamb: sparsity pressure, unitless; 0 for none.
        smooth: pressure on bending, unitless.
        halving: after each grid keep the better half of the restarts.
        patience: iterations without a one per cent gain of any restart that end a grid.
    """

    grids: Sequence[int] = (5, 10, 20)
    iterations: int = 60
    stop_rmse: float = 0.0
    lamb: float = 0.0
    smooth: float = 0.0
    halving: bool = False
    patience: int = 12


@dataclass
class _Run:
    """The moving parts of one fit."""

    kan: KAN
    train: Problem
    valid: Problem
    best: KAN
    best_train: Tensor
    best_valid: Tensor
    members: list[int]
    iterations: int = 0
    status: Status = "done"


def fit(
    kan: KAN,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    valid: tuple[ArrayLike | Tensor, ArrayLike | Tensor] | None = None,
    lamb: float = 0.0,
    grids: Sequence[int] = (5, 10, 20),
    iterations: int = 60,
    stop_rmse: float = 0.0,
    smooth: float = 0.0,
    halving: bool = False,
    patience: int = 12,
    control: Control | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train every restart by least squares.

    Args:
        kan: networks to start from.
        x: [rows, inputs].
        y: [rows] or [rows, outputs].
        valid: held-out (x, y) that decides which state is kept and when to stop; None uses the training rows.
        lamb, grids, iterations, stop_rmse, smooth, halving, patience: see ``Schedule``.
        control: asked for a reason to stop at every iteration.
        progress: called with (iteration, train_rmse [R], valid_rmse [R]).

    Returns:
        The trained networks and their errors.
    """
    plan = Schedule(
        grids=grids, iterations=iterations, stop_rmse=stop_rmse, lamb=lamb, smooth=smooth, halving=halving, patience=patience
    )
    like = kan.edges[0].coef
    data = [columns(v, like.dtype, like.device) for v in (x, y, *(valid or ()))]
    shift, scale = _unit_of(kan, data[1])
    scaled = [data[0], (data[1] - shift) / scale, *(data[2:3]), *((v - shift) / scale for v in data[3:4])]
    run = _begin(_sized(rescale(kan, -shift / scale, 1.0 / scale), scaled[0]), scaled)
    factor = float(scale)
    plan = replace(plan, stop_rmse=plan.stop_rmse / factor)
    for index, grid in enumerate(plan.grids):
        # Refining is exact, so the best state so far stands on the new grid too.
        run.best = run.kan = extend_grid(run.best, grid) if grid != run.best.grid else run.best
        _train_grid(run, plan, first=index == 0, control=control, progress=progress, factor=factor)
        if run.status != "done" or _enough(run, plan):
            break
        if plan.halving and index + 1 < len(plan.grids):
            _halve(run)
    rmse = [factor * v.clamp_min(0.0).sqrt().double().cpu().numpy() for v in (run.best_train, run.best_valid)]
    return Trained(
        kan=rescale(run.best, shift, scale),
        train_rmse=rmse[0],
        valid_rmse=rmse[1],
        iterations=run.iterations,
        status=run.status,
        members=tuple(run.members),
    )


def _unit_of(kan: KAN, y: Tensor) -> tuple[Tensor, Tensor]:
    """Shift and scale that bring y to mean 0 and deviation 1; product outputs cannot take a shift."""
    last = kan.shape.layers[-1]
    size = y.abs().amax()
    size = torch.where(size > 0, size, torch.ones_like(size))
    unit = y / size
    shift = unit.mean() if not last.products else torch.zeros_like(size)
    scale = (unit - shift).square().mean().sqrt()
    flat = scale <= 1e-14
    return shift * size, torch.where(flat, torch.ones_like(scale), scale) * size


def _sized(kan: KAN, data: Tensor) -> KAN:
    """Bring restarts whose outputs are orders off the target's unit deviation, as a fresh network's on raw data, to it.

    A tiny last layer starves the layers before it of gradient, a huge one drowns the data.
    """
    outputs = trace(kan, data).outputs.flatten(1)
    deviation = outputs.std(1, correction=0)
    usable = (deviation > 1e-3) & (deviation < 1e3)
    factor = torch.where(usable | ~torch.isfinite(1.0 / deviation), torch.ones_like(deviation), 1.0 / deviation)
    shift = torch.where(usable, torch.zeros_like(deviation), -outputs.mean(1) * factor)
    return rescale(kan, shift[:, None], factor[:, None])


def rescale(kan: KAN, shift: Tensor, scale: Tensor) -> KAN:
    """Networks whose outputs are shift + scale * outputs; the scale goes into the first factor of a product."""
    last, layer = kan.edges[-1], kan.shape.layers[-1]
    touched = torch.zeros(layer.subs, dtype=last.bias.dtype, device=last.bias.device)
    position = layer.sums
    touched[: layer.sums] = 1.0
    for arity in layer.products:
        touched[position] = 1.0
        position += arity
    factor = torch.where(touched > 0, scale, torch.ones_like(scale)).expand_as(last.bias)
    bias = last.bias * factor
    if not layer.products:
        bias = bias + shift
    edges = replace(last, coef=last.coef * factor[..., None, None], bias=bias)
    return replace(kan, edges=(*kan.edges[:-1], edges))


def _begin(kan: KAN, data: list[Tensor]) -> _Run:
    train = problem(kan, data[0], data[1])
    held = problem(kan, data[2], data[3]) if len(data) == 4 else train
    errors = [mean_square(kan, part, None) for part in (train, held)]
    return _Run(kan, train, held, kan, errors[0], errors[1], list(range(kan.restarts)))


def _enough(run: _Run, plan: Schedule) -> bool:
    return bool((run.best_valid.sqrt() <= max(plan.stop_rmse, 1e-13)).any())


def _train_grid(
    run: _Run, plan: Schedule, *, first: bool, control: Control | None, progress: Progress | None, factor: float
) -> None:
    """Iterate on one grid until it is exhausted, enough, or time is up."""
    bend = smoothing(run.kan, plan.smooth) if plan.smooth > 0 else None
    cache, held_cache = cached_features(run.kan, run.train), cached_features(run.kan, run.valid)
    damping = levenberg.start(run.kan, 1e-2 if first else 1e-4)
    reference, stalled = run.best_valid.clone(), 0
    for count in range(plan.iterations):
        reason = control.reason() if control is not None else ""
        if reason:
            run.status = reason
            return
        if count % _RERANGE_EVERY == 0 and (count < _RERANGE_UNTIL or plan.lamb > 0):
            run.kan = rerange(run.kan, run.train.x)
        done = levenberg.step(run.kan, run.train, cache, damping, add(bend, _pressure(run, plan, cache)))
        run.kan, damping, run.iterations = done.kan, done.damping, run.iterations + 1
        held = done.mse if run.valid is run.train else mean_square(run.kan, run.valid, held_cache)
        _keep_best(run, done.mse, held, always=plan.lamb > 0)
        if progress is not None:
            progress(run.iterations, *(factor * v.sqrt().double().cpu().numpy() for v in (done.mse, held)))
        if _enough(run, plan):
            return
        gained = run.best_valid < 0.98 * reference
        reference = torch.where(gained, run.best_valid, reference)
        stalled = 0 if bool(gained.any()) else stalled + 1
        if stalled >= plan.patience and plan.lamb == 0:
            return


def _pressure(run: _Run, plan: Schedule, cache: Tensor | None) -> Penalty | None:
    if plan.lamb <= 0:
        return None
    return sparsity(run.kan, trace(run.kan, run.train.x, cache), plan.lamb)


def _keep_best(run: _Run, train: Tensor, held: Tensor, always: bool) -> None:
    """Per restart keep the better state; under sparsity pressure the newest, for its error rises while it gets simpler."""
    better = torch.isfinite(held) & ((held < run.best_valid) | ~torch.isfinite(run.best_valid) | always)
    run.best = choose(better, run.kan, run.best)
    run.best_train = torch.where(better, train, run.best_train)
    run.best_valid = torch.where(better, held, run.best_valid)


def choose(take: Tensor, new: KAN, old: KAN) -> KAN:
    """Restart by restart the network of ``new`` where ``take`` [R], else of ``old``; both of one shape and grid."""
    if bool(take.all()):
        return new
    edges = []
    for a, b in zip(new.edges, old.edges, strict=True):
        pairs = ((name, va, vars(b)[name]) for name, va in vars(a).items())
        edges.append(Edges(**{name: torch.where(take.view(-1, *[1] * (va.ndim - 1)), va, vb) for name, va, vb in pairs}))
    return replace(new, edges=tuple(edges))


def _halve(run: _Run) -> None:
    """Keep the better half of the restarts."""
    keep = torch.argsort(run.best_valid, stable=True)[: max(1, (run.best.restarts + 1) // 2)].sort().values.tolist()
    run.best, run.members = select(run.best, keep), [run.members[i] for i in keep]
    run.best_train, run.best_valid = run.best_train[keep], run.best_valid[keep]
    run.train = problem(run.best, run.train.x, run.train.y)
