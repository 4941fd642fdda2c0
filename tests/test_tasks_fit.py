"""kandisco.tasks.fit and ``kandisco fit``: certified constants without starting values, and honest ends."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from kandisco.builtins.datasets import cards, load
from kandisco.cli import main
from kandisco.errors import ConfigError, InputError
from kandisco.registry import Registry
from kandisco.tasks.fit import fit_formula
from kandisco.types import Array, Dataset, Variable

CERTIFIED = {card["name"]: (folder, card) for folder, card in cards() if "certified" in card}


@pytest.mark.parametrize("name", ["nist_boxbod", "nist_eckerle4", "nist_mgh10", "nist_rat43"])
def test_certified_constants_and_errors_are_met_to_six_digits(name: str) -> None:
    folder, card = CERTIFIED[name]
    known = card["certified"]
    found = fit_formula(load(folder, card), known["model"], seed=1)
    for constant in found.constants:
        want = known["parameters"][constant.name]
        assert constant.value == pytest.approx(want["value"], rel=1e-6)
        assert constant.std_error == pytest.approx(want["std_error"], rel=1e-5)
    assert found.rss == pytest.approx(known["residual_sum_of_squares"], rel=1e-8)
    assert 0 < found.agreeing <= 1


def test_a_constant_in_two_places_is_one_and_decimals_stay(registry: Registry) -> None:
    data = registry.dataset("@kepler").load()
    found = fit_formula(data, "T = c*a**1.5 + 0.0*c")
    assert [c.name for c in found.constants] == ["c"] and found.constants[0].value == pytest.approx(1.0, rel=1e-3)
    assert found.expr.numbers() == (found.constants[0].value,) * 2


def test_weights_count(registry: Registry) -> None:
    data = registry.dataset("@hubble1929").load()
    heavy = np.where(np.arange(len(data.y)) < 12, 1.0, 1e-6)
    lines = [np.polyfit(data.x[:, 0], data.y, 1), np.polyfit(data.x[:12, 0], data.y[:12], 1)]
    for weights, line in zip((None, heavy), lines):
        found = fit_formula(replace(data, weights=weights), "H*distance_mpc + v0")
        assert [c.value for c in found.constants] == pytest.approx(line.tolist(), rel=1e-3)


def test_constants_that_the_data_do_not_determine_have_no_error(registry: Registry) -> None:
    found = fit_formula(registry.dataset("@kepler").load(), "(p + q)*a**(3/2)")
    assert all(math.isnan(constant.std_error) for constant in found.constants)


@pytest.mark.parametrize(
    "formula, kind, said",
    [
        ("a**(3/2)", ConfigError, "has no constant"),
        ("b*log(-a)", ConfigError, "nowhere finite"),
        ("b*(", InputError, "Cannot read"),
        ("+".join(f"b{i}*a**{i}" for i in range(30)), ConfigError, "cannot be told from 22 rows"),
    ],
)
def test_what_cannot_be_fitted_is_refused(registry: Registry, formula: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        fit_formula(registry.dataset("@kepler").load(), formula)


def test_the_command_prints_constants_with_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "@nist_boxbod", "-f", "b1*(1 - exp(-b2*days))"]) == 0
    said = capsys.readouterr().out
    assert "213.80940889" in said and "0.54723748" in said and "12.35" in said and "4 degrees of freedom" in said
    assert main(["fit", "@nist_boxbod", "-f", "b1*(1 - exp(-b2*days))", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["constants"]["b1"]["value"] == pytest.approx(213.80940889, rel=1e-9)


def _heated(x: Array, y: Array, label: str, name: str) -> Dataset:
    return Dataset(name="d", x=x[:, None], y=y, inputs=(Variable(name=name, label=label),), target=Variable(name="y", label="y"))


def test_an_energy_in_a_formula_is_fitted_and_is_not_eulers_number() -> None:
    heat = np.linspace(1, 9, 30)
    found = fit_formula(_heated(heat, 4 * np.exp(-6 / heat), "T", "T"), "A*exp(-E/T)")
    assert {c.name: round(c.value, 7) for c in found.constants} == {"A": 4.0, "E": 6.0}


@pytest.mark.parametrize(("label", "name"), [("E [J]", "E_"), ("pi", "pi_")])
def test_a_column_of_a_constants_name_is_the_column(label: str, name: str) -> None:
    values = np.linspace(1, 9, 30)
    found = fit_formula(_heated(values, 3 * np.sqrt(values), label, name), f"a*{name[:-1]}**0.5")
    assert [(c.name, round(c.value, 7)) for c in found.constants] == [("a", 3.0)]
    assert found.expr.variables() == (name,)


def test_pi_stays_pi() -> None:
    x = np.linspace(0.1, 0.9, 30)
    found = fit_formula(_heated(x, 2 * np.sin(np.pi * x), "x", "x"), "a*sin(pi*x)")
    assert [(c.name, round(c.value, 7)) for c in found.constants] == [("a", 2.0)]
