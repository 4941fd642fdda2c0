"""Radiation of a carbon filament lamp. From DanWood.dat of NIST: ``make.py PATH/DanWood.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["T [kK]", "energy"],
    {
        "title": "NIST DanWood",
        "summary": "radiated energy over temperature; a power law, six rows",
        "columns": [
            column("T [kK]", "T", "kK", "input"),
            column("energy", "energy", "", "target"),
        ],
        "citation": "Daniel, C. and F. S. Wood (1980). Fitting Equations to Data, 2nd ed., Wiley, pp. 428-431.",
    },
    "b1*T**b2",
)
