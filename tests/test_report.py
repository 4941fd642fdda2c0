"""kandisco.report and kandisco.viz: what a run leaves for people to read."""

from __future__ import annotations

import html.parser
import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco import report
from kandisco.config import Config
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.report import words
from kandisco.report.citations import bibtex
from kandisco.report.markdown import markdown
from kandisco.report.page import page
from kandisco.run import Run
from kandisco.types import Dataset, EdgeOrigin, Formula, Result, Variable
from kandisco.viz.figures import draw, summary_figure

LAW = "2.5*exp(-x1/2)*besselj(0, x2)"


def result(text: str = LAW, label: str = "x 1 [m]", evidence: str = "exact") -> Result:
    x = np.random.default_rng(0).uniform(0.1, 2, (60, 2))
    inputs = (Variable(name="x1", label=label, unit="m"), Variable(name="x2", label="x2"))
    expr = parse(text)
    y = evaluate(expr, {"x1": x[:, 0], "x2": x[:, 1]})
    data = Dataset(name="toy", x=x, y=y, inputs=inputs, target=Variable(name="y", label=label), source="toy.csv")
    best = Formula(
        expr=expr,
        complexity=12,
        rmse_train=1e-16,
        rmse_valid=1e-16,
        rmse_test=2e-16,
        rmse_shell=3e-16,
        r2_test=1.0,
        origin="test",
    )
    best = replace(best, evidence=evidence)  # type: ignore[arg-type]
    simple = replace(best, expr=parse("0.5*x1"), complexity=3, rmse_test=0.4, r2_test=0.2, evidence="none")
    return Result(
        best=best,
        front=(simple, best),
        dataset=data,
        baselines={"linear": (0.3, 0.5), "constant": (0.6, -0.01)},
        noise=0.0,
        status="done",
        seed=0,
        seconds=1.0,
        warnings=("2 rows were dropped",),
    )


@pytest.fixture(scope="module")
def figures() -> dict[str, str]:
    """Those of the plain result; drawing is the longest part of a report."""
    return draw(result())


def run_for(tmp_path: Path, given: Result) -> Run:
    return Run.create(tmp_path, given.dataset, Config())


