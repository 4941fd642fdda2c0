"""A sigmoid with a bent shoulder. From Rat43.dat of NIST: ``make.py PATH/Rat43.dat``."""

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
        "title": "NIST Rat43",
        "summary": "yield over growing time; a sigmoid of four parameters",
        "columns": [column("time", "time", "", "input"), column("yield", "yield_", "", "target")],
        "citation": "Ratkowsky, D. A. (1983). Nonlinear Regression Modeling. Marcel Dekker, pp. 62 and 88.",
    },
    "b1/(1 + exp(b2 - b3*time))**(1/b4)",
)
