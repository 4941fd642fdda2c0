"""Training: Levenberg-Marquardt from coarse to fine grids, stopped by held-out error, with sparsity when asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.control import Control
from kandisco.kan import levenberg
from kandisco.kan.cutting import cut
from kandisco.kan.grids import extend_grid, rerange
from kandisco.kan.layout import blocks
from kandisco.kan.network import KAN, select
from kandisco.kan.normal import evaluate, mean_square, problem
from kandisco.kan.penalty import Penalty, Pressure, add, smoothing, sparsity
from kandisco.kan.problem import Normal, Problem, cached_features
from kandisco.kan.scaling import rescale, sized, unit_of
from kandisco.kan.tensors import Held, columns, row_weights
from kandisco.types import Array, Status

Progress = Callable[[int, Array, Array], None]

_RERANGE_EVERY, _RERANGE_UNTIL, _RERANGE_COST = 5, 30, 2.0
# The floor under which effects are not told apart sinks at each iteration, so that no edge is given up before it learnt.
_FLOOR_START, _FLOOR_DECAY, _FLOOR_END = 0.3, 0.85, 1e-3


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
        iterations: most iterations on the last grid and under pressure; the grids before it get a third, for what they still
            gain late a finer one gains sooner.
        stop_rmse: enough when one restart's held-out error is below this (units of y).
        lamb: sparsity pressure, unitless: edges whose effect on the output is below about 5 lamb of its deviation vanish.
        pressure: what ``lamb`` presses with; the logarithm of the effects unless told otherwise.
        smooth: pressure on bending, unitless: this much of the target's variance for a mean square second derivative, over the
            unit range of a source, of one.
        halving: after each grid keep the better half of the restarts.
        project: solve the last layer exactly at every iteration; sooner at a moderate error, often later at a small one.
        patience: iterations without a two per cent gain of any restart that end a grid.
    """

    grids: Sequence[int] = (5, 10, 20)
    iterations: int = 60
    stop_rmse: float = 0.0
    lamb: float = 0.0
    pressure: Pressure = Pressure()
    smooth: float = 0.0
    halving: bool = False
    project: bool = False
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
    unit: float
    control: Control | None
    progress: Progress | None
    iterations: int = 0
    status: Status = "done"


