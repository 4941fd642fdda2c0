"""The invariants of one knot, in the order, the units and the signs of Davies et al., Nature 600 (2021) 70-74.

All lengths and areas are those of hyperbolic space of curvature -1 and of the maximal embedded cusp; the longitude is rotated to
be real and positive. SnapPy and Spherogram are imported where they are used: they are needed to compute, not to read a table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kandisco_knots.signature import signature
from kandisco_knots.torsion import Presentation, degrees

SYMMETRIES = ("0", "D3", "D4", "D6", "D8", "Z/2 + Z/2")
INPUTS = (
    "chern_simons",
    "cusp_volume",
    "hyperbolic_adjoint_torsion_degree",
    "hyperbolic_torsion_degree",
    "injectivity_radius",
    "longitudinal_translation",
    "meridinal_translation_imag",
    "meridinal_translation_real",
    "short_geodesic_imag_part",
    "short_geodesic_real_part",
    *(f"Symmetry_{name}" for name in SYMMETRIES),
    "volume",
)
TARGET = "signature"
COLUMNS = ("name", *INPUTS, TARGET)
_SEGMENTS = 6
_TRIANGULATIONS = 8
_ATTEMPTS = 30
_HYPERBOLIC = "all tetrahedra positively oriented"


def invariants(name: str) -> dict[str, Any]:
    """All columns for one knot of the Hoste-Thistlethwaite table.

    The sign of the real part of the meridian, of the Chern-Simons invariant and of the signature change with the mirror image;
    all are of one diagram, the table's, so that they belong together.

    Args:
        name: e.g. ``"K13a4724"`` (13 crossings, alternating, number 4724).

    Returns:
        ``COLUMNS`` -> value. ``cusp_volume`` is, as in the paper's table, the area of the cusp torus, twice its volume; a
        torsion degree is 0 where the digits did not suffice; the one-hot symmetry is all zero for any other group.

    Raises:
        ValueError: the knot is not hyperbolic, or SnapPy found no structure.

    Example:
        >>> round(invariants("K4a1")["volume"], 6)  # doctest: +SKIP
        2.029883
    """
    import snappy

    link = snappy.Link(name)
    manifold = link.exterior()
    for _ in range(_ATTEMPTS):
        if manifold.solution_type() == _HYPERBOLIC:
            break
        manifold.randomize()
    else:
        raise ValueError(f"{name}: SnapPy says {manifold.solution_type()!r}")
    cusp = _cusp(manifold)
    systole = _systole(manifold)
    torsion, adjoint = _degrees(manifold)
    group = str(manifold.symmetry_group())
    return {
        "name": name,
        "chern_simons": float(manifold.chern_simons()),
        **cusp,
        "hyperbolic_adjoint_torsion_degree": adjoint,
        "hyperbolic_torsion_degree": torsion,
        "injectivity_radius": injectivity_radius(
            systole.real, complex(cusp["meridinal_translation_real"], cusp["meridinal_translation_imag"])
        ),
        "short_geodesic_imag_part": systole.imag,
        "short_geodesic_real_part": systole.real,
        **{f"Symmetry_{each}": int(group == each) for each in SYMMETRIES},
        "volume": float(manifold.volume()),
        TARGET: signature(link.PD_code()),
    }


def injectivity_radius(systole: float, meridian: complex) -> float:
    """Half the length of the shortest loop that is at the maximal cusp or a closed geodesic.

    A parabolic of translation length |mu| moves the points of the cusp torus by 2 asinh(|mu| / 2).

    Example:
        >>> injectivity_radius(0.5, 1.0)
        0.25
    """
    return min(systole / 2, math.asinh(abs(meridian) / 2))


def _cusp(manifold: Any) -> dict[str, float]:
    cusp = manifold.cusp_neighborhood()
    cusp.set_displacement(cusp.stopping_displacement())
    mu, lam = (complex(value) for value in cusp.translations(0))
    return {
        "cusp_volume": 2 * float(cusp.volume()),
        "longitudinal_translation": lam.real,
        "meridinal_translation_imag": mu.imag,
        "meridinal_translation_real": mu.real,
    }


def _systole(manifold: Any) -> complex:
    """Complex length of the shortest curve among those dual to short paths in the triangulation's 1-skeleton."""
    lengths = [complex(curve["filled_length"]) for curve in manifold.dual_curves(max_segments=_SEGMENTS)]
    return min((z for z in lengths if z.real > 1e-6), key=lambda z: z.real)


def _degrees(manifold: Any) -> tuple[int, int]:
    """Both torsion degrees; where a triangulation loses too many digits, others of the same manifold are asked."""
    found = [degrees(_presentation(manifold))]
    other = manifold.copy()
    while len(found) < _TRIANGULATIONS and not all(any(each[k].sure for each in found) for k in (0, 1)):
        other.randomize()
        found.append(degrees(_presentation(other)))
    torsion, adjoint = (max(each[k].value for each in found) for k in (0, 1))
    return torsion, adjoint


def _presentation(manifold: Any) -> Presentation:
    group = manifold.fundamental_group(False, False, False)
    matrices = {g: np.array([[complex(value) for value in row] for row in group.SL2C(g).data]) for g in group.generators()}
    return Presentation(
        generators=group.generators(),
        relators=group.relators(),
        meridian=group.peripheral_curves()[0][0],
        matrices=matrices,
    )
