"""Rules for datasets: clean numbers under names, a licence, and no network."""

from __future__ import annotations

import keyword
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn
from unittest import mock

import numpy as np

from kandisco.data import check_law
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.specs import DatasetSpec
from kandisco.testing.findings import Elsewhere, Finding, Rule, apply_rules
from kandisco.types import Dataset


def check_dataset(spec: DatasetSpec) -> tuple[Finding, ...]:
    """All findings about a dataset."""
    return apply_rules(RULES, f"dataset {spec.name!r}", spec)


def _card(spec: DatasetSpec) -> Iterator[str]:
    for field in ("summary", "source", "license"):
        if not getattr(spec, field).strip():
            yield f"{field} is empty; say where the numbers come from and on what terms they may be used"
    if not spec.name or any(c.isspace() or c == "@" for c in spec.name):
        yield f"name {spec.name!r} cannot be typed as @name; no spaces, no @"


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise ConnectionRefusedError("the network was asked for")


def _offline(spec: DatasetSpec) -> Iterator[str]:
    if spec.unavailable():
        raise Elsewhere
    with mock.patch.object(socket.socket, "connect", _refuse), mock.patch.object(socket, "getaddrinfo", _refuse):
        try:
            _kept.cache_clear()
            _kept(spec.load)
        except Exception as exc:
            yield f"load() needs the network or fails without it ({type(exc).__name__}: {exc}); ship the numbers"


@lru_cache(maxsize=1)
def _kept(load: Callable[[], Dataset]) -> Dataset:
    """One load for all rules but that of repeating: to integrate trajectories takes its time."""
    return load()


def _loaded(spec: DatasetSpec) -> Dataset:
    if spec.unavailable():
        raise Elsewhere
    try:
        return _kept(spec.load)
    except Exception:
        raise Elsewhere from None  # the rule "offline" loads it too


def _shapes(spec: DatasetSpec) -> Iterator[str]:
    data = _loaded(spec)
    if not isinstance(data, Dataset):
        yield f"load() gives a {type(data).__name__}, not a kandisco.Dataset"
        return
    if data.x.ndim != 2 or data.y.shape != data.x.shape[:1]:
        yield f"x has shape {data.x.shape} and y {data.y.shape}; they must be [rows, inputs] and [rows]"
    elif len(data.inputs) != data.x.shape[1]:
        yield f"{len(data.inputs)} inputs are named, x has {data.x.shape[1]} columns"
    elif not data.y.size:
        yield "it has no rows"


def _numbers(spec: DatasetSpec) -> Iterator[str]:
    data = _loaded(spec)
    for name, values in (("x", data.x), ("y", data.y)):
        if values.dtype != np.float64:
            yield f"{name} is {values.dtype}; make it float64"
        elif not np.isfinite(values).all():
            yield f"{name} has cells that are not finite; leave such rows out"


def _names(spec: DatasetSpec) -> Iterator[str]:
    data = _loaded(spec)
    names = [variable.name for variable in (*data.inputs, data.target)]
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            yield f"{name!r} is no identifier; put the header as it was into label"
    if len(set(names)) != len(names):
        yield f"names repeat: {names}"


def _repeats(spec: DatasetSpec) -> Iterator[str]:
    first, second = _loaded(spec), spec.load()
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in ((first.x, second.x), (first.y, second.y))):
        yield "two loads give different numbers; fix the seed"


def _truth(spec: DatasetSpec) -> Iterator[str]:
    """A truth may be in words; when it is a formula, it has to be one of the dataset's own columns."""
    try:
        expr = parse(spec.truth.split("=", 1)[-1])
    except InputError:
        return
    unknown = set(expr.variables()) - {variable.name for variable in _loaded(spec).inputs}
    if spec.truth and unknown:
        yield f"truth {spec.truth!r} names {sorted(unknown)}, which are no inputs"


def _laws(spec: DatasetSpec) -> Iterator[str]:
    """What is said to be known has to hold in the rows."""
    data = _loaded(spec)
    for law in spec.laws:
        try:
            held = check_law(law, data)
        except InputError as error:
            yield f"law {law.expression!r} cannot be checked: {error}"
            continue
        if not held.ok:
            yield f"law {law.expression!r} ({law.kind}) does not hold: misfit {held.misfit:.3g}, tolerance {law.tolerance:g}"


def _generated(spec: DatasetSpec) -> Iterator[str]:
    """Other rows of the same set: as many as asked, by the seed alone."""
    if spec.generate is None or spec.unavailable():
        return
    first, again, other = spec.generate(40, 1), spec.generate(40, 1), spec.generate(40, 2)
    if not 0 < len(first.y) <= 40:
        yield f"generate(40, 1) gives {len(first.y)} rows; give as many as asked, fewer only where some are not finite"
    if not (np.array_equal(first.x, again.x) and np.array_equal(first.y, again.y)):
        yield "generate(40, 1) gives different numbers when called twice; let the seed decide"
    if np.array_equal(first.x, other.x) and np.array_equal(first.y, other.y):
        yield "generate gives the same numbers for seeds 1 and 2; use the seed"
    loaded = _loaded(spec)
    if (first.inputs, first.target) != (loaded.inputs, loaded.target):
        yield "generate and load name their columns differently"


RULES: Mapping[str, Rule] = {
    "card": _card,
    "offline": _offline,
    "shapes": _shapes,
    "numbers": _numbers,
    "names": _names,
    "repeats": _repeats,
    "truth": _truth,
    "laws": _laws,
    "generated": _generated,
}
