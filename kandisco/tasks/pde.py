"""Differential equations solved by networks, and the solution read off as a formula.

The network is trained on the equation itself: its residual inside the domain and the conditions on the faces, by damped
Gauss-Newton with exact derivatives (Raissi et al., Physics-informed neural networks, 2019, with the least squares of Liu et al.,
KAN, arXiv:2404.19756, section 3.4). Shapes are tried from simple to rich, until a finer grid pays: a sum of functions of one
coordinate each, a product of such sums, functions of those, sums of products, a hidden layer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kandisco.control import Control
from kandisco.errors import ConfigError
from kandisco.tasks.collocation import Problem, conditions_of, count, misfit, placed
from kandisco.types import Array

if TYPE_CHECKING:
    from kandisco.kan import KAN, Shape
    from kandisco.registry import Registry
    from kandisco.specs import BasisSpec

_SETTLED = 1e-10  # relative residual below which a finer grid is not worth its parameters
_PAYS = 0.5  # a shape fits if a grid twice as fine at least halves the residual
_PRUNE_COST = 1.1
_ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How ``solve`` goes about it.

    Attributes:
        basis: edge basis; polynomials converge exponentially where the solution is smooth, splines cope with layers.
        grids: resolutions, coarse to fine; the first two decide whether a shape fits.
        max_parameters: networks with more are not tried.
        restarts: random starts of each shape.
        seed: of all randomness.
        width: a shape such as ``2,0+1`` instead of the search.
        points: collocation points inside the domain; 0 takes what the grid needs.
    """

    basis: str = "chebyshev"
    grids: tuple[int, ...] = (6, 12, 24, 48, 96)
    max_parameters: int = 1000
    restarts: int = 4
    seed: int = 0
    width: str = ""
    points: int = 0


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A network that satisfies the problem as far as ``residual`` and ``boundary`` say.

    Attributes:
        kan: one network, from the coordinates to the unknown.
        shape: as text.
        grid: resolution of the edges.
        parameters: numbers in its live edges and their nodes.
        residual: root mean square of the equation's residual at points it was not trained on, relative to the equation's terms.
        boundary: root mean square misfit of the conditions, relative to the solution's size.
        seconds: spent.
        tried: (shape, relative residual) of every shape tried.
    """

    problem: Problem
    kan: KAN
    shape: str
    grid: int
    parameters: int
    residual: float
    boundary: float
    seconds: float
    tried: tuple[tuple[str, float], ...]

    def __call__(self, x: Array) -> Array:
        """The unknown [rows] at ``x`` float64 [rows, coordinates]."""
        from kandisco.kan import forward

        return np.asarray(forward(self.kan, x)[0, :, 0].numpy())


def solve(problem: Problem, registry: Registry, settings: Settings | None = None, *, control: Control | None = None) -> Solution:
    """A network that solves a differential equation.

    Args:
        problem: equation, box and conditions.
        registry: where the edge basis is looked up.
        settings: see ``Settings``.
        control: asked for a reason to stop.

    Raises:
        ConfigError: a basis without the derivatives the equation needs, or a shape for another number of coordinates.

    Example:
        >>> from kandisco.plugins import load
        >>> from kandisco.registry import Registry
        >>> from kandisco.tasks.equations import parse_boundary, parse_equation
        >>> domain = {"x": (0.0, 1.0)}
        >>> equation = parse_equation("u_xx = -u", ("x",))
        >>> sides = (parse_boundary("x=0: u=0", domain), parse_boundary("x=0: u_x=1", domain))
        >>> problem = Problem(equation=equation, domain=domain, boundary=sides)
        >>> solution = solve(problem, Registry(load(entry_points=False)))
        >>> bool(abs(solution(np.array([[0.5]]))[0] - np.sin(0.5)) < 1e-9)
        True
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _solve(problem, registry, settings or Settings(), control or Control())


def _solve(problem: Problem, registry: Registry, settings: Settings, control: Control) -> Solution:
    started = time.monotonic()
    _check_smooth(problem, registry.basis(settings.basis))
    tried: list[tuple[str, float]] = []
    best: _Look | None = None
    for shape in _shapes(len(problem.domain), settings.width):
        if best is not None and (best.fits or control.reason()):
            break
        look = _first_look(problem, shape, registry.basis(settings.basis), settings, control)
        if look is not None:
            tried.append((str(shape), look.level))
            best = look if best is None or look.fits or look.level < best.level else best
    if best is None:
        raise ConfigError(
            f"No shape has at most {settings.max_parameters} parameters on a grid of {settings.grids[0]}.",
            hint="Allow more parameters, or give a coarser first grid.",
        )
    kan = _refined(problem, _pruned(problem, best, settings, control), settings, control).kan
    residual, boundary = misfit(problem, kan, size=settings.points, seed=settings.seed + 1)
    return Solution(
        problem=problem,
        kan=kan,
        shape=str(kan.shape),
        grid=kan.grid,
        parameters=count(kan),
        residual=residual,
        boundary=boundary,
        seconds=time.monotonic() - started,
        tried=tuple(tried),
    )


