"""Trees cross over node by node and keep their values, in both directions."""

from __future__ import annotations

import numpy as np
import pyoperon as op
import pytest
from kandisco_operon.trees import FUNCTIONS, Unknown, from_operon, to_operon

from kandisco.expr import complexity, parse, to_text
from kandisco.expr.numeric import evaluate

X = np.asfortranarray(np.random.default_rng(3).uniform(0.2, 0.9, (40, 2)))
DATA = op.Dataset(X)
HASHES = {name: variable.Hash for name, variable in zip("ab", sorted(DATA.Variables, key=lambda v: v.Index), strict=True)}
NAMES = {value: name for name, value in HASHES.items()}
FORMULAS = [
    "a - b", "a/b", "2.5*a/(b + 1)", "a**2.5", "a**b", "a**(-3)", "a**(1/2)", "a**(-1/2)", "a**3*b**2", "1/(a**2 + b**2)", "pi*a",
    "a*b - (b - a)/(1.5 - a)", "E**a", "2/3*a", "(a + b + 1)*(a - 2*b)", "3.5",
    *(f"{name}(a) - b" for name in FUNCTIONS), "tanh(sin(2*a) - exp(-b/2))",
]  # fmt: skip


def operon_values(tree: object) -> np.ndarray:
    """What Operon itself makes of a tree."""
    return op.Evaluate(op.DispatchTable(), tree, DATA, op.Range(0, DATA.Rows)).reshape(-1)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_has_the_same_values_there_and_back(text: str) -> None:
    expr = parse(text, "ab")
    want = evaluate(expr, {"a": X[:, 0], "b": X[:, 1]})
    tree = to_operon(expr, HASHES)
    np.testing.assert_allclose(operon_values(tree), want, rtol=3e-5)
    again = evaluate(from_operon(tree, NAMES), {"a": X[:, 0], "b": X[:, 1]})
    np.testing.assert_allclose(again, want, rtol=1e-6)


def test_constants_come_back_folded() -> None:
    variable = op.Node.Variable(2.0)
    variable.HashValue = HASHES["a"]
    constant, times, plus = op.Node.Constant, op.Node.Mul(), op.Node.Add()
    nodes = [constant(1.0), constant(3.0), plus, variable, constant(0.25), times, plus]
    assert to_text(from_operon(op.Tree(nodes).UpdateNodes(), NAMES)) == "0.5*a + 4.0"


def test_square_of_a_weighted_variable_keeps_one_number() -> None:
    variable = op.Node.Variable(3.0)
    variable.HashValue = HASHES["b"]
    expr = from_operon(op.Tree([variable, op.Node.Square()]).UpdateNodes(), NAMES)
    assert (to_text(expr), complexity(expr)) == ("9.0*b**2", 5)


@pytest.mark.parametrize("text", ["erf(a)", "a*besselj(0, b)"])
def test_what_operon_has_no_node_for_is_said(text: str) -> None:
    with pytest.raises(Unknown):
        to_operon(parse(text), HASHES)


def test_a_node_no_formula_has_is_said() -> None:
    variable = op.Node.Variable(3.0)
    variable.HashValue = HASHES["b"]
    with pytest.raises(Unknown):
        from_operon(op.Tree([variable, op.Node(op.NodeType.Floor)]).UpdateNodes(), NAMES)
