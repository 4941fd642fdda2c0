"""Line width standards under a scanning electron microscope. From Kirby2.dat of NIST: ``make.py PATH/Kirby2.dat``."""

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
        "title": "NIST Kirby2",
        "summary": "a quotient of two quadratics; five certified parameters",
        "columns": [
            column("x", "x", "", "input"),
            column("y", "y", "", "target"),
        ],
        "citation": "Kirby, R., NIST (197?). Scanning electron microscope line width standards.",
    },
    "(b1 + b2*x + b3*x**2)/(1 + b4*x + b5*x**2)",
)
