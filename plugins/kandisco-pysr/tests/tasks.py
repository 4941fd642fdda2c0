"""A small task for the tests, and where the stand-in for Julia lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.specs import RefineProblem

STAND_IN = Path(__file__).parent / "stand_in"


def problem(**values: object) -> RefineProblem:
    """y = 2 E + sin(1.3 N), with columns named like sympy's constants."""
    x = np.random.default_rng(1).uniform(0.5, 2.0, (60, 2))
    columns = dict(zip(("E", "N"), x.T, strict=True))
    given = {
        "x": x, "y": evaluate(parse("2*E + sin(1.3*N)", ("E", "N")), columns), "names": ("E", "N"), "functions": ("exp", "sin"),
        "seeds": (parse("1.5*E + sin(N)", ("E", "N")),), "max_complexity": 20, "evaluations": 1_000, "seconds": 60.0, "seed": 5,
    }  # fmt: skip
    return RefineProblem(**{**given, **values})
