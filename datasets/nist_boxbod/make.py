"""Oxygen demand. From BoxBOD.dat of NIST: ``make.py PATH/BoxBOD.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["days", "demand"],
    {
        "title": "NIST BoxBOD",
        "summary": "biochemical oxygen demand over incubation time, six rows",
        "columns": [column("days", "days", "", "input"), column("demand", "demand", "", "target")],
        "citation": "Box, G. P., Hunter, W. G., and Hunter, J. S. (1978). Statistics for Experimenters. Wiley, pp. 483-487.",
    },
    "b1*(1 - exp(-b2*days))",
)
