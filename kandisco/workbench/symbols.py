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
from kandisco.workbench.state import Frame

if TYPE_CHECKING:
    import pandas

_LITTLE = 0.01  # of the target's deviation: an edge that does less may be one too many
_NATURAL = 0.1  # decades of error a node of complexity is worth, as in the joint search


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


def suggestions(kan: net.KAN, frame: Frame, edge: EdgeId, functions: Sequence[FunctionSpec]) -> pandas.DataFrame:
    """The library on one edge, best first: R2 against complexity, the price of a node being a tenth of a decade of error."""
    import pandas

    u, v = curve_of(kan, frame, edge)
    if np.ptp(v) == 0:
        raise InputError(f"Edge {edge} is flat: it draws no function.", hint="Remove it.")
    fits = fit_curve(u, v, functions)
    price = costs(fits) if fits else np.zeros(0)
    place = input_of(kan.shape, edge)
    name = var("x" if place is None else frame.labels[place])
    rows = [
        {
            "function": fits[i].name,
            "r2": 1.0 - fits[i].error ** 2,
            "complexity": fits[i].complexity,
            "cost": price[i],
            "curve": to_text(fits[i].expr.substitute({"x": name}), 4),
        }
        for i in np.argsort(price, kind="stable")
    ]
    return pandas.DataFrame(rows, columns=["function", "r2", "complexity", "cost", "curve"])


class Chosen(NamedTuple):
    """A network with more functions in it, and a line about each edge."""

    kan: net.KAN
    notes: tuple[str, ...]


def choose_all(
    kan: net.KAN, frame: Frame, functions: Sequence[FunctionSpec], *, r2: float, candidates: int, control: Control
) -> Chosen:
    """A function for each spline edge, the clearest edges first.

    The few best functions of an edge are put in one after the other, the network is refitted, and the one that leaves the
    smallest held-out error for its complexity stays. In the end every choice is reconsidered among all the others.
    """
    ranked = {edge: _ranked(kan, frame, edge, functions) for edge in splines(kan)}
    chosen: dict[EdgeId, str] = {}
    notes = []
    for edge in sorted(ranked, key=lambda e: min((fit.error for fit in ranked[e]), default=np.inf)):
        bare = _without(kan, frame, edge, control) if chosen else None
        if bare is not None:
            kan = bare
            notes.append(f"{_name(edge)} had nothing left to draw: removed.")
            continue
        fits = [fit for fit in _ranked(kan, frame, edge, functions) if 1.0 - fit.error**2 >= r2][:candidates]
        if not fits or control.reason():
            notes.append(
                f"{_name(edge)} stays a spline: " + ("time is up." if control.reason() else f"no function reaches R2 {r2:g}.")
            )
            continue
        kan, chosen[edge] = _best(kan, frame, edge, _specs(functions, fits), control)
    for edge in [*chosen, *chosen] if not splines(kan) else []:
        if control.reason() or _held(kan, frame, 0, control)[1] < 1e-9:
            break
        others = _specs(functions, _ranked(kan, frame, edge, functions)[: 2 * candidates])
        kan, chosen[edge] = _best(kan, frame, edge, others, control, now=chosen[edge])
    notes += [f"{_name(edge)} is {name}." for edge, name in chosen.items()]
    return Chosen(kan, tuple(notes))


def _without(kan: net.KAN, frame: Frame, edge: EdgeId, control: Control) -> net.KAN | None:
    """The network without an edge that does little, if a refit finds it as good; None otherwise."""
    if effects_of(kan, frame).get(edge, 0.0) > _LITTLE:
        return None
    before = _held(kan, frame, 20, control)[1]
    smaller, after = _held(net.prune(kan, [edge], frame.scaled.x), frame, 20, control)
    return smaller if after <= max(1.1 * before, 1e-9) else None


def _specs(functions: Sequence[FunctionSpec], fits: Sequence[CurveFit]) -> list[FunctionSpec]:
    library = {spec.name: spec for spec in functions}
    return [library[fit.name] for fit in fits]


def _name(edge: EdgeId) -> str:
    return f"({edge.layer}, {edge.source}, {edge.target})"


def _ranked(kan: net.KAN, frame: Frame, edge: EdgeId, functions: Sequence[FunctionSpec]) -> list[CurveFit]:
    u, v = curve_of(kan, frame, edge)
    if np.ptp(v) == 0 or np.ptp(u) == 0:
        return []
    fits = fit_curve(u, v, functions)
    return [fits[i] for i in np.argsort(costs(fits), kind="stable")] if fits else []


def _best(
    kan: net.KAN, frame: Frame, edge: EdgeId, specs: Sequence[FunctionSpec], control: Control, *, now: str = ""
) -> tuple[net.KAN, str]:
    """The network with the best of some functions on an edge; with ``now`` only a clear gain over what stands there counts."""
    tried = []
    for spec in specs:
        if spec.name == now:
            continue
        try:
            fixed = fix_symbolic(kan, edge, spec, frame.scaled.x).value
        except InputError:  # not finite on what enters the edge: no candidate
            continue
        trial, error = _held(fixed, frame, 20, control)
        tried.append((np.log10(max(error, 1e-12)) + _NATURAL * spec.complexity, spec.name, trial))
    if not tried:
        return kan, now
    cost, name, found = min(tried, key=lambda item: item[0])
    if now:
        own = next((spec.complexity for spec in specs if spec.name == now), 0)
        if cost > np.log10(max(_held(kan, frame, 0, control)[1], 1e-12)) + _NATURAL * own - 0.5:
            return kan, now
    return found, name


def _held(kan: net.KAN, frame: Frame, iterations: int, control: Control) -> tuple[net.KAN, float]:
    """The network after some training, and its held-out error in units of the target's deviation."""
    data = frame.scaled
    done = net.fit(
        kan, data.x, data.y, valid=data.held, weights=data.weights, grids=(kan.grid,), iterations=iterations, control=control
    )
    return done.kan, float(np.nan_to_num(done.valid_rmse[0], nan=np.inf))
