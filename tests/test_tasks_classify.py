"""Classes: labels are read as meant, the likelihood is right, and known boundaries come out of their rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.config import Config
from kandisco.data import as_table, card_from, read_with_card
from kandisco.errors import ConfigError, InputError
from kandisco.expr import parse, to_text
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.boundary import search
from kandisco.tasks.candidates import chosen
from kandisco.tasks.classify import classify
from kandisco.tasks.labels import to_labelled
from kandisco.tasks.network import train_classifier
from kandisco.tasks.ordinal import classes_of, fit_linear, mean_loss, newton_terms
from kandisco.tasks.scores import Score, columns_of, fit_constants
from kandisco.types import Table

REGISTRY = Registry(load(entry_points=False))
FUNCTIONS = REGISTRY.functions(("x", "x^2", "abs"))


def _table(**columns: object) -> Table:
    return Table(columns=columns)  # type: ignore[arg-type]


def _ordinal(rows: int = 900) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(rows, 3))
    return x, np.searchsorted([-2.0, 0.3, 1.5], x[:, 0] - 2 * x[:, 1] + 0.3 * rng.logistic(size=rows))


def test_labels_are_read_with_their_order() -> None:
    x = np.arange(6.0)
    numbers = to_labelled(_table(x=x, y=np.array([2.0, -4, 0, 2, 0, -4])))
    assert (numbers.classes, numbers.ordered) == (("-4", "0", "2"), True)
    words = to_labelled(_table(kind=["b", "a", "c", "", "a", "b"], x=x), target="kind")
    assert (words.classes, words.ordered) == (("a", "b", "c"), False)
    assert words.codes.tolist() == [1, 0, 2, 0, 1]
    given = to_labelled(_table(kind=["low", "high", "mid"] * 2, x=x), target="kind", order=("low", "mid", "high"))
    assert (given.classes, given.codes.tolist()) == (("low", "mid", "high"), [0, 2, 1, 0, 2, 1])


def test_a_class_is_not_missing_because_its_number_looks_like_a_mark() -> None:
    card = card_from({"missing": ["0", "lost"], "columns": [{"label": "kind", "role": "target"}]})
    table = _table(x=np.arange(1.0, 7.0), kind=["a", "b", "lost", "c", "a", "b"])
    found = to_labelled(table, card=card)
    assert found.classes == ("a", "b", "c") and found.codes.tolist() == [0, 1, 2, 0, 1]


def test_a_label_goes_by_its_name_on_the_card_or_in_the_dataset(tmp_path: Path) -> None:
    columns = [{"label": "m (kg)", "name": "mass", "unit": "kg"}, {"label": "Class of star", "name": "kind"}]
    (tmp_path / "stars.card.json").write_text(json.dumps({"columns": [*columns, {"label": "note"}], "sha256": "0" * 64}))
    (tmp_path / "stars.csv").write_text("m (kg),Class of star,note\n" + "".join(f"{i},{'ab'[i % 2]},{i}\n" for i in range(8)))
    table, card = read_with_card(tmp_path / "stars.csv", REGISTRY.readers())
    found = to_labelled(table, target="kind", features=["mass"], card=card)
    assert (found.classes, found.dataset.target.name) == (("a", "b"), "kind")
    assert [(one.name, one.unit) for one in found.dataset.inputs] == [("mass", "kg")]
    assert "changed since" in found.dataset.notes[0]
    whole = replace(found.dataset, weights=np.arange(1.0, 9.0))
    again = to_labelled(as_table(whole), target="kind", features=["mass"], rows_of=whole).dataset
    assert (again.inputs, again.target) == (whole.inputs, whole.target)
    np.testing.assert_array_equal(again.weights, whole.weights)


def test_what_is_no_label_is_refused() -> None:
    x = np.linspace(0, 1, 60)
    with pytest.raises(InputError, match="a quantity"):
        to_labelled(_table(x=x, y=x**2))
    with pytest.raises(InputError, match="one class only"):
        to_labelled(_table(x=x, y=["a"] * 60))
    with pytest.raises(ConfigError, match="order"):
        to_labelled(_table(x=x, y=["a", "b"] * 30), order=("a", "c"))
    with pytest.raises(InputError, match="no column 'z'"):
        to_labelled(_table(x=x, y=["a", "b"] * 30), target="z")


def test_slopes_of_the_likelihood_are_its_derivatives() -> None:
    x, codes = _ordinal(200)
    at = np.array([0.5, -1.0, 0.2, -1.5, 0.1, 1.4])

    def loss(v: np.ndarray) -> float:
        return mean_loss(v[:3] @ x.T, v[3:], codes)

    gradient, hessian = newton_terms(x.T, at[:3] @ x.T, at[3:], codes, np.eye(3))
    steps = 1e-5 * np.eye(6)
    np.testing.assert_allclose(gradient, [(loss(at + h) - loss(at - h)) / 2e-5 for h in steps], atol=1e-8)
    slopes = [newton_terms(x.T, (at + s * h)[:3] @ x.T, (at + s * h)[3:], codes, np.eye(3))[0] for h in steps for s in (1, -1)]
    np.testing.assert_allclose(hessian, (np.array(slopes[::2]) - np.array(slopes[1::2])) / 2e-5, atol=1e-7)


def test_a_linear_score_is_recovered_with_its_cuts() -> None:
    x, codes = _ordinal(4000)
    found = fit_linear(x.T, codes, 4)
    np.testing.assert_allclose(found.coef / found.coef[0], [1, -2, 0], atol=0.05)
    np.testing.assert_allclose(found.cuts / found.coef[0], [-2, 0.3, 1.5], atol=0.1)
    assert np.mean(classes_of(found.coef @ x.T, found.cuts) == codes) > 0.82


def test_constants_inside_a_term_are_fitted_too() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.uniform(-3, 3, (2, 1500))
    codes = (np.abs(a**2 - 2.0) * (1 + b**2) > 1.5 + 0.1 * rng.logistic(size=1500)).astype(np.int64)
    start = Score(terms=(parse("abs(a**2 - 1.5)*(1.2 + b**2)"),), weights=np.ones(1), cuts=np.array([1.0]))
    found = fit_constants(start, {"a": a, "b": b}, codes)
    inner = found.terms[0].numbers()
    assert inner[0] == pytest.approx(-2.0, abs=0.05)
    assert inner[1] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("law", "terms"),
    [(lambda a, b, c: a * b + 2 * (c - 1), {"c", "a*b"}), (lambda a, b, c: c * np.abs(a) - 1, {"c*Abs(a)"})],
    ids=["sum", "product"],
)
def test_a_boundary_comes_out_of_noisy_labels(law: Callable[..., np.ndarray], terms: set[str]) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-3, 3, (2, 1200))
    c = rng.uniform(0.3, 1.7, 1200)
    g = law(a, b, c)
    near = np.abs(g) < np.quantile(np.abs(g), 0.02)
    codes = (g > 0).astype(np.int64) ^ (near & (rng.random(1200) < 0.5))
    x, names = np.column_stack([a, b, c]), ["a", "b", "c"]
    train, valid = (x[:800], codes[:800]), (x[800:], codes[800:])
    best = chosen(search(names, train, valid, classes=2, functions=FUNCTIONS, max_complexity=10))
    assert best is not None
    assert {to_text(term) for term in best.score.terms} == terms
    assert np.mean((best.score.values(columns_of(names, x)) > best.score.cuts[0]) == (g > 0)) > 0.985


def test_a_network_learns_ordered_and_unordered_classes() -> None:
    x, codes = _ordinal()
    for ordered in (True, False):
        found = train_classifier(
            x[:600],
            codes[:600],
            (x[600:], codes[600:]),
            classes=4,
            ordered=ordered,
            width="3,1",
            basis=REGISTRY.basis("bspline"),
            grid=2,
            restarts=1,
        )
        assert np.mean(found.classes(x[600:]) == codes[600:]) > 0.8
        assert (found.cuts is not None) == ordered


def test_random_labels_earn_no_evidence() -> None:
    rng = np.random.default_rng(3)
    table = _table(a=rng.normal(size=600), b=rng.normal(size=600), kind=["in" if p else "out" for p in rng.random(600) < 0.6])
    found = classify(to_labelled(table), Config(width="2,1"), REGISTRY, max_complexity=7)
    assert found.evidence == "none"


def test_the_command_tells_a_boundary(tmp_path, capsys) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.2, 2, (2, 400))
    rows = [f"{p},{q},{'in' if p * q > 1 else 'out'}" for p, q in zip(a, b)]
    (tmp_path / "d.csv").write_text("a,b,kind\n" + "\n".join(rows) + "\n")
    assert main(["classify", str(tmp_path / "d.csv"), "--no-network", "--max-complexity", "6", "--functions", "x"]) == 0
    said = capsys.readouterr().out
    assert "a*b" in said.splitlines()[0]
    assert "evidence: rule" in said
