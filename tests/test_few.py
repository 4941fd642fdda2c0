"""Few noisy rows: the form its author would publish, constants with their errors, and rivals that the rows do not exclude."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kandisco.config import Config
from kandisco.evidence.probable import verdict_of
from kandisco.evidence.rows import sample_of
from kandisco.pipeline import discover
from kandisco.posterior import Prior
from kandisco.posterior.forms import words
from kandisco.registry import Registry
from kandisco.search import few
from kandisco.search.few import Measured, measured, rounding
from kandisco.symbolic.sample import Sample
from kandisco.types import Array, Dataset, Variable

RNG = np.random.default_rng


def dataset(y: Array, *columns: Array, names: str = "xyz", units: tuple[str, ...] = ("", "", "")) -> Dataset:
    inputs = tuple(Variable(name=name, unit=unit) for name, unit in zip(names, units))[: len(columns)]
    return Dataset(name="few", x=np.column_stack(columns), y=y, inputs=inputs, target=Variable(name="t"))


def found(registry: Registry, y: Array, *columns: Array, units: dict[str, str] | None = None) -> Measured:
    sample = sample_of(dataset(y, *columns))
    return measured(sample, registry.functions(("elementary",)), registry.laws(), units or {}, prior=Prior())


def first(said: Measured) -> str:
    return words(said.forms[0].expr)


def test_a_decay_with_an_offset_is_found_named_and_told_with_errors(registry: Registry) -> None:
    t = np.linspace(0, 10, 26)
    said = found(registry, 0.35 + 4.8 * np.exp(-t / 2.2) + 0.05 * RNG(7).standard_normal(26), t)
    best = verdict_of(said.forms, said.sample).best
    assert best is not None and best.law is not None and best.evidence == "supported"
    assert best.law.title == "Exponential decay with offset"
    told = {p.symbol: (p.value, p.std_error) for p in best.law.parameters}
    for symbol, truth in {"c": 0.35, "A": 4.8, "tau": 2.2}.items():
        value, error = told[symbol]
        assert abs(value - truth) < 3 * error and 0 < error < 0.1
    assert best.probability is not None and best.probability > 0.8
    assert said.tried > 10_000


def test_a_scale_is_not_frozen_to_the_whole_number_it_is_near(registry: Registry) -> None:
    length = np.linspace(0.15, 1.6, 15)
    said = found(registry, 2 * np.pi * np.sqrt(length / 9.81) * (1 + 0.02 * RNG(7).standard_normal(15)), length)
    assert first(said) == "pow(x,1/2)" and len(said.forms[0].expr.numbers()) == 1
    assert said.forms[0].std_errors[0] == pytest.approx(0.02 * 2 / math.sqrt(15), rel=0.6)


def test_sums_of_quotients_come_from_ten_rows(registry: Registry) -> None:
    a, b = RNG(5).uniform(0.5, 20, (2, 10))
    said = found(registry, a * b / (a + b) * (1 + 0.01 * RNG(6).standard_normal(10)), a, b)
    values = verdict_of(said.forms, said.sample).best
    assert values is not None and values.trusted
    np.testing.assert_allclose(said.forms[0].expr.numbers(), [1.0] * len(said.forms[0].expr.numbers()), atol=0.05)
    assert said.forms[0].probability > 0.6


def test_a_temperature_in_celsius_enters_as_kelvin(registry: Registry) -> None:
    temperature = np.linspace(5, 60, 24)
    y = 2e5 * np.exp(-5800 / (temperature + 273.15)) * (1 + 0.005 * RNG(1).standard_normal(24))
    said = found(registry, y, temperature, units={"x": "°C"})
    assert "add(5463/20,x)" in first(said)


def test_a_line_with_much_noise_is_a_law_and_noise_alone_is_none(registry: Registry) -> None:
    x = RNG(2).uniform(0, 2, 30)
    line = verdict_of(*_forms(found(registry, 450 * x + 150 * RNG(3).standard_normal(30), x))).best
    assert line is not None and line.evidence == "supported"
    noise = verdict_of(*_forms(found(registry, RNG(4).standard_normal(40), RNG(5).uniform(0, 1, 40)))).best
    assert noise is not None and not noise.trusted


def _forms(said: Measured) -> tuple[tuple, Sample]:  # type: ignore[type-arg]
    return said.forms, said.sample


def test_probabilities_are_shares_and_rivals_are_named(registry: Registry) -> None:
    temperature = np.linspace(283, 328, 10)
    y = 2.1e9 * np.exp(-62000 / 8.314 / temperature) * (1 + 0.03 * RNG(9).standard_normal(10))
    result = discover(dataset(y, temperature), Config(refiner="none"), registry)
    shares = [f.probability for f in result.front if f.probability is not None]
    assert 0.8 < sum(shares) <= 1 + 1e-9
    assert result.best is not None and result.best.probability == max(shares)
    assert result.rivals and all(f.probability >= 0.01 for f in result.rivals if f.probability is not None)
    assert any("do not exclude" in text for text in result.warnings)
    assert result.tried > 1000


def test_xor_is_no_constant(registry: Registry) -> None:
    a, b = np.array([[0, 0, 1, 1], [0, 1, 0, 1.0]])
    result = discover(dataset(np.array([0, 1, 1, 0.0]), a, b), Config(refiner="none"), registry)
    assert result.best is not None and result.best.expr.variables() and result.best.evidence == "weak"


def test_logic_of_many_rows_is_found_and_repeated_inputs_are_one_row(registry: Registry) -> None:
    a, b = RNG(0).integers(0, 2, (2, 300)).astype(float)
    data = dataset(a * b, a, b)
    assert few.applies(data, Config())
    assert not few.applies(dataset(a * b, a, RNG(1).uniform(size=300)), Config())
    result = discover(data, Config(refiner="none"), registry)
    assert result.best is not None and words(result.best.expr) == "mul(x,y)" and result.best.evidence == "exact"


def test_the_same_rows_give_the_same_forms(registry: Registry) -> None:
    x = RNG(1).uniform(1, 5, 20)
    y = 3 * x**1.5 * (1 + 0.02 * RNG(2).standard_normal(20))
    one, two = (found(registry, y, x) for _ in range(2))
    assert [form.expr for form in one.forms] == [form.expr for form in two.forms]
    assert [form.probability for form in one.forms] == [form.probability for form in two.forms]


def test_units_change_numbers_and_not_forms(registry: Registry) -> None:
    s = np.repeat([0.5, 1, 2, 5, 10, 25], 2)
    v = 42 * s / (3.1 + s) * (1 + 0.03 * RNG(4).standard_normal(12))
    one, two = found(registry, v, s), found(registry, 1e-6 * v, 1e3 * s)
    assert first(one) == first(two)
    assert one.forms[0].probability == pytest.approx(two.forms[0].probability, abs=0.06)


@pytest.mark.parametrize(
    ("rows", "columns", "width", "applies"), [(200, 8, "", True), (201, 2, "", False), (30, 9, "", False), (30, 1, "1,1", False)]
)
def test_which_tables_are_small(rows: int, columns: int, width: str, applies: bool) -> None:
    names = tuple(Variable(name=f"x{i}") for i in range(columns))
    data = Dataset(name="d", x=RNG(0).uniform(size=(rows, columns)), y=np.ones(rows), inputs=names, target=Variable(name="y"))
    assert few.applies(data, Config(width=width)) is applies


def test_rounding_is_read_off_the_digits() -> None:
    values = RNG(0).uniform(0, 9, 50)
    assert rounding(np.round(values, 2)) == pytest.approx(0.005 / math.sqrt(3))
    assert rounding(values) == 0.0
    assert rounding(np.array([0.0, 1.0] * 20)) == 0.0
