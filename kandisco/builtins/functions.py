"""The functions formulas are built from, by tag. A decimal in a definition is a constant that is fitted with the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable

from kandisco.hookspecs import hookimpl
from kandisco.specs import FunctionSpec

_ALL = (-math.inf, math.inf)
_POSITIVE = (0.0, math.inf)


def _spec(
    name: str, text: str, domain: tuple[float, float], *tags: str, singular: tuple[float, ...] = (), complexity: int = 2
) -> FunctionSpec:
    return FunctionSpec(name=name, sympy=text, domain=domain, singularities=singular, complexity=complexity, tags=tags)


@hookimpl
def kandisco_functions() -> Iterable[FunctionSpec]:
    """The shipped library."""
    yield _spec("x", "x", _ALL, "elementary", "powers", complexity=0)
    yield _spec("x^2", "x**2", _ALL, "elementary", "powers")
    yield _spec("x^3", "x**3", _ALL, "elementary", "powers")
    yield _spec("x^4", "x**4", _ALL, "elementary", "powers")
    yield _spec("1/x", "1/x", _ALL, "elementary", "powers", singular=(0.0,))
    yield _spec("1/x^2", "1/x**2", _ALL, "elementary", "powers", singular=(0.0,))
    yield _spec("sqrt", "sqrt(x)", _POSITIVE, "elementary", "powers")
    yield _spec("1/sqrt", "1/sqrt(x)", _POSITIVE, "elementary", "powers")
    yield _spec("x^p", "x**1.5", _POSITIVE, "elementary", "powers", complexity=3)
    yield _spec("exp", "exp(x)", _ALL, "elementary")
    yield _spec("log", "log(x)", _POSITIVE, "elementary")
    yield _spec("sin", "sin(x)", _ALL, "elementary", "trigonometric")
    yield _spec("cos", "cos(x)", _ALL, "elementary", "trigonometric")
    yield _spec("tan", "tan(x)", (-math.pi / 2, math.pi / 2), "elementary", "trigonometric")
    yield _spec("tanh", "tanh(x)", _ALL, "elementary", "hyperbolic")
    yield _spec("gaussian", "exp(-x**2)", _ALL, "elementary")
    yield _spec("asin", "asin(x)", (-1.0, 1.0), "elementary", "trigonometric")
    yield _spec("acos", "acos(x)", (-1.0, 1.0), "elementary", "trigonometric")
    yield _spec("atan", "atan(x)", _ALL, "elementary", "trigonometric")
    yield _spec("sinh", "sinh(x)", _ALL, "elementary", "hyperbolic")
    yield _spec("cosh", "cosh(x)", _ALL, "elementary", "hyperbolic")
    yield _spec("asinh", "asinh(x)", _ALL, "elementary", "hyperbolic")
    yield _spec("acosh", "acosh(x)", (1.0, math.inf), "hyperbolic")
    yield _spec("atanh", "atanh(x)", (-1.0, 1.0), "elementary", "hyperbolic")
    yield _spec("abs", "abs(x)", _ALL, "powers")
    yield _spec("sech^2", "1/cosh(x)**2", _ALL, "hyperbolic", "physics")
    yield _spec("logistic", "1/(1 + exp(-x))", _ALL, "physics")
    yield _spec("sinc", "sin(x)/x", _ALL, "physics", singular=(0.0,))
    yield _spec("langevin", "1/tanh(x) - 1/x", _ALL, "physics", singular=(0.0,))
    yield _spec("planck", "x**3/(exp(x) - 1)", _ALL, "physics", singular=(0.0,))
    yield _spec("bose", "1/(exp(x) - 1)", _ALL, "physics", singular=(0.0,))
    yield _spec("fermi", "1/(exp(x) + 1)", _ALL, "physics")
