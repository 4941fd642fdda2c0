"""The catalogue of parametric laws: it reads, its families are what they say, and faults in it are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco.builtins.laws import CATALOGUE, kandisco_laws, read
from kandisco.cli import main
from kandisco.errors import InputError, PluginError
from kandisco.expr import num
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.specs import LawParameter, LawSpec
from kandisco.symbolic.refit import refit
from kandisco.testing import check_law

LAWS = {law.name: law for law in kandisco_laws()}
DECAY = LawSpec(
    name="decay",
    title="Decay",
    formula="N = N0*exp(-k*t)",
    inputs=("t",),
    parameters=(LawParameter(name="N0", start="N"), LawParameter(name="k", positive=True, start="1/t")),
)


def test_the_catalogue_is_large_and_each_law_says_where_it_is_from() -> None:
    assert len([law for law in LAWS.values() if not law.same_as]) >= 70
    assert len(LAWS) == len(list(kandisco_laws()))
    assert all(law.references and law.tags for law in LAWS.values())
    assert len({law.title for law in LAWS.values()}) == len(LAWS)


def test_same_as_names_a_law_that_stands_for_itself() -> None:
    for law in LAWS.values():
        if law.same_as:
            other = LAWS[law.same_as]
            assert not other.same_as
            assert len(law.inputs) == len(other.inputs) and len(law.parameters) == len(other.parameters)


@pytest.mark.parametrize("law", [law for law in LAWS.values() if law.same_as], ids=lambda law: law.name)
def test_a_law_that_is_another_in_other_letters_is_fitted_by_it(law: LawSpec) -> None:
    rng = np.random.default_rng(3)
    other = LAWS[law.same_as]
    x = rng.uniform(2.0, 4.0, (len(law.inputs), 40))
    values = {p.name: num(1.3 + 0.2 * k) for k, p in enumerate(law.parameters)}
    truth = law.expr.substitute(values)
    y = evaluate(truth, dict(zip(law.inputs, x, strict=True)))
    assert np.isfinite(y).all()
    best = np.inf
    for _ in range(60):
        start = {p.name: num(float(rng.choice([-1.0, 1.0]) * np.exp(rng.normal(0.0, 1.0)))) for p in other.parameters}
        fitted = refit(other.expr.substitute(start), other.inputs, x, y, iterations=200).expr
        miss = np.abs(evaluate(fitted, dict(zip(other.inputs, x, strict=True))) - y).max() / np.ptp(y)
        best = min(best, float(miss) if np.isfinite(miss) else np.inf)
        if best < 1e-6:
            return
    pytest.fail(f"{law.name} is not {other.name}: {best:.1e}")


def test_values_are_those_of_the_books() -> None:
    half = evaluate(LAWS["michaelis-menten"].expr, {"S": np.array([3.0]), "Vmax": np.array([42.0]), "Km": np.array([3.0])})
    assert half[0] == pytest.approx(21.0)
    lens = evaluate(LAWS["thin-lens"].expr, {"g": np.array([20.0]), "f": np.array([10.0])})
    assert lens[0] == pytest.approx(20.0)
    well = evaluate(LAWS["lennard-jones"].expr, {"r": np.array([2 ** (1 / 6)]), "eps": np.array([1.5]), "s": np.array([1.0])})
    assert well[0] == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("change", "rule", "said"),
    [
        ({"formula": "N = N0*exp(-k*t - k)", "inputs": ("t", "u")}, "letters", "'u' does not occur"),
        ({"inputs": ("t", "k")}, "letters", "'k' has two meanings"),
        ({"formula": "t = N0*exp(-k*t)"}, "letters", "'t' has two meanings"),
        ({"formula": "N = sqrt(-N0**2)*exp(-k*t)"}, "constants", "finite at none"),
        (
            {"parameters": (LawParameter(name="N0"), LawParameter(name="k", positive=True, start="-t"))},
            "starts",
            "give its order",
        ),
        ({"title": ""}, "card", "a title to print"),
        ({"same_as": "decay"}, "card", "names the law itself"),
    ],
)
def test_what_is_wrong_with_a_law_is_named(change: dict[str, object], rule: str, said: str) -> None:
    assert not check_law(DECAY)
    findings = check_law(replace(DECAY, **change))  # type: ignore[arg-type]
    assert any(finding.rule == rule and said in finding.message for finding in findings), findings


def test_a_letter_that_is_neither_input_nor_parameter_is_refused() -> None:
    with pytest.raises(InputError, match="no column 'q'"):
        replace(DECAY, formula="N = N0*exp(-q*t)").expr  # noqa: B018


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x\n", "is not a catalogue"),
        ("[x]\ntitle = 'X'\n", "'x' cannot be read"),
        ("[x]\ntitle = 'X'\nformula = 'y = a*x'\ninputs = ['x']\nparameters = ['a is 3']\n", "'a is 3'"),
        ("x = 3\n", "'x' cannot be read"),
    ],
)
def test_a_file_that_is_not_a_catalogue_is_refused_by_name(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "laws.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PluginError, match="laws.toml") as caught:
        list(read(path))
    assert said in str(caught.value)


def test_the_registry_and_the_list_have_them(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert registry.laws() and registry.law("hill").title == "Hill equation"
    assert main(["list", "laws"]) == 0
    assert "Vmax*S/(Km + S)" in capsys.readouterr().out


def test_the_file_is_read_as_it_stands() -> None:
    assert [law.name for law in read(CATALOGUE)] == list(LAWS)
