"""Magnetisation of a superconductor. From Bennett5.dat of NIST: ``make.py PATH/Bennett5.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["log time", "magnetism"],
    {
        "title": "NIST Bennett5",
        "summary": "magnetism over the logarithm of time; three certified parameters",
        "columns": [
            column("log time", "log_time", "", "input"),
            column("magnetism", "magnetism", "", "target"),
        ],
        "citation": "Bennett, L., L. Swartzendruber and H. Brown, NIST (1994). Superconductivity Magnetization Modeling.",
    },
    "b1*(b2 + log_time)**(-1/b3)",
)
