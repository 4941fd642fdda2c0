"""The search for a score: what it proposes can be afforded, it goes on from models it is given, and chance is that of groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kandisco.expr import parse, to_text
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.boundary import _grow, _named
from kandisco.tasks.candidates import Candidate, Rows, chosen, judged
from kandisco.tasks.factors import Factors, factors
from kandisco.tasks.scores import Score
from kandisco.tasks.terms import promising

FUNCTIONS = Registry(load(entry_points=False)).functions(("x", "1/x", "exp", "cosh", "sqrt"))


def _rows(rows: int) -> tuple[Factors, np.ndarray]:
    """Rows of a law of three terms, labels of two classes, and the factors that three columns make."""
    rng = np.random.default_rng(0)
    e, lam, p = rng.uniform(-3, 3, rows), rng.uniform(0.5, 3, rows), rng.uniform(1, 3, rows)
    codes = (lam * np.cosh(p) - e - np.exp(p) + rng.standard_normal(rows) > 0).astype(np.int64)
    return factors(["e", "lam", "p"], np.column_stack([e, lam, p]), FUNCTIONS), codes


@pytest.mark.parametrize("most", [1, 3, 6, 12])
def test_only_terms_that_can_be_afforded_are_proposed(most: int) -> None:
    pool, codes = _rows(300)
    found = promising(pool, 0.5 - codes, np.full(300, 0.25), np.ones((1, 300)), most=most)
    assert found and max(term.cost for term in found) <= most
    # Every factor of the price is there when there is nothing else to try.
    assert most > 1 or {to_text(pool.exprs[term.parts[0]]) for term in found} == {"e", "lam", "p"}


def test_a_search_goes_on_from_the_models_it_is_given() -> None:
    pool, codes = _rows(150)
    number = {to_text(expr): k for k, expr in enumerate(pool.exprs)}
    strange = (tuple(sorted((number["1/cosh(e)"], number["sqrt(lam)"]))), (number["cosh(p)"],))
    form = _named(strange, pool)
    keys = {model.parts for model in _grow(pool, codes, 2, 8, None, [form, (("no such factor",),)])}
    assert tuple(sorted(strange)) in keys
    assert tuple(sorted(strange)) not in {model.parts for model in _grow(pool, codes, 2, 8, None, [])}


def _front(columns: dict[str, np.ndarray], codes: np.ndarray) -> list[Candidate]:
    scores = [
        Score(terms=tuple(parse(text) for text in texts), weights=np.ones(len(texts)), cuts=np.array([0.5]))
        for texts in (("a",), ("a", "b"))
    ]
    return [judged(score, columns, codes) for score in scores]


@pytest.mark.parametrize(("groups", "kept"), [(1, 0), (12, 1)], ids=["in one group", "in many groups"])
def test_rows_that_err_together_count_as_one(groups: int, kept: int) -> None:
    """The shorter score is wrong on twelve of a thousand rows, in one group of twenty-five rows or in twelve of them."""
    codes, member = np.arange(1000) % 2, np.arange(1000) // 25
    columns = {"a": codes.astype(float), "b": np.zeros(1000)}
    lost = np.flatnonzero(codes == 1)[:12] if groups == 1 else np.flatnonzero(codes == 1)[::13][:12]
    columns["a"][lost], columns["b"][lost] = 0.0, 1.0
    assert len(np.unique(member[lost])) == groups
    front = _front(columns, codes)
    rows = Rows(columns=columns, codes=codes, held=1000)
    assert chosen(front) is chosen(front, rows) is front[1]
    assert chosen(front, replace(rows, groups=member)) is front[kept]
    assert chosen(front, replace(rows, groups=np.zeros(1000, dtype=np.int64))) is front[1]


def test_what_many_fitted_rows_tell_counts_beside_the_few_that_were_held_out() -> None:
    """The shorter score is wrong on one row in fifty: on twenty held-out rows that may be chance, on a thousand it is not."""
    codes = np.arange(1000) % 2
    columns = {"a": codes.astype(float), "b": np.zeros(1000)}
    columns["a"][49::50], columns["b"][49::50] = 0.0, 1.0
    front = _front({name: column[-20:] for name, column in columns.items()}, codes[-20:])
    assert chosen(front) is front[0] and front[0].accuracy < front[1].accuracy
    assert chosen(front, Rows(columns=columns, codes=codes, held=20)) is front[1]