def fit(
    kan: KAN,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    valid: Held | None = None,
    weights: ArrayLike | Tensor | None = None,
    lamb: float = 0.0,
    grids: Sequence[int] = (5, 10, 20),
    iterations: int = 60,
    stop_rmse: float = 0.0,
    smooth: float = 0.0,
    pressure: Pressure | None = None,
    halving: bool = False,
    project: bool = False,
    patience: int = 12,
    control: Control | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train every restart by least squares.

    With ``lamb`` above zero the first grid is spent under sparsity pressure; then the edges that died are removed, and the rest
    is trained on without pressure, on this grid and the finer ones.

    Args:
        kan: networks to start from.
        x: [rows, inputs].
        y: [rows] or [rows, outputs].
        valid: held-out (x, y) or (x, y, weights) that decides which state is kept and when to stop; None uses the training rows.
        weights: [rows] not negative, what each training row's squared error counts; their sum does not matter.
        lamb, grids, iterations, stop_rmse, smooth, pressure, halving, project, patience: see ``Schedule``.
        control: asked for a reason to stop at every iteration.
        progress: called with (iteration, train_rmse [R], valid_rmse [R]).

    Returns:
        The trained networks and their errors.

    Raises:
        InputError: weights that are negative, not finite, all zero, or not one per row.
    """
    plan = Schedule(
        grids=tuple(grids), iterations=iterations, lamb=lamb, smooth=smooth, pressure=pressure or Pressure(), halving=halving,
        project=project, patience=patience,
    )  # fmt: skip
    train = _problem(kan, x, y, weights)
    shift, scale = unit_of(kan, train.y, train.weights)
    held = None if valid is None else _in_units(_problem(kan, *valid), shift, scale)
    run = _begin(rescale(kan, -shift / scale, 1.0 / scale), _in_units(train, shift, scale), held, float(scale), control, progress)
    _train(run, replace(plan, stop_rmse=stop_rmse / run.unit))
    rmse = [run.unit * v.clamp_min(0.0).sqrt().double().cpu().numpy() for v in (run.best_train, run.best_valid)]
    return Trained(
        kan=rescale(run.best, shift, scale),
        train_rmse=rmse[0],
        valid_rmse=rmse[1],
        iterations=run.iterations,
        status=run.status,
        members=tuple(run.members),
    )


def _problem(kan: KAN, x: ArrayLike | Tensor, y: ArrayLike | Tensor, weights: ArrayLike | Tensor | None = None) -> Problem:
    like = kan.edges[0].coef
    target = columns(y, like.dtype, like.device)
    return problem(kan, columns(x, like.dtype, like.device), target, row_weights(weights, target))


def _in_units(data: Problem, shift: Tensor, scale: Tensor) -> Problem:
    return replace(data, y=(data.y - shift) / scale)


def _begin(
    kan: KAN, train: Problem, held: Problem | None, unit: float, control: Control | None, progress: Progress | None
) -> _Run:
    start = sized(kan, train.x)
    valid = train if held is None else held
    errors = [_error(start, part) for part in (train, valid)]
    members = list(range(kan.restarts))
    return _Run(start, train, valid, start, errors[0], errors[1], members, unit, control, progress)


def _error(kan: KAN, data: Problem) -> Tensor:
    """Mean squared error [R]; infinite where it is no number, so that any number is better."""
    return torch.nan_to_num(mean_square(kan, data, None), nan=torch.inf, posinf=torch.inf)


def _train(run: _Run, plan: Schedule) -> None:
    """All grids, coarse to fine."""
    for index, grid in enumerate(plan.grids):
        # Refining is exact, so the best state so far stands on the new grid too.
        run.best = run.kan = extend_grid(run.best, grid) if grid != run.best.grid else run.best
        first = index == 0
        if first and plan.lamb > 0:
            _iterate(run, plan, mu=1e-2)
            if run.status == "done":
                _cut(run)
        if run.status == "done":
            last = index + 1 == len(plan.grids)
            # What pressure has left is trained to the end at once, for elimination judges by it.
            most = plan.iterations if last or plan.lamb > 0 else -(-plan.iterations // 3)
            _iterate(run, replace(plan, lamb=0.0, iterations=most), mu=1e-2 if first else 1e-4)
        if run.status != "done" or _enough(run, plan):
            return
        if plan.halving and index + 1 < len(plan.grids):
            _halve(run)


def _enough(run: _Run, plan: Schedule) -> bool:
    return bool((run.best_valid.sqrt() <= max(plan.stop_rmse, 1e-13)).any())


def _iterate(run: _Run, plan: Schedule, mu: float) -> None:
    """Iterate on one grid until it is exhausted, enough, or time is up."""
    cache, held_cache = cached_features(run.kan, run.train), cached_features(run.kan, run.valid)
    state = levenberg.start(run.kan, run.best_train, mu)
    reference, stalled = run.best_valid.clone(), 0
    for count in range(plan.iterations):
        reason = run.control.reason() if run.control is not None else ""
        if reason:
            run.status = reason
            return
        if count % _RERANGE_EVERY == 0 and (count < _RERANGE_UNTIL or plan.lamb > 0):
            state = _reranged(state, run.train, cache)
        penalise = _penalise(run, plan, count)
        state = levenberg.project(state, run.train, cache, penalise) if plan.project else state
        state = levenberg.step(state, run.train, cache, penalise)
        run.kan, run.iterations = state.kan, run.iterations + 1
        held = state.mse if run.valid is run.train else mean_square(run.kan, run.valid, held_cache)
        # Under pressure the newest state counts: its error may rise while the network gets simpler.
        _keep_best(run, state.mse, held, always=plan.lamb > 0)
        if run.progress is not None:
            run.progress(run.iterations, *(run.unit * v.sqrt().double().cpu().numpy() for v in (state.mse, held)))
        gained = run.best_valid < 0.96 * reference
        reference = torch.where(gained, run.best_valid, reference)
        stalled = 0 if bool(gained.any()) else stalled + 1
        if plan.lamb == 0 and (stalled >= plan.patience or _enough(run, plan)):
            return


def _reranged(state: levenberg.State, data: Problem, cache: Tensor | None) -> levenberg.State:
    """Hidden ranges moved to what the data reach, in the restarts that can afford it.

    A node that has outgrown its grid goes on in straight lines, which may fit well; a wider, coarser grid may not.
    """
    kan = rerange(state.kan, data.x, state.known)
    if kan is state.kan:
        return state
    mse, known = evaluate(kan, data, cache)
    good = mse <= _RERANGE_COST * state.mse
    kept = choose(good, kan, state.kan)
    return replace(state, kan=kept, mse=torch.where(good, mse, state.mse), known=levenberg.mix(good, known, state.known))


def _penalise(run: _Run, plan: Schedule, count: int) -> levenberg.Penalise | None:
    """The regularisation of iteration ``count``."""
    if plan.lamb <= 0 and plan.smooth <= 0:
        return None
    layout = blocks(run.kan)
    floor = max(_FLOOR_START * _FLOOR_DECAY**count, _FLOOR_END)

    def penalty(kan: KAN, system: Normal) -> Penalty | None:
        bend = smoothing(kan, system, layout, plan.smooth) if plan.smooth > 0 else None
        return add(bend, sparsity(kan, system, layout, plan.lamb, floor, plan.pressure) if plan.lamb > 0 else None)

    return penalty


def _cut(run: _Run) -> None:
    """Remove what the pressure has killed, and start to count errors anew."""
    run.best = run.kan = cut(run.kan, run.train, 3.0 * _FLOOR_END)
    run.best_train, run.best_valid = _error(run.kan, run.train), _error(run.kan, run.valid)


def _keep_best(run: _Run, train: Tensor, held: Tensor, always: bool) -> None:
    """Per restart keep the better state."""
    better = torch.isfinite(held) if always else held < run.best_valid
    run.best = choose(better, run.kan, run.best)
    run.best_train = torch.where(better, train, run.best_train)
    run.best_valid = torch.where(better, held, run.best_valid)


def choose(take: Tensor, new: KAN, old: KAN) -> KAN:
    """Restart by restart the network of ``new`` where ``take`` [R], else of ``old``; both of one shape and grid."""
    if bool(take.all()):
        return new
    if not bool(take.any()):
        return old
    edges = []
    for a, b in zip(new.edges, old.edges, strict=True):
        pairs = ((name, va, b.tensors()[name]) for name, va in a.tensors().items())
        mixed = {name: torch.where(take.view(-1, *[1] * (va.ndim - 1)), va, vb) for name, va, vb in pairs}
        edges.append(a.with_tensors(mixed))
    return replace(new, edges=tuple(edges))


def _halve(run: _Run) -> None:
    """Keep the better half of the restarts."""
    keep = torch.argsort(run.best_valid, stable=True)[: max(1, (run.best.restarts + 1) // 2)].sort().values.tolist()
    run.best, run.members = select(run.best, keep), [run.members[i] for i in keep]
    run.best_train, run.best_valid = run.best_train[keep], run.best_valid[keep]
    run.train = problem(run.best, run.train.x, run.train.y, run.train.weights)
