"""A network of one layer whose output stands still along trajectories, found without descent, and its curves as formulas."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kandisco.config import Config
from kandisco.control import Control
from kandisco.expr import Expr, add, constant_value, mul, var
from kandisco.symbolic.snap import replace_number, simple_values, without_neutral
from kandisco.tasks.trajectories import Trajectories
from kandisco.types import Array, Dataset, Variable

if TYPE_CHECKING:
    from kandisco.registry import Registry

_GRID = 10
_DRIFT = 3e-3  # of the network, whose curves are known to about that
_IDLE = 1e-3
_DRAWN = 1e-8  # relative error of a curve that a function draws
_SECONDS = 8.0


def standing(data: Trajectories, registry: Registry, basis: str) -> list[Array] | None:
    """Curves f_i(x_i) at the rows whose sum varies least within trajectories, if it is nearly constant; else None.

    The deviation within trajectories is a quadratic form in the coefficients of all edges, and so is the sum of the deviations of
    the edges: the least ratio is the least eigenvalue of the pair.
    """
    import scipy.linalg
    import torch

    spec = registry.basis(basis).basis(_GRID)
    blocks: list[Array] = []
    for column in data.x.T:
        u = torch.as_tensor((column - column.min()) / (float(np.ptp(column)) or 1.0))
        ends = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
        features = spec.features(u, *ends).numpy().T
        features = features - features.mean(axis=0)
        left, size, _ = np.linalg.svd(features, full_matrices=False)
        blocks.append(left[:, size > 1e-7 * size[0]] * np.sqrt(len(column)))
    table = np.concatenate(blocks, axis=1)
    within = np.stack([data.centred(column) for column in table.T], axis=1)
    values, vectors = scipy.linalg.eigh(within.T @ within / len(within), subset_by_index=[0, 0])
    if np.sqrt(max(float(values[0]), 0.0)) > _DRIFT:
        return None
    stops = np.cumsum([block.shape[1] for block in blocks])[:-1]
    return [block @ part for block, part in zip(blocks, np.split(vectors[:, 0], stops), strict=True)]


def read_off(
    data: Trajectories, curves: Sequence[Array], registry: Registry, drift: Callable[[Expr], float], control: Control
) -> Expr | None:
    """The sum of curves as one formula, its constants fitted so that it stands still.

    Each curve goes through the search of ``discover``; the best few formulas of each are tried together.
    """
    size = float(np.sqrt(sum(np.var(curve) for curve in curves)))
    choices: list[list[Expr]] = []
    for name, column, curve in zip(data.names, data.x.T, curves, strict=True):
        if np.std(curve) < _IDLE * size:
            continue
        choices.append(_formulas(name, column, curve / size, registry, control))
    if not choices or not all(choices):
        return None
    fits = [_standing_still(parts, data) for parts in itertools.product(*choices)]
    return min(fits, key=drift)


def _formulas(name: str, column: Array, curve: Array, registry: Registry, control: Control) -> list[Expr]:
    """What draws a curve: one library function each, and, where none draws it as well as it is known, what ``discover`` finds."""
    from kandisco import pipeline
    from kandisco.symbolic.curves import fit_curve

    fits = fit_curve(column, curve, registry.functions(Config().functions))[:4]
    found = [fit.expr.substitute({"x": var(name)}) for fit in fits if fit.error < max(_IDLE, 30 * fits[0].error)]
    if not fits or fits[0].error > _DRAWN:
        pick = np.argsort(column)[np.linspace(0, len(column) - 1, min(400, len(column))).astype(int)]
        inputs = (Variable(name=name),)
        table = Dataset(name=name, x=column[pick][:, None], y=curve[pick], inputs=inputs, target=Variable(name="curve"))
        result = pipeline.discover(table, Config(time=min(_SECONDS, max(control.left(), 1.0))), registry)
        ranked = sorted(result.front, key=lambda formula: formula.rmse_test)[:3]
        found += [formula.expr for formula in ranked if formula.expr.variables()]
    return list(dict.fromkeys(found))


def _standing_still(parts: Sequence[Expr], data: Trajectories) -> Expr:
    """The sum of the parts with the constants for which it varies least, relative to its parts."""
    from scipy.optimize import least_squares

    expr = add(*(_without_offset(part) for part in parts))
    start = np.array(expr.numbers())
    if not len(start):
        return expr

    def residual(constants: Array) -> Array:
        return np.asarray(
            np.nan_to_num(_varying(expr.with_numbers(iter(constants.tolist())), data), nan=1e6, posinf=1e6, neginf=-1e6)
        )

    with np.errstate(all="ignore"):
        fit = least_squares(residual, start, x_scale=np.maximum(np.abs(start), 1e-3), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    best, floor = expr.with_numbers(iter(fit.x.tolist())), float(np.linalg.norm(residual(fit.x)))
    return _rounded(best, lambda trial: float(np.linalg.norm(_varying(trial, data))) <= 3 * floor + 1e-10)


def _varying(expr: Expr, data: Trajectories) -> Array:
    """A sum minus its mean on each trajectory, over the deviations of its terms."""
    pieces = [data.values(arg) for arg in expr.args] if expr.head == "add" else [data.values(expr)]
    return np.asarray(data.centred(np.sum(pieces, axis=0)) / np.sqrt(sum(float(np.var(piece)) for piece in pieces)))


def _rounded(expr: Expr, good: Callable[[Expr], bool]) -> Expr:
    """Numbers made simple where the rows allow it."""
    position = 0
    while position < len(expr.numbers()):
        value = expr.numbers()[position]
        near = (tree for tree, target, _ in simple_values(value, True, 0.0) if abs(target - value) < 1e-6 * max(abs(value), 1.0))
        trials = (without_neutral(replace_number(expr, position, tree)) for tree in near)
        found = next((trial for trial in trials if trial.variables() and good(trial)), None)
        position, expr = (position + 1, expr) if found is None else (position, found)
    return expr


def split(expr: Expr) -> tuple[list[Expr], Array]:
    """Summands without their numerical factors, and these: what a sum is linear in."""
    parts: dict[Expr, float] = {}
    for term in _summands(expr):
        factors = term.args if term.head == "mul" else (term,)
        numbers = [value for factor in factors if (value := constant_value(factor)) is not None]
        rest = mul(*(factor for factor in factors if constant_value(factor) is None))
        parts[rest] = parts.get(rest, 0.0) + float(np.prod(numbers))
    return list(parts), np.array(list(parts.values()))


def _summands(expr: Expr) -> list[Expr]:
    """The terms of a sum, products with sums multiplied out where all else in them is a number; constants dropped."""
    if expr.head == "add":
        return [term for arg in expr.args for term in _summands(arg)]
    if not expr.variables():
        return []
    if expr.head == "mul":
        sums = [arg for arg in expr.args if arg.head == "add"]
        rest = [arg for arg in expr.args if arg.head != "add"]
        if len(sums) == 1 and not mul(*rest).variables():
            return [term for arg in sums[0].args for term in _summands(mul(*rest, arg))]
    return [expr]


def _without_offset(expr: Expr) -> Expr:
    return add(*_summands(expr))
