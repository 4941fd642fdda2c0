"""Learning from tables that come one after another, without forgetting the earlier ones.

Edges of B-splines are local: rows change only the coefficients whose functions they meet, so all others are left as
they are, to the last bit (Liu et al., KAN, arXiv:2404.19756, section 3.5). Coefficients that old and new rows share
would drift; they are tied to what they were by the Hessian of the old rows, which for a single layer is the exact
memory of them (recursive least squares) and for deeper networks its Gauss-Newton approximation (Kirkpatrick et al.,
PNAS 114 (2017) 3521, with the full matrix).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kandisco.errors import ConfigError, InputError
from kandisco.types import Array

if TYPE_CHECKING:
    from torch import Tensor

    from kandisco.kan import KAN
    from kandisco.registry import Registry

_STEPS = 100
_ENOUGH = 1e-12  # relative gain of the loss below which learning ends


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What was learnt so far.

    Attributes:
        kan: one network of one output.
        hessian: float64 [parameters, parameters], summed over all rows seen.
        rows: how many.
    """

    kan: KAN
    hessian: Tensor
    rows: int = 0

    def __call__(self, x: Array) -> Array:
        """The target [rows] at ``x`` float64 [rows, inputs]."""
        from kandisco.kan import forward

        return np.asarray(forward(self.kan, x)[0, :, 0].numpy())


def begin(
    ranges: Sequence[tuple[float, float]],
    registry: Registry,
    *,
    width: str = "",
    grid: int = 50,
    basis: str = "bspline",
    seed: int = 0,
) -> Memory:
    """A network that has seen nothing: its output is zero everywhere.

    Args:
        ranges: of each input, over all that is to come; grids do not move later.
        registry: where the edge basis is looked up.
        width: a shape such as ``2,5,1``; by default one layer, a sum of a function of each input.
        grid: intervals of the edges; what is narrower cannot be learnt.
        basis: only a local one (``bspline``, ``hat``) leaves what it does not meet untouched.
        seed: of the hidden layers' starting values.

    Raises:
        ConfigError: a shape for another number of inputs, or of more than one output.
    """
    import torch

    from kandisco import kan as net
    from kandisco.kan.layout import pack, unpack

    shape = net.parse_width(width or f"{len(ranges)},1", len(ranges))
    if shape.outputs != 1:
        raise ConfigError(f"{shape} has {shape.outputs} outputs.", hint="Tables are learnt with one target.")
    kan = net.init(shape, registry.basis(basis), x=np.array(ranges, dtype=np.float64).T, grid=grid, seed=seed)
    if len(shape.layers) == 1 and not shape.layers[0].products:
        kan = unpack(kan, torch.zeros_like(pack(kan)))
    size = pack(kan).shape[1]
    return Memory(kan=kan, hessian=torch.zeros(size, size, dtype=torch.float64))


def learn(memory: Memory, x: Array, y: Array) -> Memory:
    """Take in a table; what earlier ones taught stays, to the last bit where the new rows do not reach.

    Args:
        memory: from ``begin`` or an earlier call; not changed.
        x: float64 [rows, inputs], within the ranges that ``begin`` was given.
        y: float64 [rows].

    Raises:
        InputError: rows outside the ranges.

    Example:
        >>> from kandisco.plugins import load
        >>> from kandisco.registry import Registry
        >>> memory = begin([(0.0, 2.0)], Registry(load(entry_points=False)), grid=20)
        >>> left, right = np.linspace(0, 0.9, 50)[:, None], np.linspace(1.1, 2, 50)[:, None]
        >>> first = learn(memory, left, np.sin(left[:, 0]))
        >>> second = learn(first, right, np.cos(right[:, 0]))
        >>> bool(np.array_equal(first(left[:40]), second(left[:40])))
        True
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _learn(memory, x, y)


def _learn(memory: Memory, x: Array, y: Array) -> Memory:
    import torch

    from kandisco.kan.layout import pack, unpack
    from kandisco.kan.tensors import columns

    rows, target, start = columns(x), torch.as_tensor(y), memory.kan
    first = start.edges[0]
    if bool(((rows < first.lo[0][:, None]) | (rows > first.hi[0][:, None])).any()):
        raise InputError("Some rows are outside the ranges the network was made for.", hint="Begin with wider ranges.")
    kan, damping, old = start, 1e-6, pack(start)[0]
    loss, here = _loss(kan, memory, old, rows, target), _system(kan, memory, old, rows, target)
    for _ in range(_STEPS):
        lift = damping * here.hessian.diagonal().mean()
        step = torch.linalg.solve(here.hessian + lift * torch.eye(len(here.hessian), dtype=lift.dtype), here.gradient)
        theta = pack(kan)[0].clone()
        theta[here.met] -= step
        trial = unpack(kan, theta[None])
        after = _loss(trial, memory, old, rows, target)
        if not after < loss:
            damping *= 10.0
            if damping > 1e3:
                break
            continue
        done = loss - after < _ENOUGH * loss
        kan, loss, damping = trial, after, max(damping / 10.0, 1e-14)
        here = _system(kan, memory, old, rows, target)
        if done:
            break
    return replace(memory, kan=kan, hessian=memory.hessian + here.rows, rows=memory.rows + len(y))


class _System(NamedTuple):
    """What a step from a network takes: it stands until the network moves.

    Attributes:
        rows: float64 [P, P], the Hessian of the new rows alone.
        met: bool [P], the parameters they meet.
        hessian, gradient: of the whole loss, in the M parameters that are met: [M, M] and [M].
    """

    rows: Tensor
    met: Tensor
    hessian: Tensor
    gradient: Tensor


def _system(kan: KAN, memory: Memory, old: Tensor, rows: Tensor, target: Tensor) -> _System:
    from kandisco.kan.layout import free, pack
    from kandisco.kan.normal import jacobian
    from kandisco.kan.passes import trace

    found = jacobian(kan, rows)[0]
    met = (found != 0).any(1) & (free(kan)[0] > 0)
    if len(kan.shape.layers) == 1 and not kan.shape.layers[0].products:
        met[-kan.shape.layers[-1].subs :] = False  # the bias reaches everywhere, and the splines can do without it
    own = found @ found.T
    gradient = found @ (trace(kan, rows).outputs[0, 0] - target) + memory.hessian @ (pack(kan)[0] - old)
    return _System(own, met, (own + memory.hessian)[met][:, met], gradient[met])


def _loss(kan: KAN, memory: Memory, old: Tensor, rows: Tensor, target: Tensor) -> float:
    from kandisco.kan.layout import pack
    from kandisco.kan.passes import trace

    change = pack(kan)[0] - old
    residual = trace(kan, rows).outputs[0, 0] - target
    return float(residual @ residual + change @ memory.hessian @ change)
