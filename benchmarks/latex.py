"""Compile what we print: every law of the tables in one document, and ten fronts as booktabs tables, with pdflatex.

    python benchmarks/latex.py [-o laws.pdf]

Debian has it in texlive-latex-base and texlive-latex-recommended. Prints n of n; exits with 1 when pdflatex stops. The PDF is for
looking at.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from exports import laws

from kandisco.builtins import exporters
from kandisco.expr import parse
from kandisco.expr.latex import symbol, to_latex

TABLES = [Path(__file__).parent.parent / "datasets" / name / "data.csv" for name in ("first_light", "problems")]


def document() -> tuple[str, int]:
    """A LaTeX document with one numbered equation for each law, and how many there are."""
    lines = [r"\documentclass{article}", r"\usepackage{amsmath,booktabs}", r"\begin{document}"]
    count = 0
    for table in TABLES:
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                law = parse(row["formula"], row["inputs"].split(";"))
                lines.append(rf"\begin{{equation}} {symbol('y')} = {to_latex(law)} \end{{equation}}")
                count += 1
    table = next(spec for spec in exporters.kandisco_exporters() if spec.name == "latex-table")
    lines += [rf"\begin{{center}}{table.export([law, law], dataset)}\end{{center}}" for _, law, dataset in laws(10)]
    return "\n".join([*lines, r"\end{document}"]), count


def main() -> None:
    """Compile and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    text, count = document()
    if shutil.which("pdflatex") is None:
        sys.exit("pdflatex is not installed: apt-get install texlive-latex-base texlive-latex-recommended")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "laws.tex").write_text(text, encoding="utf-8")
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "laws.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stdout[-2000:])
        if options.output is not None:
            shutil.copy(Path(folder) / "laws.pdf", options.output)
    print(f"{count} of {count} laws and 10 tables compiled")


if __name__ == "__main__":
    main()
