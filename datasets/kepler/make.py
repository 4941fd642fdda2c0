"""Orbits in the solar system, planets and minor bodies, from tables."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, law, write  # noqa: E402

DAYS_A_YEAR = 365.25636  # sidereal year of the Earth
# Semi-major axis in au (J2000 elements) and sidereal period in days.
BODIES = (
    ("Mercury", 0.38709893, 87.969),
    ("Venus", 0.72333199, 224.701),
    ("Earth", 1.00000011, 365.256),
    ("Mars", 1.52366231, 686.980),
    ("Eros", 1.4581, 643.1),
    ("Vesta", 2.3615, 1325.5),
    ("Juno", 2.6691, 1592.8),
    ("Ceres", 2.7657, 1680.0),
    ("Hygiea", 3.1421, 2034.3),
    ("Chiron", 13.648, 18416.0),
    ("Halley", 17.834, 27509.0),
    ("Orcus", 39.398, 90324.0),
    ("Quaoar", 43.694, 105495.0),
    ("Gonggong", 67.485, 202490.0),
    ("Jupiter", 5.20336301, 4332.589),
    ("Saturn", 9.53707032, 10759.22),
    ("Uranus", 19.19126393, 30685.4),
    ("Neptune", 30.06896348, 60189.0),
    ("Pluto", 39.48168677, 90560.0),
    ("Haumea", 43.116, 103410.0),
    ("Makemake", 45.430, 111845.0),
    ("Eris", 67.864, 204199.0),
)

write(
    FOLDER,
    {
        "body": [name for name, _, _ in BODIES],
        "a [au]": [axis for _, axis, _ in BODIES],
        "T [yr]": [float(f"{days / DAYS_A_YEAR:.6g}") for _, _, days in BODIES],
    },
    {
        "title": "Kepler's third law",
        "summary": "semi-major axis and orbital period of the eight planets and of fourteen minor bodies",
        "columns": [column("body", role="id"), column("a [au]", "a", "au"), column("T [yr]", "T", "yr", "target")],
        "source": "https://nssdc.gsfc.nasa.gov/planetary/factsheet/ and https://ssd.jpl.nasa.gov/tools/sbdb_lookup.html",
        "license": "CC0-1.0",
        "citation": "D. R. Williams, NASA Planetary Fact Sheets; JPL Small-Body Database (minor bodies, rounded)",
        "note": "Periods of minor bodies follow from their osculating orbits; those of the planets are observed, and perturbed.",
        "truth": "a**1.5",
        "laws": [law("T = a**(3/2)", "approximate", 1e-3, "Kepler, Harmonices Mundi (1619); planets perturb each other")],
        "references": ["J. Kepler, Harmonices Mundi (1619)"],
    },
)
