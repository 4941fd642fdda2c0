"""The edges of one layer as data, spline and symbolic."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from kandisco.expr import Expr


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """The function of one edge: ``expr``, a tree in ``x``, on the edge from ``source`` to sub-sum ``sub``."""

    source: int
    sub: int
    name: str
    expr: Expr


@dataclass(frozen=True, kw_only=True)
class Edges:
    """The edges of one layer; R restarts, I sources, S sub-sums, K basis functions, M symbolic edges.

    Attributes:
        lo, hi: [R, I] range of each source's grid.
        spread: [R, I, levels], where on the range its knots lie (see ``knots``); [R, I, 0] for even grids.
        coef: [R, S, I, K].
        mask: [R, S, I], 1 for a live edge and 0 for a removed one.
        bias: [R, S] added to each sub-sum.
        locked: [R, S, I], 1 for an edge that training must leave as it is.
        affine: [R, M, 4], the numbers a, b, c, d of each symbolic edge c f(a x + b) + d.
        symbols: the functions f; the spline coefficients of these edges are zero.
    """

    lo: Tensor
    hi: Tensor
    spread: Tensor
    coef: Tensor
    mask: Tensor
    bias: Tensor
    locked: Tensor
    affine: Tensor
    symbols: tuple[Symbol, ...] = ()

    def tensors(self) -> dict[str, Tensor]:
        """The tensor fields by name."""
        return {name: value for name, value in vars(self).items() if name != "symbols"}

    def with_tensors(self, tensors: dict[str, Tensor]) -> Edges:
        """The same symbols with other tensors."""
        return Edges(symbols=self.symbols, **tensors)

    def live(self) -> Tensor:
        """[R, S, I, K]: the coefficients of the live edges, zero elsewhere."""
        return self.coef * self.mask[..., None]

    def weight(self) -> Tensor:
        """[R, S, I * K]: the same, flat."""
        return self.live().flatten(2)
