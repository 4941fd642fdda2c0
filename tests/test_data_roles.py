"""Column roles by header: uncertainties, counters, cells with an uncertainty, pure error."""

from pathlib import Path

import numpy as np
import pytest

from kandisco.data.described import with_roles
from kandisco.data.roles import pure_error, roles_of, split_cells
from kandisco.errors import InputError
from kandisco.types import Table

T = np.arange(1.0, 13.0)


def table(**columns) -> Table:
    return Table(columns={label: np.asarray(values) for label, values in columns.items()})


@pytest.mark.parametrize(
    "header",
    [
        "u(U) [V]",
        "u_U",
        "sigma_U",
        "σ(U)",
        "dU",
        "U_err",
        "U err [V]",
        "err(U)",
        "err (U)",
        "+-U",
        "± U",
        "U +-",
        "std_U",
        "U_std",
    ]
    + ["sd", "delta_U", "unc", "uncertainty of U", "error [V]", "U_sigma", "U_uncertainty"],
)
def test_a_header_names_the_uncertainty_of_a_column_and_the_target_is_that_column(header):
    data = with_roles(table(**{"t [s]": T, "U [V]": np.exp(-T), header: np.full(12, 0.05)}))
    assert (data.target.label, [v.label for v in data.inputs], data.uncertainty) == ("U [V]", ["t [s]"], 0.05)
    assert any(repr(header) in note and "uncertainty" in note for note in data.notes)


def test_uncertainties_that_differ_weigh_the_rows():
    data = with_roles(table(t=T, U=T**2, U_err=np.where(T < 6, 0.1, 0.2)))
    assert data.weights is not None
    ratio = data.weights[0] / data.weights[-1]
    assert ratio == pytest.approx(4.0)


@pytest.mark.parametrize(
    "columns",
    [
        {"x [m]": T, "u_x [m/s]": 0.1 * T, "y": T**2},  # a velocity
        {"x": T, "dx": 0.9 * T, "y": T**2},  # a step, not small
        {"x": T, "sigma_x": np.where(T > 3, 0.1, -0.1), "y": T**2},  # not above zero
        {"theta": T, "sigma": T, "y": T**2},  # a quantity of its own
        {"t": T, "delta": 0.01 * T, "du": T**2},  # of no column that is there
    ],
)
def test_quantities_that_are_only_called_alike_stay_quantities(columns):
    assert not roles_of(table(**columns)).errors


def test_a_user_may_object():
    columns = {"t": T, "U": T**2, "U_err": 0.1 * np.sqrt(T)}
    assert with_roles(table(**columns), roles=False).target.name == "U_err"
    assert with_roles(table(**columns), target="U_err").target.name == "U_err"


def test_sigma_names_the_columns():
    columns = {"t": T, "noise": np.full(12, 0.3), "jitter": np.full(12, 0.01), "U": T**2}
    data = with_roles(table(**columns), sigma=["noise", "t=jitter"])
    assert ([v.name for v in data.inputs], data.target.name, data.uncertainty) == (["t"], "U", 0.3)
    with pytest.raises(InputError, match="row 3 of the uncertainty"):
        with_roles(table(**columns | {"noise": np.where(T == 2, 0.0, 1.0)}), sigma=["noise"])


def test_a_column_of_per_cent_is_of_each_value():
    data = with_roles(table(**{"t": T, "U [V]": 10 * T, "U err [%]": np.full(12, 2.0)}))
    assert data.weights is not None
    assert data.uncertainty / np.sqrt(data.weights) == pytest.approx(0.2 * T)


def test_numbers_of_repetitions_are_not_inputs():
    s = np.repeat([1.0, 2.0, 5.0, 9.0], 3)
    columns = {"S": s, "rep": np.tile([1.0, 2.0, 3.0], 4), "v": s / (1 + s)}
    assert roles_of(table(**columns)).counters == ("rep",)
    assert not roles_of(table(**columns), ["rep"]).counters
    assert not roles_of(table(S=s, rep=s, v=s)).counters


@pytest.mark.parametrize(
    ("cells", "values", "errors"),
    [
        (["0.32 +- 0.02", "0.30±0.01"], [0.32, 0.30], [0.02, 0.01]),
        (["0.32(2)", "1.234(12)e-3"], [0.32, 0.001234], [0.02, 0.000012]),
        (["0,32 ± 0,02", "1,5(1)"], [0.32, 1.5], [0.02, 0.1]),
        (["12(3)", ""], [12, np.nan], [3, np.nan]),
    ],
)
def test_cells_with_an_uncertainty_are_values_and_uncertainties(cells, values, errors):
    split, roles = split_cells(Table(columns={"U": cells}))
    np.testing.assert_allclose(split.columns["U"], values)
    np.testing.assert_allclose(split.columns[roles.errors["U"]], errors)


def test_text_stays_text():
    cells = ["a +- b", "0.3 +- 0.1"]
    assert split_cells(Table(columns={"U": cells}))[0].columns["U"] == cells


def test_a_file_of_such_cells_is_read(tmp_path: Path):
    from kandisco.builtins.readers import kandisco_readers
    from kandisco.data import read_dataset

    file = tmp_path / "lab.csv"
    file.write_text("t [s],U [V]\n" + "".join(f"{t:g},{t * t:g} +- 0.5\n" for t in T), encoding="utf-8")
    data = read_dataset(file, kandisco_readers())
    assert (data.uncertainty, len(data.y), data.target.unit) == (0.5, 12, "V")


def test_pure_error_is_that_of_repeated_rows():
    noise = np.random.default_rng(0).normal(0, 0.3, 4000)
    x = np.repeat(np.arange(1000.0), 4)
    found = pure_error(x[None], x**2 + noise)
    assert found is not None
    assert found[0] == pytest.approx(0.3, rel=0.03)
    assert found[1] == 3000
    assert pure_error(np.arange(3.0)[None], np.arange(3.0)) is None
