"""Which function is an edge? A ranked table for one, and a choice for all that is judged by the network as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.errors import InputError
from kandisco.expr import to_text, var
from kandisco.specs import FunctionSpec
from kandisco.stages.fix import fix_symbolic
from kandisco.symbolic.curves import CurveFit, fit_curve
from kandisco.symbolic.graph import costs
from kandisco.types import Array, EdgeId
from kandisco.workbench.formula import splines
from kandisco.workbench.scores import effects_of
from kandisco.workbench.state import Frame, named

if TYPE_CHECKING:
    import pandas

_LITTLE = 0.01  # of the target's deviation: an edge that does less may be one too many
_NEAR = 1.5  # decades of cost above the best that a function may have on the curve
_OTHERS = 4
_STEPS = 20
_DONE = 1e-9  # of the target's deviation: there is nothing left to choose


class Curve(NamedTuple):
    """What an edge draws over the training rows, sorted by ``u``: float64 [rows] each."""

    u: Array
    v: Array


def curve_of(kan: net.KAN, frame: Frame, edge: EdgeId) -> Curve:
    """The curve of an edge; from an input in that input's unit, else in the network's own."""
    net.edges_at(kan, edge)
    flow = net.activations(kan, frame.scaled.x)[edge.layer]
    u, v = flow.sources[edge.source], flow.edges[edge.target, edge.source]
    place = input_of(kan.shape, edge)
    if place is not None:
        u = u * frame.scaled.half[place] + frame.scaled.centre[place]
    order = np.argsort(u, kind="stable")
    return Curve(u[order], v[order])


def input_of(shape: net.Shape, edge: EdgeId) -> int | None:
    """The input an edge starts from, None if it starts from a hidden node."""
    for origin, part in shape.parts(edge.layer):
        if origin == 0 and part.start <= edge.source < part.stop:
            return edge.source - int(part.start)
    return None


class Ranked(NamedTuple):
    """A function of the library on an edge's curve, and its cost in decades."""

    fit: CurveFit
    cost: float


def ranked(kan: net.KAN, frame: Frame, edge: EdgeId, functions: Sequence[FunctionSpec]) -> list[Ranked]:
    """The library on one edge, best first: R2 against complexity, the price of a node being a tenth of a decade of error.

    Raises:
        InputError: the edge is flat.
    """
    u, v = curve_of(kan, frame, edge)
    if np.ptp(v) == 0:
        raise InputError(f"Edge {named(edge)} is flat: it draws no function.", hint="Remove it.")
    fits = fit_curve(u, v, functions)
    found = zip(fits, costs(fits).tolist(), strict=True) if fits else ()
    return sorted((Ranked(fit, cost) for fit, cost in found), key=lambda choice: choice.cost)


def as_table(found: Sequence[Ranked], shape: net.Shape, frame: Frame, edge: EdgeId) -> pandas.DataFrame:
    """The library on one edge as a table, in the order of ``ranked``."""
    import pandas

    place = input_of(shape, edge)
    name = var("x" if place is None else frame.labels[place])
    rows = [
        {
            "function": fit.name,
            "r2": 1.0 - fit.error**2,
            "complexity": fit.complexity,
            "cost": cost,
            "curve": to_text(fit.expr.substitute({"x": name}), 4),
        }
        for fit, cost in found
    ]
    return pandas.DataFrame(rows, columns=["function", "r2", "complexity", "cost", "curve"])


class Chosen(NamedTuple):
    """A network with more functions in it, and a line about each edge."""

    kan: net.KAN
    notes: tuple[str, ...]


class _Choice(NamedTuple):
    """A function that may stand on an edge: its cost on the curve alone, in decades, and how well it draws the curve."""

    spec: FunctionSpec
    cost: float
    r2: float


