"""Rows next to a boundary, and the boundaries that are found from them."""

from __future__ import annotations

import numpy as np

from kandisco.expr import parse, to_text
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.boundary import search
from kandisco.tasks.candidates import chosen
from kandisco.tasks.factors import factors
from kandisco.tasks.scores import Score, columns_of
from kandisco.tasks.zoom import distance, near

FUNCTIONS = Registry(load(entry_points=False)).functions(("x", "1/x", "exp", "cosh", "sin"))


def _score(*terms: str, weights: tuple[float, ...], cut: float = 0.0) -> Score:
    return Score(terms=tuple(parse(term) for term in terms), weights=np.array(weights), cuts=np.array([cut]))


def test_distance_is_that_of_a_line_and_of_any_score_with_the_same_boundary() -> None:
    columns = columns_of(["a", "b"], np.random.default_rng(0).uniform(-1, 1, (500, 2)))
    line = distance(_score("a", "b", weights=(2.0, 1.0), cut=0.5), columns)
    size = np.hypot(2 * np.std(columns["a"]), np.std(columns["b"]))
    np.testing.assert_allclose(line, np.abs(2 * columns["a"] + columns["b"] - 0.5) / size, rtol=1e-6)
    other = distance(_score("a*exp(3*b)", "b*exp(3*b)", "exp(3*b)", weights=(2.0, 1.0, -0.5)), columns)
    close = line < 0.02
    np.testing.assert_allclose(other[close], line[close], rtol=0.05)
    assert np.isinf(distance(_score("log(a)", weights=(1.0,)), columns)[columns["a"] < 0]).all()


def test_near_rows_are_the_nearest_and_none_where_classes_overlap() -> None:
    rng = np.random.default_rng(0)
    columns = columns_of(["a"], rng.uniform(-1, 1, (3000, 1)))
    codes = (columns["a"] > 0.1).astype(np.int64)
    score = _score("a", weights=(1.0,), cut=0.1)
    rows = near(score, columns, codes)
    assert rows is not None and len(rows) == 300
    assert np.max(np.abs(columns["a"][rows] - 0.1)) < 0.12
    assert near(score, columns, rng.integers(0, 2, 3000)) is None
    assert near(score, columns, np.zeros(3000, dtype=np.int64)) is None


def test_factors_may_be_divided_by_what_is_never_zero() -> None:
    found = factors(["a"], np.random.default_rng(0).uniform(-1, 1, (200, 1)), FUNCTIONS)
    texts = {to_text(expr) for expr in found.exprs}
    assert {"1/cosh(a)", "1/exp(a)"} <= texts
    assert "1/sin(a)" not in texts


def test_a_boundary_is_found_whose_score_is_steeper_here_than_there() -> None:
    """The likelihood on all rows prefers other terms: the law's transition is far steeper at one end of p than at the other."""
    rng = np.random.default_rng(1)
    e, lam, p = rng.uniform(-3, 3, 2200), rng.uniform(0.5, 3, 2200), rng.uniform(1, 3, 2200)
    x, names = np.column_stack([e, lam, p]), ["e", "lam", "p"]
    reach = (lam * np.cosh(p) - e - np.exp(p)) / np.cosh(p)
    codes = (reach + 0.02 * rng.standard_normal(2200) > 0).astype(np.int64)
    best = chosen(
        search(names, (x[:1500], codes[:1500]), (x[1500:], codes[1500:]), classes=2, functions=FUNCTIONS, max_complexity=15)
    )
    assert best is not None
    columns = columns_of(names, x)
    theirs = best.score.values(columns) > best.score.cuts[0]
    assert np.mean(theirs == (reach > 0)) > 0.99
    assert {to_text(term) for term in best.score.terms} == {"e", "lam*cosh(p)", "exp(p)"}
