"""The shipped table keeps the kit's rules and its own laws; signature and torsion are right; crashes cost one knot."""

from __future__ import annotations

import math

import kandisco_knots
import numpy as np
import pytest
from kandisco_knots import compute, table
from kandisco_knots.invariants import COLUMNS, INPUTS, TARGET, injectivity_radius
from kandisco_knots.signature import signature
from kandisco_knots.torsion import Presentation, degrees

from kandisco.errors import InputError
from kandisco.testing import parametrize_with_checks

TREFOIL = [(1, 5, 2, 4), (3, 1, 4, 6), (5, 3, 6, 2)]
EIGHT = [(4, 2, 5, 1), (8, 6, 1, 5), (6, 3, 7, 4), (2, 7, 3, 8)]
CINQUEFOIL = [(1, 7, 2, 6), (3, 9, 4, 8), (5, 1, 6, 10), (7, 3, 8, 2), (9, 5, 10, 4)]


@parametrize_with_checks(kandisco_knots)
def test_it_conforms(check) -> None:
    check()


def _mirror(pd: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The diagram behind a mirror: the strands that ran under run over."""
    edges = 2 * len(pd)
    return [(d, a, b, c) if (b - d) % edges == 1 else (b, c, d, a) for a, b, c, d in pd]


@pytest.mark.parametrize(("pd", "value"), [(TREFOIL, -2), (EIGHT, 0), (CINQUEFOIL, -4), ([], 0)])
def test_signatures_are_those_of_the_books(pd: list[tuple[int, ...]], value: int) -> None:
    assert signature(pd) == value
    assert signature(_mirror(pd)) == -value


def test_a_code_that_is_no_diagram_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 ends"):
        signature([(1, 5, 2, 4), (3, 1, 4, 7), (5, 3, 6, 2)])


def test_torsion_degrees_of_the_figure_eight_knot() -> None:
    """Riley's representation of <a, b | w a = b w>, w = a b^-1 a^-1 b: genus one, so degrees 2 and 3."""
    u = complex(-0.5, math.sqrt(3) / 2)
    matrices = {"a": np.array([[1, 1], [0, 1]], dtype=complex), "b": np.array([[1, 0], [-u, 1]], dtype=complex)}
    group = Presentation(generators="ab", relators=["aBAbaBabAB"], meridian="a", matrices=matrices)
    found = degrees(group)
    assert [one.value for one in found] == [2, 3]
    assert all(one.sure for one in found)


def test_the_shipped_rows_obey_what_is_known_of_them() -> None:
    data = table.shipped()
    columns = dict(zip((v.name for v in data.inputs), data.x.T))
    mu = np.hypot(columns["meridinal_translation_real"], columns["meridinal_translation_imag"])
    assert len(data.y) > 2000
    assert np.all(data.y % 2 == 0)
    assert np.min(mu) >= 1 - 1e-9
    assert np.max(columns["cusp_volume"] / 2 / columns["volume"]) < 0.8533
    assert np.all(np.abs(data.y) <= (columns["hyperbolic_torsion_degree"] + 2) / 2 + 1e-9)
    area = columns["longitudinal_translation"] * columns["meridinal_translation_imag"]
    np.testing.assert_allclose(columns["cusp_volume"], area, rtol=1e-9)
    slope = columns["longitudinal_translation"] * columns["meridinal_translation_real"] / mu**2
    assert np.corrcoef(slope, data.y)[0, 1] ** 2 > 0.9  # Davies et al.: the natural slope


def test_the_injectivity_radius_is_the_smaller_of_two_lengths() -> None:
    assert injectivity_radius(0.5, 1.0 + 0j) == 0.25
    assert injectivity_radius(9.0, 1.0 + 0j) == pytest.approx(math.asinh(0.5))


def test_the_published_table_is_read_once_for_each_row(tmp_path) -> None:
    row = {name: f"{0.1 * k + 0.05:.6f}" for k, name in enumerate((*INPUTS, TARGET))} | {"hyperbolic_torsion_degree": "0"}
    lines = [",".join(("", *row)), *(",".join((str(k), *row.values())) for k in range(3))]
    lines.append(",".join(("3", *(row | {"volume": "9.5"}).values())))
    path = tmp_path / "knots.csv"
    path.write_text("\n".join(lines) + "\n")
    found = table.read_published(path)
    assert len(found.columns["volume"]) == 2
    assert np.isnan(found.columns["hyperbolic_torsion_degree"]).all()
    assert "2 of 4 rows repeat" in found.notes[0]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no column 'chern_simons'"):
        table.read_published(path)


def _row(name: str) -> dict[str, object]:
    return dict.fromkeys(COLUMNS, 0.5) | {"name": name}


def test_a_crash_costs_one_knot_and_what_is_done_is_kept(tmp_path, monkeypatch) -> None:
    asked: list[str] = []

    def child(wanted):
        for name in wanted:
            asked.append(name)
            if name == "K8a3":
                return  # as a child does that SnapPea's C code has ended
            yield {"name": name, "error": "not hyperbolic"} if name == "K8n3" else _row(name)

    monkeypatch.setattr(compute, "_child", child)
    monkeypatch.setattr(compute, "_demand_snappy", lambda: None)
    rows = compute.compute(8, folder=tmp_path)
    assert len(rows) == 19
    failures = (tmp_path / "failures.csv").read_text()
    assert "K8a3,SnapPea crashed" in failures
    assert "K8n3,not hyperbolic" in failures
    asked.clear()
    assert compute.compute(8, folder=tmp_path) == rows
    assert asked == []


def test_crossing_numbers_out_of_the_table_are_refused() -> None:
    with pytest.raises(InputError, match="3 to 14"):
        compute.names(15)


def test_invariants_of_the_figure_eight_knot(tmp_path) -> None:
    pytest.importorskip("snappy")
    rows = compute.compute(4, folder=tmp_path)
    row = rows[0]
    assert row["volume"] == pytest.approx(2.0298832128193)
    assert row["longitudinal_translation"] == pytest.approx(2 * math.sqrt(3))
    assert (row["hyperbolic_torsion_degree"], row["hyperbolic_adjoint_torsion_degree"], row["signature"]) == (2, 3, 0)
    assert row["short_geodesic_real_part"] == pytest.approx(1.0870701449957)
