"""The drawing of a workbench's network, in the user's columns and units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kandisco.specs import FunctionSpec
from kandisco.viz import canvas
from kandisco.viz.diagram import diagram
from kandisco.viz.network import named, network_of
from kandisco.workbench.state import State


def picture(state: State, functions: Sequence[FunctionSpec], path: str | Path | None, theme: str) -> Any:
    """The figure, written to ``path`` if there is one."""
    frame = state.frame
    known = {variable.name: named(variable) for variable in frame.dataset.inputs}
    drawing = network_of(
        state.kan,
        frame.scaled.x * frame.scaled.half + frame.scaled.centre,
        inputs=[known.get(label, label) for label in frame.labels],
        outputs=[named(frame.dataset.target)],
        centre=frame.scaled.centre,
        half=frame.scaled.half,
        functions=functions,
    )
    figure = diagram(drawing)
    if path is not None:
        canvas.save(figure, path, theme)
    canvas.recolour(figure, theme)
    figure.set_facecolor(canvas.THEMES[theme].paper)
    return figure
