"""Sparse polynomials and rational functions in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import to_text
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.dictionary import combination, largest_degree, monomials, rational_fit, sparse_fit

RNG = np.random.default_rng(6)
X = RNG.uniform(-2, 2, (2, 150))
A, B = X


def test_monomials_are_all_products_up_to_the_degree() -> None:
    terms = monomials(("a", "b"), X, 3)
    assert len(terms.exprs) == 10
    assert len(set(terms.exprs)) == 10
    for expr, values in zip(terms.exprs, terms.values, strict=True):
        np.testing.assert_allclose(evaluate(expr, {"a": A, "b": B}), values, rtol=1e-13)


@pytest.mark.parametrize(
    ("inputs", "limit", "degree"), [(1, 84, 6), (2, 84, 6), (3, 84, 6), (3, 83, 5), (12, 84, 1), (12, 91, 2)]
)
def test_degree_is_as_high_as_the_limit_allows(inputs: int, limit: int, degree: int) -> None:
    assert largest_degree(inputs, limit) == degree


def test_only_the_terms_of_the_law_are_left() -> None:
    terms = monomials(("a", "b"), X, 4)
    active, coef, error = sparse_fit(terms, 2 * A**2 * B - 0.5 * B**3 + 7) or pytest.fail("nothing found")
    assert sorted(to_text(terms.exprs[i]) for i in active) == ["1", "a**2*b", "b**3"]
    np.testing.assert_allclose(sorted(coef), [-0.5, 2.0, 7.0], rtol=1e-12)
    assert error < 1e-12
    law = combination([terms.exprs[i] for i in active], coef)
    np.testing.assert_allclose(evaluate(law, {"a": A, "b": B}), 2 * A**2 * B - 0.5 * B**3 + 7, rtol=1e-12, atol=1e-12)


def test_noise_does_not_keep_terms() -> None:
    terms = monomials(("a", "b"), X, 3)
    found = sparse_fit(terms, 2 * A * B + 0.1 * RNG.normal(size=150))
    assert found is not None
    assert "a*b" in [to_text(terms.exprs[i]) for i in found[0]]
    assert len(found[0]) <= 4


def test_no_sparse_fit_where_too_many_terms_remain() -> None:
    assert sparse_fit(monomials(("a", "b"), X, 4), np.exp(A + np.sin(3 * B)), most=3) is None


def test_a_rational_law_is_the_null_vector() -> None:
    p, q = monomials(("a", "b"), X, 2), monomials(("a", "b"), X, 1)
    y = (A**2 + 3 * B) / (5 + A - B)
    top, bottom, error = rational_fit(p, q, y) or pytest.fail("nothing found")
    assert error < 1e-12
    lead = bottom[0] / 5
    expected = {"a**2": 1.0, "b": 3.0}
    for expr, value in zip(p.exprs, top / lead, strict=True):
        assert value == pytest.approx(expected.get(to_text(expr), 0.0), abs=1e-10)
    np.testing.assert_allclose(bottom / lead, [5.0, 1.0, -1.0], rtol=1e-10)


def test_a_rational_fit_that_is_not_unique_is_refused() -> None:
    p, q = monomials(("a", "b"), X, 2), monomials(("a", "b"), X, 1)
    assert rational_fit(p, q, A) is None


def test_a_transcendental_law_leaves_an_error() -> None:
    p, q = monomials(("a", "b"), X, 2), monomials(("a", "b"), X, 1)
    found = rational_fit(p, q, np.sin(3 * A) + np.exp(B))
    assert found is None or found[2] > 1e-4
