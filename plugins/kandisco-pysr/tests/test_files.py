"""Formulas to Julia's text and back, and a hall of fame that is read while it is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kandisco_pysr.hall import from_julia, read_hall
from kandisco_pysr.mapping import julia, unit_text, units
from tasks import problem

from kandisco.errors import InputError
from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate

COLUMNS = {"a": "x0", "b": "x1"}
WHOLE = 'Complexity,Loss,Equation\n1,0.9,"x0"\n4,0.01,"sin(x0 ^ 2.0)"\n7,1.5f-12,"(x0 * 2.0) - 1.5f-3"\n'


@pytest.mark.parametrize("text", ["2*a - b**2", "a/b", "sqrt(a)/sqrt(b)", "exp(-a)*sin(3*b + 0.1)", "a**(2/3)", "pi*a", "-a - b"])
def test_a_formula_keeps_its_values_through_julia_text(text: str) -> None:
    expr = parse(text, COLUMNS)
    written = julia(expr, COLUMNS)
    assert "**" not in written
    back = from_julia(written.replace("(-", "(0 - "), COLUMNS)
    x = {"a": np.linspace(0.5, 2, 9), "b": np.linspace(1, 3, 9)}
    np.testing.assert_allclose(evaluate(back, x), evaluate(expr, x), rtol=1e-12)


def test_a_negation_is_written_as_a_number() -> None:
    assert julia(parse("-a"), COLUMNS) == "((-1.0) * x0)"


@pytest.mark.parametrize("text", ["x0 + y", "run(`ls`)", "x0; exit()", "f(x0)", ""])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        from_julia(text, COLUMNS)


def halls(folder: Path, csv: str | None, bak: str | None) -> list[str]:
    """The formulas read from a csv and its copy."""
    for name, text in (("hall_of_fame.csv", csv), ("hall_of_fame.csv.bak", bak)):
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    return [to_text(expr) for expr in read_hall(folder, COLUMNS)]


def test_the_best_comes_first_in_the_names_of_the_columns(tmp_path: Path) -> None:
    assert halls(tmp_path, WHOLE, None) == ["a*2.0 - 0.0015", "sin(a**2)", "a"]


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_a_file_cut_off_anywhere_gives_whole_rows_only(tmp_path: Path, cut: int) -> None:
    assert set(halls(tmp_path, WHOLE[:cut], None)) <= {"a*2.0 - 0.0015", "sin(a**2)", "a"}


@pytest.mark.parametrize("csv", [None, "", "Complexity,Lo", WHOLE[:50]])
def test_the_copy_stands_in_for_a_file_that_is_cut_off(tmp_path: Path, csv: str | None) -> None:
    assert len(halls(tmp_path, csv, WHOLE)) == 3


def test_no_file_and_rows_that_make_no_sense_give_nothing(tmp_path: Path) -> None:
    assert halls(tmp_path, None, None) == []
    assert halls(tmp_path, 'Complexity,Loss,Equation\n1,NaN,"x0"\n2,0.1,"f(x0)"\n3,oops,"x0"\n', None) == []


@pytest.mark.parametrize(
    ("unit", "text"),
    [("m", "m"), ("kg", "kg"), ("m/s²", "m/s^2"), ("kJ/mol", "kJ/mol"), ("1", ""), ("", ""), ("°C", None), ("furlong", None)],
)
def test_units_in_its_spelling(unit: str, text: str | None) -> None:
    assert unit_text(unit) == text


def test_half_the_units_are_none() -> None:
    assert units(problem(units={"E": "m", "N": "°C", "": "m"})) == {}
    assert units(problem()) == {}
    assert units(problem(units={"E": "m", "": "m"})) == {"X_units": ["m", ""], "y_units": "m"}
