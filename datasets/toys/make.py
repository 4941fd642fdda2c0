"""Relations that the KAN papers work on, and right-hand sides of known systems; data.csv is written by hand, this its card."""

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
        "rows": len((FOLDER / "data.csv").read_text(encoding="utf-8").splitlines()) - 1,
        "title": "Relations of the KAN papers, and right-hand sides",
        "summary": "relations, Poisson's equation, accelerations, a metric, elastic stresses, right-hand sides of known systems",
        "columns": [column(n, role="ignore") for n in ("suite", "name", "formula", "target", "inputs", "ranges", "units")],
        "source": "the publications under references",
        "license": "CC0-1.0",
        "citation": "kandisco, datasets/toys",
        "truth": "",
        "references": [
            "Liu et al., KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756 (toy, poisson)",
            "Liu et al., KAN 2.0, arXiv:2408.10205 (lagrangian, schwarzschild, neo_hookean)",
            "Bonet and Wood, Nonlinear Continuum Mechanics (2008) (neo_hookean; P11 is of the first Piola-Kirchhoff stress)",
            "Lorenz, J. Atmos. Sci. 20 (1963) 130; Strogatz, Nonlinear Dynamics and Chaos (2015) (rhs)",
        ],
    },
)
