"""All constants of a system fitted by integrating it from several starts at once (multiple shooting)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kandisco.expr import Expr, var
from kandisco.expr.numeric import evaluate
from kandisco.tasks.ode.smooth import Run, Smooth
from kandisco.types import Array

_ITERATIONS = 30
_ROWS = 25
_WINDOWS = 4
_MOST_STEPS = 8
_EXACT = 1e-17
# Dormand and Prince's pair of orders 5 and 4 (J. Comput. Appl. Math. 6 (1980) 19), its fifth-order part.
_STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
)
_SUM = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84)


@dataclass(frozen=True, kw_only=True)
class Joint:
    """A system with its constants fitted.

    Attributes:
        exprs: one right-hand side a state.
        std_errors: of each equation's constants, in the order of its numbers; nan where they cannot be told.
        rmse: root mean square gap between the integrated and the measured states, in units of each state's deviation.
        cost: sum of squares of the residuals that were minimised.
    """

    exprs: tuple[Expr, ...]
    std_errors: tuple[tuple[float, ...], ...]
    rmse: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class _Windows:
    """Stretches of runs, all of one length: steps [windows, rows - 1], states and starts in units of ``unit``."""

    steps: Array
    states: Array
    starts: Array
    unit: Array


def by_integrating(exprs: Sequence[Expr], names: Sequence[str], runs: Sequence[Run], curves: Sequence[Smooth]) -> Joint:
    """Fit all constants, and the start of every window, to the measured states by integrating the system.

    A run is cut into windows, so that a chaotic one does not lose the data (multiple shooting; Bock, in Modelling of Chemical
    Reaction Systems (1981) 102). Levenberg-Marquardt; all derivatives come from copies that are integrated side by side.

    Args:
        exprs: right-hand sides with good first constants.
        names: of the states.
        runs: as measured.
        curves: their smooth curves, from which the starts are taken.
    """
    windows = _cut(runs, curves)
    forms, constants = _freed(exprs)
    substeps = _substeps(forms, names, windows, constants)
    starts = windows.starts
    left, slopes, inner = _derived(forms, names, windows, constants, starts, substeps)
    cost, damping = float(np.sum(left**2)), 1e-4
    for _ in range(_ITERATIONS):
        move, begin = _step(left, slopes, inner, damping)
        trial = _derived(forms, names, windows, constants + move, starts + begin, substeps)
        new = float(np.sum(trial[0] ** 2))
        gain = (cost - new) / max(cost, 1e-300)
        if new < cost:
            constants, starts, (left, slopes, inner), cost = constants + move, starts + begin, trial, new
            damping /= 10
        else:
            damping *= 10
        if damping > 1e8 or 0 <= gain < 1e-9 or cost < _EXACT * left.size:
            break
    errors = iter(_errors(left, slopes, inner).tolist())
    stream = iter(constants.tolist())
    return Joint(
        exprs=tuple(expr.with_numbers(stream) for expr in exprs),
        std_errors=tuple(tuple(next(errors) for _ in expr.numbers()) for expr in exprs),
        rmse=float(np.sqrt(np.mean(left**2))),
        cost=cost,
    )


def _cut(runs: Sequence[Run], curves: Sequence[Smooth]) -> _Windows:
    rows = max(2, min(len(run.t) for run in runs) // _WINDOWS)
    rows = min(max(rows, _ROWS), min(len(run.t) for run in runs))
    every = np.concatenate([run.states for run in runs], axis=1)
    unit = np.std(every, axis=1)
    unit[unit == 0] = 1.0
    steps, states, starts = [], [], []
    for run, curve in zip(runs, curves, strict=True):
        for begin in _begins(len(run.t), rows):
            steps.append(np.diff(run.t[begin : begin + rows]))
            states.append(run.states[:, begin : begin + rows] / unit[:, None])
            starts.append(curve.states[:, begin] / unit)
    return _Windows(steps=np.array(steps), states=np.array(states), starts=np.array(starts), unit=unit)


def _begins(rows: int, length: int) -> Iterator[int]:
    """First rows of windows that cover a run; the last may overlap the one before."""
    count = -(-rows // length)
    yield from (min(i * length, rows - length) for i in range(count))


def _freed(exprs: Sequence[Expr]) -> tuple[tuple[Expr, ...], Array]:
    """The equations with their constants as variables ``?0``, ``?1``, ..., and the constants."""
    values: list[float] = []

    def free(leaf: Expr) -> Expr:
        if leaf.head != "num":
            return leaf
        values.append(float(leaf.value))  # type: ignore[arg-type]
        return var(f"?{len(values) - 1}")

    forms = tuple(expr.map_leaves(free) for expr in exprs)
    return forms, np.array(values, dtype=np.float64)


def _run(
    forms: Sequence[Expr], names: Sequence[str], windows: _Windows, constants: Array, starts: Array, steps: Array, substeps: int
) -> Array:
    """Copies side by side, [states, rows, copies]: constants [p, copies], starts [states, copies], steps [rows - 1, copies]."""
    unit = windows.unit[:, None]
    fixed = {f"?{i}": row for i, row in enumerate(constants)}

    def field(state: Array) -> Array:
        columns = {**fixed, **dict(zip(names, state * unit, strict=True))}
        return np.array([evaluate(form, columns) for form in forms]) / unit

    state, out = starts, [starts]
    with np.errstate(all="ignore"):
        for step in steps / substeps:
            for _ in range(substeps):
                stages: list[Array] = []
                for row in _STAGES:
                    stages.append(field(state + step * sum((a * k for a, k in zip(row, stages)), np.zeros_like(state))))
                state = state + step * sum((b * k for b, k in zip(_SUM, stages) if b), np.zeros_like(state))
            out.append(state)
    return np.stack(out, axis=1)


def _substeps(forms: Sequence[Expr], names: Sequence[str], windows: _Windows, constants: Array) -> int:
    """Steps between two rows that bring the integrator's error well below the gap that is to be explained."""
    copies = len(windows.starts)
    wide = np.broadcast_to(constants[:, None], (len(constants), copies))
    few = _run(forms, names, windows, wide, windows.starts.T, windows.steps.T, 1)
    gap = float(np.sqrt(np.nanmean((few - windows.states.transpose(1, 2, 0)) ** 2)))
    count = 1
    while count < _MOST_STEPS:
        more = _run(forms, names, windows, wide, windows.starts.T, windows.steps.T, 2 * count)
        if not np.nanmax(np.abs(more - few)) > max(1e-3 * gap, 1e-8):
            break
        few, count = more, 2 * count
    return count


