"""Trees as source code: one printer, which reads the spelling of each language from its table in ``kandisco.expr.dialects``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from kandisco.errors import InputError
from kandisco.expr.heads import HEADS
from kandisco.expr.text import is_decimal
from kandisco.expr.tree import Expr

_ADD, _MUL, _NEG, _POW, _ATOM = 1, 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a language spells an expression.

    Attributes:
        name: of the language, for messages.
        functions: head -> template with ``{0}``, ``{1}`` for the arguments; ``besselj:0`` stands for a fixed whole order, with
            ``{0}`` for what is left.
        pi, e: the constants.
        power: template of base and exponent.
        infix: ``power`` is an operator: its operands are put into parentheses.
        root: template of the square root.
        whole: template of a whole number.
        bare: the same where a sum, product or power is made of exact numbers only; none means ``whole``.
        fraction: template of a quotient of whole numbers ``{0}`` and ``{1}``.
        number: spelling of a positive float; all digits.
        times, over: the operators.
        reserved: names a column cannot have.
        constants: the dialect for parts without a column, where functions take nothing but tensors.
        identifier: what a name must look like; other characters are dropped.
    """

    name: str
    functions: Mapping[str, str]
    pi: str
    e: str
    power: str
    infix: bool = False
    root: str = "sqrt({0})"
    whole: str = "{0}.0"
    bare: str = ""
    fraction: str = "{0} / {1}"
    number: Callable[[float], str] = repr
    times: str = " * "
    over: str = " / "
    reserved: Collection[str] = field(default=frozenset())
    constants: Dialect | None = None
    identifier: str = "python"


def safe_names(names: Iterable[str], taken: Iterable[str], identifier: str = "python") -> dict[str, str]:
    """Column name -> the name it has in source code, with a letter added to what the language has taken.

    Args:
        names: of the columns.
        taken: keywords, and names of what the source uses.
        identifier: ``python`` (any identifier), ``ascii``, or ``letters`` (Wolfram: no underscore either).

    Example:
        >>> safe_names(["lambda", "x_1"], ["lambda"], "letters")
        {'lambda': 'lambdax', 'x_1': 'x1'}
    """
    kept = list(names)
    busy = set(taken)
    more = "x" if identifier == "letters" else "_"
    shown: dict[str, str] = {}
    for name in kept:
        plain = name if identifier == "python" else _plain(name, identifier)
        free = plain
        while free in busy or free in shown.values() or (free != name and free in kept):
            free += more
        shown[name] = free
    return shown


def _plain(name: str, identifier: str) -> str:
    from kandisco.expr.latex import spelt_out

    text = re.sub(r"\W", "", spelt_out(name), flags=re.ASCII).strip("_")
    text = text.replace("_", "") if identifier == "letters" else text
    return text if text[:1].isalpha() else f"v{text}"


def source(expr: Expr, dialect: Dialect, names: Mapping[str, str]) -> str:
    """An expression in a language.

    Args:
        expr: the tree.
        dialect: the language.
        names: column name -> text that stands for it.

    Raises:
        InputError: the language has no such function.

    Example:
        >>> from kandisco.expr import parse
        >>> from kandisco.expr.dialects import C
        >>> source(parse("sin(pi*x)/3"), C, {"x": "x"})
        'sin(M_PI * x) / 3.0'
    """
    return _Printer(dialect, names).render(expr)[0]


