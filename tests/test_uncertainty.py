"""A stated uncertainty of the target: what is within it is told apart by its length alone, and never called exact."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.config import Config, parse_uncertainty
from kandisco.data import card_from, read_dataset, rechosen, with_uncertainty
from kandisco.data.described import as_table
from kandisco.data.uncertainty import counted, uncertainties
from kandisco.data.writing import to_card, to_csv
from kandisco.errors import ConfigError, InputError
from kandisco.estimator import KandiscoRegressor
from kandisco.evidence.errors import chi2, exceeds, score
from kandisco.evidence.rows import Rows, rows_of
from kandisco.evidence.verdict import alike, choose
from kandisco.expr import Expr, mul, num, parse, to_text, var
from kandisco.expr.numeric import evaluate
from kandisco.pipeline import discover
from kandisco.reductions.reduction import divided
from kandisco.reductions.units import groupings
from kandisco.registry import Registry
from kandisco.report import words
from kandisco.run import Run, fingerprint
from kandisco.specs import DatasetSpec
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.dictionary import monomials, sparse_fit
from kandisco.symbolic.intervals import infer
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.snap import simplest, uncertainty
from kandisco.tasks.fit import fit_formula
from kandisco.types import Dataset, Split, Variable
from kandisco.workbench import Workbench

QUICK = {"max_attempts": 4, "refiner": "none"}
COLUMNS = {"a": np.random.default_rng(1).uniform(0.5, 3.0, 120), "b": np.random.default_rng(2).uniform(0.5, 3.0, 120)}


def data_of(law: str, columns: dict[str, np.ndarray] | None = None, **more: Any) -> Dataset:
    columns = columns or COLUMNS
    x = np.column_stack(list(columns.values()))
    y = evaluate(parse(law, tuple(columns)), columns)
    return Dataset(
        name="made", x=x, y=y, inputs=tuple(Variable(name=name) for name in columns), target=Variable(name="t", unit="m"), **more
    )


def sample_of(law: str, **more: Any) -> Sample:
    return Sample(names=("a", "b"), x=np.array(list(COLUMNS.values())), y=evaluate(parse(law, ("a", "b")), COLUMNS), **more)


def reduced(text: str, sample: Sample) -> Expr:
    return simplest(sample.refit(parse(text, ("a", "b"))), sample).expr


@pytest.mark.parametrize(
    ("law", "stated", "want"),
    [
        ("2.5*a*b*(1 + 0.004*sin(3*a))", "1%", "2.5*a*b"),
        ("3*a**2 + 2 + 0.01*sin(5*a)", "0.02", "3*a**2 + 2"),
    ],
)
def test_a_law_that_holds_within_the_uncertainty_is_found_and_supported(
    law: str, stated: str, want: str, registry: Registry
) -> None:
    found = discover(data_of(law), Config(uncertainty=stated, **QUICK), registry)
    assert found.best is not None
    # Units being what they are, a scale stays what the rows say it is.
    np.testing.assert_allclose(evaluate(found.best.expr, COLUMNS), evaluate(parse(want, ("a", "b")), COLUMNS), rtol=2e-3)
    assert len(found.best.expr.numbers()) <= 2 and found.best.evidence == "supported"
    assert any(text.startswith("The stated uncertainty of the target is ") for text in found.warnings)
    assert "stated uncertainty" in words.grounds(found)
    without = discover(data_of(law), Config(**QUICK), registry)
    assert without.best is not None and without.best != found.best
    assert not any("stated" in text for text in without.warnings)


def test_a_law_of_all_digits_is_no_more_than_supported(registry: Registry) -> None:
    found = discover(data_of("a*b**2"), Config(uncertainty="0.1%", **QUICK), registry)
    assert found.best is not None and found.best.evidence == "supported"
    plain = discover(data_of("a*b**2"), Config(**QUICK), registry)
    assert plain.best is not None and plain.best.evidence == "exact"
    assert to_text(found.best.expr) == to_text(plain.best.expr) == "a*b**2"


@pytest.mark.parametrize("text", ["0", "-1", "1%%", "x", "nan", "inf", "5% 2", "%"])
def test_what_is_no_uncertainty_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ConfigError, match="uncertainty='.*' is not usable. Give a number above zero"):
        Config(uncertainty=text)


def test_numbers_and_percentages() -> None:
    assert parse_uncertainty(" 0.5% ") == (0.005, True) and parse_uncertainty("2e-3") == (0.002, False)
    assert Config.from_dict({"uncertainty": 0.02}).uncertainty == "0.02" and Config().uncertainty == ""
    assert Config.from_dict(Config(uncertainty="1%").to_dict()) == Config(uncertainty="1%")


def test_a_percentage_of_zero_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fall.csv"
    file.write_text("t,s\n1,0\n2,1\n3,4\n4,9\n", encoding="utf-8")
    assert main(["discover", str(file), "--uncertainty", "1%", "--out", str(tmp_path / "runs")]) != 0
    said = capsys.readouterr().err
    assert "uncertainty=1%: the target 's' is 0" in said and "0.01" in said
    assert main(["discover", str(file), "--uncertainty", "much", "--out", str(tmp_path / "runs")]) != 0
    assert "uncertainty='much' is not usable" in capsys.readouterr().err


def written(folder: Path, role: str = "uncertainty", column: tuple[str, ...] = ("0.1", "0.2", "0.1", "0.4", "0.1")) -> Path:
    """A table with a column in a role, and its card."""
    lines = [f"{t},{t * t},{-t},{e}" for t, e in enumerate(column, start=1)]
    (folder / "fall.csv").write_text("\n".join(["t,s,u,e", *lines, ""]), encoding="utf-8")
    columns = [{"label": "s", "role": "target"}, {"label": "u", "role": "target"}, {"label": "e", "role": role}]
    (folder / "fall.card.json").write_text(json.dumps({"columns": columns}), encoding="utf-8")
    return folder / "fall.csv"


def test_a_column_gives_each_row_its_uncertainty(tmp_path: Path, registry: Registry) -> None:
    data = read_dataset(written(tmp_path), registry.readers())
    assert [variable.name for variable in data.inputs] == ["t"] and data.weights is not None
    assert data.weights.mean() == pytest.approx(1.0) and data.weights[0] == pytest.approx(16 * data.weights[3])
    assert uncertainties(data) == pytest.approx([0.1, 0.2, 0.1, 0.4, 0.1])
    other = read_dataset(tmp_path / "fall.csv", registry.readers(), target="u")
    assert other.weights is None and not other.uncertainty and [variable.name for variable in other.inputs] == ["t"]
    assert rechosen(as_table(data), data, target="s").uncertainty == data.uncertainty
    turned = rechosen(as_table(data), data, target="t")
    assert turned.weights is None and not turned.uncertainty


def test_a_column_and_an_option_contradict_each_other(tmp_path: Path, registry: Registry) -> None:
    data = read_dataset(written(tmp_path), registry.readers())
    with pytest.raises(ConfigError, match=r"uncertainty=1%: the data state .* Leave the option out"):
        with_uncertainty(data, 0.01, True)
    assert with_uncertainty(data, 0.0, False) is data
    once = with_uncertainty(data_of("a*b", weights=np.linspace(1, 3, 120)), 0.1, False)
    assert with_uncertainty(once, 0.1, False) == once and once.uncertainty == pytest.approx(0.1 * 2**0.5)


@pytest.mark.parametrize(
    ("cell", "said"), [("0", "row 2 of the uncertainty 'e' holds 0"), ("-1", "holds -1"), ("low", "uncertainty 'e' holds text")]
)
def test_a_bad_cell_is_named(tmp_path: Path, registry: Registry, cell: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_dataset(
            written(tmp_path, column=(cell, *("low",) * 4) if cell == "low" else (cell, "1", "1", "1", "1")), registry.readers()
        )


def test_a_row_without_its_uncertainty_stays_out(tmp_path: Path, registry: Registry) -> None:
    data = read_dataset(written(tmp_path, column=("", "1", "1", "2", "1")), registry.readers())
    assert len(data.y) == 4 and uncertainties(data) == pytest.approx([1, 1, 2, 1])


def test_a_card_has_one_such_column() -> None:
    columns = [{"label": "u", "role": "weight"}, {"label": "v", "role": "uncertainty"}]
    with pytest.raises(InputError, match="weight to one column at most, or else the role uncertainty"):
        card_from({"columns": columns})


def test_a_dataset_is_written_with_its_uncertainties(tmp_path: Path, registry: Registry) -> None:
    data = read_dataset(written(tmp_path), registry.readers())
    spec = DatasetSpec(name="fall", load=lambda: data, summary="", source="", license="MIT")
    text = to_csv(data)
    (tmp_path / "again.csv").write_text(text, encoding="utf-8")
    (tmp_path / "again.card.json").write_text(to_card(data, spec, "again.csv", text), encoding="utf-8")
    back = read_dataset(tmp_path / "again.csv", registry.readers())
    assert uncertainties(back) == pytest.approx(uncertainties(data)) and back.weights == pytest.approx(data.weights)


def test_a_run_folder_keeps_it(tmp_path: Path) -> None:
    plain = data_of("a*b")
    stated = with_uncertainty(plain, 0.01, True)
    assert fingerprint(stated) != fingerprint(plain) != fingerprint(with_uncertainty(plain, 0.01, False))
    back = Run.open(Run.create(tmp_path, stated, Config(uncertainty="1%")).path)
    assert (back.dataset().uncertainty, back.dataset().relative, back.config.uncertainty) == (0.01, True, "1%")
    plainly = Run.create(tmp_path, plain, Config())
    assert not plainly.dataset().uncertainty and "uncertainty" not in plainly.meta["dataset"]


def test_equal_uncertainties_weigh_nothing() -> None:
    assert counted(np.full(5, 0.3)) == (None, 0.3)
    weights, one = counted(np.array([1e-30, 2e-30]))
    assert weights is not None and np.mean(weights) == pytest.approx(1.0) and one / weights[1] ** 0.5 == pytest.approx(2e-30)


def parted(sample: Sample) -> Rows:
    n = len(sample.y)
    pick = [np.arange(a, b) for a, b in ((0, n - 40), (0, n - 60), (n - 60, n - 40), (n - 40, n - 20), (n - 20, n))]
    return Rows(**{name: sample.rows(i) for name, i in zip(("fit", "train", "valid", "test", "shell"), pick, strict=True)})


def approx(value: float) -> Any:
    """Close as a share of the value, however small."""
    return pytest.approx(value, rel=1e-9, abs=0)


def fitted(text: str, rows: Rows) -> Candidate:
    return Candidate(expr=parse(text), origin="test").refitted(rows.fit.refit(parse(text, ("a", "b"))))


def test_errors_count_only_beyond_it() -> None:
    rows = parted(sample_of("2*a*b*(1 + 0.004*sin(3*a))", relative=True, stated=0.01))
    pool = [
        score(fitted(text, rows), rows)
        for text in ("2.0*a*b", "2.0*a*b*(1 + 0.004*sin(3.0*a))", "2.0*a", "2.0*a*b**1.001", "2.0*a*b/1")
    ]
    best, _ = choose(pool, rows)
    assert best is not None and best.evidence == "supported" and best.expr.variables() == ("a", "b") and best.complexity == 5
    assert chi2(best.expr, rows.fit) < 0.2 and not exceeds(best.expr, rows.fit) and exceeds(parse("2.0*a"), rows.fit)
    assert rows.fit.length_of(0.0, 0, 0) == rows.fit.length_of(0.01, 0, 0) < rows.fit.length_of(0.011, 0, 0)
    bare = parted(sample_of("2*a*b*(1 + 0.004*sin(3*a))", relative=True))
    found, _ = choose([score(fitted(to_text(f.expr), bare), bare) for f in pool], bare)
    assert found is not None and found.complexity > 5


def test_what_is_larger_is_not_within_it() -> None:
    rows = parted(sample_of("2*a*b*(1 + 0.04*sin(3*a))", relative=True, stated=0.01))
    best, _ = choose([score(fitted("2.0*a*b", rows), rows)], rows)
    assert best is not None and best.evidence == "weak" and exceeds(best.expr, rows.fit)


def test_other_forms_are_named_and_the_same_in_other_words_is_not() -> None:
    rows = parted(sample_of("2*a*b", relative=True, stated=0.01))
    texts = ("2.0*a*b", "2.0*a*(b + 0.0001)", "2.0*a*b**1.006", "2.0*a")
    pool = [score(Candidate(expr=parse(text, ("a", "b")), origin=""), rows) for text in texts]
    pool = [replace(f, std_errors=(0.1,) * len(f.expr.numbers())) for f in pool]
    assert [to_text(f.expr) for f in alike(pool[0], pool, rows)] == ["2.0*a*b**1.006"]


def test_terms_and_digits_below_it_go() -> None:
    text = "3.002*a*b + 0.01*a"
    assert to_text(reduced(text, sample_of("3.002*a*b", stated=0.05))) == "3*a*b"
    assert to_text(reduced("3.0*a*b", sample_of("3.002*a*b"))) != "3*a*b"


def test_a_constant_is_rounded_only_where_that_is_shorter() -> None:
    # The exponent would have to make up for it, to more digits than were saved.
    z = np.arange(11.0, 51.0)
    rows = Sample(names=("Z",), x=z[None], y=6.86 * z**2.098, relative=True, stated=0.01)
    assert len(simplest(rows.refit(parse("6.0*Z**2.1")), rows).expr.numbers()) == 2


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 120)])
def test_standard_errors_follow_from_it(weights: np.ndarray | None) -> None:
    for scale in (1.0, 1e-30):
        expr = mul(num(2.0 * scale), var("a"))
        rows = replace(sample_of("2*a", stated=0.3, weights=weights), x=np.array(list(COLUMNS.values())))
        rows = replace(rows, y=rows.y * scale, stated=rows.stated * scale)
        weight = np.ones(120) if weights is None else weights / np.mean(weights)
        want = 0.3 * scale / np.sqrt(np.sum(weight * COLUMNS["a"] ** 2))
        fit = rows.refit(expr)
        assert fit.std_errors[0] == approx(want) and uncertainty(fit.expr, rows)[0][0] == approx(want)
        found = infer(fit.expr, rows)
        assert found.std_errors[0] == approx(want) and found.deviation == approx(0.3 * scale)
    noisy = replace(rows, stated=1e-9 * scale, y=rows.y * (1 + 0.1 * np.sin(np.arange(120.0) ** 2)))
    assert noisy.refit(expr).std_errors[0] == approx(replace(noisy, stated=0.0).refit(expr).std_errors[0])


def test_constants_of_a_known_form_too() -> None:
    data = data_of("2*a")
    plain, stated = (fit_formula(one, "k*a").constants[0] for one in (data, with_uncertainty(data, 0.3, False)))
    assert plain.value == stated.value and stated.std_error == pytest.approx(0.3 / np.sqrt(np.sum(COLUMNS["a"] ** 2)))
    assert plain.std_error < 1e-9


def test_a_smaller_problem_has_the_same_chi_squared() -> None:
    rows = sample_of("2*a*b + 0.01*cos(7*b)", stated=0.02)
    weighed = replace(rows, weights=np.linspace(0.5, 1.5, 120))
    for whole in (rows, weighed, replace(rows, relative=True)):
        smaller = divided(whole, parse("a"))
        assert chi2(parse("2*b"), smaller) == pytest.approx(chi2(parse("2*a*b"), whole), rel=1e-9)
    (found, *_) = groupings(replace(rows, names=("m", "v"), y=rows.x[0] * rows.x[1] ** 2), {"": "J", "m": "kg", "v": "m/s"})
    assert found.sample.stated > 0


def test_each_part_has_that_of_its_rows() -> None:
    data = with_uncertainty(data_of("a*b", weights=np.linspace(0.5, 1.5, 120)), 0.1, False)
    split = Split(**{name: np.arange(k, 120, 4) for k, name in enumerate(("train", "valid", "test", "shell"))})
    rows = rows_of(data, split)
    off = parse("a*b + 0.1")
    for part in (rows.fit, rows.train, rows.every):
        weights = part.weights
        assert weights is not None
        assert chi2(off, part) == pytest.approx(np.mean(weights) / np.mean(data.weights))
    assert chi2(off, rows.test.rows(np.arange(0))) == 0.0


def test_the_estimator_and_the_workbench_take_it() -> None:
    x = np.column_stack(list(COLUMNS.values()))
    y = data_of("2*a*b*(1 + 0.004*sin(3*a))").y
    model = KandiscoRegressor(uncertainty="1%", **QUICK).fit(x, y)
    assert model.formulas_[0].evidence == "supported"
    np.testing.assert_allclose(model.predict(x), 2 * x[:, 0] * x[:, 1], rtol=2e-3)
    assert KandiscoRegressor(uncertainty=0.02).get_params()["uncertainty"] == 0.02
    with pytest.raises(ConfigError, match="uncertainty='-0.1' is not usable"):
        KandiscoRegressor(uncertainty=-0.1).fit(x, y)
    bench = Workbench.from_formula("2.004*a*b", x, y, names=["a", "b"], uncertainty="1%")
    assert bench.state.frame.rows.fit.stated == 0.01


def test_a_saved_workbench_keeps_it(tmp_path: Path) -> None:
    bench = Workbench.from_formula("2*a*b", data_of("2*a*b", uncertainty=0.1))
    back = Workbench.load(bench.save(tmp_path / "bench"))
    assert back.state.frame.dataset.uncertainty == 0.1 and not back.state.frame.dataset.relative


def test_a_polynomial_starts_from_the_first_terms_that_are_enough() -> None:
    terms = monomials(("a", "b"), np.array(list(COLUMNS.values())), 6)
    y = sample_of("3*a**2 + 2 + 0.01*sin(5*a)").y
    found = sparse_fit(terms, y, enough=0.02)
    assert found is not None and [to_text(terms.exprs[i]) for i in found[0]] == ["1", "a**2"]
    longer = sparse_fit(terms, y, most=28)
    assert longer is not None and len(longer[0]) > 10
