"""Chains with known mobility edges: the edge separates the phases, and the search finds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kandisco.builtins.localisation import MODELS, SITES, Model, _picked, draw
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
    data = draw(replace(MODELS[0], sites=SITES), True, 500, 0)
    found = classify(to_labelled(as_table(data), rows_of=data), Config(), registry, network=False)
    assert found.best is not None
    assert to_text(found.best.candidate.score.expr) == "lam*Abs(E_)"
    assert abs(float(found.best.candidate.score.cuts[0]) - 1.0) < 0.02


def test_single_states_are_those_of_the_whole_spectrum() -> None:
    potential = np.cos(np.arange(60.0))
    energies, states = _picked(potential, np.array([3, 41]))
    chain = np.diag(potential) + np.eye(60, k=1) + np.eye(60, k=-1)
    np.testing.assert_allclose(chain @ states, states * energies, atol=1e-12)
    np.testing.assert_allclose(energies, np.linalg.eigvalsh(chain)[[3, 41]], rtol=1e-12)
    np.testing.assert_allclose(np.sum(states**2, axis=0), 1.0)


def test_on_longer_chains_the_edge_is_nearer_to_the_known_one() -> None:
    model = next(model for model in MODELS if model.name == "mosaic_3")
    wrong = []
    for sites in (144, model.sites):
        data = draw(replace(model, sites=sites), True, 300, 1)
        columns = {variable.name: column for variable, column in zip(data.inputs, data.x.T, strict=True)}
        wrong.append(np.mean((evaluate(parse(model.law), columns) > 0) != (data.y > 0.5)))
    assert wrong[1] < 0.02 < wrong[0]
