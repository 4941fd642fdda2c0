"""Operon as a refiner: tree-based genetic programming with fitted constants, two objectives, one thread, its own process."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from kandisco import hookimpl
from kandisco.specs import RefineProblem, RefinerSpec

__version__ = "0.1.0"


def refine(problem: RefineProblem) -> Iterable:
    """Formulas on Operon's front of error against length, best first.

    Reference: Burlacu, Kronberger, Kommenda, Operon C++: an efficient genetic programming framework for symbolic regression,
    GECCO 2020.
    """
    from kandisco.workers import propose

    return propose(problem, "kandisco_operon.worker")


def unavailable() -> str:
    """Why it cannot run here, and the remedy; empty where it can."""
    if importlib.util.find_spec("pyoperon") is not None:
        return ""
    return (
        "pyoperon is not installed: pip install 'pyoperon>=0.6.2,<0.7'.\n"
        "It has wheels for Linux on x86-64 and macOS on arm64, Python 3.11 to 3.14; elsewhere the built-in refiner does the work."
    )


@hookimpl
def kandisco_refiners() -> Iterable[RefinerSpec]:
    """The refiner ``operon``."""
    yield RefinerSpec(
        name="operon",
        refine=refine,
        unavailable=unavailable,
        scopes=frozenset({"edge", "formula"}),
        auto=True,
        summary="genetic programming by Operon (pyoperon), seeded with the best formulas so far",
    )