class _Printer:
    """Renders a node to its text and the binding strength of its outermost operator."""

    def __init__(self, dialect: Dialect, names: Mapping[str, str]) -> None:
        self._dialect = dialect
        self._names = names

    def render(self, expr: Expr, *, bare: bool = False) -> tuple[str, int]:
        if expr.args and self._dialect.constants is not None and not expr.variables():
            return _Printer(self._dialect.constants, {}).render(expr)
        match expr.head:
            case "num":
                value = float(expr.value)  # type: ignore[arg-type]
                text = self._dialect.number(abs(value))
                return (f"-{text}", _NEG) if value < 0 or text[:1] == "-" else (text, _ATOM)
            case "rat":
                return self._rational(Fraction(expr.value), bare)  # type: ignore[arg-type]
            case "const":
                return (self._dialect.pi if expr.value == "pi" else self._dialect.e), _ATOM
            case "var":
                return self._names[str(expr.value)], _ATOM
            case "add":
                return self._sum(expr), _ADD
            case "mul":
                return self._product(expr)
            case "pow":
                return self._power(expr)
        return self._call(expr), _ATOM

    def _rational(self, value: Fraction, bare: bool) -> tuple[str, int]:
        dialect, size = self._dialect, abs(value)
        if is_decimal(value) and size.denominator != 1 and not dialect.fraction.endswith(")"):
            text, level = dialect.number(float(size)), _ATOM
        elif size.denominator == 1:
            text, level = ((dialect.bare if bare else "") or dialect.whole).format(size.numerator), _ATOM
        else:
            parts = [dialect.whole.format(part) for part in (size.numerator, size.denominator)]
            text = dialect.fraction.format(*parts)
            level = _ATOM if text.endswith(")") else _MUL
        return (f"-{text}", _NEG) if value < 0 else (text, level)

    def _wrap(self, expr: Expr, level: int, *, bare: bool = False) -> str:
        text, own = self.render(expr, bare=bare)
        return text if own >= level and own != _NEG else f"({text})"

    def _sum(self, expr: Expr) -> str:
        bare = _exact(expr)
        text = ""
        for arg in expr.args:
            part = self.render(arg, bare=bare)[0] if arg.head != "add" else self._wrap(arg, _MUL)
            text = f"{text} {'-' if part.startswith('-') else '+'} {part.removeprefix('-')}" if text else part
        return text

    def _product(self, expr: Expr) -> tuple[str, int]:
        bare = _exact(expr)
        above = [arg for arg in expr.args if not _inverse(arg)]
        below = [_inverted(arg) for arg in expr.args if _inverse(arg)]
        negative = False
        for i, arg in enumerate(above):
            if arg.head in ("num", "rat") and float(arg.value) < 0:  # type: ignore[arg-type]
                negative, above[i] = not negative, Expr(arg.head, (), -arg.value)  # type: ignore[operator]
        above, divisors = self._split(above)
        below = [*divisors, *below]
        one = Expr("rat", (), Fraction(1))
        kept = [arg for arg in above if arg != one] or [one]
        top = self._dialect.times.join(self._wrap(arg, _MUL if i == 0 else _POW, bare=bare) for i, arg in enumerate(kept))
        bottom = [self._wrap(arg, _POW, bare=bare) for arg in below]
        for part in bottom:
            top += self._dialect.over + part
        level = _MUL if bottom or len(kept) > 1 else self.render(kept[0], bare=bare)[1]
        return (f"-{top if level >= _MUL else f'({top})'}", _NEG) if negative else (top, level)

    def _split(self, factors: list[Expr]) -> tuple[list[Expr], list[Expr]]:
        """Factors and divisors, with the fractions taken apart where the language has no exact ones: x / 3, not 1 / 3 * x."""
        above, below = [], []
        for arg in factors:
            fraction = Fraction(arg.value) if arg.head == "rat" else Fraction(0)  # type: ignore[arg-type]
            if fraction.denominator == 1 or is_decimal(fraction) or self._dialect.fraction.endswith(")"):
                above.append(arg)
                continue
            above.append(Expr("rat", (), Fraction(fraction.numerator)))
            below.append(Expr("rat", (), Fraction(fraction.denominator)))
        return above, below

    def _power(self, expr: Expr) -> tuple[str, int]:
        base, exponent = expr.args
        dialect, bare = self._dialect, _exact(expr)
        if _inverse(expr):
            one = ((dialect.bare if bare else "") or dialect.whole).format(1)
            return f"{one}{dialect.over}{self._wrap(_inverted(expr), _POW, bare=bare)}", _MUL
        if exponent.head == "rat" and exponent.value == Fraction(1, 2):
            return dialect.root.format(self.render(base, bare=bare)[0]), _ATOM
        if dialect.infix:
            return dialect.power.format(self._wrap(base, _ATOM, bare=bare), self._wrap(exponent, _ATOM, bare=bare)), _POW
        return dialect.power.format(self.render(base, bare=bare)[0], self.render(exponent, bare=bare)[0]), _ATOM

    def _call(self, expr: Expr) -> str:
        functions, args = self._dialect.functions, expr.args
        order = args[0].value if HEADS[expr.head].arity > 1 and args[0].head == "rat" else None
        if f"{expr.head}:{order}" in functions:
            return functions[f"{expr.head}:{order}"].format(*(self.render(arg)[0] for arg in args[1:]))
        if expr.head not in functions:
            shown = f"{HEADS[expr.head].sympy}({order}, ...)" if order is not None else HEADS[expr.head].sympy
            raise InputError(f"{self._dialect.name} has no {shown}.", hint="Export to numpy, sympy or mathematica.")
        return functions[expr.head].format(*(self.render(arg)[0] for arg in args))


def _exact(expr: Expr) -> bool:
    """Made of exact numbers only: python would work out 1/3 as a float before sympy sees it."""
    return all(arg.args or arg.head == "rat" for arg in expr.walk())


def _inverse(expr: Expr) -> bool:
    exponent = expr.args[1] if expr.head == "pow" else None
    return exponent is not None and exponent.head in ("rat", "num") and float(exponent.value) < 0  # type: ignore[arg-type]


def _inverted(expr: Expr) -> Expr:
    base, exponent = expr.args
    return base if exponent.value == -1 else Expr("pow", (base, Expr(exponent.head, (), -exponent.value)))  # type: ignore[operator]
