"""kandisco.stages.outliers: slipped rows are found, corners of smooth data are not, and the user is told which."""

from __future__ import annotations

import numpy as np
import pytest

from kandisco.expr import parse
from kandisco.stages.outliers import outliers, outliers_of, without
from kandisco.symbolic.sample import Sample
from kandisco.types import Dataset, Variable


def sample(noise: float, slipped: list[int], by: float = 5.0) -> Sample:
    rng = np.random.default_rng(5)
    x = rng.uniform(1, 3, (2, 150))
    y = x[0] * x[1] ** 2 + noise * rng.normal(size=150)
    y[slipped] += by
    return Sample(names=("a", "b"), x=x, y=y)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("by", [5.0, -1e3, np.float64(1e6)])
def test_slipped_rows_are_found_and_no_others(noise: float, by: float) -> None:
    assert np.flatnonzero(outliers(sample(noise, [3, 70, 140], by))).tolist() == [3, 70, 140]


def test_clean_rows_and_few_rows_have_none() -> None:
    assert not np.any(outliers(sample(0.1, [])))
    assert not np.any(outliers(sample(0.0, [3]).rows(np.arange(12))))


def test_a_law_judges_to_the_last_digit() -> None:
    odd = outliers_of(parse("a*b**2", ["a", "b"]), sample(0.0, [3, 70], 1e-3))
    assert np.flatnonzero(odd).tolist() == [3, 70]


def test_what_is_set_aside_is_listed() -> None:
    inputs, weights = (Variable(name="a"),), np.arange(1.0, 41.0)
    data = Dataset(
        name="d", x=np.arange(40.0)[:, None], y=np.zeros(40), inputs=inputs, target=Variable(name="y"), weights=weights
    )
    odd = np.zeros(40, dtype=bool)
    assert without(data, odd) is data
    odd[::3] = True
    kept = without(data, odd)
    assert len(kept.y) == 26 and kept.weights is not None and kept.weights[0] == 2.0
    assert kept.notes == (
        "14 of 40 rows set aside as outliers, counted from 1 after the header: 1, 4, 7, 10, 13, 16, 19, 22, 25, 28 and more.",
    )
