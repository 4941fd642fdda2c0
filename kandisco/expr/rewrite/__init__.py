"""Shorter forms of a formula with the same values. Fast and in pure python; the longer search asks sympy too."""

from kandisco.expr.rewrite.roots import without_roots_of_squares
from kandisco.expr.rewrite.shorten import shortest, simplify

__all__ = ["shortest", "simplify", "without_roots_of_squares"]
