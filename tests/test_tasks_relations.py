"""Relations with no target: those that are there come out, in all rows, in a share, in pieces; none comes out of noise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.config import Config
from kandisco.expr import to_text
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.contrast import contrast
from kandisco.tasks.modes import affine, crowded, mode
from kandisco.tasks.relations import Relation, relations

REGISTRY = Registry(load(entry_points=False))


def _uniform(seed: int, count: int, rows: int = 400, low: float = 0.3, high: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (count, rows))


def _texts(one: Relation) -> set[str]:
    return {to_text(expr, 6) for expr in one.exprs}


def test_a_mode_does_not_give_way_to_the_other_rows() -> None:
    values = np.concatenate([np.full(30, 1.5), _uniform(0, 1, 70)[0]])
    assert mode(values, 1e-9) == (1.5, 0.3)
    assert crowded(np.array([values, _uniform(1, 1, 100)[0]]), 0.25, 1e-9).tolist() == [True, False]
    x = _uniform(2, 1, 100)[0]
    y = np.where(np.arange(100) % 3, 2 * x + 1, x**2)
    slope, intercept, agree = affine(y, x, 2.0, 1e-9)
    assert (slope, intercept) == pytest.approx((2.0, 1.0))
    assert np.sum(agree) == 66


def test_a_product_and_a_power_hold_in_all_rows() -> None:
    a, b, c, free = _uniform(0, 4)
    found = relations({"a": a, "b": b, "area": a * b, "c": c, "cube": c**3, "free": free})
    assert [(one.form, one.share) for one in found] == [("one", 1.0), ("one", 1.0)]
    assert {one.columns for one in found} == {frozenset({"a", "b", "area"}), frozenset({"c", "cube"})}


def test_an_extremum_of_two_laws_is_told_from_its_pieces() -> None:
    s, p, q = _uniform(3, 3)
    found = relations({"s": s, "p": p, "q": q, "r": np.minimum(s / 2, np.arcsinh(np.hypot(p, q) / 2))})
    assert found[0].target == "r"
    assert found[0].form == "min"
    assert found[0].share == 1.0
    assert _texts(found[0]) == {"s/2", "asinh(sqrt(p**2 + q**2)/2)"}


def test_a_law_of_a_share_of_the_rows_is_told_with_its_share() -> None:
    a, other = _uniform(5, 2, rows=500)
    kept = np.arange(500) % 10 < 7
    found = relations({"a": a, "b": np.where(kept, 2 * a + 1, other)})
    assert len(found) == 1
    assert found[0].share == pytest.approx(0.7)
    assert found[0].form == "one"


def test_few_different_values_do_not_make_a_law_by_chance() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(1, 7, 500).astype(float) for name in "abc"}
    assert relations(columns) == ()


def test_noise_has_no_relations() -> None:
    assert relations(dict(zip("abcd", _uniform(7, 4)))) == ()


def test_the_order_of_the_columns_does_not_matter() -> None:
    a, b = _uniform(0, 2)
    columns = {"a": a, "b": b, "c": a / b}
    forward, backward = relations(columns), relations(dict(reversed(columns.items())))
    assert {one.columns for one in forward} == {one.columns for one in backward} == {frozenset("abc")}


def test_the_search_goes_beyond_the_dictionary() -> None:
    x, y = _uniform(2, 2, low=-1, high=1)
    columns = {"x": x, "y": y, "z": np.exp(np.sin(np.pi * x) + y**2)}
    found = relations(columns, config=Config(time=20), registry=REGISTRY)
    assert [one.columns for one in found] == [frozenset("xyz")]
    assert found[0].share == 1.0


def test_a_shuffled_column_is_told_only_where_it_is_related() -> None:
    a, b, free = _uniform(1, 3, rows=800)
    found = {one.column: one for one in contrast({"a": a, "b": b, "sum": a + b**2, "free": free}, REGISTRY, rows=400)}
    assert {name for name, one in found.items() if one.related} == {"a", "b", "sum"}
    assert [name for name, _ in found["sum"].partners] in (["a", "b"], ["b", "a"])


def test_the_command_tells_laws_and_shares(tmp_path, capsys) -> None:
    a, b = _uniform(0, 2, rows=120)
    table = np.column_stack([a, b, a * b])
    path = tmp_path / "d.csv"
    np.savetxt(path, table, delimiter=",", header="width [m],height [m],area", comments="", fmt="%.17g")
    assert main(["relations", str(path), "--no-network", "--no-search"]) == 0
    said = capsys.readouterr().out
    assert "1 exact relation in 120 rows" in said
    assert "width is the column 'width [m]'" in said
    assert main(["relations", str(path), "--no-network", "--no-search", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["relations"][0]["share"] == 1.0
