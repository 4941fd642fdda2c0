"""A quotient with a minimum at infinity. From MGH09.dat of NIST: ``make.py PATH/MGH09.dat``."""

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
        "title": "NIST MGH09",
        "summary": "a quotient of two quadratics, eleven rows; a minimum at infinity misleads",
        "columns": [column("x", "x", "", "input"), column("y", "y", "", "target")],
        "citation": "Kowalik and Osborne (1978). Methods for Unconstrained Optimization Problems. Elsevier North-Holland.",
    },
    "b1*(x**2 + x*b2)/(x**2 + x*b3 + b4)",
)
