"""What travels between the symbolic stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kandisco.expr import Expr
from kandisco.symbolic.refit import Fit
from kandisco.types import EdgeOrigin, Method


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An expression on its way through the pipeline.

    Attributes:
        expr: the tree, with its fitted constants.
        origin: how it was found.
        rmse: on the rows it was fitted to, in the unit of the target (inf before the first refit).
        std_errors: of the fitted constants, in the tree's order.
        edges: of the network it was read off.
        methods, shape, engine: see ``Formula``.
    """

    expr: Expr
    origin: str
    rmse: float = float("inf")
    std_errors: tuple[float, ...] = ()
    edges: tuple[EdgeOrigin, ...] = ()
    methods: tuple[Method, ...] = ()
    shape: str = ""
    engine: str = ""

    def refitted(self, fit: Fit) -> Candidate:
        """The same candidate as a fit left it: its tree, error and standard errors."""
        return replace(self, expr=fit.expr, rmse=fit.rmse, std_errors=tuple(fit.std_errors.tolist()))

    def found_by(self, *methods: Method) -> Candidate:
        """The same candidate with more of what found it."""
        return replace(self, methods=tuple(dict.fromkeys((*methods, *self.methods))))