def choose_all(
    kan: net.KAN, frame: Frame, functions: Sequence[FunctionSpec], *, r2: float, candidates: int, control: Control
) -> Chosen:
    """A function for each spline edge, the clearest edges first.

    What draws an edge's curve nearly as well as the best is put in, one after the other, and the network refitted; the one of
    the smallest cost stays, on the curve and in the held-out error together, for splines elsewhere hide a wrong function for a
    while. In the end, with no spline left, every choice is reconsidered among all the others.
    """
    first = {edge: _ranked(kan, frame, edge, functions) for edge in splines(kan)}
    chosen: dict[EdgeId, str] = {}
    notes = []
    for edge in sorted(first, key=lambda e: -max((choice.r2 for choice in first[e]), default=0.0)):
        bare = _without(kan, frame, edge, control) if chosen else None
        if bare is not None:
            kan = bare
            notes.append(f"{named(edge)} had nothing left to draw: removed.")
            continue
        fits = [c for c in (_ranked(kan, frame, edge, functions) if chosen else first[edge]) if c.r2 >= r2]
        if not fits or control.reason():
            notes.append(
                f"{named(edge)} stays a spline: {'time is up' if control.reason() else f'no function reaches R2 {r2:g}'}."
            )
            continue
        near = [choice for choice in fits if choice.cost <= fits[0].cost + _NEAR][:candidates]
        kan, chosen[edge] = _best(kan, frame, edge, near, control)
    if not splines(kan):
        kan = _reconsidered(kan, frame, chosen, functions, control)
    notes += [f"{named(edge)} is {name}." for edge, name in chosen.items()]
    return Chosen(kan, tuple(notes))


def _ranked(kan: net.KAN, frame: Frame, edge: EdgeId, functions: Sequence[FunctionSpec]) -> list[_Choice]:
    """The library on an edge's curve, cheapest first; none on a flat one."""
    u, v = curve_of(kan, frame, edge)
    if np.ptp(v) == 0 or np.ptp(u) == 0:
        return []
    library = {spec.name: spec for spec in functions}
    return [_Choice(library[fit.name], cost, 1.0 - fit.error**2) for fit, cost in ranked(kan, frame, edge, functions)]


def _without(kan: net.KAN, frame: Frame, edge: EdgeId, control: Control) -> net.KAN | None:
    """The network without an edge that does little, if a refit finds it as good; None otherwise."""
    if effects_of(kan, frame).get(edge, 0.0) > _LITTLE:
        return None
    before = _held(kan, frame, control)[1]
    smaller, after = _held(net.prune(kan, [edge], frame.scaled.x), frame, control)
    return smaller if after <= max(1.1 * before, _DONE) else None


def _best(kan: net.KAN, frame: Frame, edge: EdgeId, choices: Sequence[_Choice], control: Control) -> tuple[net.KAN, str]:
    """The network with the best of some functions on an edge, refitted, and the function's name."""
    tried = []
    for choice in choices:
        try:
            fixed = fix_symbolic(kan, edge, choice.spec, frame.scaled.x).value
        except InputError:  # not finite on what enters the edge: no candidate
            continue
        trial, error = _held(fixed, frame, control)
        tried.append((np.log10(max(error, 1e-12)) + choice.cost, choice.spec.name, trial))
        if error < _DONE:
            break
    if not tried:
        return kan, ""
    _, name, found = min(tried, key=lambda item: item[0])
    return found, name


def _reconsidered(
    kan: net.KAN, frame: Frame, chosen: dict[EdgeId, str], functions: Sequence[FunctionSpec], control: Control
) -> net.KAN:
    """Two rounds over all edges: another function takes the place of one where it lowers the held-out error threefold.

    A network of functions alone is exact only with the right ones, so its error says plainly what splines hid.
    """
    kan, error = _held(kan, frame, control)
    for edge in [*chosen, *chosen]:
        if error < _DONE or control.reason():
            break
        others = [c for c in _ranked(kan, frame, edge, functions) if c.spec.name != chosen[edge]][:_OTHERS]
        trial, name = _best(kan, frame, edge, others, control)
        after = _held(trial, frame, control)[1]
        if after < error / 3:
            kan, error, chosen[edge] = trial, after, name
    return kan


def _held(kan: net.KAN, frame: Frame, control: Control) -> tuple[net.KAN, float]:
    """The network after some training, and its held-out error in units of the target's deviation."""
    data = frame.scaled
    steps = _STEPS if splines(kan) else 2 * _STEPS
    done = net.fit(
        kan, data.x, data.y, valid=data.held, weights=data.weights, grids=(kan.grid,), iterations=steps, control=control
    )
    return done.kan, float(np.nan_to_num(done.valid_rmse[0], nan=np.inf))
