"""Published benchmark laws as expressions; data.csv is compiled by hand, this writes its card."""

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
        "rows": 131,
        "title": "Benchmark problems",
        "summary": "the laws of the usual benchmarks of symbolic regression, with ranges (U: uniform) and units of each column",
        "columns": [column(n, role="ignore") for n in ("suite", "name", "formula", "target", "inputs", "ranges", "units")],
        "source": "compiled from the publications under references",
        "license": "CC0-1.0",
        "citation": "kandisco, datasets/problems",
        "truth": "",
        "references": [
            "Udrescu and Tegmark, AI Feynman, Science Advances 6 (2020) eaay2631 (feynman, feynman_bonus)",
            "Uy et al., Genetic Programming and Evolvable Machines 12 (2011) 91 (nguyen)",
            "Petersen et al., Deep symbolic regression, ICLR 2021, and Mundhenk et al., NeurIPS 2021 (livermore)",
            "Keijzer, EuroGP 2003 (keijzer)",
            "Koza, Genetic Programming (1992) (koza)",
            "Jin et al., Bayesian symbolic regression, arXiv:1910.08892 (jin)",
            "Matsubara et al., Rethinking symbolic regression datasets, arXiv:2206.10540 (srsd_easy, srsd_medium)",
        ],
    },
)
