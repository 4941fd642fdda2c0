"""Exponential of a reciprocal. From MGH10.dat of NIST: ``make.py PATH/MGH10.dat``."""

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
        "title": "NIST MGH10",
        "summary": "an exponential of a shifted reciprocal; constants over six decades",
        "columns": [column("x", "x", "", "input"), column("y", "y", "", "target")],
        "citation": "Meyer, R. R. (1970). In Nonlinear Programming, Rosen, Mangasarian and Ritter (Eds), pp. 465-486.",
    },
    "b1*exp(b2/(x + b3))",
)