def _check_smooth(problem: Problem, spec: BasisSpec) -> None:
    """Refuse a basis whose highest derivative in the equation is zero everywhere."""
    import torch

    from kandisco.kan.jets import basis_derivatives

    order = max(problem.equation.order, *(side.equation.order for side in problem.boundary), 0)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    x = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    if not bool((basis_derivatives(spec.basis(12), x, ends[0], ends[1], order)[-1] != 0).any()):
        raise ConfigError(
            f"The basis {spec.name!r} has no derivative of order {order}, which the equation needs.",
            hint="Try --basis chebyshev.",
        )


@dataclass(frozen=True, kw_only=True)
class _Look:
    """A network on one grid: its relative misfit, and whether its last refinement paid."""

    kan: KAN
    level: float
    fits: bool


def _shapes(inputs: int, width: str) -> Sequence[Shape]:
    """From simple to rich."""
    from kandisco.kan import parse_width

    if width:
        return (parse_width(width, inputs),)
    if inputs == 1:
        return (parse_width("1,1", 1),)
    times = f"x{inputs}" if inputs > 2 else ""
    texts = (f"{inputs},1", f"{inputs},0+1{times}", f"{inputs},1,1", f"{inputs},0+2{times},1", f"{inputs},0+4{times},1")
    return tuple(parse_width(text, inputs) for text in (*texts, f"{inputs},{2 * inputs + 1},1"))


def _first_look(problem: Problem, shape: Shape, spec: BasisSpec, settings: Settings, control: Control) -> _Look | None:
    """The best restart of a shape on the second grid; None where even the first has too many parameters."""
    from kandisco import kan as net

    corners = np.array(list(problem.domain.values())).T
    kan = net.init(shape, spec, x=corners, restarts=settings.restarts, seed=settings.seed, grid=settings.grids[0])
    if count(kan) > settings.max_parameters:
        return None
    coarse = _trained(problem, kan, settings, control)
    return _finer(problem, coarse, settings.grids[1], settings, control) if len(settings.grids) > 1 else coarse


def _finer(problem: Problem, look: _Look, grid: int, settings: Settings, control: Control) -> _Look:
    """The same network on a finer grid, or on the finest the parameters allow; as it was where that does not pay."""
    from kandisco.kan import extend_grid

    if look.level < _SETTLED:
        return replace(look, fits=True)
    finer = (extend_grid(look.kan, g) for g in range(grid, look.kan.grid, -1))
    allowed = next((kan for kan in finer if count(kan) <= settings.max_parameters), None)
    if allowed is None:
        return replace(look, fits=False)
    found = _trained(problem, allowed, settings, control)
    pays = found.level < max(_SETTLED, _PAYS * look.level)
    return replace(found, fits=pays) if found.level < look.level else replace(look, fits=False)


def _refined(problem: Problem, look: _Look, settings: Settings, control: Control) -> _Look:
    for grid in (g for g in settings.grids if g > look.kan.grid):
        finer = _finer(problem, look, grid, settings, control)
        if finer.kan is look.kan or control.reason():
            break
        look = finer
    return look


def _trained(problem: Problem, kan: KAN, settings: Settings, control: Control) -> _Look:
    """Gauss-Newton in rounds, between which hidden grids move to what they see; then the best restart, polished."""
    from kandisco.kan import rerange, select
    from kandisco.kan.residual import fit_residual, polish

    deep = len(kan.shape.layers) > 1
    for _ in range(_ROUNDS if deep else 1):
        conditions = conditions_of(problem, kan, size=settings.points, seed=settings.seed)
        found = fit_residual(kan, conditions, iterations=20 if deep else 80, control=control)
        kan = rerange(found.kan, conditions[0].x) if deep else found.kan
    if deep:
        found = fit_residual(kan, conditions, iterations=60, control=control)
    kan = select(found.kan, int(found.loss.nan_to_num(nan=np.inf).argmin()))
    kan = polish(kan, conditions_of(problem, kan, size=settings.points, seed=settings.seed))
    return _Look(kan=kan, level=sum(misfit(problem, kan, size=settings.points, seed=settings.seed)), fits=False)


def _pruned(problem: Problem, look: _Look, settings: Settings, control: Control) -> _Look:
    """The network without the edges it does as well without, weakest first."""
    from kandisco.kan import edge_deviations, prune

    for _ in look.kan.live_edges():
        x = placed(problem, look.kan, size=settings.points, seed=settings.seed)[0].x
        sizes = edge_deviations(look.kan, x)
        order = sorted(look.kan.live_edges(), key=lambda e: float(sizes[e.layer][0, e.target, e.source]))
        edge = order[0]
        if len(order) == 1 or float(sizes[edge.layer][0, edge.target, edge.source]) > 0.1 * max(float(s.max()) for s in sizes):
            break
        trial = _trained(problem, prune(look.kan, [edge], x.T.numpy()), settings, control)
        if trial.level > max(_PRUNE_COST * look.level, _SETTLED):
            break
        look = replace(trial, fits=look.fits)
    return look
