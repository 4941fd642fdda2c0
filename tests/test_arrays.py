"""Arrays: places in order, as scipy tells them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from kandisco.arrays import ranks


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=40))
def test_ranks_are_scipys(values: list[int]) -> None:
    array = np.array(values, dtype=float)
    assert ranks(array).tolist() == rankdata(array).tolist()
