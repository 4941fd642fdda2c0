"""Transmittance of an interference filter. From Eckerle4.dat of NIST: ``make.py PATH/Eckerle4.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["wavelength", "transmittance"],
    {
        "title": "NIST Eckerle4",
        "summary": "transmittance over wavelength; a Gaussian peak",
        "columns": [
            column("wavelength", "wavelength", "", "input"),
            column("transmittance", "transmittance", "", "target"),
        ],
        "citation": "Eckerle, K., NIST (197?). Circular Interference Transmittance Study.",
    },
    "b1/b2*exp(-((wavelength - b3)/b2)**2/2)",
)
