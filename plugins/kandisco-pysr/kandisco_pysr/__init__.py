"""PySR as a refiner: regularised evolution in Julia, seeded with the best formulas so far, in processes of its own."""

from __future__ import annotations

from collections.abc import Iterable

from kandisco import hookimpl
from kandisco.specs import RefineProblem, RefinerSpec
from kandisco_pysr.availability import environment, unavailable

__version__ = "0.1.0"


def refine(problem: RefineProblem) -> Iterable:
    """Formulas of PySR's hall of fame, best first.

    Reference: Cranmer, Interpretable machine learning for science with PySR and SymbolicRegression.jl, arXiv:2305.01582.
    """
    from kandisco.workers import propose

    return propose(problem, "kandisco_pysr.worker", grace=10.0, environment=environment())


@hookimpl
def kandisco_refiners() -> Iterable[RefinerSpec]:
    """The refiner ``pysr``; not part of ``auto``: Julia needs half a minute to start and is not always there."""
    yield RefinerSpec(
        name="pysr",
        refine=refine,
        unavailable=unavailable,
        scopes=frozenset({"edge", "formula"}),
        summary="PySR 2 (Julia), seeded with the best formulas so far",
    )
