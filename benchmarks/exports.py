"""Fifty laws of the problem set, exported to every language whose tool is here, run on 1000 random points and compared.

    python benchmarks/exports.py [--laws 50] [--points 1000] [TARGET ...]

Prints one line for each target: how many programs gave the formula's numbers to 1e-12 (relative), and the largest difference;
jax-float32 and torch-float32 are given single precision and give it back, to 1e-6, where it can hold the value. Exits with 1 if
any program was run and did not agree.
Typst is compiled where its package is here; LaTeX has a job of its own (make latex).
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kandisco.builtins import exporters, programs
from kandisco.certify import Certificate, check
from kandisco.expr import complexity, parse
from kandisco.expr.numeric import evaluate
from kandisco.specs import ExporterSpec
from kandisco.types import Dataset, Formula, Variable

TABLE = Path(__file__).parent.parent / "datasets" / "problems" / "data.csv"
# What is put after a program so that it is given single precision, in jax' own default setting.
FLOAT32 = {
    "torch-float32": ("torch", "", "torch.as_tensor(column, dtype=torch.float32)"),
    "jax-float32": ("jax", 'jax.config.update("jax_enable_x64", False)', "jnp.asarray(column, dtype=jnp.float32)"),
}


def laws(count: int) -> list[tuple[str, Formula, Dataset]]:
    """Evenly picked laws with rows in their ranges."""
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, count).astype(int))]
    return [(f"{row['suite']} {row['name']}", *_law(row)) for row in rows]


def _law(row: dict[str, str]) -> tuple[Formula, Dataset]:
    names = row["inputs"].split(";")
    expr = parse(row["formula"], names)
    limits = np.array([[float(part) for part in text.split(":")[:2]] for text in row["ranges"].split(";")])
    x = np.random.default_rng(1).uniform(limits[:, 0], limits[:, 1], (200, len(names)))
    y = evaluate(expr, dict(zip(names, x.T, strict=True)))
    inputs = tuple(Variable(name=name) for name in names)
    scores = dict.fromkeys(("rmse_train", "rmse_valid", "rmse_test", "rmse_shell"), 0.0)
    formula = Formula(expr=expr, complexity=complexity(expr), r2_test=1.0, evidence="exact", origin="truth", **scores)
    return formula, Dataset(name=row["name"], x=x, y=y, inputs=inputs, target=Variable(name=row["target"] + "_out"))


def specs() -> dict[str, ExporterSpec]:
    """Every target that is a program, those in single precision, and the tree itself."""
    found = {spec.name: spec for spec in programs.kandisco_exporters()}
    json = next(spec for spec in exporters.kandisco_exporters() if spec.name == "json")
    return {**found, **{name: _single(found[plain], *rest) for name, (plain, *rest) in FLOAT32.items()}, "json": json}


def _single(spec: ExporterSpec, before: str, column: str) -> ExporterSpec:
    """The same with its inputs in single precision."""
    after = f"{before}\ndouble = predict\n\n\ndef predict(*columns):\n    return double(*[{column} for column in columns])\n"

    def export(formulas: Sequence[Formula], dataset: Dataset) -> str:
        return spec.export(formulas, dataset) + after

    return dataclasses.replace(spec, export=export)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laws", type=int, default=50)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    chosen, wrong = laws(options.laws), 0
    for name, spec in specs().items():
        if options.targets and name not in options.targets:
            continue
        limit, largest = (1e-6, float(np.finfo(np.float32).max)) if name in FLOAT32 else (1e-12, math.inf)
        found = [(law, check(spec, formula, dataset, points=options.points, largest=largest)) for law, formula, dataset in chosen]
        wrong += _tell(name, found, limit)
    if not options.targets or "typst" in options.targets:
        _typst(chosen)
    sys.exit(1 if wrong else 0)


def _tell(name: str, found: list[tuple[str, Certificate]], limit: float) -> int:
    run = [(law, one) for law, one in found if one.tool]
    if not run:
        print(f"{name:14} {found[0][1]}", flush=True)
        return 0
    bad = [(law, one) for law, one in run if not one.difference <= limit]
    largest = max(one.difference for _, one in run)
    print(
        f"{name:14} {len(run) - len(bad)} of {len(found)} within {limit:g}, largest {largest:.1e} ({run[0][1].tool})", flush=True
    )
    for law, one in bad:
        print(f"    {law}: {one}")
    return len(bad)


def _typst(chosen: list[tuple[str, Formula, Dataset]]) -> None:
    try:
        import typst
    except ImportError:
        print("typst          not compiled here: no typst")
        return
    spec = next(spec for spec in exporters.kandisco_exporters() if spec.name == "typst")
    text = "\n".join(spec.export([formula], dataset) for _, formula, dataset in chosen)
    pages = typst.compile(text.encode())
    print(f"typst          {len(chosen)} of {len(chosen)} compiled ({len(pages)} bytes of PDF)")


if __name__ == "__main__":
    main()
