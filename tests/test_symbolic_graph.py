"""The drawing of a network and its assignments of functions."""

from __future__ import annotations

from itertools import islice, product

import numpy as np

from kandisco.expr import num, parse, var
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.curves import CurveFit
from kandisco.symbolic.graph import Curve, Graph, assignments

EMPTY = np.zeros(0)
RNG = np.random.default_rng(16)


def wire(layer: int, source: int, sub: int) -> Curve:
    """An edge whose samples do not matter here."""
    return Curve(layer=layer, source=source, sub=sub, u=EMPTY, v=EMPTY)


def test_edges_that_skip_a_layer_read_the_level_they_come_from() -> None:
    graph = Graph(
        inputs=(var("a"), var("b")),
        nodes=(((0,),), ((0,),)),
        curves=(wire(0, 0, 0), wire(1, 0, 0), wire(1, 2, 0)),
        biases={(0, 0): 1.0},
        skips=((), (0,)),
    )
    formula = graph.compose([parse("x**2"), parse("sin(x)"), parse("exp(x)")])
    a, b = RNG.uniform(0.5, 1.5, (2, 20))
    np.testing.assert_allclose(evaluate(formula, {"a": a, "b": b}), np.sin(a**2 + 1.0) + np.exp(b), rtol=1e-13)


def test_sums_products_biases_and_the_outer_function_are_composed() -> None:
    # Layer 0: node 0 sums a and b, node 1 multiplies two sub-sums; layer 1 sums both nodes.
    graph = Graph(
        inputs=(var("a"), parse("log(b)")),
        nodes=(((0,), (1, 2)), ((0,),)),
        curves=(wire(0, 0, 0), wire(0, 1, 0), wire(0, 0, 1), wire(0, 1, 2), wire(1, 0, 0), wire(1, 1, 0)),
        biases={(0, 0): 0.5, (0, 2): -1.0, (1, 0): 2.0},
        outer=parse("exp(x)"),
    )
    texts = ("x**2", "sin(x)", "3*x", "x + 0.25", "cos(x)", "x/7")
    formula = graph.compose([parse(text) for text in texts])
    a, b = RNG.uniform(0.5, 1.5, (2, 20))
    plain = a**2 + np.sin(np.log(b)) + 0.5
    times = (3 * a) * (np.log(b) + 0.25 - 1.0)
    want = np.exp(np.cos(plain) + times / 7 + 2.0)
    np.testing.assert_allclose(evaluate(formula, {"a": a, "b": b}), want, rtol=1e-13)


def test_offsets_of_parallel_edges_become_one_constant() -> None:
    graph = Graph(inputs=(var("a"), var("b")), nodes=(((0,),),), curves=(wire(0, 0, 0), wire(0, 1, 0)), biases={(0, 0): 0.5})
    formula = graph.compose([parse("2.0*x + 1.0"), parse("3.0*sin(x) + 4.0")])
    assert formula.numbers() == (2.0, 3.0, 5.5)


def fit(name: str, error: float, size: int) -> CurveFit:
    """A ranked function."""
    return CurveFit(name=name, expr=num(1.0), error=error, complexity=size)


def test_assignments_come_once_each_and_cheapest_first() -> None:
    ranked = [[fit("p", 1e-3, 2), fit("q", 1e-5, 2), fit("r", 1e-1, 9)], [fit("s", 1e-4, 3), fit("t", 2e-4, 1)]]
    found = list(assignments(ranked))
    assert sorted(found) == list(product(range(3), range(2)))
    cost = [
        sum(
            np.log10(ranked[e][k].error / min(f.error for f in ranked[e])) + 0.1 * ranked[e][k].complexity
            for e, k in enumerate(c)
        )
        for c in found
    ]
    assert cost == sorted(cost)
    assert found[0][0] == 1


def test_assignments_are_lazy() -> None:
    many = [[fit(str(k), 10.0**-k, k) for k in range(6)] for _ in range(20)]
    assert len(list(islice(assignments(many), 50))) == 50
