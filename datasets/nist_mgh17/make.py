"""Two exponentials that nearly cancel. From MGH17.dat of NIST: ``make.py PATH/MGH17.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["x", "y"],
    {
        "title": "NIST MGH17",
        "summary": "a constant and two exponentials; hard to fit",
        "columns": [
            column("x", "x", "", "input"),
            column("y", "y", "", "target"),
        ],
        "citation": "Osborne, M. R. (1972). Some aspects of nonlinear least squares calculations. Academic Press, pp. 171-189.",
    },
    "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)",
)
