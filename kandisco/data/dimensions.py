"""What a unit measures: exponents of the seven base quantities of the SI. Sizes and prefixes are read and do not matter here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

Dimension = tuple[Fraction, ...]
BASE = ("m", "kg", "s", "A", "K", "mol", "cd")
NONE: Dimension = (Fraction(0),) * len(BASE)

_PREFIXES = ("da", *"yzafpnuµμmcdhkMGTPEZY")
_NAMED: Mapping[str, str] = {
    "g": "kg",
    "Hz": "s^-1",
    "N": "kg m s^-2",
    "Pa": "kg m^-1 s^-2",
    "bar": "kg m^-1 s^-2",
    "J": "kg m^2 s^-2",
    "eV": "kg m^2 s^-2",
    "cal": "kg m^2 s^-2",
    "Wh": "kg m^2 s^-2",
    "W": "kg m^2 s^-3",
    "C": "A s",
    "V": "kg m^2 s^-3 A^-1",
    "F": "kg^-1 m^-2 s^4 A^2",
    "ohm": "kg m^2 s^-3 A^-2",
    "Ω": "kg m^2 s^-3 A^-2",
    "S": "kg^-1 m^-2 s^3 A^2",
    "Wb": "kg m^2 s^-2 A^-1",
    "T": "kg s^-2 A^-1",
    "H": "kg m^2 s^-2 A^-2",
    "lm": "cd",
    "lx": "cd m^-2",
    "Bq": "s^-1",
    "Gy": "m^2 s^-2",
    "Sv": "m^2 s^-2",
    "kat": "mol s^-1",
    "L": "m^3",
    "l": "m^3",
    "t": "kg",
    "u": "kg",
    "Da": "kg",
    "pc": "m",
    "M": "mol m^-3",
}
_WHOLE: Mapping[str, str] = {  # these take no prefix
    **dict.fromkeys(("rad", "sr", "deg", "°", "%", "1", "-", "ppm", "ppb", "dimensionless"), ""),
    **dict.fromkeys(("min", "h", "hr", "d", "day", "days", "wk", "yr", "year", "years", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("au", "AU", "ly", "Å", "in", "ft", "yd", "mi", "nmi", "meter", "metre", "meters", "metres"), "m"),
    **dict.fromkeys(("lb", "oz", "Msun"), "kg"),
    "atm": "kg m^-1 s^-2",
    "psi": "kg m^-1 s^-2",
    "Torr": "kg m^-1 s^-2",
    "mmHg": "kg m^-1 s^-2",
    "rpm": "s^-1",
    "kelvin": "K",
    "mph": "m s^-1",
    "kn": "m s^-1",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TOKEN = re.compile(r"\s*(?:(?P<symbol>[A-Za-zµμΩÅ°%]+|1(?![0-9]))|(?P<mark>[/*()]))")
_POWER = re.compile(r"\s*(?:\^|\*\*)?\s*(?P<exponent>\(\s*[-+]?\d+\s*/\s*\d+\s*\)|[-+]?\d+(?:\.\d+)?)")


def dimension(unit: str) -> Dimension | None:
    """The dimension of a unit, None where it cannot be told; an empty text has none.

    Args:
        unit: such as ``m/s^2``, ``J/(kg K)``, ``kg m**2 s-1``, ``km·s⁻¹``, ``µm`` or ``%``.

    Example:
        >>> dimension("N m") == dimension("kJ"), dimension("m/s/Mpc") == dimension("1/s"), dimension("furlong")
        (True, True, None)
    """
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), unit.strip())
    text = re.sub("[·⋅×.](?![0-9])", " ", text)
    if text in ("", "-"):
        return NONE
    try:
        tokens = _tokens(text)
        found = _product(tokens)
        return found if next(tokens, None) is None else None
    except (KeyError, ValueError, ZeroDivisionError):
        return None


def raised(base: Dimension, exponent: Fraction) -> Dimension:
    """The dimension of a power.

    Example:
        >>> raised(dimension("m"), Fraction(2)) == dimension("m^2")
        True
    """
    return tuple(part * exponent for part in base)


def times(*factors: Dimension) -> Dimension:
    """The dimension of a product.

    Example:
        >>> times(dimension("N"), dimension("m")) == dimension("J")
        True
    """
    return tuple(sum(parts, Fraction(0)) for parts in zip(NONE, *factors, strict=True))


def _tokens(text: str) -> Iterator[str | Dimension]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text)
        at = found.end()
        if found["mark"] and found["mark"] != ")":
            yield found["mark"]
            continue
        power = _POWER.match(text, at)
        exponent = Fraction(1)
        if power is not None:
            exponent, at = Fraction(power["exponent"].strip("() ").replace(" ", "")), power.end()
        if found["mark"]:
            yield f"){exponent}"
        else:
            yield raised(_symbol(found["symbol"]), exponent)


def _product(tokens: Iterator[str | Dimension], *, inside: bool = False) -> Dimension:
    """Factors up to the end or a closing bracket, which leaves its exponent behind; a slash turns the next factor over."""
    total, turned = NONE, False
    for token in tokens:
        if token == "/":
            if turned:
                raise ValueError("//")
            turned = True
            continue
        if token == "*":
            continue
        if inside and isinstance(token, str) and token.startswith(")") and not turned:
            return raised(total, Fraction(token[1:]))
        factor = _product(tokens, inside=True) if token == "(" else token
        if isinstance(factor, str):
            raise ValueError(factor)
        total, turned = times(total, raised(factor, Fraction(-1)) if turned else factor), False
    if inside or turned:
        raise ValueError("unfinished")
    return total


def _symbol(text: str) -> Dimension:
    if text in BASE:
        return tuple(Fraction(int(name == text)) for name in BASE)
    if text in _WHOLE or text in _NAMED:
        return _composed(_WHOLE.get(text, _NAMED.get(text, "")))
    for prefix in _PREFIXES:
        rest = text.removeprefix(prefix)
        if rest != text and (rest in _NAMED or rest in BASE):
            return _symbol(rest)
    raise KeyError(text)


def _composed(text: str) -> Dimension:
    found = dimension(text)
    assert found is not None
    return found
