"""The laws of the first acceptance test; data.csv is written by hand, this writes its card."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))
from tools import column, write_card  # noqa: E402

write_card(
    FOLDER,
    {
        "kind": "laws",
        "rows": 14,
        "title": "First light",
        "summary": "14 laws with their ranges, to draw data from: what kandisco must find before anything else",
        "columns": [column(name, role="ignore") for name in ("name", "formula", "inputs", "ranges", "noise", "source")],
        "source": "made for kandisco",
        "license": "CC0-1.0",
        "citation": "kandisco, datasets/first_light",
        "truth": "",
        "references": ["Feynman Lectures on Physics", "arXiv:2404.19756"],
    },
)
