"""The functions an expression may contain: one row each, from which numpy, torch, sympy and derivatives follow."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "E": math.e}


@dataclass(frozen=True, slots=True)
class Head:
    """One function.

    Attributes:
        numeric: ``module:name`` of the vectorised float64 implementation.
        slopes: derivative with respect to each argument, in the text form of ``kandisco.expr.parse`` with ``a``, ``b``, ``c``
            for the arguments and ``f`` for the function's own value; an empty text means the argument is a fixed order.
        sympy: name in sympy (and in printed formulas).
        arity: number of arguments.
        complexity: nodes it counts for.
        torch: name in ``torch``, where it has one.
    """

    numeric: str
    slopes: tuple[str, ...]
    sympy: str
    arity: int = 1
    complexity: int = 2
    torch: str = ""

    def function(self) -> Callable[..., Any]:
        """The vectorised implementation."""
        module, name = self.numeric.split(":")
        return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def airyai(x: Any) -> Any:
    """Ai(x)."""
    return importlib.import_module("scipy.special").airy(x)[0]


def airyaiprime(x: Any) -> Any:
    """Ai'(x)."""
    return importlib.import_module("scipy.special").airy(x)[1]


def airybi(x: Any) -> Any:
    """Bi(x)."""
    return importlib.import_module("scipy.special").airy(x)[2]


def airybiprime(x: Any) -> Any:
    """Bi'(x)."""
    return importlib.import_module("scipy.special").airy(x)[3]


def _elementary(name: str, slope: str, *, numpy: str = "", torch: str = "", complexity: int = 2) -> Head:
    return Head(f"numpy:{numpy or name}", (slope,), name, complexity=complexity, torch=torch or name)


def _inverse(name: str, slope: str, numpy: str) -> Head:
    # One more than a plain function: (a + b)/(1 + a*b) should win over tanh(atanh(a) + atanh(b)).
    return _elementary(name, slope, numpy=numpy, complexity=3)


def _special(name: str, scipy: str, *slopes: str) -> Head:
    module = __name__ if scipy.startswith("airy") else "scipy.special"
    return Head(f"{module}:{scipy}", slopes, name, arity=len(slopes), complexity=3)


HEADS: Mapping[str, Head] = {
    "exp": _elementary("exp", "f"),
    "log": _elementary("log", "1/a"),
    "sin": _elementary("sin", "cos(a)"),
    "cos": _elementary("cos", "-sin(a)"),
    "tan": _elementary("tan", "1 + f**2"),
    "asin": _inverse("asin", "1/sqrt(1 - a**2)", "arcsin"),
    "acos": _inverse("acos", "-1/sqrt(1 - a**2)", "arccos"),
    "atan": _inverse("atan", "1/(1 + a**2)", "arctan"),
    "sinh": _elementary("sinh", "cosh(a)"),
    "cosh": _elementary("cosh", "sinh(a)"),
    "tanh": _elementary("tanh", "1 - f**2"),
    "asinh": _inverse("asinh", "1/sqrt(1 + a**2)", "arcsinh"),
    "acosh": _inverse("acosh", "1/sqrt(a**2 - 1)", "arccosh"),
    "atanh": _inverse("atanh", "1/(1 - a**2)", "arctanh"),
    "abs": Head("numpy:abs", ("sign(a)",), "Abs", torch="abs"),
    "sign": Head("numpy:sign", ("0",), "sign", torch="sign"),
    "erf": _special("erf", "erf", "2/sqrt(pi)*exp(-a**2)"),
    "erfc": _special("erfc", "erfc", "-2/sqrt(pi)*exp(-a**2)"),
    "gamma": _special("gamma", "gamma", "f*digamma(a)"),
    "loggamma": _special("loggamma", "gammaln", "digamma(a)"),
    "digamma": _special("digamma", "psi", "polygamma(1, a)"),
    "polygamma": _special("polygamma", "polygamma", "", "polygamma(a + 1, b)"),
    "besselj": _special("besselj", "jv", "", "(besselj(a - 1, b) - besselj(a + 1, b))/2"),
    "bessely": _special("bessely", "yv", "", "(bessely(a - 1, b) - bessely(a + 1, b))/2"),
    "besseli": _special("besseli", "iv", "", "(besseli(a - 1, b) + besseli(a + 1, b))/2"),
    "besselk": _special("besselk", "kv", "", "-(besselk(a - 1, b) + besselk(a + 1, b))/2"),
    "elliptic_k": _special("elliptic_k", "ellipk", "(elliptic_e(a) - (1 - a)*f)/(2*a*(1 - a))"),
    "elliptic_e": _special("elliptic_e", "ellipe", "(f - elliptic_k(a))/(2*a)"),
    "airyai": _special("airyai", "airyai", "airyaiprime(a)"),
    "airyaiprime": _special("airyaiprime", "airyaiprime", "a*airyai(a)"),
    "airybi": _special("airybi", "airybi", "airybiprime(a)"),
    "airybiprime": _special("airybiprime", "airybiprime", "a*airybi(a)"),
    "legendre": _special("legendre", "eval_legendre", "", "gegenbauer(a - 1, 3/2, b)"),
    "gegenbauer": _special("gegenbauer", "eval_gegenbauer", "", "", "2*b*gegenbauer(a - 1, b + 1, c)"),
}
