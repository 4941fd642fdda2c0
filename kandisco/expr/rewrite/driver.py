"""The search: normal form first, then the rules one at a time, keeping what is shorter and has the same values."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

from kandisco.expr.rewrite import identities, polynomial
from kandisco.expr.rewrite.algebra import Algebra
from kandisco.expr.rewrite.facts import Facts
from kandisco.expr.rewrite.functions import normal
from kandisco.expr.rewrite.order import ordered, upright
from kandisco.expr.rewrite.present import Presenter, rank, shortest_of
from kandisco.expr.tree import Expr, complexity

RULES = (*polynomial.RULES, *identities.RULES)
_LARGEST = 400


class Search:
    """One formula, the data it lives on, and the forms tried so far.

    Args:
        expr: the formula.
        columns: variable name -> float64 [rows], or None.
    """

    def __init__(self, expr: Expr, columns: Mapping[str, Any] | None) -> None:
        self._facts = Facts(expr, columns)
        self._algebra = Algebra(self._facts)
        self._presenter = Presenter(self._algebra)
        self._normal: dict[Expr, Expr] = {}
        self._checked: dict[Expr, bool] = {}
        self._order = tuple(columns) if columns is not None else expr.variables()
        self._given = self.best = expr
        self._rank = rank(expr)

    def result(self) -> Expr:
        """The best form found, in reading order."""
        for final in (ordered(upright(self.best), self._order), ordered(self.best, self._order)):
            if complexity(final) <= complexity(self._given) and self._keeps(final):
                return final
        return self.best

    def offer(self, expr: Expr, *, patience: int, slack: int) -> None:
        """Search around a form that is supposed to have the same values.

        Args:
            expr: the form.
            patience: how many forms without progress are expanded before it stops.
            slack: how much longer than the best a form may be to be expanded.
        """
        if not self._facts.defined or complexity(expr) > _LARGEST:
            return
        start = self._accepted(expr)
        if start is None:
            return
        tick, waited = 0, 0
        queue = [(rank(self._shown(start)), tick, start)]
        seen = {start}
        while queue and waited < patience:
            cost, _, form = heapq.heappop(queue)
            before = self._rank
            self._consider(form)
            for new in self._neighbours(form):
                if new not in seen:
                    seen.add(new)
                    price = rank(self._shown(new))
                    if price[0] <= self._rank[0] + slack and self._keeps(new):
                        self._consider(new)
                        tick += 1
                        heapq.heappush(queue, (price, tick, new))
            waited = 0 if self._rank < before else waited + 1

    def _accepted(self, expr: Expr) -> Expr | None:
        try:
            form = normal(expr, self._algebra, self._normal)
        except (ArithmeticError, RecursionError):
            return None
        return form if self._keeps(form) else None

    def _shown(self, form: Expr) -> Expr:
        try:
            return self._presenter.present(form)
        except ArithmeticError:
            return form

    def _consider(self, form: Expr) -> None:
        shown = self._shown(form)
        price = rank(shown)
        # Between forms as good as the one that was given, the given one is what its author wanted.
        tied = price == self._rank and self.best is not self._given
        better = price < self._rank or (tied and shortest_of((self.best, shown)) == shown)
        if better and self._keeps(shown):
            self.best, self._rank = shown, price

    def _keeps(self, expr: Expr) -> bool:
        if expr not in self._checked:
            self._checked[expr] = self._facts.keeps(expr)
        return self._checked[expr]

    def _neighbours(self, form: Expr) -> Iterator[Expr]:
        for node in dict.fromkeys(node for node in form.walk() if node.args):
            for rule in RULES:
                try:
                    for new in rule(node, self._algebra):
                        yield normal(_replace(form, node, new), self._algebra, self._normal)
                except (ArithmeticError, ValueError):
                    continue


def _replace(expr: Expr, old: Expr, new: Expr) -> Expr:
    if expr == old:
        return new
    if not expr.args:
        return expr
    return Expr(expr.head, tuple(_replace(arg, old, new) for arg in expr.args), expr.value)
