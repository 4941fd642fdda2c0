r"""Our LaTeX as Typst math: both have the same parts under other names, so what the LaTeX printer decided holds for both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kandisco.expr.latex import GREEK

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}\[\]^_]|\d[\d.]*|[A-Za-z]|\s+|.")
_WORDS = {
    r"\times": "times",
    r"\cdot": "dot",
    r"\approx": "approx",
    r"\,": "thin",
    r"\_": r"\_",
    r"\ln": "ln",
    **{rf"\{name}": name for name in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")},
    **{rf"\{name}": name for name in GREEK if not name.startswith("var")},
    **{rf"\var{name}": f"{name}.alt" for name in ("epsilon", "theta", "phi")},
}
# Typst calls the curly form of epsilon by the plain name, LaTeX the straight one.
_WORDS |= {r"\epsilon": "epsilon.alt", r"\varepsilon": "epsilon", r"\phi": "phi.alt", r"\varphi": "phi"}


def to_typst(latex: str) -> str:
    r"""Typst math (without dollar signs).

    Args:
        latex: what ``kandisco.expr.latex`` prints.

    Example:
        >>> to_typst(r"\frac{x_{1}}{\sqrt{2 \pi}}")
        'frac(x_(1), sqrt(2 pi))'
    """
    return _Reader(latex).text()


class _Reader:
    def __init__(self, latex: str) -> None:
        self._tokens = _TOKEN.findall(latex)
        self._at = 0

    def text(self, end: str = "") -> str:
        """Everything up to ``end``; words are kept apart by spaces, marks are not."""
        out = ""
        for part in self._parts(end):
            apart = out and out[-1].isalnum() and part[:1].isalnum() and not (out[-1].isdigit() and part[0].isdigit())
            out += (" " if apart else "") + part
        return out.strip()

    def _parts(self, end: str) -> Iterator[str]:
        while (token := self._next()) != end:
            if token.isspace():
                yield " "
            elif token in ("^", "_"):
                yield f"{token}({self._argument()})"
            elif token == r"\frac":
                yield f"frac({self._argument()}, {self._argument()})"
            elif token == r"\sqrt":
                yield self._root()
            elif token in (r"\mathrm", r"\operatorname"):
                yield self._word(token)
            elif token == r"\left":
                yield self._fenced()
            elif token in "()":
                yield token
            else:
                yield _WORDS.get(token, token.lstrip("\\"))

    def _next(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        return token

    def _argument(self) -> str:
        token = self._next()
        return self.text("}") if token == "{" else token

    def _root(self) -> str:
        if self._tokens[self._at] != "[":
            return f"sqrt({self._argument()})"
        self._next()
        index = self.text("]")
        return f"root({index}, {self._argument()})"

    def _word(self, kind: str) -> str:
        self._next()
        letters = ""
        while (token := self._next()) != "}":
            letters += token
        return f'op("{letters}")' if kind == r"\operatorname" else f'upright("{letters}")'

    def _fenced(self) -> str:
        opening = self._next()
        inner = self.text(r"\right")
        self._next()
        return f"abs({inner})" if opening == "|" else f"({inner})"
