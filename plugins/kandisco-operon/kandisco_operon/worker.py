"""The worker: scale, evolve in slices, report the front after each. Run by ``kandisco.workers``, never imported by kandisco."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from kandisco.expr import Expr, mul, num, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import RefineProblem
from kandisco.workers import Report, serve
from kandisco_operon.evolve import Evolution
from kandisco_operon.trees import Unknown, from_operon, product, total

_ROWS = 400
_SLICE = 4  # generations between two looks at the clock
_EXACT = 1e-5  # relative error that single precision cannot tell from none


def search(problem: RefineProblem, report: Report) -> None:
    """Evolve until the evaluations are spent, the time is over or nothing is left to explain."""
    pick = np.unique(np.linspace(0, len(problem.y) - 1, _ROWS).astype(int))
    x, y = problem.x[pick], problem.y[pick]
    # Operon computes in single precision: columns of size one, and a target without a large offset.
    scales = {name: _size(column) for name, column in zip(problem.names, x.T, strict=True)}
    centre, spread = float(np.mean(y)), float(np.std(y)) or 1.0
    population = min(400, max(20, problem.evaluations // 10))
    evolution = Evolution(
        x / np.array(list(scales.values())),
        (y - centre) / spread,
        problem.names,
        problem.functions,
        population=population,
        longest=min(50, max(8, 5 * problem.max_complexity // 8)),  # weights of variables are no nodes of theirs
        seed=problem.seed,
    )
    columns = dict(zip(problem.names, x.T, strict=True))
    spent = evolution.start([_scaled(seed, scales) for seed in problem.seeds])
    settled = 0
    while settled < 2 and not report.late() and spent + (_SLICE + 1) * population <= problem.evaluations:
        spent += evolution.advance(_SLICE)
        found = _front(evolution, scales, columns, y)
        report.found(expr for _, expr in found)
        report.progress(evaluations=spent, error=found[0][0] if found else None)
        settled += bool(found) and found[0][0] <= _EXACT  # one slice more: a shorter formula may do as well


def _size(column: Any) -> float:
    size = float(np.median(np.abs(column))) or float(np.max(np.abs(column)))
    return float(10.0 ** round(np.log10(size))) if size > 0 and not 0.1 <= size <= 10 else 1.0


def _scaled(expr: Expr, scales: Mapping[str, float]) -> Expr:
    return expr.substitute({name: mul(num(size), var(name)) for name, size in scales.items() if size != 1.0})


def _front(evolution: Evolution, scales: Mapping[str, float], columns: Mapping[str, Any], y: Any) -> list[tuple[float, Expr]]:
    """(relative error, formula) in the user's units, smallest error first; each is scaled and shifted to fit the target."""
    names = {value: name for name, value in evolution.hashes.items()}
    out: dict[Expr, float] = {}
    for _, tree in evolution.front():
        try:
            expr = from_operon(tree, names)
        except Unknown:
            continue
        unscaled = {name: product([num(1 / size), var(name)]) for name, size in scales.items() if size != 1.0}
        expr = _regrouped(expr.substitute(unscaled))
        values = evaluate(expr, columns)
        if not (np.all(np.isfinite(values)) and np.std(values) > 0):
            continue
        design = np.column_stack([values, np.ones_like(values)])
        slope, offset = np.linalg.lstsq(design, y, rcond=None)[0]
        error = float(np.sqrt(np.mean((design @ [slope, offset] - y) ** 2)) / (np.std(y) or 1.0))
        out[total([product([num(float(slope)), expr]), num(float(offset))])] = error
    return sorted(((error, expr) for expr, error in out.items()), key=lambda pair: pair[0])


def _regrouped(expr: Expr) -> Expr:
    """Numbers of nested products gathered again."""
    args = tuple(_regrouped(arg) for arg in expr.args)
    if expr.head == "mul":
        return product(args)
    return Expr(expr.head, args, expr.value) if args else expr


if __name__ == "__main__":
    sys.exit(serve(search))