def _derived(
    forms: Sequence[Expr], names: Sequence[str], windows: _Windows, constants: Array, starts: Array, substeps: int
) -> tuple[Array, Array, Array]:
    """Gaps [windows, m], their slopes in the constants [windows, m, p] and in the window's own start [windows, m, states]."""
    count, (number, states) = len(constants), starts.shape
    moves = np.maximum(np.abs(constants), 1e-3) * 1e-6
    copies = 1 + count + states
    wide = np.repeat(constants[:, None], copies * number, axis=1).reshape(count, copies, number)
    begin = np.repeat(starts.T[:, None, :], copies, axis=1)
    for i in range(count):
        wide[i, 1 + i] += moves[i]
    for i in range(states):
        begin[i, 1 + count + i] += 1e-6
    steps = np.tile(windows.steps.T, (1, copies))
    found = _run(
        forms, names, windows, wide.reshape(count, copies * number), begin.reshape(states, copies * number), steps, substeps
    )
    rows = found.shape[1]
    found = found.reshape(states, rows, copies, number) - windows.states.transpose(1, 2, 0)[:, :, None, :]
    # A copy that breaks down counts as far off, and its slopes for nothing.
    flat = (
        np.nan_to_num(found, nan=1e3, posinf=1e3, neginf=-1e3).clip(-1e3, 1e3).transpose(3, 2, 0, 1).reshape(number, copies, -1)
    )
    base = flat[:, 0]
    slopes = (flat[:, 1 : 1 + count] - base[:, None]) / moves[:, None]
    inner = (flat[:, 1 + count :] - base[:, None]) / 1e-6
    return base, slopes.transpose(0, 2, 1), inner.transpose(0, 2, 1)


def _step(left: Array, slopes: Array, inner: Array, damping: float) -> tuple[Array, Array]:
    """Steps of the constants [p] and of the starts [windows, states]; the starts are eliminated window by window."""
    count = slopes.shape[2]
    normal, right = np.zeros((count, count)), np.zeros(count)
    parts = []
    for gap, outer, own in zip(left, slopes, inner, strict=True):
        block = own.T @ own
        block = block + damping * np.diag(np.diag(block) + 1e-12)
        solved = np.linalg.lstsq(block, np.column_stack([own.T @ outer, own.T @ gap]), rcond=None)[0]
        normal += outer.T @ (outer - own @ solved[:, :-1])
        right += outer.T @ (gap - own @ solved[:, -1])
        parts.append(solved)
    size = np.diag(normal) + 1e-300
    scale = np.sqrt(np.maximum(size, 1e-300))
    scaled = normal / np.outer(scale, scale) + damping * np.eye(count)
    move = -np.linalg.lstsq(scaled, right / scale, rcond=1e-12)[0] / scale if count else np.zeros(0)
    starts = np.array([-(part[:, -1] + part[:, :-1] @ move) for part in parts])
    return move, starts


def _errors(left: Array, slopes: Array, inner: Array) -> Array:
    """Standard errors of the constants, the starts being fitted too."""
    count = slopes.shape[2]
    normal = np.zeros((count, count))
    for outer, own in zip(slopes, inner, strict=True):
        normal += outer.T @ (outer - own @ np.linalg.lstsq(own, outer, rcond=None)[0])
    free = max(1, left.size - count - inner.shape[0] * inner.shape[2])
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.maximum(np.diag(normal), 1e-300))
        inverse = np.linalg.pinv(normal / np.outer(scale, scale)) / np.outer(scale, scale)
    found: Array = np.sqrt(np.maximum(np.diag(inverse), 0.0) * float(np.sum(left**2)) / free)
    return found
