"""Chains with known mobility edges: the edge separates the phases, and the search finds it."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.builtins.localisation import MODELS, Model, draw
from kandisco.config import Config
from kandisco.data import as_table
from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.tasks.classify import classify
from kandisco.tasks.labels import to_labelled


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_known_edge_separates_the_phases(model: Model) -> None:
    data = draw(model, False, 60, 3)
    columns = {variable.name: column for variable, column in zip(data.inputs, data.x.T, strict=True)}
    localised = evaluate(parse(model.law), columns) > 0
    assert np.mean(localised == (data.y < 0.5)) > 0.9
    assert data.groups is not None and len(np.unique(data.groups)) == 3
    phase = draw(model, True, 60, 3)
    np.testing.assert_array_equal(phase.y, data.y < 0.5)


def test_the_edge_of_the_mosaic_chain_is_found(registry: Registry) -> None:
    data = draw(MODELS[0], True, 1200, 0)
    found = classify(to_labelled(as_table(data), rows_of=data), Config(), registry, network=False)
    assert found.best is not None
    assert to_text(found.best.candidate.score.expr) == "lam*Abs(E_)"
    assert abs(float(found.best.candidate.score.cuts[0]) - 1.0) < 0.02
