"""Differential equations as text: one unknown function, its derivatives written ``u_xx``, conditions on the faces of a box."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kandisco.errors import ConfigError
from kandisco.expr import Expr, add, constant_value, mul, parse, rat
from kandisco.expr.derivative import derivative

Index = tuple[int, ...]
Domain = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Equation:
    """One equation, as an expression that is to be zero.

    Attributes:
        text: as it was written.
        residual: left side minus right side, in the coordinates and the unknown's derivatives.
        derivatives: name of each derivative in it (``u``, ``u_xx``) -> how often it is taken by each coordinate.
        slopes: d residual / d each of them.
    """

    text: str
    residual: Expr
    derivatives: Mapping[str, Index]
    slopes: Mapping[str, Expr]

    @property
    def order(self) -> int:
        """Of the highest derivative."""
        return max(sum(index) for index in self.derivatives.values())


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """An equation on one face of the domain (``coordinate`` at its value), or on all faces where ``coordinate`` is empty."""

    equation: Equation
    coordinate: str = ""
    at: float = 0.0


def parse_equation(text: str, coordinates: Sequence[str], unknown: str = "u") -> Equation:
    """Read an equation such as ``u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)``.

    Args:
        text: two sides with one ``=`` between them; a text without one is to be zero.
        coordinates: names of the coordinates, e.g. ``("x", "t")``.
        unknown: name of the function; ``u_xt`` is its derivative by x and by t, ``u_2x`` is not known.

    Raises:
        ConfigError: unknown names, more than one ``=``, or no unknown function in it.
        InputError: a side that is no formula.

    Example:
        >>> sorted(parse_equation("u_t = u_xx", ("x", "t")).derivatives.items())
        [('u_t', (0, 1)), ('u_xx', (2, 0))]
    """
    sides = text.replace("==", "=").split("=")
    if len(sides) > 2:
        raise ConfigError(f"{text!r} has more than one equals sign.", hint="Give each equation by itself.")
    left, right = parse(sides[0]), parse(sides[1]) if len(sides) == 2 else rat(0)
    residual = add(left, mul(rat(-1), right)) if constant_value(right) != 0.0 else left
    found: dict[str, Index] = {}
    for name in residual.variables():
        if name in coordinates:
            continue
        found[name] = _index(name, coordinates, unknown)
    if not found:
        raise ConfigError(f"{text!r} says nothing about {unknown}.", hint=f"Name the unknown with --unknown; it is {unknown!r}.")
    return Equation(
        text=" ".join(text.split()),
        residual=residual,
        derivatives=found,
        slopes={name: derivative(residual, name) for name in found},
    )


def _index(name: str, coordinates: Sequence[str], unknown: str) -> Index:
    head, _, tail = name.partition("_")
    known = (
        f"Coordinates: {', '.join(coordinates)}; the unknown is {unknown}, its derivatives {unknown}_{coordinates[0] * 2}, ..."
    )
    if head != unknown or (name != unknown and not tail):
        raise ConfigError(f"{name!r} is neither a coordinate nor a derivative of {unknown}.", hint=known)
    pattern = "|".join(sorted(map(re.escape, coordinates), key=len, reverse=True))
    parts = re.findall(pattern, tail)
    if "".join(parts) != tail:
        raise ConfigError(f"{name!r} takes a derivative by something that is no coordinate.", hint=known)
    return tuple(parts.count(coordinate) for coordinate in coordinates)


def parse_domain(text: str) -> dict[str, tuple[float, float]]:
    """Read a box such as ``x=-1:1,t=0:2*pi``.

    Raises:
        ConfigError: not a box.

    Example:
        >>> parse_domain("x=-1:1, y=0:1/2")
        {'x': (-1.0, 1.0), 'y': (0.0, 0.5)}
    """
    found: dict[str, tuple[float, float]] = {}
    for part in text.split(","):
        name, equals, ends = part.strip().partition("=")
        low, colon, high = ends.partition(":")
        if not equals or not colon or not name.strip().isidentifier() or name.strip() in found:
            raise ConfigError(f"{part.strip()!r} is not a range.", hint="Write the domain as x=-1:1,y=0:2.")
        found[name.strip()] = (_number(low), _number(high))
        if not found[name.strip()][0] < found[name.strip()][1]:
            raise ConfigError(f"The range {part.strip()!r} is empty.", hint="Give the lower end first.")
    return found


def parse_boundary(text: str, domain: Domain, unknown: str = "u") -> Boundary:
    """Read a condition: ``u=0`` on all faces, ``x=-1: u_x=0`` or ``t=0: u=sin(pi*x)`` on one.

    Raises:
        ConfigError: not a condition, or not on a face of the domain.
    """
    place, colon, rest = text.partition(":")
    if not colon:
        return Boundary(equation=parse_equation(text, tuple(domain), unknown))
    name, equals, value = place.strip().partition("=")
    name = name.strip()
    if not equals or name not in domain:
        raise ConfigError(f"{place.strip()!r} is not a face.", hint=f"Write one such as {next(iter(domain))}=0: {unknown}=1.")
    at, (low, high) = _number(value), domain[name]
    if not low <= at <= high:
        raise ConfigError(f"{name}={at:g} is outside the domain.", hint=f"It goes from {low:g} to {high:g}.")
    return Boundary(equation=parse_equation(rest, tuple(domain), unknown), coordinate=name, at=at)


def _number(text: str) -> float:
    from kandisco.expr.numeric import evaluate

    expr = parse(text)
    if expr.variables():
        raise ConfigError(f"{text.strip()!r} is not a number.", hint="Ends of the domain are numbers such as -1 or 2*pi.")
    return float(evaluate(expr, {}))


def substituted(equation: Equation, formula: Expr, coordinates: Sequence[str]) -> Expr:
    """The residual of a formula put in for the unknown: an expression in the coordinates alone."""
    parts: dict[str, Expr] = {}
    for name, index in equation.derivatives.items():
        part = formula
        for coordinate, times in zip(coordinates, index, strict=True):
            for _ in range(times):
                part = derivative(part, coordinate)
        parts[name] = part
    return equation.residual.substitute(parts)
