"""Units: read from text, used where they help, and never in the way."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.bench import Settings, cases, read_laws
from kandisco.bench.work import kandisco_solver, solve
from kandisco.cli import main
from kandisco.config import Config
from kandisco.data import with_units
from kandisco.data.dimensions import dimension
from kandisco.errors import ConfigError
from kandisco.evidence.plausible import plausible
from kandisco.expr import parse, to_text
from kandisco.expr.equivalence import same_law
from kandisco.reductions.units import groupings
from kandisco.symbolic.sample import Sample
from kandisco.types import Dataset, Formula, Variable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m/s^2", "N/kg"),
        ("km·s⁻¹", "m/s"),
        ("J/(kg K)", "m^2 s^-2 K^-1"),
        ("kg m**2 s-1", "J s"),
        ("mmol/L", "mol/m3"),
        ("km/s/Mpc", "1/s"),
        ("(m/s)^2", "Gy"),
        ("deg", ""),
        ("%", "1"),
        ("m^(1/2)", "m^0.5"),
        ("hPa", "N/cm²"),
        ("min", "s"),
        ("eV", "Wh"),
    ],
)
def test_units_that_measure_the_same_are_one_dimension(one: str, other: str) -> None:
    assert dimension(one) is not None and dimension(one) == dimension(other)


@pytest.mark.parametrize("text", ["furlong", "m//x", "m/(s", "?", "kmin", "m/", "m^^2", "m^(1/0)", ")"])
def test_what_is_no_unit_is_not_guessed(text: str) -> None:
    assert dimension(text) is None


def sample(law: str, names: str, rows: int = 200) -> Sample:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(1, 3, rows) for name in names}
    from kandisco.expr.numeric import evaluate

    return Sample(names=tuple(names), x=np.array(list(columns.values())), y=evaluate(parse(law, list(names)), columns))


def test_units_that_leave_no_group_leave_a_constant() -> None:
    (found,) = groupings(sample("m*v**2/2", "mv"), {"": "J", "m": "kg", "v": "m/s"})
    assert found.sample.x.shape == (0, 200) and np.ptp(found.sample.y) < 1e-12


def test_groups_without_dimension_are_fewer_and_lead_back() -> None:
    rows = sample("m*v**2*sqrt(1 - r/(4*l))", "mvrl")
    found = groupings(rows, {"": "J", "m": "kg", "v": "m/s", "r": "m", "l": "cm"})
    assert [to_text(group) for group in found[0].groups.values()] == ["l/r"]
    assert to_text(found[0].factor) == "m*v**2"
    back = found[0].rebuild(parse("sqrt(1 - 1/(4*group_0))", ["group_0"]))
    assert same_law(back, parse("m*v**2*sqrt(1 - r/(4*l))", list("mvrl")), dict.fromkeys("mvrl", (1, 3))).how == "proof"


def test_a_square_root_in_the_factor_is_found_and_columns_without_unit_are_kept() -> None:
    (found,) = groupings(sample("sqrt(l/g)*cos(a)", "lga"), {"": "s", "l": "m", "g": "m/s^2"})
    assert to_text(found.factor) == "sqrt(l)/sqrt(g)"
    assert [to_text(group) for group in found.groups.values()] == ["a"]


@pytest.mark.parametrize(
    "units", [{}, {"": "s", "a": "m", "b": "m"}, {"": "m", "a": "furlong", "b": "m"}, {"": "m", "a": "", "b": ""}]
)
def test_units_that_do_not_help_make_no_smaller_problem(units: dict[str, str]) -> None:
    assert groupings(sample("a*b", "ab"), units) == []


def formula(text: str, rmse: float) -> Formula:
    numbers = {"rmse_train": rmse, "rmse_valid": rmse, "rmse_test": rmse, "rmse_shell": rmse}
    return Formula(expr=parse(text, ["x", "t"]), complexity=3, r2_test=0.9, **numbers)


def test_metres_are_not_added_to_seconds_unless_the_data_insist() -> None:
    units = {"": "m", "x": "m", "t": "s"}
    sound, unsound = formula("x + 0.5*t", 1.0), formula("x + t", 1.0)
    assert plausible([sound, unsound], units, 1e-9) == [sound]
    assert plausible([sound, unsound], {"x": "m"}, 1e-9) == [sound, unsound]
    better = formula("x + t", 0.5)
    assert plausible([sound, better], units, 1e-9) == [sound, better]
    assert plausible([better], units, 1e-9) == [better]
    exact = formula("x + t", 1e-14)
    assert plausible([formula("x + 0.5*t", 1e-12), exact], units, 1e-9)[0].expr != exact.expr


def test_units_are_given_by_name_or_header_and_unknown_names_are_told() -> None:
    a, y = Variable(name="a", label="a [cm]", unit="cm"), Variable(name="y_1", label="y 1")
    data = Dataset(name="d", x=np.ones((1, 1)), y=np.ones(1), inputs=(a,), target=y)
    made = with_units(data, ["a=m", "y 1=s", "b=kg"])
    assert (made.inputs[0].unit, made.target.unit) == ("m", "s")
    assert made.notes == ("A unit was given for 'b', which is no column in use.",)
    assert with_units(made, ["a=m", "y 1=s", "b=kg"]) == made
    with pytest.raises(ConfigError, match="name=unit"):
        with_units(data, ["a:m"])


def test_a_search_told_the_units_finds_the_law_through_the_groups() -> None:
    law = read_laws(problems=["I.15.1"])[0]
    (case,) = cases([law], rows=[300])
    outcome = solve(case, Settings(config=Config(time=60.0, max_attempts=12), units=True), kandisco_solver(Settings()))
    assert outcome["recovered"], outcome


def test_the_flag_reaches_the_run(undrawn: None, tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "discover",
        "@kepler",
        "--units",
        "nothing=m",
        "--set",
        "max_attempts=1",
        "--refiner",
        "none",
        "--json",
        "--out",
        str(tmp_path),
    ]
    assert main(words) == 0
    assert "'nothing', which is no column" in capsys.readouterr().out
    assert main(["discover", "@kepler", "--units", "m", "--out", str(tmp_path)]) == 2
