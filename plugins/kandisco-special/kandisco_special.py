"""Special functions for formulas, tag ``special``: ``kandisco discover data.csv --functions elementary,special``.

Each is one line of text in the names of ``kandisco.expr.heads``; values, derivatives, LaTeX and programs follow from it.
Definitions: NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov.
``elliptic_k(x)`` and ``elliptic_e(x)`` take the parameter m = k^2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from kandisco import hookimpl
from kandisco.specs import FunctionSpec

__version__ = "0.1.0"

_ALL = (-math.inf, math.inf)
_POSITIVE = (0.0, math.inf)
# name, definition, domain, chapter of the DLMF
_TABLE = (
    ("J0", "besselj(0, x)", _ALL, 10),
    ("J1", "besselj(1, x)", _ALL, 10),
    ("J2", "besselj(2, x)", _ALL, 10),
    ("Y0", "bessely(0, x)", _POSITIVE, 10),
    ("Y1", "bessely(1, x)", _POSITIVE, 10),
    ("I0", "besseli(0, x)", _ALL, 10),
    ("I1", "besseli(1, x)", _ALL, 10),
    ("K0", "besselk(0, x)", _POSITIVE, 10),
    ("K1", "besselk(1, x)", _POSITIVE, 10),
    ("gamma", "gamma(x)", _POSITIVE, 5),
    ("digamma", "digamma(x)", _POSITIVE, 5),
    ("erf", "erf(x)", _ALL, 7),
    ("erfc", "erfc(x)", _ALL, 7),
    ("K", "elliptic_k(x)", (-math.inf, 1.0), 19),
    ("E", "elliptic_e(x)", (-math.inf, 1.0), 19),
    ("P2", "legendre(2, x)", _ALL, 18),
    ("P3", "legendre(3, x)", _ALL, 18),
    ("P4", "legendre(4, x)", _ALL, 18),
    ("P5", "legendre(5, x)", _ALL, 18),
    ("Ai", "airyai(x)", _ALL, 9),
    ("Ai'", "airyaiprime(x)", _ALL, 9),
    ("Bi", "airybi(x)", _ALL, 9),
    ("Bi'", "airybiprime(x)", _ALL, 9),
)


@hookimpl
def kandisco_functions() -> Iterable[FunctionSpec]:
    """The library."""
    for name, text, domain, chapter in _TABLE:
        page = f"https://dlmf.nist.gov/{chapter}"
        yield FunctionSpec(name=name, sympy=text, domain=domain, complexity=3, tags=("special",), references=(page,))
