"""What travels between the symbolic stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kandisco.expr import Expr
from kandisco.symbolic.refit import Fit
from kandisco.types import EdgeOrigin


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An expression on its way through the pipeline.

    Attributes:
        expr: the tree, with its fitted constants.
        origin: how it was found.
        rmse: on the rows it was fitted to, in the unit of the target (inf before the first refit).
        std_errors: of the fitted constants, in the tree's order.
        edges: of the network it was read off.
    """

    expr: Expr
    origin: str
    rmse: float = float("inf")
    std_errors: tuple[float, ...] = ()
    edges: tuple[EdgeOrigin, ...] = ()

    def refitted(self, fit: Fit) -> Candidate:
        """The same candidate as a fit left it: its tree, error and standard errors."""
        return replace(self, expr=fit.expr, rmse=fit.rmse, std_errors=tuple(fit.std_errors.tolist()))
