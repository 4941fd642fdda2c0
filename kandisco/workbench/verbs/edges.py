"""Pointing at an edge: what is it, make it that, hold it still."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kandisco import kan as net
from kandisco.control import Control
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.specs import FunctionSpec
from kandisco.stages import fix as fixing
from kandisco.types import EdgeId
from kandisco.workbench import symbols
from kandisco.workbench.picture import edge_picture
from kandisco.workbench.state import Edge, edge_id, named
from kandisco.workbench.verbs.pruning import AbstractPruning

if TYPE_CHECKING:
    import pandas

_PANELS = 4


class AbstractEdges(AbstractPruning):
    """Verbs about single edges."""

    def suggest_symbolic(
        self, edge: Edge, functions: Sequence[str] | None = None, *, path: str | Path | None = None, theme: str = "light"
    ) -> pandas.DataFrame:
        """The library on one edge, ranked by cost: decades of error, plus a tenth for each node of complexity.

        Args:
            edge: (layer, source, target).
            functions: names or tags of functions; by default those of the workbench.
            path: file for the picture of ``plot_edge``: the edge against the first rows of the table.
            theme: of the picture.

        Returns:
            Columns ``function``, ``r2`` (on the curve), ``complexity``, ``cost`` and ``curve`` (the function with its numbers).

        Raises:
            InputError: the edge is flat.
        """
        place = edge_id(edge)
        found = symbols.ranked(self._one, self.state.frame, place, self._library(functions))
        if path is not None:
            edge_picture(self.state, place, found[:_PANELS], path, theme)
        return symbols.as_table(found, self._one.shape, self.state.frame, place)

    def plot_edge(
        self,
        edge: Edge,
        path: str | Path | None = None,
        *,
        functions: Sequence[str] | None = None,
        most: int = _PANELS,
        theme: str = "light",
    ) -> Any:
        """Draw an edge against the functions most like it, in the order of ``suggest_symbolic``.

        Each panel: the edge's curve (blue), the function (orange, dashed), their difference below, in grey where rows are, and
        the rows as dots. At an edge that ends in the target a dot is off the curve by what the network leaves of that row.

        Args:
            edge: (layer, source, target).
            path: file to write (``.svg``, ``.png`` or ``.pdf``); nothing is written without it.
            functions: names or tags of functions; by default those of the workbench.
            most: how many functions.
            theme: ``light`` or ``dark``.

        Returns:
            The matplotlib figure.
        """
        place = edge_id(edge)
        found = symbols.ranked(self._one, self.state.frame, place, self._library(functions))
        return edge_picture(self.state, place, found[:most], path, theme)

    def fix_symbolic(self, edge: Edge, function: str, *, lock: bool = False) -> Self:
        """Make an edge c f(a x + b) + d, started from what it draws; training goes on with a, b, c, d, unless locked.

        Args:
            edge: (layer, source, target).
            function: a name of the library (``"sin"``), any function of x (``"exp(-x**2)"``), or ``"0"`` to remove the edge.
            lock: hold its numbers still.
        """
        if function == "0":
            return self.remove_edge(edge)
        place = edge_id(edge)
        done = fixing.fix_symbolic(self._one, place, self._function(function), self.state.frame.scaled.x)
        kan = net.lock(done.value, [place]) if lock else done.value
        r2 = 1.0 - float(done.record.metrics["error"]) ** 2
        return self._next(f"fix_symbolic({named(edge)}, {function!r})", kan, notes=(f"R2 {r2:.6f} on what the edge drew.",))

    def unfix(self, edge: Edge | None = None) -> Self:
        """Make a function a spline again that draws the same; all of them without an argument."""
        kan = self._one
        known = [EdgeId(layer=i, source=s.source, target=s.sub) for i, e in enumerate(kan.edges) for s in e.symbols]
        for place in known if edge is None else [edge_id(edge)]:
            kan = net.lock(net.clear_symbol(kan, place), [place], False)
        return self._next(f"unfix({'' if edge is None else named(edge)})", kan)

    def auto_symbolic(
        self, *, r2: float = 0.9, candidates: int = 4, functions: Sequence[str] | None = None, time: float = math.inf
    ) -> Self:
        """A function for every spline edge, judged by the refitted network; an edge no function fits to ``r2`` stays a spline."""
        library, frame, control = self._library(functions), self.state.frame, Control(seconds=time)
        found = symbols.choose_all(self._one, frame, library, r2=r2, candidates=candidates, control=control)
        return self._next("auto_symbolic()", self._compact(found.kan), notes=found.notes)

    def lock(self, *edges: Edge) -> Self:
        """Hold edges still in training, spline or function."""
        return self._next(f"lock({', '.join(map(named, edges))})", net.lock(self.kan, map(edge_id, edges)))

    def unlock(self, *edges: Edge) -> Self:
        """Let edges move again."""
        return self._next(f"unlock({', '.join(map(named, edges))})", net.lock(self.kan, map(edge_id, edges), False))

    def curve(self, edge: Edge) -> symbols.Curve:
        """What an edge draws over the training rows: ``u`` (sorted; in the input's unit if it starts from one) and ``v``."""
        return symbols.curve_of(self._one, self.state.frame, edge_id(edge))

    def _library(self, names: Sequence[str] | None) -> tuple[FunctionSpec, ...]:
        return self._registry.functions(tuple(names or self._settings["functions"]))

    def _function(self, name: str) -> FunctionSpec:
        if name in self._registry.all_functions.names():
            return self._registry.function(name)
        try:
            written = parse(name, ("x",))
        except InputError:
            return self._registry.function(name)  # which says what is near
        if written.variables() != ("x",):
            raise InputError(f"{name!r} is no function of x.", hint="Write it as in exp(-x**2).")
        return FunctionSpec(name=name, sympy=name)
