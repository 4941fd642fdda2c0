"""Every simple form: terms, pairs and products screened by linear algebra find what they were made of."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.exhaustive import columns_of, exhaustive, kinds_of_errors, screen
from kandisco.exhaustive.hits import gathered
from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.posterior import Judge, Prior, Proposal, posterior
from kandisco.symbolic.sample import Sample

ALLOWED = frozenset({"exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "atan"})
RNG = np.random.default_rng


def table(law: str, rows: int = 24, **ranges: tuple[float, float]) -> Sample:
    names = tuple(ranges)
    x = np.array([RNG(i).uniform(*span, rows) for i, span in enumerate(ranges.values())])
    return Sample(names=names, x=x, y=evaluate(parse(law, names), dict(zip(names, x))))


LAWS = {
    "3.1*exp(-0.7*x)+0.4": {"x": (0.1, 6.0)},
    "2.2*x**2*exp(-0.8*x)": {"x": (0.5, 9.0)},
    "1/(0.3+0.2*exp(-1.3*x))": {"x": (0.0, 6.0)},
    "5*x**1.7/(2.5**1.7+x**1.7)": {"x": (0.2, 12.0)},
    "2+1.5*sin(2.3*x+0.4)": {"x": (0.0, 8.0)},
    "a*b/(a+b)": {"a": (1.0, 5.0), "b": (1.0, 5.0)},
    "0.7*a*b**2/sqrt(c)": {"a": (1.0, 5.0), "b": (1.0, 5.0), "c": (1.0, 5.0)},
    "a/(1-b/c)": {"a": (1.0, 5.0), "b": (1.0, 2.0), "c": (3.0, 9.0)},
    "(a*c+b*d)/(a+b)": {"a": (1.0, 5.0), "b": (1.0, 5.0), "c": (1.0, 5.0), "d": (1.0, 5.0)},
    "1.2*a-0.7*b+2.4*c+0.3*d": {"a": (-1.0, 1.0), "b": (-1.0, 1.0), "c": (-1.0, 1.0), "d": (-1.0, 1.0)},
}


@pytest.mark.parametrize("law", LAWS)
def test_the_form_is_among_the_first(law: str) -> None:
    data = table(law, **LAWS[law])
    tried = exhaustive(data, columns_of(data, {}), ALLOWED, Prior())
    proposals = [Proposal(expr=gathered(hit.build()), relative=hit.relative, origin=hit.origin) for hit in tried.hits]
    best = posterior(proposals, Judge(data, Prior()))[0]
    assert best.rmse < 1e-7 * data.spread, to_text(best.expr)
    assert tried.forms > 1000


def test_only_functions_of_the_library_are_used() -> None:
    data = table("3.1*exp(-0.7*x)+0.4", x=(0.1, 6.0))
    tried = exhaustive(data, columns_of(data, {}), frozenset(), Prior())
    heads = {node.head for hit in tried.hits for node in hit.build().walk()}
    assert not heads & ALLOWED - {"exp"}  # a logarithmic link writes powers of e


def test_pairs_agree_with_least_squares() -> None:
    values, t, weight = RNG(0).normal(size=(5, 12)), RNG(1).normal(size=12), RNG(2).uniform(0.5, 2, 12)
    for centred in (False, True):
        d = screen.design(values, weight, np.arange(5), centred=centred)
        goal = screen.target(t, weight, centred=centred)
        squares = screen.pairs(d, goal, d.columns @ d.columns.T)
        design = np.column_stack([values[1], values[3], *([np.ones(12)] if centred else [])])
        rest = np.linalg.lstsq(design * weight[:, None], t * weight, rcond=None)[1]
        assert squares[1, 3] == pytest.approx(rest[0]) and squares[2, 2] == np.inf
        assert screen.singles(d, goal)[1] >= squares[1, 3]


def test_kinds_of_errors() -> None:
    x = np.linspace(1, 2, 9)[None, :]
    assert kinds_of_errors(Sample(names=("x",), x=x, y=np.linspace(1, 9, 9))) == (False, True)
    assert kinds_of_errors(Sample(names=("x",), x=x, y=np.linspace(-1, 9, 9))) == (False,)
    assert kinds_of_errors(Sample(names=("x",), x=x, y=np.linspace(1, 1.1, 9))) == (False,)


def test_products_are_gathered() -> None:
    assert to_text(gathered(parse("x*2.5*x/y", ("x", "y")))) == "2.5*x**2/y"
    assert to_text(gathered(parse("x/x**2", ("x",)))) == "1/x"
