"""Monomolecular adsorption. From Misra1a.dat of NIST: ``make.py PATH/Misra1a.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["pressure", "volume"],
    {
        "title": "NIST Misra1a",
        "summary": "adsorbed volume over pressure; two certified parameters",
        "columns": [
            column("pressure", "pressure", "", "input"),
            column("volume", "volume", "", "target"),
        ],
        "citation": "Misra, D., NIST (1978). Dental Research Monomolecular Adsorption Study.",
    },
    "b1*(1 - exp(-b2*pressure))",
)
