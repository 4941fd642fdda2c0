"""The worker: scale, evolve in slices, report the front after each. Run by ``kandisco.workers``, never imported by kandisco."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kandisco.expr import Expr, complexity, mul, num, var
from kandisco.expr.numeric import evaluate
from kandisco.specs import RefineProblem
from kandisco.workers import Report, serve
from kandisco_operon.evolve import Evolution
from kandisco_operon.trees import Unknown, from_operon, product, total

_ROWS = 400
_SLICE = 4  # generations between two looks at the clock
_EXACT = 1e-5  # relative error that single precision cannot tell from none


def search(problem: RefineProblem, report: Report) -> None:
    """Evolve until the evaluations are spent, the time is over or nothing is left to explain.

    Two populations take turns: one starts from the seeds, which soon rule it, the other from nothing.
    """
    pick = np.unique(np.linspace(0, len(problem.y) - 1, _ROWS).astype(int))
    x, y = problem.x[pick], problem.y[pick]
    # Operon computes in single precision: columns of size one, and a target without a large offset.
    scales = {name: _size(column) for name, column in zip(problem.names, x.T, strict=True)}
    columns = dict(zip(problem.names, x.T, strict=True))
    population = min(400, max(20, problem.evaluations // 60))
    islands = [_island(problem, x / np.array(list(scales.values())), y, population, problem.seed + i) for i in range(2)]
    spent = sum(
        island.start([_scaled(seed, scales) for seed in problem.seeds[: None if i else 0]]) for i, island in enumerate(islands)
    )
    fronts: list[list[tuple[float, Expr]]] = [[], []]
    settled = turn = 0
    while settled < 3 and not report.late() and spent + (_SLICE + 1) * population <= problem.evaluations:
        island = turn % 2
        spent += islands[island].advance(_SLICE)
        fronts[island] = _front(islands[island], scales, columns, y)
        found = _merged(fronts)
        report.found(expr for _, expr in found)
        report.progress(evaluations=spent, error=found[0][0] if found else None)
        settled += bool(found) and found[0][0] <= _EXACT  # some slices more: a shorter formula may do as well
        turn += 1


def _island(problem: RefineProblem, x: Any, y: Any, population: int, seed: int) -> Evolution:
    longest = min(50, max(8, 5 * problem.max_complexity // 8))  # weights of variables are no nodes of theirs
    target = (y - float(np.mean(y))) / (float(np.std(y)) or 1.0)
    return Evolution(x, target, problem.names, problem.functions, population=population, longest=longest, seed=seed)


def _merged(fronts: Sequence[Sequence[tuple[float, Expr]]]) -> list[tuple[float, Expr]]:
    """Both fronts as one, smallest error first, without what is neither better nor shorter than another."""
    ranked = sorted(
        ((error, complexity(expr), i, expr) for i, front in enumerate(fronts) for error, expr in front), key=lambda r: r[:3]
    )
    out, shortest = [], sys.maxsize
    for error, size, _, expr in ranked:
        if size < shortest or error <= _EXACT:
            out.append((error, expr))
            shortest = min(shortest, size)
    return out


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
