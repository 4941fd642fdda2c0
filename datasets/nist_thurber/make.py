"""Electron mobility in a semiconductor. From Thurber.dat of NIST: ``make.py PATH/Thurber.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["log density", "mobility"],
    {
        "title": "NIST Thurber",
        "summary": "electron mobility over the logarithm of the density; a quotient of two cubics",
        "columns": [
            column("log density", "log_density", "", "input"),
            column("mobility", "mobility", "", "target"),
        ],
        "citation": "Thurber, R., NIST (197?). Semiconductor electron mobility modeling.",
    },
    "(b1 + b2*log_density + b3*log_density**2 + b4*log_density**3)/(1 + b5*log_density + b6*log_density**2 + b7*log_density**3)",
)
