"""An ultrasonic reference block. From Chwirut2.dat of NIST: ``make.py PATH/Chwirut2.dat``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, nist  # noqa: E402

nist(
    FOLDER,
    Path(sys.argv[1]),
    ["distance", "response"],
    {
        "title": "NIST Chwirut2",
        "summary": "ultrasonic response over metal distance",
        "columns": [
            column("distance", "distance", "", "input"),
            column("response", "response", "", "target"),
        ],
        "citation": "Chwirut, D., NIST (197?). Ultrasonic Reference Block Study.",
    },
    "exp(-b1*distance)/(b2 + b3*distance)",
)
