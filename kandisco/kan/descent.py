"""Training by gradients: L-BFGS and Adam, for other losses than least squares, minibatches and large networks."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from kandisco.control import Control
from kandisco.kan.gradient import Loss, gradient_problem, loss_and_gradient, square
from kandisco.kan.layout import free, pack, unpack
from kandisco.kan.network import KAN, select, stack
from kandisco.kan.problem import Problem, cached_features
from kandisco.kan.tensors import columns, row_weights
from kandisco.types import Array, Status


@dataclass(frozen=True, kw_only=True)
class Descended:
    """Outcome of ``fit_lbfgs`` or ``fit_adam``: networks, mean loss per restart [R], gradients computed, why it ended."""

    kan: KAN
    loss: Array
    evaluations: int
    status: Status


def fit_lbfgs(
    kan: KAN,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    iterations: int = 200,
    weights: ArrayLike | Tensor | None = None,
    loss: Loss = square,
    control: Control | None = None,
) -> Descended:
    """Minimise the mean loss of each restart by scipy's L-BFGS-B on one flat vector.

    Args:
        kan: networks to start from.
        x: [rows, inputs].
        y: [rows] or [rows, outputs].
        iterations: most iterations of each restart.
        weights: [rows] not negative, what each row's loss counts.
        loss: outputs [R, O, N], targets [O, N] -> loss of every row [R, N].
        control: asked at every evaluation.
    """
    data = _problem(kan, x, y, weights)
    done = [_lbfgs(select(kan, r), data, iterations, loss, control) for r in range(kan.restarts)]
    unfinished: list[Status] = [one.status for one in done if one.status != "done"]
    return Descended(
        kan=stack(one.kan for one in done),
        loss=np.concatenate([one.loss for one in done]),
        evaluations=sum(one.evaluations for one in done),
        status=unfinished[0] if unfinished else "done",
    )


class _Stop(Exception):
    """Leaves scipy's loop when time is up."""


def _lbfgs(kan: KAN, data: Problem, iterations: int, loss: Loss, control: Control | None) -> Descended:
    from scipy.optimize import minimize

    start, first, evaluations, held = pack(kan), cached_features(kan, data), 0, free(kan)
    best, lowest = start, float("inf")
    status: Status = "done"
    flat_start: Array = start[0].double().cpu().numpy()

    def value(flat: Array) -> tuple[float, Array]:
        nonlocal best, lowest, evaluations, status
        reason = control.reason() if control is not None else ""
        if reason:
            status = reason
            raise _Stop
        theta = torch.as_tensor(flat, dtype=start.dtype, device=start.device)[None]
        found, gradient = loss_and_gradient(unpack(kan, theta), data, first, loss)
        evaluations += 1
        if float(found) < lowest:
            best, lowest = theta.clone(), float(found)
        return float(found), (gradient * held)[0].double().cpu().numpy()

    with contextlib.suppress(_Stop):
        minimize(value, flat_start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "ftol": 0.0, "gtol": 0.0})
    return Descended(kan=unpack(kan, best), loss=np.array([lowest]), evaluations=evaluations, status=status)


def fit_adam(
    kan: KAN,
    x: ArrayLike | Tensor,
    y: ArrayLike | Tensor,
    *,
    epochs: int = 10,
    batch: int = 256,
    rate: float = 3e-3,
    seed: int = 0,
    weights: ArrayLike | Tensor | None = None,
    loss: Loss = square,
    control: Control | None = None,
) -> Descended:
    """Minimise the mean loss of all restarts by Adam on minibatches (Kingma and Ba 2015), the rate falling by a cosine.

    Args:
        kan: networks to start from.
        x: [rows, inputs].
        y: [rows] or [rows, outputs].
        epochs: passes over the data.
        batch: rows of a step.
        rate: largest step of a parameter.
        seed: of the order of the rows.
        weights: [rows] not negative, what each row's loss counts.
        loss: outputs [R, O, N], targets [O, N] -> loss of every row [R, N].
        control: asked at every step.
    """
    data = _problem(kan, x, y, weights)
    order = torch.Generator().manual_seed(seed)
    theta, held = pack(kan), free(kan)
    mean, spread = torch.zeros_like(theta), torch.zeros_like(theta)
    count, total = 0, max(1, epochs * -(-data.rows // batch))
    status: Status = "done"
    for _ in range(epochs):
        for rows in _batches(data, batch, order):
            reason = control.reason() if control is not None else ""
            if reason:
                status = reason
                break
            share = None if data.weights is None else data.weights[rows]
            part = Problem(data.x[:, rows], data.y[:, rows], max(batch, 1), share)
            gradient = loss_and_gradient(unpack(kan, theta), part, None, loss)[1] * held
            count += 1
            mean = mean.lerp(gradient, 0.1)
            spread = spread.lerp(gradient.square(), 0.001)
            size = rate * 0.5 * (1.0 + float(np.cos(np.pi * count / total))) / (1.0 - 0.9**count)
            theta = theta - size * mean / ((spread / (1.0 - 0.999**count)).sqrt() + 1e-12)
        if status != "done":
            break
    found = unpack(kan, theta)
    final = loss_and_gradient(found, data, None, loss)[0].double().cpu().numpy()
    return Descended(kan=found, loss=final, evaluations=count, status=status)


def _batches(data: Problem, size: int, order: torch.Generator) -> list[Tensor]:
    """The rows in random order, cut into batches."""
    rows = torch.randperm(data.rows, generator=order).to(data.x.device)
    return [rows[start : start + size] for start in range(0, data.rows, size)]


def _problem(kan: KAN, x: ArrayLike | Tensor, y: ArrayLike | Tensor, weights: ArrayLike | Tensor | None) -> Problem:
    like = kan.edges[0].coef
    target = columns(y, like.dtype, like.device)
    return gradient_problem(kan, columns(x, like.dtype, like.device), target, row_weights(weights, target))
