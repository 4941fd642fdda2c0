"""Points at which an equation and its conditions are asked of a network, and how much each counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.tasks.equations import Boundary, Domain, Equation, Index
from kandisco.types import Array

if TYPE_CHECKING:
    from torch import Tensor

    from kandisco.kan import KAN
    from kandisco.kan.residual import Condition


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An equation on a box, with conditions on its faces.

    Attributes:
        equation: what holds inside.
        domain: coordinate -> its range, in the order of the derivatives' indices.
        boundary: conditions on the faces; without a coordinate on all of them.
        unknown: name of the function.
    """

    equation: Equation
    domain: Domain
    boundary: tuple[Boundary, ...]
    unknown: str = "u"


def count(kan: KAN) -> int:
    """Numbers in the live edges of the first restart, and one bias for each sub-sum."""
    from kandisco.kan.layout import free

    return int(free(kan)[0].sum())


def conditions_of(problem: Problem, kan: KAN, *, seed: int, size: int = 0) -> list[Condition]:
    """The equation and its conditions at points, weighed so that each is felt on the grid of the network."""
    import torch

    main, *sides = placed(problem, kan, seed=seed, size=size)
    # A misfit on a face bends the solution over one cell of the grid: that is how it compares with a misfit of the equation.
    cell = kan.grid / min(high - low for low, high in problem.domain.values())
    weight, tiny = _strength(main, kan, cell) / cell**2, torch.finfo(torch.float64).tiny
    return [main, *(replace(side, weight=weight / max(_strength(side, kan, cell), tiny)) for side in sides)]


def placed(problem: Problem, kan: KAN, *, seed: int, size: int = 0) -> list[Condition]:
    """The equation and its conditions at as many points as the network needs, each with weight 1."""
    names, box = tuple(problem.domain), np.array(list(problem.domain.values()))
    size = size or (100 + 20 * kan.grid if len(names) == 1 else 512 * len(names) + 8 * count(kan))
    found = [_condition(problem.equation, points(box, size, seed), names)]
    for condition in problem.boundary:
        faces = [_face(points(box, max(32, 4 * kan.grid), seed), i, at) for i, at in places(condition, names, box)]
        on = np.concatenate([face[:1] if len(names) == 1 else face for face in faces])
        found.append(_condition(condition.equation, on, names))
    return found


def points(box: Array, size: int, seed: int) -> Array:
    """Points [size, coordinates] that fill a box evenly: even steps in the first coordinate, a Kronecker sequence in the rest."""
    shift = np.random.default_rng(seed).uniform(size=len(box))
    ratio = 1.0
    for _ in range(60):  # the positive root of g^d = g + 1: the golden ratio for d = 2, the plastic number for 3, ...
        ratio = (1.0 + ratio) ** (1.0 / len(box))
    steps = np.array([1.0 / size, *(ratio**-k for k in range(1, len(box)))])
    unit = (np.arange(size)[:, None] * steps + shift * np.array([1.0 / size, *np.ones(len(box) - 1)])) % 1.0
    return np.asarray(box[:, 0] + unit * (box[:, 1] - box[:, 0]))


def places(condition: Boundary, names: tuple[str, ...], box: Array) -> list[tuple[int, float]]:
    """The faces a condition holds on: (which coordinate, its value there)."""
    if condition.coordinate:
        return [(names.index(condition.coordinate), condition.at)]
    return [(i, float(at)) for i, ends in enumerate(box) for at in ends]


def _face(inside: Array, i: int, at: float) -> Array:
    face = inside.copy()
    face[:, i] = at
    return face


def _condition(equation: Equation, x: Array, names: tuple[str, ...]) -> Condition:
    import torch

    from kandisco.kan.jets import closure
    from kandisco.kan.residual import Condition

    indices = closure([*equation.derivatives.values(), (0,) * len(names)])
    residual = partial(_residual, equation, names)
    return Condition(x=torch.as_tensor(np.ascontiguousarray(x.T)), indices=indices, residual=residual)


def _residual(
    equation: Equation, names: tuple[str, ...], jets: Mapping[Index, Tensor], x: Tensor
) -> tuple[Tensor, Mapping[Index, Tensor]]:
    """Values of the equation's residual [R, N] and its slopes, by our own expressions."""
    import torch

    like = jets[(0,) * len(names)]
    zero = torch.zeros_like(like)
    columns = {name: column.numpy()[None] for name, column in zip(names, x, strict=True)}
    columns |= {name: jets.get(index, zero).expand_as(like).numpy() for name, index in equation.derivatives.items()}

    def at(expr: Expr) -> Tensor:
        return torch.as_tensor(np.broadcast_to(evaluate(expr, columns), tuple(like.shape)).copy())

    return at(equation.residual), {equation.derivatives[name]: at(slope) for name, slope in equation.slopes.items()}


def _strength(condition: Condition, kan: KAN, cell: float) -> float:
    """Mean square of the residual per unit of misfit over one cell: its slope in a derivative times what the derivative adds."""
    _, slopes = condition.residual(_jets(condition, kan), condition.x)
    return float(max(s.square().mean() * cell ** (2 * sum(index)) for index, s in slopes.items()))


def _jets(condition: Condition, kan: KAN) -> dict[Index, Tensor]:
    """The first restart's derivatives, each [1, N]."""
    import torch

    from kandisco.kan import select
    from kandisco.kan.jets import first_features, forward_jets

    one = select(kan, 0)
    jets, _ = forward_jets(one, condition.indices, first_features(one, condition.x, condition.indices))
    zero = torch.zeros_like(jets[condition.indices[0]][:, 0])
    return {index: jets[index][:, 0].expand_as(zero) if index in jets else zero for index in condition.indices}


def misfit(problem: Problem, kan: KAN, *, seed: int, size: int = 0) -> tuple[float, float]:
    """Root mean squares of the residual and of the conditions, each relative to the size of its terms."""
    main, *sides = placed(problem, kan, seed=seed, size=size)
    whole = _sizes(main, kan)
    edges = [_sizes(side, kan) for side in sides]
    return whole.residual / whole.terms, max((e.residual / max(e.terms, whole.value) for e in edges), default=0.0)


@dataclass(frozen=True)
class _Sizes:
    """Root mean squares: of a residual, of the sum of its terms' sizes, and of the unknown."""

    residual: float
    terms: float
    value: float


def _sizes(condition: Condition, kan: KAN) -> _Sizes:
    jets = _jets(condition, kan)
    residual, slopes = condition.residual(jets, condition.x)
    rest, terms = residual, residual.new_zeros(residual.shape)
    for index, slope in slopes.items():
        part = slope * jets[index]
        rest, terms = rest - part, terms + part.abs()
    found = (residual, terms + rest.abs(), jets[condition.indices[0]])
    sizes = [float(v.square().mean().sqrt()) for v in found]
    return _Sizes(sizes[0], sizes[1] or 1.0, sizes[2])
