"""Problem tables: rows that leak nothing, a judge that gives nothing away, results that survive being cut short."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from kandisco.bench import Case, Results, Settings, cases, code_version, draw, judge, read_laws, run_cases, summary
from kandisco.bench.laws import law_from
from kandisco.bench.summary import majority
from kandisco.cli import main
from kandisco.config import Config
from kandisco.errors import ConfigError, InputError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate

HEAD = "suite,name,formula,target,inputs,ranges\n"
LAW = law_from({"suite": "s", "name": "p", "formula": "2.5*a*sqrt(b)", "inputs": "a;b", "ranges": "1:3:U;0.1:10:logU:pos"})


def test_the_shipped_table_can_be_drawn_from_in_every_row() -> None:
    laws = read_laws()
    assert len(laws) == 131
    for law in laws:
        drawn = draw(law, rows=30, irrelevant=1)
        assert drawn.dataset.x.shape == (30, len(law.inputs) + 1) and np.isfinite(drawn.dataset.y).all()


def test_rows_follow_the_law_under_names_that_tell_nothing() -> None:
    drawn = draw(LAW, rows=50, irrelevant=2, seed=3)
    assert [v.name for v in drawn.dataset.inputs] == ["x0", "x1", "x2", "x3"] and drawn.dataset.target.name == "y"
    columns = {drawn.names[v.name]: column for v, column in zip(drawn.dataset.inputs, drawn.dataset.x.T, strict=True)}
    np.testing.assert_allclose(evaluate(LAW.expr, columns), drawn.dataset.y, rtol=1e-12)
    again = draw(LAW, rows=50, irrelevant=2, seed=3)
    assert np.array_equal(again.dataset.x, drawn.dataset.x) and np.array_equal(again.dataset.y, drawn.dataset.y)
    assert len({tuple(draw(LAW, rows=5, seed=seed).names.values()) for seed in range(8)}) == 2  # both orders occur


def test_noise_is_a_share_of_the_rms_also_of_the_smallest_targets() -> None:
    tiny = law_from({"suite": "s", "name": "p", "formula": "1e-200*a", "inputs": "a", "ranges": "1:2:U"})
    clean, noisy = draw(tiny, rows=4000), draw(tiny, rows=4000, noise=0.1)
    assert np.array_equal(clean.dataset.x, noisy.dataset.x)
    y = clean.dataset.y * 1e200
    assert np.std(noisy.dataset.y * 1e200 - y) / np.sqrt(np.mean(y**2)) == pytest.approx(0.1, rel=0.05)


def test_ranges_are_kept() -> None:
    row = {"suite": "s", "name": "p", "formula": "a+n", "inputs": "a;n", "ranges": "0.01:1:logU:both;2:4:int:pos"}
    drawn = draw(law_from(row), rows=500)
    columns = {drawn.names[v.name]: column for v, column in zip(drawn.dataset.inputs, drawn.dataset.x.T, strict=True)}
    assert set(columns["n"]) == {2.0, 3.0, 4.0}
    assert 0.4 < np.mean(columns["a"] > 0) < 0.6 and 0.4 < np.mean(np.abs(columns["a"]) > 0.1) < 0.6


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("s,p,a+b,y,a;b,1:2:U", "2 inputs and 1 ranges"),
        ("s,p,a,y,a,1:2:V", "range '1:2:V'"),
        ("s,p,a,y,a,-1:2:logU", "from above zero"),
        ("s,p,a+c,y,a,1:2:U", "c"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(row: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "laws.csv"
    path.write_text(HEAD + row + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="law 'p'") as error:
        read_laws(str(path))
    assert said in str(error.value)


def test_unknown_tables_suites_and_problems_are_refused() -> None:
    with pytest.raises(InputError, match="@problems"):
        read_laws("@nothing")
    with pytest.raises(ConfigError, match="nguyen"):
        read_laws(suites=["nguyne"])
    assert {law.suite for law in read_laws(suites=["srsd*"])} == {"srsd_easy", "srsd_medium"}


@pytest.mark.parametrize(
    ("formula", "recovered"),
    [
        ("2.5*x1*sqrt(x0)", True),
        ("x1*sqrt(6.25*x0)", True),
        ("2.5001*x1*sqrt(x0)", False),
        ("2.5*x1*x0**0.5001", False),
        ("2.5*x1*sqrt(x0) + 1e-5*x2", False),
    ],
)
def test_without_noise_the_formula_itself_must_be_the_law(formula: str, recovered: bool) -> None:
    names = {"x0": "b", "x1": "a", "x2": "irrelevant_0"}
    assert judge(parse(formula), LAW, names).recovered is recovered


@pytest.mark.parametrize(
    ("formula", "errors", "why"),
    [
        ("2.53*x1*sqrt(x0)", (0.01,), ""),
        ("2.53*x1*sqrt(x0)/(1.0*1.0)", (0.01, 0.01, 0.01), ""),
        ("1.41*1.3*1.5*x1*sqrt(x0)", (0.1, 0.1, 0.1), "off by 10 %"),
        ("2.9*x1*sqrt(x0)", (0.01,), "constant 2.9"),
        ("2.5*x1*x0**0.497", (0.1, 0.01), "exponent 0.497"),
        ("2.5*x1*sqrt(x0) + 0.01*x1", (0.1, 0.1), "a term"),
        ("2.5*x1*sqrt(x0 + 0.01)", (0.1, 0.1), "a term"),
        ("2.5*x1*sqrt(x0) + 0.01*x2", (0.1, 0.1), "uses a column"),
        ("2.5*x1*log(1 + 0.9*x0)", (0.1, 0.1), "another form"),
    ],
)
def test_under_noise_the_form_must_be_exact_and_constants_within_their_errors(
    formula: str, errors: tuple[float, ...], why: str
) -> None:
    drawn = draw(LAW, noise=0.01)
    names = {"x0": "b", "x1": "a", "x2": "irrelevant_0"}
    judged = judge(parse(formula), LAW, names, std_errors=errors, clean=drawn.clean)
    assert judged.recovered is (why == "")
    assert judged.recovered or judged.why.startswith(why)


def test_a_case_survives_json() -> None:
    case = Case(law=LAW, seed=2, noise=0.01, rows=200, irrelevant=3)
    assert Case.from_dict(case.to_dict()) == case


def test_results_go_on_after_a_torn_row(tmp_path: Path) -> None:
    first, second = cases([LAW], seeds=[0, 1])
    results = Results(tmp_path)
    results.append(first, "time=60", "v", {"recovered": True, "formula": "a,\nb", "seconds": 1.25})
    with results.path.open("a", encoding="utf-8") as file:
        file.write("s,p,1,0,10")
    again = Results(tmp_path)
    assert again.done() == {(*first.key, "time=60", "v")}
    again.append(second, "time=60", "v", {"recovered": False})
    assert [row["formula"] for row in again.rows()] == ["a, b", ""]


def test_a_table_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("suite,problem\n", encoding="utf-8")
    with pytest.raises(InputError, match="other columns"):
        Results(tmp_path)


def test_most_seeds_decide_and_false_claims_are_counted() -> None:
    base = {"suite": "s", "noise": "0", "rows": "10", "irrelevant": "0", "memory_mb": "100"}
    outcomes = [("p", "0", "True"), ("p", "1", "False"), ("q", "0", "True"), ("q", "1", "True"), ("q", "2", "False")]
    rows = [{**base, "problem": p, "seed": seed, "recovered": r, "seconds": "2", "evidence": "exact"} for p, seed, r in outcomes]
    assert majority(rows) == {"p": False, "q": True}
    header, line = summary(rows)
    cells = dict(zip(header, line, strict=True))
    assert (cells["problems"], cells["recovered"], cells["share"], cells["false"]) == ("2", "1", "50 %", "2")


def test_a_worker_solves_and_one_that_dies_costs_only_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    todo = cases([law_from({"suite": "s", "name": "p", "formula": "3*a*b", "inputs": "a;b", "ranges": "1:2:U;1:2:U"})], rows=[60])
    settings = Settings(config=Config(time=20.0), cpu=True)
    assert settings.differences() == "time=20 cpu"
    ((case, outcome),) = run_cases(todo, settings, jobs=1)
    assert outcome["seconds"] == pytest.approx(outcome["cpu"], abs=0.01)
    assert outcome["recovered"] and outcome["evidence"] == "exact" and outcome["memory_mb"] > 50, outcome
    assert (case, outcome["truth"]) == (todo[0], "3*a*b")
    command = ("-c", "import sys; sys.stdin.readline(); sys.exit(3)")
    ((_, outcome),) = run_cases(todo, Settings(), jobs=1, command=command)
    assert outcome["why"] == "the process died (3)"
    monkeypatch.setattr(sys, "executable", "/bin/false")
    outcomes = [outcome for _, outcome in run_cases([*todo, *todo], Settings(), jobs=1)]
    assert [o["recovered"] for o in outcomes] == [False, False] and "died" in outcomes[0]["why"]


def test_the_command_writes_a_table_a_summary_and_continues(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "laws.csv"
    table.write_text(HEAD + "s,p,3*a*b,y,a;b,1:2:U;1:2:U\ns,q,a+b,y,a;b,1:2:U;1:2:U\n", encoding="utf-8")
    words = ["bench", str(table), "--jobs", "0", "--rows", "60", "-o", str(tmp_path / "out")]
    assert main([*words, "--problems", "p"]) == 0
    assert "found  s/p" in capsys.readouterr().out
    assert main([*words, "--export", str(tmp_path / "all.parquet")]) == 0
    said = capsys.readouterr()
    assert "s/q" in said.out and "s/p" not in said.out and "1 of 2 cases are in" in said.err
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8") as file:
        assert [(row["problem"], row["recovered"]) for row in csv.DictReader(file)] == [("p", "True"), ("q", "True")]
    assert "| s | 0 | 60 | 0 | 2 | 2 | 100 % |" in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    import pandas

    assert list(pandas.read_parquet(tmp_path / "all.parquet")["problem"]) == ["p", "q"]


def test_the_version_is_of_what_changes_results() -> None:
    assert code_version() == code_version() and code_version().startswith("0.1.0+")


@pytest.mark.parametrize("words", [["--seeds", "x"], ["--noise", "-1"], ["--rows", ""], ["--suite", "none"]])
def test_unusable_flags_are_refused(words: list[str]) -> None:
    assert main(["bench", *words]) == 2
