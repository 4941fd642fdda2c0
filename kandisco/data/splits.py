"""Rows into training, validation, test and a withheld outer shell, by content: neither row order nor units matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kandisco.types import Array, Dataset, Split

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15))


def split(dataset: Dataset, *, test_size: float = 0.2, max_rows: int = 2000, seed: int = 0) -> Split:
    """Split a dataset's rows; rows with equal inputs, or where there are groups whole groups, stay on one side.

    Groups that hold the same row (inputs and target) stay together too. Without groups, where the inputs take fewer than twenty
    different values, rows with the same target as well do.

    The shell takes about a tenth of the rows: those at the outer edge of the box in any input, so that what a formula does
    outside the box it was fitted in can be seen. Below 30 rows it takes two at most, below 12 none. The rows left are dealt
    out by a hash of their inputs' ranks, which does not change when a column is rescaled, or columns or rows change places.

    Args:
        dataset: n rows.
        test_size: share of the rows for testing. Validation takes 15 %, less below 40 rows.
        max_rows: larger tables are sampled; ``rest`` gives the others.
        seed: another seed, another split; the shell depends on it only through the sample.

    Returns:
        Sorted row numbers. ``train`` is never empty; ``test`` holds a row from 3 rows on, ``valid`` from 8 on, unless
        rows that belong together leave none.

    Example:
        >>> import numpy as np
        >>> from kandisco.types import Variable
        >>> data = Dataset(name="line", x=np.arange(100.0)[:, None], y=np.arange(100.0),
        ...                inputs=(Variable(name="x"),), target=Variable(name="y"))
        >>> found = split(data)
        >>> len(found.train), len(found.valid), len(found.test), len(found.shell)
        (55, 15, 20, 10)
    """
    keys = _row_keys(dataset, seed)
    rows = _first_whole(keys, np.arange(len(keys)), max_rows)
    shell = _shell(dataset.x[rows], keys[rows], _shell_size(len(rows)))
    inner = np.delete(rows, shell)
    n_test, n_valid = _sizes(len(rows), len(inner), test_size)
    order = inner[np.argsort(keys[inner], kind="stable")]
    test, order = _take(keys, order, n_test)
    valid, train = _take(keys, order, n_valid)
    return Split(train=np.sort(train), valid=np.sort(valid), test=np.sort(test), shell=np.sort(rows[shell]))


def deal(dataset: Dataset, *, test_size: float = 0.2, valid_size: float = 0.15, seed: int = 0) -> Split:
    """All rows dealt out without a shell: where held-out rows must be like the others, as for a share of right answers.

    Args:
        dataset: n rows; equal ones, and those of one group, stay on one side.
        test_size, valid_size: shares of the rows.
        seed: another seed, another split.

    Returns:
        Sorted row numbers; ``shell`` is empty.

    Example:
        >>> import numpy as np
        >>> from kandisco.types import Variable
        >>> data = Dataset(name="line", x=np.arange(100.0)[:, None] // 2, y=np.arange(100.0),
        ...                inputs=(Variable(name="x"),), target=Variable(name="y"))
        >>> found = deal(data)
        >>> len(found.train), len(found.test), sorted(set(found.train // 2) & set(found.test // 2))
        (66, 20, [])
    """
    keys = _row_keys(dataset, seed)
    order = np.argsort(keys, kind="stable")
    test, order = _take(keys, order, max(1, round(test_size * len(keys))))
    valid, train = _take(keys, order, max(1, round(valid_size * len(keys))))
    return Split(train=np.sort(train), valid=np.sort(valid), test=np.sort(test), shell=np.zeros(0, dtype=np.int64))


def sample_rows(dataset: Dataset, *, max_rows: int, seed: int = 0) -> Ints:
    """At most ``max_rows`` row numbers (sorted), chosen by content; rows that belong together come together."""
    keys = _row_keys(dataset, seed)
    return _first_whole(keys, np.arange(len(keys)), max_rows)


def rest(dataset: Dataset, parts: Split) -> Ints:
    """The rows that are in no part of a split: for verification."""
    free = np.ones(len(dataset.y), dtype=bool)
    for rows in (parts.train, parts.valid, parts.test, parts.shell):
        free[rows] = False
    return np.flatnonzero(free)


def _mix(keys: Keys) -> Keys:
    """splitmix64: neighbouring numbers become unrelated ones."""
    keys = keys + _MIX[2]
    keys = (keys ^ (keys >> np.uint64(30))) * _MIX[0]
    keys = (keys ^ (keys >> np.uint64(27))) * _MIX[1]
    return keys ^ (keys >> np.uint64(31))


def _row_keys(dataset: Dataset, seed: int) -> Keys:
    """A random number for each row; equal for rows that belong together."""
    salt = _mix(np.array([seed], dtype=np.uint64))
    keys = _hash(dataset.x)
    # Where inputs take few values, whole rows must do: parts made of a handful of blocks would be no sample of the data.
    # Groups may sweep the same inputs, and only a row that is repeated as a whole ties two of them together.
    if dataset.groups is not None or len(np.unique(keys)) < min(20, len(keys)):
        keys = keys + _hash(dataset.y[:, None])
    return _mix((keys if dataset.groups is None else _joined(dataset.groups, keys)) ^ salt)


def _joined(groups: Ints, keys: Keys) -> Keys:
    """One key for all groups that share a row, directly or through others: neither a group nor equal rows may be torn apart."""
    own = np.unique(groups, return_inverse=True)[1].ravel()
    first = np.unique(keys, return_inverse=True)[1].ravel()
    # Group numbers, not row numbers, so that the order of the rows does not matter.
    label = groups.astype(np.int64)
    while True:
        lowest = np.full(int(first.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(lowest, first, label)
        of_group = np.full(int(own.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(of_group, own, lowest[first])
        if np.array_equal(of_group[own], label):
            return label.view(np.uint64)
        label = of_group[own]


def _hash(columns: Array) -> Keys:
    """The same number for rows whose values agree to nine digits.

    Ranks, not values, so that units do not matter; a sum over columns with the sorted ranks of each row, so that the order of
    the columns does not.
    """
    total = np.zeros(len(columns), dtype=np.uint64)
    for column in columns.T:
        total += _mix(_mix(_ranks(column)[0].astype(np.uint64)))
    return total


def _ranks(column: Array) -> tuple[Ints, Array]:
    """Dense ranks, and the mid-rank of each row in (0, 1); neighbours that agree to nine digits are equal.

    Neighbours are compared, not rounded values: of two equal measurements rounding could split any pair. The digits are
    those of the value or, where an offset takes them up (time stamps), of the column's range.
    """
    column = np.ascontiguousarray(column)
    order = np.argsort(column)
    ordered = column[order] / (np.max(np.abs(column)) or 1.0)
    size = np.minimum(np.maximum(np.abs(ordered[1:]), np.abs(ordered[:-1])), ordered[-1] - ordered[0])
    rank_of_sorted = np.concatenate([[0], np.cumsum(np.diff(ordered) > 1e-9 * size)]).astype(np.int64)
    counts = np.bincount(rank_of_sorted)
    middle = (np.cumsum(counts) - counts / 2) / len(column)
    dense = np.empty(len(column), dtype=np.int64)
    dense[order] = rank_of_sorted
    return dense, middle[dense]


def _first_whole(keys: Keys, rows: Ints, limit: int) -> Ints:
    """The rows with the smallest keys, up to ``limit``, without cutting through rows of one key."""
    if len(rows) <= limit:
        return rows
    order = rows[np.argsort(keys[rows], kind="stable")]
    kept = order[:limit]
    whole = kept[keys[kept] != keys[order[limit]]]
    return np.sort(whole if len(whole) else kept)


def _take(keys: Keys, order: Ints, count: int) -> tuple[Ints, Ints]:
    """Split rows sorted by key after about ``count``, between two keys, leaving something on the right."""
    if count == 0 or len(order) == 0:
        return order[:0], order
    cuts = np.flatnonzero(np.diff(keys[order]) != 0) + 1
    if len(cuts) == 0:
        return order[:0], order
    cut = int(cuts[np.argmin(np.abs(cuts - count))])
    return order[:cut], order[cut:]


def _shell_size(rows: int) -> int:
    if rows < 12:
        return 0
    return min(2, rows // 10) if rows < 30 else round(rows / 10)


def _shell(x: Array, keys: Keys, size: int) -> Ints:
    """Positions of the outermost rows: largest distance from the middle rank, over the columns."""
    if size == 0:
        return np.zeros(0, dtype=np.int64)
    distance = np.max([np.abs(2 * _ranks(column)[1] - 1) for column in x.T], axis=0)
    groups, member = np.unique(keys, return_inverse=True)
    outermost = np.zeros(len(groups))
    np.maximum.at(outermost, member, distance)
    order = np.lexsort((keys, -outermost[member]))
    # Whole groups up to the size; a group that alone is larger leaves the shell empty.
    ends = np.append(np.flatnonzero(np.diff(keys[order]) != 0) + 1, len(order))
    fitting = ends[ends <= size]
    return np.sort(order[: fitting[-1]]) if len(fitting) else np.zeros(0, dtype=np.int64)


def _sizes(rows: int, inner: int, test_size: float) -> tuple[int, int]:
    """Rows for test and validation; below 40 rows validation gives way to training."""
    test = min(max(1, round(test_size * rows)), inner - 2) if rows >= 3 else 0
    share = 0.15 if rows >= 40 else 0.1
    valid = min(max(1, round(share * rows)), inner - test - 2) if rows >= 8 else 0
    return max(test, 0), max(valid, 0)
