"""kandisco.stages.score.structured: what a formula misses is found in its residuals, and noise is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kandisco.evidence.residuals import structured
from kandisco.evidence.rows import Rows
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample


def rows(columns: int, law: str, noise: float, seed: int = 0) -> Rows:
    """Rows that obey ``law``, a function of two columns a and b among ``columns``."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 3, (columns, 400))
    names = ("a", "b", *(f"c{i}" for i in range(columns - 2)))
    y = evaluate(parse(law, names), dict(zip(names, x, strict=True))) + noise * rng.normal(size=400)
    sample = Sample(names=names, x=x, y=y)
    outer = np.max(np.abs(x - 2), axis=0) > 1 - 0.2 / columns
    fit, shell = sample.rows(~outer), sample.rows(outer)
    return Rows(fit=fit, train=fit, valid=fit, test=shell, shell=shell)


@pytest.mark.parametrize("columns", [2, 5, 40, 200])
@pytest.mark.parametrize("law", ["a + (b - 2)**2", "a + (a - 2)*(b - 2)", "a + 0.5*b"])
def test_what_is_missed_is_found_among_any_number_of_columns(columns: int, law: str) -> None:
    assert structured(parse("a", ["a"]), rows(columns, law, 0.05))


@pytest.mark.parametrize("columns", [2, 5, 40, 200])
def test_noise_is_not_taken_for_structure(columns: int) -> None:
    found = [structured(parse("a", ["a"]), rows(columns, "a", 0.05, seed)) for seed in range(20)]
    assert sum(found) <= 1


def test_what_shows_at_the_edge_of_the_data_only_is_found() -> None:
    given = rows(2, "a + 8*exp(-400*(3 - a))", 0.05)
    inside = Sample(names=given.fit.names, x=given.fit.x[:, :0], y=given.fit.y[:0])
    assert structured(parse("a", ["a"]), given)
    assert not structured(parse("a", ["a"]), replace(given, shell=inside))
