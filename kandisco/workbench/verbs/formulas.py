"""From the network to a formula, and to pictures of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kandisco.expr import Expr
from kandisco.expr.symbolic import to_sympy
from kandisco.types import Formula
from kandisco.workbench.formula import edges_of, expression, polished
from kandisco.workbench.picture import picture, tree_picture
from kandisco.workbench.tables import outline
from kandisco.workbench.verbs.edges import AbstractEdges


class AbstractFormulas(AbstractEdges):
    """Verbs that read the network."""

    def expression(self) -> Expr:
        """The formula of the network as it is, number for number, as a tree in the user's columns and units."""
        return expression(self._one, self.state.frame)

    def formula(self) -> Formula:
        """The formula refitted as a whole, its constants snapped where the data allow, with errors and evidence.

        Judged as in a run: evidence and errors are of constants that have not seen the held-out rows (``Formula.judged``); those
        shown are fitted to all rows in the end.
        """
        edges = edges_of(self._one, self.state.frame)
        origin = f"workbench {self.shape}"
        return polished(self.expression(), self.state.frame.rows, self._library(None), origin, edges=edges)

    def symbolic_formula(self, *, refit: bool = True) -> Any:
        """The formula as a sympy expression: refitted and snapped, or (``refit`` False) the network's own numbers.

        Raises:
            StageError: some edges are still splines.
        """
        return to_sympy(self.formula().expr if refit else self.expression())

    def tree(self, path: str | Path | None = None, *, theme: str = "light") -> Any:
        """Draw the expression tree of the formula; ``outline`` writes it as text.

        Args:
            path: file to write (``.svg``, ``.png`` or ``.pdf``); nothing is written without it.
            theme: ``light`` or ``dark``.

        Returns:
            The matplotlib figure.
        """
        return tree_picture(self.formula().expr, path, theme)

    def outline(self) -> str:
        """The expression tree of the formula as text, a node a line, children indented."""
        return outline(self.formula().expr)

    def plot(self, path: str | Path | None = None, *, theme: str = "light") -> Any:
        """Draw the network: a card for each edge with its curve, its function (``~``: the most similar one) and R2.

        Args:
            path: file to write (``.svg``, ``.png`` or ``.pdf``); nothing is written without it.
            theme: ``light`` or ``dark``.

        Returns:
            The matplotlib figure, which a notebook shows.
        """
        return picture(self.state, self._library(None), path, theme)
