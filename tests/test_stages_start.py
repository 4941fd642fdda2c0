"""Networks that closed-form algebra draws: their curves, put together, are the data."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import var
from kandisco.stages import start
from kandisco.symbolic.sample import Sample

X = np.random.default_rng(22).uniform(0.5, 3.0, (3, 600))
A, B, C = X
NAMES = ("a", "b", "c")


def test_link_additive_curves_add_up_to_the_link_and_drop_idle_columns() -> None:
    y = np.exp(-A - B**2 / 4)
    graph, missing = start.link_additive(Sample(names=NAMES, x=X, y=y), threshold=0.01)
    assert missing < 1e-5
    inner, outer = graph.curves[:-1], graph.curves[-1]
    assert [curve.source for curve in inner] == [0, 1]
    for curve in inner:
        np.testing.assert_array_equal(curve.u, X[curve.source])
    assert np.std(sum(curve.v for curve in inner) - outer.u) < 0.02
    np.testing.assert_array_equal(outer.v, y)
    assert np.ptp(outer.v) > 0
    assert abs(np.corrcoef(outer.u, np.log(y))[0, 1]) > 0.9999


def test_product_curves_multiply_to_the_target_and_drop_idle_columns() -> None:
    y = 2.0 + np.sin(2 * A) * (C - 1.5)
    graph, missing = start.product(Sample(names=NAMES, x=X, y=y), threshold=0.01)
    assert missing < 1e-5
    assert [curve.source for curve in graph.curves] == [0, 2]
    offset = graph.outer.numbers()[0]
    left = graph.curves[0].v * graph.curves[1].v + offset - y
    assert float(np.mean(left**2) / np.var(y)) == pytest.approx(missing, rel=1e-6, abs=1e-14)


def test_the_outer_function_of_a_product_is_undone() -> None:
    graph, missing = start.product_below(Sample(names=NAMES, x=X, y=A**B), threshold=0.01)
    assert missing < 1e-7
    assert graph.outer.substitute({"x": var("a")}).head == "mul"
    assert [curve.source for curve in graph.curves] == [0, 1]


@pytest.mark.parametrize("build", [start.link_additive, start.product, start.product_below])
def test_what_has_another_shape_is_missed(build: object) -> None:
    y = np.sin(3 * A * B) + C
    assert build(Sample(names=NAMES, x=X, y=y), threshold=0.01)[1] > 0.02  # type: ignore[operator]
