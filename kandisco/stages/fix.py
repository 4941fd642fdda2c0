"""Fix: give one edge of a network a function of the library, started from the affine wrapping that draws its curve best."""

from __future__ import annotations

import time

import numpy as np

from kandisco import kan as net
from kandisco.errors import InputError
from kandisco.expr import Expr
from kandisco.specs import BasisSpec, FunctionSpec
from kandisco.symbolic.curves import make_atoms
from kandisco.types import Array, EdgeId, StageRecord, StageResult

_STARTS = 8


def fix_symbolic(kan: net.KAN, edge: EdgeId, function: FunctionSpec, x: Array) -> StageResult[net.KAN]:
    """Make an edge c f(a x + b) + d, with a, b, c, d fitted to what the edge draws now; training then moves them with all else.

    Args:
        kan: one network.
        edge: which edge.
        function: f. A constant of its own, as the exponent of ``x^p``, is chosen here and stays.
        x: float64 [rows, inputs], the network's inputs.

    Returns:
        The network; the record's metrics hold ``error``, the root mean square misfit over the curve's deviation.

    Raises:
        InputError: no such edge, or no affine wrapping of the function is finite on what enters the edge.
    """
    started = time.perf_counter()
    net.edges_at(kan, edge)
    flow = net.activations(kan, x)[edge.layer]
    shape, affine, error = fit_affine(flow.sources[edge.source], flow.edges[edge.target, edge.source], function, kan.spec)
    metrics = {"edge": (edge.layer, edge.source, edge.target), "function": function.name, "error": error}
    record = StageRecord(stage="fix", seconds=time.perf_counter() - started, metrics=metrics)
    return StageResult(value=net.set_symbol(kan, edge, shape, affine, name=function.name), record=record)


def fit_affine(u: Array, v: Array, function: FunctionSpec, basis: BasisSpec) -> tuple[Expr, Array, float]:
    """The tree of f in ``x``, the numbers a, b, c, d of c f(a u + b) + d nearest to ``v``, and the misfit over its deviation.

    The best of a grid of arguments are refined side by side, as restarts of a network whose only edge is the function.
    """
    # In the middle of its range a function without ends is well conditioned: far out, exp trades its scale for its argument.
    middle, half = (float(u.max() + u.min()) / 2, float(np.ptp(u)) / 2 or 1.0) if _endless(function) else (0.0, 1.0)
    raw, u = u, (u - middle) / half
    atoms = make_atoms(u, (function,))
    if not atoms.names:
        raise InputError(
            f"{function.name} is not finite anywhere near what enters the edge, {raw.min():.4g} to {raw.max():.4g}.",
            hint=f"Its domain is {function.domain}; choose another function.",
        )
    deviation = float(np.std(v))
    if deviation == 0.0:
        return atoms.shapes[0], np.array([atoms.slopes[0], atoms.offsets[0], 0.0, float(v.mean())]), 0.0
    centred = atoms.values - atoms.values.mean(1, keepdims=True)
    c = centred @ (v - v.mean()) / np.maximum(np.square(centred).sum(1), np.finfo(float).tiny)
    left = np.square(v - v.mean() - c[:, None] * centred).mean(1)
    best = np.argsort(left, kind="stable")
    best = np.array([i for i in best if atoms.shapes[i] == atoms.shapes[best[0]]][:_STARTS])
    d = v.mean() - c * atoms.values.mean(1)
    starts = np.stack([atoms.slopes, atoms.offsets, c, d], axis=1)[best]
    edge = EdgeId(layer=0, source=0, target=0)
    one = net.init(net.parse_width("1,1", 1), basis, x=u, restarts=len(starts), grid=1)
    done = net.fit(net.set_symbol(one, edge, atoms.shapes[best[0]], starts), u, v, grids=(1,), iterations=60)
    winner = int(np.argmin(done.train_rmse))
    layer = done.kan.edges[0]
    affine: Array = layer.affine[winner, 0].numpy().copy()
    affine[3] += float(layer.bias[winner, 0])
    affine[:2] = affine[0] / half, affine[1] - affine[0] * middle / half
    return atoms.shapes[best[0]], affine, float(done.train_rmse[winner]) / deviation


def _endless(function: FunctionSpec) -> bool:
    """Whether a function is defined everywhere, so that no place of its argument is special."""
    return function.domain == (-np.inf, np.inf) and not function.singularities
