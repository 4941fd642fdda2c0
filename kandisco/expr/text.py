"""Trees as text: python operators, sympy's function names, shortest digits that read back to the same float."""

from __future__ import annotations

from fractions import Fraction

from kandisco.expr.heads import HEADS
from kandisco.expr.tree import Expr

_ADD, _MUL, _UNARY, _POW, _ATOM = 1, 2, 3, 4, 5


def to_text(expr: Expr, digits: int | None = None) -> str:
    """Infix form.

    Args:
        digits: significant digits of fitted constants; None prints them so that they read back unchanged.

    Example:
        >>> from kandisco.expr import parse
        >>> to_text(parse("x/y - 2"))
        'x/y - 2'
    """
    return _render(expr, digits)[0]


def _render(expr: Expr, digits: int | None) -> tuple[str, int]:
    match expr.head:
        case "num":
            return _number(float(expr.value), digits)  # type: ignore[arg-type]
        case "rat":
            return _rational(Fraction(expr.value))  # type: ignore[arg-type]
        case "var" | "const":
            return str(expr.value), _ATOM
        case "add":
            return _sum(expr, digits), _ADD
        case "mul":
            return _product(expr.args, digits)
        case "pow":
            return _power(expr, digits)
    return f"{HEADS[expr.head].sympy}({', '.join(_render(arg, digits)[0] for arg in expr.args)})", _ATOM


def _number(value: float, digits: int | None) -> tuple[str, int]:
    text = repr(value) if digits is None else f"{value:.{digits}g}"
    if digits is not None and float(text) == int(float(text)) and abs(float(text)) < 1e15 and "e" not in text:
        text = f"{float(text):.1f}"
    return text, _UNARY if value < 0 else _ATOM


def is_decimal(value: Fraction) -> bool:
    """Whether a rational reads better as a short decimal (4.9, 0.3) than as a fraction (3/4, 2/3)."""
    return value.denominator % 5 == 0 and 1000 % value.denominator == 0


def _rational(value: Fraction) -> tuple[str, int]:
    if is_decimal(value):
        return repr(float(value)), _UNARY if value < 0 else _ATOM
    if value.denominator == 1:
        return str(value.numerator), _UNARY if value < 0 else _ATOM
    return f"{value.numerator}/{value.denominator}", _MUL if value > 0 else _UNARY


def _wrap(expr: Expr, level: int, digits: int | None) -> str:
    text, own = _render(expr, digits)
    return text if own >= level and not (own == _UNARY and level > _ADD) else f"({text})"


def _sum(expr: Expr, digits: int | None) -> str:
    text = ""
    for arg in expr.args:
        part = _wrap(arg, _ADD, digits) if arg.head == "add" else _render(arg, digits)[0]
        if not text:
            text = part
        else:
            text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
    return text


def _is_inverse(expr: Expr) -> bool:
    if expr.head != "pow" or expr.args[1].head not in ("rat", "num"):
        return False
    return float(expr.args[1].value) < 0  # type: ignore[arg-type]


def _invert(expr: Expr) -> Expr:
    base, exponent = expr.args
    if exponent.value == -1:
        return base
    return Expr("pow", (base, Expr(exponent.head, (), -exponent.value)))  # type: ignore[operator]


def _product(args: tuple[Expr, ...], digits: int | None) -> tuple[str, int]:
    above = [arg for arg in args if not _is_inverse(arg)]
    below = [_invert(arg) for arg in args if _is_inverse(arg)]
    sign = ""
    for i, arg in enumerate(above):
        if arg.head in ("num", "rat") and float(arg.value) < 0:  # type: ignore[arg-type]
            sign = "" if sign else "-"
            above[i] = Expr(arg.head, (), -arg.value)  # type: ignore[operator]
    above = [arg for arg in above if not (arg.head == "rat" and arg.value == 1)]
    for i, arg in enumerate(above):
        if arg.head == "rat" and Fraction(arg.value).denominator != 1 and not is_decimal(Fraction(arg.value)):  # type: ignore[arg-type]
            fraction = Fraction(arg.value)  # type: ignore[arg-type]
            below.insert(0, Expr("rat", (), Fraction(fraction.denominator)))
            above[i] = Expr("rat", (), Fraction(fraction.numerator))
    above = [arg for arg in above if not (arg.head == "rat" and arg.value == 1)] or [Expr("rat", (), Fraction(1))]
    top = "*".join(_wrap(arg, _MUL, digits) for arg in above)
    if not below:
        return sign + top, _UNARY if sign else _MUL if len(above) > 1 else _render(above[0], digits)[1]
    bottom = [_wrap(arg, _POW, digits) for arg in below]
    text = f"{top}/{bottom[0]}" if len(bottom) == 1 else f"{top}/({'*'.join(bottom)})"
    return sign + text, _UNARY if sign else _MUL


def _power(expr: Expr, digits: int | None) -> tuple[str, int]:
    base, exponent = expr.args
    if _is_inverse(expr):
        return f"1/{_wrap(_invert(expr), _POW, digits)}", _MUL
    if exponent.head == "rat" and exponent.value == Fraction(1, 2):
        return f"sqrt({_render(base, digits)[0]})", _ATOM
    if exponent.head == "rat" and Fraction(exponent.value).denominator > 1:  # type: ignore[arg-type]
        return f"{_wrap(base, _ATOM, digits)}**({exponent.value})", _POW
    return f"{_wrap(base, _ATOM, digits)}**{_wrap(exponent, _ATOM, digits)}", _POW
