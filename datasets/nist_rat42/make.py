"""Growth of a pasture. From Rat42.dat of NIST: ``make.py PATH/Rat42.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["time", "yield"],
    {
        "title": "NIST Rat42",
        "summary": "yield over growing time; a sigmoid, nine rows",
        "columns": [
            column("time", "time", "", "input"),
            column("yield", "yield_", "", "target"),
        ],
        "citation": "Ratkowsky, D. A. (1983). Nonlinear Regression Modeling. Marcel Dekker, pp. 61 and 88.",
    },
    "b1/(1 + exp(b2 - b3*time))",
)
