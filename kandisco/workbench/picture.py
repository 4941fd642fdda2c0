"""The drawings of a workbench, in the user's columns and units: its network, one edge against functions, a formula's tree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kandisco import kan as net
from kandisco.expr import Expr
from kandisco.report.words import r2
from kandisco.specs import FunctionSpec
from kandisco.types import Array, EdgeId
from kandisco.viz import canvas
from kandisco.viz.diagram import diagram
from kandisco.viz.network import Network, named, network_of
from kandisco.viz.plots import ends, overlay_figure, tree_figure
from kandisco.workbench.state import State, predict
from kandisco.workbench.symbols import Ranked, curve_of, input_of


def picture(state: State, functions: Sequence[FunctionSpec], path: str | Path | None, theme: str) -> Any:
    """The network."""
    return _finished(diagram(_network(state, functions)), path, theme)


def tree_picture(expr: Expr, path: str | Path | None, theme: str) -> Any:
    """The tree of a formula."""
    return _finished(tree_figure(expr), path, theme)


def edge_picture(state: State, place: EdgeId, found: Sequence[Ranked], path: str | Path | None, theme: str) -> Any:
    """One edge against functions, a panel each."""
    kan, network = net.select(state.kan, 0), _network(state, ())
    parts = [(level, part) for level, part in kan.shape.parts(place.layer) if part.start <= place.source < part.stop]
    (level, part) = parts[0]
    key = (place.layer, level, place.source - part.start, place.target)
    edge = next(edge for edge in network.edges if edge.place == key)
    panels = [
        (
            f"{choice.fit.name}: R2 {r2(1.0 - choice.fit.error**2)}, complexity {choice.fit.complexity}",
            replace(edge, symbol=choice.fit.name, expr=choice.fit.expr),
        )
        for choice in found
    ]
    origin = input_of(kan.shape, place)
    across = "what enters the edge" if origin is None else network.inputs[origin]
    title = f"edge ({place.layer}, {place.source}, {place.target}): {ends(network, edge)}"
    return _finished(overlay_figure(panels, _dots(state, place), title=title, across=across, up="what it adds"), path, theme)


def _dots(state: State, place: EdgeId) -> tuple[Array, Array]:
    """The training rows at an edge; at one that ends in the target with what the network leaves of the row's target."""
    kan, frame = net.select(state.kan, 0), state.frame
    flow = net.activations(kan, frame.scaled.x)[place.layer]
    u, v = curve_of(kan, frame, place)
    if place.layer + 1 < len(kan.edges) or kan.shape.layers[-1].products:
        return u, v
    train = frame.rows.train
    left = (train.y - predict(kan, frame, train.columns)) / frame.scaled.deviation
    return u, v + left[np.argsort(flow.sources[place.source], kind="stable")]


def _network(state: State, functions: Sequence[FunctionSpec]) -> Network:
    frame = state.frame
    known = {variable.name: named(variable) for variable in frame.dataset.inputs}
    return network_of(
        state.kan,
        frame.scaled.x * frame.scaled.half + frame.scaled.centre,
        inputs=[known.get(label, label) for label in frame.labels],
        outputs=[named(frame.dataset.target)],
        centre=frame.scaled.centre,
        half=frame.scaled.half,
        functions=functions,
    )


def _finished(figure: Any, path: str | Path | None, theme: str) -> Any:
    """The figure in a theme's colours, written to ``path`` if there is one."""
    if path is not None:
        canvas.save(figure, path, theme)
    canvas.recolour(figure, theme)
    figure.set_facecolor(canvas.THEMES[theme].paper)
    # A notebook draws a bare figure only once pyplot is imported, which nothing here does.
    figure._repr_png_ = lambda: _png(figure)
    return figure


def _png(figure: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=120, facecolor=figure.get_facecolor())
    return out.getvalue()
