"""Thermal expansion of copper. From Hahn1.dat of NIST: ``make.py PATH/Hahn1.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["T [K]", "expansion"],
    {
        "title": "NIST Hahn1",
        "summary": "coefficient of thermal expansion over temperature; a quotient of two cubics",
        "columns": [
            column("T [K]", "T", "K", "input"),
            column("expansion", "expansion", "", "target"),
        ],
        "citation": "Hahn, T., NIST (197?). Copper Thermal Expansion Study.",
    },
    "(b1 + b2*T + b3*T**2 + b4*T**3)/(1 + b5*T + b6*T**2 + b7*T**3)",
)
