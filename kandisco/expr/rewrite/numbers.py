"""Arithmetic with number leaves: exact where both are exact, a fitted float as soon as one is."""

from __future__ import annotations

import math
from fractions import Fraction

from kandisco.expr.tree import Expr, num, power, rat

ZERO, ONE, TWO, MINUS_ONE, HALF = rat(0), rat(1), rat(2), rat(-1), rat(1, 2)
_LARGEST = 10**12
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)


def is_number(expr: Expr) -> bool:
    """A fitted or an exact number."""
    return expr.head in ("num", "rat")


def value(expr: Expr) -> float:
    """The float of a number leaf."""
    return float(expr.value)  # type: ignore[arg-type]


def fraction(expr: Expr) -> Fraction:
    """The Fraction of an exact leaf."""
    return Fraction(expr.value)  # type: ignore[arg-type]


def integer(expr: Expr) -> int | None:
    """The whole number a leaf stands for exactly, if it does."""
    if expr.head == "rat" and fraction(expr).denominator == 1:
        return fraction(expr).numerator
    return None


def is_even(expr: Expr) -> bool:
    """Whether a leaf is an even whole number."""
    whole = integer(expr)
    return whole is not None and whole % 2 == 0


def fitted(result: float) -> Expr:
    """A computed number. 1 and -1 up to rounding become exact: a factor 1 that is left over is no parameter any more.

    Raises:
        ArithmeticError: overflow; the rewriting is given up.
    """
    if not math.isfinite(result):
        raise ArithmeticError("overflow while folding constants")
    for unit in (1.0, -1.0):
        if abs(result - unit) < 1e-15:
            return rat(int(unit))
    return num(result) if result else ZERO


def plus(a: Expr, b: Expr) -> Expr:
    """a + b; what cancels to the last bits is zero."""
    if a.head == b.head == "rat":
        return rat(fraction(a) + fraction(b))
    total = value(a) + value(b)
    return ZERO if abs(total) < 4e-16 * max(abs(value(a)), abs(value(b))) else fitted(total)


def times(a: Expr, b: Expr) -> Expr:
    """a * b."""
    if a == ONE or b == ONE:
        return b if a == ONE else a
    if a.head == b.head == "rat":
        return _small(fraction(a) * fraction(b))
    if ZERO in (a, b):
        return ZERO
    result = value(a) * value(b)
    if result == 0:
        raise ArithmeticError("underflow while folding constants")
    return fitted(result)


def over(a: Expr, b: Expr) -> Expr:
    """a / b."""
    if b == ONE:
        return a
    if a.head == b.head == "rat":
        return _small(fraction(a) / fraction(b))
    return fitted(value(a) / value(b)) if a != ZERO else ZERO


def _small(result: Fraction) -> Expr:
    if abs(result.numerator) > _LARGEST**2 or result.denominator > _LARGEST**2:
        return fitted(float(result))
    return rat(result)


def raised(base: Expr, exponent: Expr) -> Expr | None:
    """base ** exponent as a number; None where it has to stay a power (2**(1/2)) or is not real."""
    if base.head == exponent.head == "rat":
        return _exact_power(fraction(base), fraction(exponent))
    if value(base) < 0 and value(exponent) != int(value(exponent)):
        return None
    result = value(base) ** value(exponent)
    if result == 0 and value(base) != 0:
        raise ArithmeticError("underflow while folding constants")
    return fitted(float(result))


def _exact_power(base: Fraction, exponent: Fraction) -> Expr | None:
    if exponent.denominator == 1:
        size = max(abs(base.numerator), base.denominator)
        if size > 1 and abs(exponent) * math.log(size) > math.log(_LARGEST):
            return None
        return rat(base**exponent.numerator)
    if base < 0 or exponent.denominator > 6:
        return None
    top, bottom = _root(base.numerator, exponent.denominator), _root(base.denominator, exponent.denominator)
    return None if top is None or bottom is None else _exact_power(Fraction(top, bottom), Fraction(exponent.numerator))


def _root(n: int, k: int) -> int | None:
    root = round(n ** (1 / k)) if n < 1e15 else -1
    return root if root >= 0 and root**k == n else None


def surds(base: Fraction, exponent: Fraction) -> list[tuple[Expr, Expr]]:
    """A root of a positive rational as prime-like bases with exponents, the whole part split off: 8**(1/2) = 2 * 2**(1/2).

    Example:
        >>> [(p.value, q.value) for p, q in surds(Fraction(8), Fraction(1, 2))]
        [(Fraction(2, 1), Fraction(1, 1)), (Fraction(2, 1), Fraction(1, 2))]
    """
    out: list[tuple[Expr, Expr]] = []
    for n, sign in ((base.numerator, 1), (base.denominator, -1)):
        for prime, count in _factors(n):
            whole, part = divmod(sign * count * exponent, 1)
            out += [(rat(prime), rat(whole))] if whole else []
            out += [(rat(prime), rat(part))] if part else []
    return out


def _factors(n: int) -> list[tuple[int, int]]:
    found = []
    for prime in _PRIMES:
        count = 0
        while n % prime == 0:
            n, count = n // prime, count + 1
        if count:
            found.append((prime, count))
    return [*found, (n, 1)] if n > 1 else found


def negative(expr: Expr) -> bool:
    """A number below zero."""
    return is_number(expr) and value(expr) < 0


def unit_power(base: Expr, exponent: Expr) -> Expr:
    """A power node, or the base itself for exponent 1."""
    return base if exponent == ONE else power(base, exponent)
