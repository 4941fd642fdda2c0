"""Hyperbolic knots as datasets, for ``kandisco classify @knots`` and ``relations @knots``; ``kandisco knots`` computes more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kandisco import hookimpl
from kandisco.specs import CommandSpec, DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset

__version__ = "0.1.0"

_PAPER = "A. Davies et al., Nature 600 (2021) 70-74, https://doi.org/10.1038/s41586-021-04086-x"
_CITE = (
    "M. Culler, N. M. Dunfield, M. Goerner and J. R. Weeks, SnapPy, https://snappy.computop.org; "
    "J. Hoste, M. Thistlethwaite and J. Weeks, Math. Intelligencer 20 (1998) 33-48 (the table of knots)"
)
_SOURCE = "computed by kandisco-knots with SnapPy from the Hoste-Thistlethwaite table of prime knots"


def _shipped() -> Dataset:
    from kandisco_knots.table import shipped

    return shipped()


def _computed() -> Dataset:
    from kandisco_knots.table import computed

    return computed()


def _nothing_computed() -> str:
    from kandisco_knots.compute import cache_folder

    if any(cache_folder().glob("K*.csv")):
        return ""
    return "no knots have been computed yet.\nRun kandisco knots compute --crossings 13."


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """The shipped sample, and all that was computed here."""
    common: dict[str, Any] = {"source": _SOURCE, "license": "CC0-1.0", "citation": _CITE, "references": (_PAPER,)}
    laws = _laws()
    yield DatasetSpec(
        name="knots",
        load=_shipped,
        summary="seventeen invariants and the signature of some thousands of hyperbolic knots of up to 14 crossings",
        laws=laws,
        **common,
    )
    yield DatasetSpec(
        name="knots/computed",
        load=_computed,
        summary="the same for all knots computed on this machine",
        unavailable=_nothing_computed,
        laws=laws,
        **common,
    )


def _laws() -> tuple[Any, ...]:
    from kandisco.types import KnownLaw

    return (
        KnownLaw(
            expression="cusp_volume = longitudinal_translation*meridinal_translation_imag",
            reference="the area of a parallelogram; the column is named as in the published table",
        ),
        KnownLaw(
            expression="injectivity_radius <= short_geodesic_real_part/2",
            kind="inequality",
            reference="half a closed geodesic",
        ),
        KnownLaw(
            expression="meridinal_translation_real**2 + meridinal_translation_imag**2 >= 1",
            kind="inequality",
            reference="C. Adams, Waist size for cusps in hyperbolic 3-manifolds, Topology 41 (2002) 257-270",
        ),
    )


@hookimpl
def kandisco_commands() -> Iterable[CommandSpec]:
    """``kandisco knots``."""
    from kandisco_knots.command import app

    yield CommandSpec(name="knots", app=app, summary="compute hyperbolic knots with SnapPy, check them, read the published table")