class Strict(html.parser.HTMLParser):
    """Fails on tags that do not close; collects the text and all tag names."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def test_write_puts_reports_and_figures_into_the_run_folder(tmp_path: Path) -> None:
    given = result()
    run = run_for(tmp_path, given)
    report.write(run, given)
    names = {path.relative_to(run.path).as_posix() for path in run.path.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.svg" for name in ("formula", "pareto", "fit", "residuals", "summary")}
    assert {"report.md", "report.html", *figures} <= names


def test_page_is_whole_self_contained_and_shows_the_law(figures: dict[str, str], tmp_path: Path) -> None:
    given = result()
    text = page(run_for(tmp_path, given).meta, given, figures)
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    assert "y = 2.5*exp(-x1/2)*besselj(0, x2)" in parser.text
    assert {"svg", "math", "button"} <= parser.seen and "link" not in parser.seen
    assert text.count("<script") == 1, "the copy button's own"
    assert not re.search(r'(src|href)="(?!#)', text), "nothing is fetched from elsewhere"
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', text) + re.findall(r"url\(#([^)]+)\)", text):
        assert target in ids


def test_names_from_the_data_cannot_inject_anything(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="y">'
    given = result(label=hostile)
    meta = run_for(tmp_path, given).meta
    parser = Strict()
    text = page(meta, given, draw(given))
    parser.feed(text)
    assert "img" not in parser.seen and text.count("<script") == 1
    assert hostile in parser.text
    assert "<script" not in markdown(meta, given)


@pytest.mark.parametrize("evidence", ["weak", "none"])
def test_what_is_no_law_is_not_shown_as_one(tmp_path: Path, evidence: str) -> None:
    given = result(evidence=evidence)
    meta = run_for(tmp_path, given).meta
    for text in (page(meta, given, draw(given)), markdown(meta, given)):
        assert "No trustworthy formula was found" in text
        assert "y ~ 2.5" in text
        assert "y = 2.5" not in text
        assert r"\approx" in text


def test_a_run_without_a_formula_still_has_a_report(tmp_path: Path) -> None:
    given = replace(result(), best=None, front=())
    run = run_for(tmp_path, given)
    report.write(run, given)
    assert "No formula was found." in (run.path / "report.html").read_text()
    assert "No formula was found." in (run.path / "report.md").read_text()


def test_figures_are_xml_that_takes_the_ink_of_the_page(figures: dict[str, str]) -> None:
    for name, svg in figures.items():
        assert ElementTree.fromstring(svg).tag.endswith("svg"), name
        assert "currentColor" in svg and "#010203" not in svg


@pytest.mark.parametrize(
    ("label", "low", "high", "scales"), [("x_1 [µm]", 1.0, 2.0, "linear"), ("cost in $ and \\frac{$", 1e-3, 1e3, "log")]
)
def test_with_one_input_the_law_is_drawn_through_the_rows(
    figures: dict[str, str], label: str, low: float, high: float, scales: str
) -> None:
    given = result("3*x1**2", label=label)
    x = np.geomspace(low, high, 60)
    data = replace(given.dataset, x=x[:, None], y=3 * x**2, inputs=given.dataset.inputs[:1])
    law = draw(replace(given, dataset=data))["law"]
    assert ElementTree.fromstring(law).tag.endswith("svg")
    assert (law.count("-xtick_") > 20) == (scales == "log"), "a logarithmic axis has minor ticks"
    assert "law" not in figures


def test_the_summary_is_dark_on_white_and_needs_a_formula() -> None:
    given = result()
    picture = summary_figure(given)
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert "currentColor" not in picture and "#ffffff" in picture
    assert summary_figure(replace(given, best=None, front=())) == ""


def test_figures_repeat_exactly(figures: dict[str, str]) -> None:
    assert draw(result()) == figures


@pytest.mark.parametrize(
    "text",
    [
        "1e-300*x1",
        "1e300*x1",
        "0.0",
        "log(x1 - 5)",
        "abs(x1)*sign(x2) + erf(x1)/gamma(x2)",
        "x1**0.5 - asinh(x2)**2 + elliptic_k(x1/3)",
    ],
)
def test_figures_of_odd_formulas(text: str) -> None:
    given = result("x1 + x2")
    assert given.best is not None
    figures = draw(replace(given, best=replace(given.best, expr=parse(text), rmse_test=math.nan)))
    assert {"formula", "pareto", "fit", "residuals"} == set(figures)


def test_a_formula_wider_than_a_page_is_left_to_text() -> None:
    wide = "+".join(f"{i}.5*sin({i}.25*x1)*exp(-{i}.125*x2)" for i in range(1, 12))
    assert "formula" not in draw(result(wide))


def test_markdown_tables_have_as_many_cells_as_titles(tmp_path: Path) -> None:
    given = result(label="a | b * c")
    text = markdown(run_for(tmp_path, given).meta, given)
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1, block


def test_r2_never_rounds_up_to_one() -> None:
    assert words.r2(0.99999999) == "1 - 1.0e-08"
    assert words.r2(math.nan) == "-"
    assert words.r2(-3.25) == "-3.2500"
    assert words.r2(-1e-6) == "0.0000"


def test_the_report_tells_what_the_rows_say(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(0.5, 3, (90, 1))
    y = 8.3145 * x[:, 0] ** 2 + np.random.default_rng(1).normal(0, 0.002, 90)
    data = Dataset(name="gas", x=x, y=y, inputs=(Variable(name="t"),), target=Variable(name="e"), source="gas.csv")
    errors = dict.fromkeys(("rmse_train", "rmse_valid", "rmse_test", "rmse_shell"), 0.002)
    best = Formula(expr=parse("8.3145*t**2"), complexity=5, r2_test=1.0, evidence="supported", origin="monomial", **errors)
    flat = replace(best, expr=parse("20.5"), complexity=1, rmse_test=9.0, evidence="none")
    given = replace(result(), best=best, front=(flat, best), dataset=data)
    run = run_for(tmp_path, given)
    run.finish(given)
    report.write(run, given)
    parser = Strict()
    parser.feed((run.path / "report.html").read_text())
    for words_ in ("molar gas constant", "95 % interval", "set free", "bootstrap samples", "8.31*t**2", "100%"):
        assert words_ in parser.text, words_
    assert re.search(r"8\.31\d+ ± 0\.000\d+", parser.text)
    assert "kandisco discover gas.csv" in parser.text
    assert "The formula is defined for all values" in parser.text
    assert "@article{rissanen1978modeling" in parser.text
    assert "udrescu2020feynman" not in parser.text


def test_methods_are_cited_and_words_of_the_origin_are_not() -> None:
    given = result()
    assert given.best is not None
    told = replace(given.best, origin="refiner group of kan, index 1")
    assert not {"liu2024kan", "udrescu2020feynman"} & cited(replace(given, best=told))
    assert {"liu2024kan", "udrescu2020feynman"} <= cited(replace(given, best=replace(told, methods=("division", "network"))))


def cited(given: Result) -> set[str]:
    return set(re.findall(r"@\w+\{(\w+),", bibtex(given)))


def test_each_term_is_led_back_to_its_edges(tmp_path: Path) -> None:
    edges = (
        EdgeOrigin(start="x1", end="h1,1", symbol="exp", r2=0.9999, curve="2.5*exp(-0.5*x)"),
        EdgeOrigin(start="x2", end="h1,2", symbol="sin<", r2=0.75, curve="sin(x)"),
        EdgeOrigin(start="h1,1", end="output", symbol="x", r2=1.0, curve="x"),
    )
    given = result("2.5*exp(-x1/2) + 3.5*x2")
    assert given.best is not None
    origin = "refiner mine, started from: kan [2,2,1] > symbolic(exp, sin, x)"
    best = replace(given.best, edges=edges, origin=origin, methods=("network", "engine"), shape="[2,2,1]", engine="mine")
    given = replace(given, best=best, front=(best,))
    run = run_for(tmp_path, given)
    run.finish(given)
    assert run.result().best == best
    parser = Strict()
    report.write(run, run.result())
    parser.feed((run.path / "report.html").read_text())
    told = re.sub(r"\s+", " ", parser.text[parser.text.index("Provenance") :])
    assert "2.5*exp(-0.5*x1)" in told or "2.5*exp(-x1/2)" in told
    for words_ in ("x1 to h1,1", "h1,1 to output", "x2 to h1,2", "sin<", "1 - 1.0e-04", "from that the refiner mine went on"):
        assert words_ in told, words_
    assert (run.path / "figures" / "tree.svg").exists()


@pytest.mark.parametrize(
    ("text", "needs", "how"),
    [
        ("log(x1 - 1)", "x1 - 1 > 0", "broken somewhere within"),
        ("1/(x1 + 0.2)", "x1 + 0.2 != 0", "broken just outside"),
        ("sqrt(x1 + 9)", "x1 + 9 >= 0", "met within and around"),
        ("asin(x2/2.5)", "-1 <= x2/2.5 <= 1", "broken just outside"),
        ("1/(x1 - 1)**2", "x1 - 1 != 0", "broken somewhere within"),
        ("1/x1**2 + tan(x2)", "cos(x2) != 0", "broken somewhere within"),
    ],
)
def test_the_domain_is_told(text: str, needs: str, how: str) -> None:
    from kandisco.report.domain import conditions, sentence

    found = {one.text: sentence(one) for one in conditions(parse(text), result("x1 + x2").dataset)}
    assert how in found[needs], found


def test_terms_that_the_rows_do_not_need_come_and_go() -> None:
    from kandisco.report.honesty import stability
    from kandisco.symbolic.sample import Sample

    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1, 200))
    sample = Sample(names=("x",), x=x, y=2 * x[0] + 0.02 * np.sin(5 * x[0]) + rng.normal(0, 0.1, 200))
    made = [replace(result().front[0], expr=parse(text)) for text in ("2.0*x", "2.0*x + 0.02*sin(5.0*x)")]
    found = stability(made[0], made, sample, resamples=20)
    shares = dict(found.terms)
    assert shares["2*x"] == 1.0 if "2*x" in shares else shares["2.0*x"] == 1.0
    assert found.best > 0.5 and min(shares.values()) < 0.5
    assert stability(made[0], made, sample, resamples=20) == found


def test_an_exact_number_is_tested_again() -> None:
    from kandisco.report.honesty import snapped
    from kandisco.symbolic.sample import Sample

    rng = np.random.default_rng(0)
    x = rng.uniform(1, 3, (1, 150))
    sample = Sample(names=("x",), x=x, y=2.5 * x[0] ** 2.2 + rng.normal(0, 0.02, 150))
    wrong = next(one for one in snapped(sample.refit(parse("2.5*x**2")).expr, sample) if one.text == "2")
    assert wrong.sigmas > 10 and wrong.free == pytest.approx(2.2, abs=0.05)
    good = replace(sample, y=2.5 * x[0] ** 2 + rng.normal(0, 0.02, 150))
    assert snapped(good.refit(parse("2.5*x**2")).expr, good)[0].sigmas < 4
