r"""Trees as LaTeX that reads as if typed by hand: fractions, roots, Greek letters, subscripts, powers of ten."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from kandisco.expr.tree import Expr

_ADD, _MUL, _NEG, _POW, _ATOM = 1, 2, 3, 4, 5

_GREEK_LOWER = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota", "kappa", "lambda"),
    *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega"),
)
# The other capitals look like Latin ones and have no command.
_GREEK_UPPER = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
GREEK = frozenset((*_GREEK_LOWER, *_GREEK_UPPER))
_COMMANDS = frozenset(("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"))
_OPERATORS = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}
_NAMED = {
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "sign": r"\operatorname{sgn}",
    "gamma": r"\Gamma",
    "loggamma": r"\ln\Gamma",
    "digamma": r"\psi",
    "elliptic_k": "K",
    "elliptic_e": "E",
    "airyai": r"\mathrm{Ai}",
    "airyaiprime": r"\mathrm{Ai}'",
    "airybi": r"\mathrm{Bi}",
    "airybiprime": r"\mathrm{Bi}'",
}
_ORDERED = {"besselj": "J", "bessely": "Y", "besseli": "I", "besselk": "K", "legendre": "P"}


def to_latex(expr: Expr, digits: int | None = 6) -> str:
    r"""LaTeX math (without dollar signs) that needs no package beyond amsmath.

    Args:
        expr: the tree.
        digits: significant digits of fitted constants; None prints them in full.

    Example:
        >>> from kandisco.expr import parse
        >>> to_latex(parse("x1/sqrt(2*pi)"))
        '\\frac{x_{1}}{\\sqrt{2 \\pi}}'
    """
    return _Printer(digits).render(expr)[0]


def symbol(name: str) -> str:
    r"""A name as a symbol: ``x1`` is ``x_{1}``, ``alpha_max`` is ``\alpha_{\mathrm{max}}``, ``mass`` is ``\mathrm{mass}``."""
    parts = [part for part in spelt_out(name).split("_") if part]
    if not parts:
        return r"\_"
    head, *rest = parts
    match = re.fullmatch(r"([A-Za-z]+)(\d+)", head)
    if match:
        head, rest = match.group(1), [match.group(2), *rest]
    subscript = ",".join(part if part.isdigit() else _letters(part) for part in rest)
    return _letters(head) + (f"_{{{subscript}}}" if subscript else "")


def _letters(word: str) -> str:
    if word in GREEK:
        return f"\\{word}"
    return word if len(word) == 1 else rf"\mathrm{{{word}}}"


def spelt_out(name: str) -> str:
    """The name with Greek letters spelt out and accents dropped; a letter without a likeness becomes its code point."""
    words = []
    for char in name:
        spelt = unicodedata.name(char, "").split()
        if spelt[:1] == ["GREEK"] and spelt[-1].lower() in GREEK | {"lamda"}:
            word = spelt[-1].lower().replace("lamda", "lambda")
            word = word.capitalize() if "CAPITAL" in spelt and word.capitalize() in GREEK else word
            words.append(f"_{word}_" if len(name) > 1 else word)
            continue
        base = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
        words.append(base or f"u{ord(char):x}")
    return re.sub(r"[^A-Za-z0-9_]", "", "".join(words))


def number(value: float, digits: int | None = 6) -> tuple[str, int]:
    r"""A constant as LaTeX with its binding strength: ``6.67 \times 10^{-11}`` far from 1, plain digits near it."""
    far = value != 0 and not 1e-3 <= abs(value) < 1e6
    text = repr(float(value)) if digits is None else f"{value:.{digits - 1}e}" if far else f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if digits is not None and exponent and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    if mantissa.endswith(".0"):
        mantissa = mantissa[:-2]
    if not exponent or not int(exponent):
        return mantissa, _NEG if value < 0 else _ATOM
    power = f"10^{{{int(exponent)}}}"
    if mantissa in ("1", "-1"):
        return mantissa.rstrip("1") + power, _NEG if value < 0 else _POW
    return rf"{mantissa} \times {power}", _NEG if value < 0 else _MUL


class _Printer:
    """Renders a node to its text and the binding strength of its outermost operator."""

    def __init__(self, digits: int | None) -> None:
        self._digits = digits

    def render(self, expr: Expr) -> tuple[str, int]:
        match expr.head:
            case "num":
                return number(float(expr.value), self._digits)  # type: ignore[arg-type]
            case "rat":
                return _rational(Fraction(expr.value))  # type: ignore[arg-type]
            case "var":
                return symbol(str(expr.value)), _ATOM
            case "const":
                return (r"\pi" if expr.value == "pi" else "e"), _ATOM
            case "add":
                return self._sum(expr), _ADD
            case "mul":
                return self._product(expr)
            case "pow":
                return self._power(expr)
        return self._call(expr)

    def _wrap(self, expr: Expr, level: int) -> str:
        text, own = self.render(expr)
        return text if own >= level and not (own == _NEG and level > _ADD) else _parens(text)

    def _sum(self, expr: Expr) -> str:
        text = ""
        for arg in expr.args:
            part = self.render(arg)[0]
            joined = f" - {part[1:].lstrip()}" if part.startswith("-") else f" + {part}"
            text = text + joined if text else part
        return text

    def _product(self, expr: Expr) -> tuple[str, int]:
        sign, above, below = _split(expr.args)
        if not below:
            if sign and len(above) == 1:
                return f"-{self._wrap(above[0], _MUL)}", _NEG
            text, level = self._factors(above)
            return (f"-{text}", _NEG) if sign else (text, level)
        numerator, level = self._factors(above)
        fraction = rf"\frac{{{numerator}}}{{{self._factors(below)[0]}}}"
        return (f"-{fraction}", _NEG) if sign else (fraction, _MUL)

    def _factors(self, factors: list[Expr]) -> tuple[str, int]:
        if not factors:
            return "1", _ATOM
        if len(factors) == 1:
            return self.render(factors[0])
        text = ""
        # A function without parentheses of its own would swallow what follows it, so those come last.
        for factor in sorted(factors, key=_order):
            part = self._wrap(factor, _MUL)
            text += _glue(text, part) + part
        return text, _MUL

    def _power(self, expr: Expr) -> tuple[str, int]:
        base, exponent = expr.args
        value = exponent.value if exponent.head in ("num", "rat") else None
        if value is not None and float(value) < 0:
            return rf"\frac{{1}}{{{self.render(_invert(expr))[0]}}}", _MUL
        if isinstance(value, Fraction) and value.numerator == 1 and value.denominator in (2, 3):
            index = "" if value.denominator == 2 else "[3]"
            return rf"\sqrt{index}{{{self.render(base)[0]}}}", _ATOM
        power = _inline(value) if isinstance(value, Fraction) else self.render(exponent)[0]
        if base.head in _COMMANDS and base.head not in ("exp",) and isinstance(value, Fraction) and value.denominator == 1:
            return rf"{_name(base.head)}^{{{power}}}{self._argument(base.args[0])}", _POW
        shown = _parens(self.render(base)[0]) if base.head == "exp" else self._wrap(base, _ATOM)
        return f"{shown}^{{{power}}}", _POW

    def _argument(self, expr: Expr) -> str:
        return _parens(self.render(expr)[0])

    def _call(self, expr: Expr) -> tuple[str, int]:
        head, args = expr.head, expr.args
        if head == "exp":
            inner = self.render(args[0])[0]
            flat = r"\frac" not in inner and len(inner) < 40
            return (f"e^{{{inner}}}", _POW) if flat else (rf"\exp{_parens(inner)}", _ATOM)
        if head == "abs":
            return rf"\left|{self.render(args[0])[0]}\right|", _ATOM
        if head in _ORDERED:
            return rf"{_ORDERED[head]}_{{{self.render(args[0])[0]}}}{self._argument(args[1])}", _ATOM
        if head == "gegenbauer":
            return rf"C_{{{self.render(args[0])[0]}}}^{{({self.render(args[1])[0]})}}{self._argument(args[2])}", _ATOM
        if head == "polygamma":
            return rf"\psi^{{({self.render(args[0])[0]})}}{self._argument(args[1])}", _ATOM
        return _name(head) + ", ".join(self._argument(arg) for arg in args), _ATOM


def _name(head: str) -> str:
    if head in _COMMANDS:
        return f"\\{head}" if head != "log" else r"\ln"
    return _OPERATORS.get(head) or _NAMED.get(head) or rf"\operatorname{{{head.replace('_', '')}}}"


def _parens(text: str) -> str:
    tall = any(mark in text for mark in (r"\frac", r"\sqrt", r"\left", "^"))
    return rf"\left({text}\right)" if tall else f"({text})"


def _rational(value: Fraction) -> tuple[str, int]:
    if value.denominator == 1:
        return str(value.numerator), _NEG if value < 0 else _ATOM
    text = rf"\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    return (f"-{text}", _NEG) if value < 0 else (text, _MUL)


def _inline(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _invert(expr: Expr) -> Expr:
    base, exponent = expr.args
    return base if exponent.value == -1 else Expr("pow", (base, Expr(exponent.head, (), -exponent.value)))  # type: ignore[operator]


def _glue(text: str, part: str) -> str:
    """What stands between two factors: a dot between digits, a thin space beside a word, else nothing to see."""
    if not text:
        return ""
    if (part[0].isdigit() or part.startswith("10^")) and text[-1] != ")":
        return r" \cdot "
    return r" \, " if part.startswith(r"\mathrm") or re.search(r"\\mathrm\{\w+\}(_\{.*\})?$", text) else " "


def _order(factor: Expr) -> int:
    if factor.head in ("num", "rat"):
        return 0
    return 1 if factor.head == "const" else 2


def _split(args: tuple[Expr, ...]) -> tuple[bool, list[Expr], list[Expr]]:
    """Sign, numerator and denominator of a product; factors 1 are dropped."""
    negative, above, below = False, [], []
    for arg in args:
        if arg.head in ("num", "rat") and float(arg.value) < 0:  # type: ignore[arg-type]
            negative, arg = not negative, Expr(arg.head, (), -arg.value)  # type: ignore[operator]
        exponent = arg.args[1] if arg.head == "pow" else None
        if exponent is not None and exponent.head in ("num", "rat") and float(exponent.value) < 0:  # type: ignore[arg-type]
            below.append(_invert(arg))
        elif arg.head == "num" and arg.value == 1.0:
            continue
        elif arg.head == "rat":
            fraction = Fraction(arg.value)  # type: ignore[arg-type]
            above += [Expr("rat", (), Fraction(fraction.numerator))] if fraction.numerator != 1 else []
            below += [Expr("rat", (), Fraction(fraction.denominator))] if fraction.denominator != 1 else []
        else:
            above.append(arg)
    return negative, above, below
