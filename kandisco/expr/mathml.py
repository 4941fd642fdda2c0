"""Our LaTeX as presentation MathML, which browsers render by themselves."""

from __future__ import annotations


def to_mathml(latex: str) -> str:
    r"""A ``<math display="block">`` element.

    Args:
        latex: what ``kandisco.expr.latex`` prints; names are already free of markup.

    Example:
        >>> "<mfrac>" in to_mathml(r"\frac{1}{x}")
        True
    """
    from latex2mathml.converter import convert

    return str(convert(latex, display="block"))
