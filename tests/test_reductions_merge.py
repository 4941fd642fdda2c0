"""Columns that act as one, told by what a surrogate predicts."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.reductions.merge import merges
from kandisco.symbolic.sample import Sample


def noisy(law: str, names: str = "abc", n: int = 600, noise: float = 0.02) -> Sample:
    rng = np.random.default_rng(7)
    x = rng.uniform(1.0, 3.0, (len(names), n))
    y = evaluate(parse(law), dict(zip(names, x, strict=True)))
    return Sample(names=tuple(names), x=x, y=y + noise * np.std(y) * rng.normal(size=n))


@pytest.mark.parametrize(
    ("law", "merged"),
    [
        ("c*sin(a - b)", "a - b"),
        ("log(a + b)*c", "a + b"),
        # Of four columns, where nothing is divided out first and there is a third as much to look at.
        ("c + exp(-a*b/2) + d/4", "a*b"),
        ("sin(2*c) + a/b + d", "a/b"),
        ("c**2/(1 + a**2 + b**2) + d/8", "a**2 + b**2"),
    ],
)
def test_the_pair_is_found_under_noise(law: str, merged: str) -> None:
    sample = noisy(law, "abcd" if "d" in law else "abc")
    best = merges(sample)[0]
    name = best.sample.names[-1]
    z = evaluate(parse(merged), sample.columns)
    assert abs(np.corrcoef(best.sample.x[-1], z)[0, 1]) == pytest.approx(1.0)
    assert name not in to_text(best.rebuild(parse(name, (name,))))


def test_columns_that_do_not_act_as_one_are_left() -> None:
    assert merges(noisy("sin(3*a) + b*cos(2*b)", "ab")) == []


def test_rows_without_a_pattern_or_too_few_are_left() -> None:
    rng = np.random.default_rng(1)
    noise = Sample(names=("a", "b", "c"), x=rng.uniform(1, 2, (3, 400)), y=rng.normal(size=400))
    assert merges(noise) == []
    assert merges(noisy("c*sin(a - b)", n=80)) == []
