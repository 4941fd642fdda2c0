"""Distances and velocities of 24 nebulae, table 1 of Hubble's paper; data.csv is the transcription, this writes its card."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, law, write_card  # noqa: E402

write_card(
    FOLDER,
    {
        "kind": "data",
        "rows": 24,
        "title": "Hubble 1929",
        "summary": "radial velocity and distance of 24 extra-galactic nebulae; the line everybody knows, with its scatter",
        "columns": [
            column("object", role="id"),
            column("distance_mpc", unit="Mpc"),
            column("velocity_km_s", unit="km/s", role="target"),
        ],
        "source": "E. Hubble, PNAS 15 (1929) 168, table 1",
        "license": "CC0-1.0",
        "citation": "E. Hubble, A relation between distance and radial velocity among extra-galactic nebulae, PNAS 15 (1929) 168",
        "truth": "454.16*distance_mpc - 40.78",
        "laws": [
            law(
                "velocity_km_s = 454.16*distance_mpc - 40.78",
                "approximate",
                0.6,
                "least squares of the table; the scatter is real",
            )
        ],
        "references": ["https://doi.org/10.1073/pnas.15.3.168"],
    },
)
