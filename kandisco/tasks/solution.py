"""The formula of a solved differential equation: found on the network's values, fitted and judged on the equation itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kandisco.config import Config
from kandisco.control import Control
from kandisco.expr import Expr, add, complexity, mul, num, var
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.symbolic.refit import Fit, refit
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.snap import simplest
from kandisco.tasks.collocation import Problem, places, points
from kandisco.tasks.equations import Equation, substituted
from kandisco.tasks.pde import Solution
from kandisco.types import Array, Dataset, Result, Variable

_EXACT = 1e-9
_ROWS = 400
_LARGEST_INTEGRAND = 12


@dataclass(frozen=True, kw_only=True)
class Symbolic:
    """A formula put forward as the solution.

    Attributes:
        expr: in the coordinates.
        residual, boundary: root mean square misfits at fresh points, relative to the size of the terms and of the unknown.
        exact: whether both are at rounding, so that it solves the problem itself and not just nearly.
    """

    expr: Expr
    residual: float
    boundary: float
    exact: bool


def read_off(solution: Solution, registry: Registry, config: Config, *, control: Control | None = None) -> Symbolic | None:
    """The formula behind a solution.

    The network's values are searched for formulas as any table is; each of the best is then fitted to the equation and its
    conditions, its constants are made exact where the equation allows, and it is judged at points nothing was fitted to.

    Args:
        solution: from ``pde.solve``.
        registry: functions and engines of the search.
        config: of the search; its time is the limit.
        control: a deadline and an interrupt of the caller's.

    Returns:
        The formula with the least misfit, the shortest of exact ones; None if none that was found is defined everywhere.
    """
    from kandisco import pipeline

    problem = solution.problem
    names = tuple(problem.domain)
    box = np.array(list(problem.domain.values()))
    x = points(box, 1000, config.seed)
    inputs = tuple(Variable(name=name) for name in names)
    table = Dataset(name="solution", x=x, y=solution(x), inputs=inputs, target=Variable(name=problem.unknown))
    result = pipeline.discover(table, config, registry, control=control)
    found = _best(problem, _candidates(result), config.seed, control)
    if (found is None or not found.exact) and len(names) == 1:
        slope = replace(table, name="slope", y=_slopes(solution, x))
        whole = pipeline.discover(slope, config, registry, control=Control(seconds=config.time))
        exprs = [
            add(integral, num(0.0)) for expr in _candidates(whole)[:3] if (integral := _integral(expr, names[0])) is not None
        ]
        more = _best(problem, exprs, config.seed, None)
        found = more if found is None or (more is not None and more.exact) else found
    return found


def _candidates(result: Result) -> list[Expr]:
    """The best formula, then the front from accurate to simple."""
    return list(dict.fromkeys([*([result.best.expr] if result.best else []), *(f.expr for f in reversed(result.front))]))


def _best(problem: Problem, candidates: Sequence[Expr], seed: int, control: Control | None) -> Symbolic | None:
    """The first that solves the problem once its constants are fitted to it, else the one that does best."""
    found: list[Symbolic] = []
    for expr in candidates:
        if found and control is not None and control.reason():
            break
        symbolic = _judged(problem, _fitted(problem, expr, seed), seed + 1)
        if symbolic is not None:
            found.append(symbolic)
            if symbolic.exact:
                break
    return min(found, key=lambda s: (not s.exact, complexity(s.expr) if s.exact else s.residual + s.boundary), default=None)


def _slopes(solution: Solution, x: Array) -> Array:
    """The derivative of a solution in one coordinate at ``x`` [rows, 1]."""
    import torch

    from kandisco.kan.jets import closure, first_features, forward_jets

    indices = closure([(1,)])
    jets, _ = forward_jets(solution.kan, indices, first_features(solution.kan, torch.as_tensor(x.T.copy()), indices))
    return np.asarray(jets[(1,)][0, 0].numpy())


def _integral(expr: Expr, name: str) -> Expr | None:
    """An antiderivative made of known functions, or None."""
    import sympy

    from kandisco.expr.symbolic import from_sympy, to_sympy

    if complexity(expr) > _LARGEST_INTEGRAND:
        return None
    x = sympy.Symbol(name, positive=True)
    try:
        found = from_sympy(sympy.integrate(to_sympy(expr, {name: x}), x))
    except Exception:  # an integral that sympy cannot do, or whose functions we do not have, is none
        return None
    return found if found.variables() == (name,) else None


def _fitted(problem: Problem, expr: Expr, seed: int) -> Expr:
    """Constants fitted to the equation, then made exact where they are no worse for it."""
    from scipy.optimize import least_squares

    start = np.array(expr.numbers())
    if len(start):
        names = tuple(problem.domain)
        terms = _Residuals(problem, expr, seed)
        with np.errstate(all="ignore"):
            try:
                fit = least_squares(terms, start, x_scale=np.maximum(np.abs(start), 1e-6), xtol=1e-15, ftol=1e-15, gtol=1e-15)
                expr = expr.with_numbers(iter(fit.x.tolist()))
            except ValueError:  # the first values are not finite: the formula stays as it was found
                return expr
        x = points(np.array(list(problem.domain.values())), _ROWS, seed).T
        sample = Sample(names=names, x=x, y=evaluate(expr, dict(zip(names, x, strict=True))))
        if np.all(np.isfinite(sample.y)):
            kept = simplest(Fit(expr=expr, rmse=0.0, std_errors=np.zeros(len(start))), sample)
            expr = kept.expr if refit(kept.expr, names, x, sample.y).rmse <= 1e-11 * sample.spread else expr
    return expr


class _Residuals:
    """Misfits of the equation and its conditions as a function of a formula's constants.

    The formula is put into them once, with a name in the place of each constant: a fit asks for values only.
    """

    def __init__(self, problem: Problem, expr: Expr, seed: int) -> None:
        constants = (f"constant {i}" for i in range(len(expr.numbers())))  # the blank keeps them apart from any column
        form = expr.map_leaves(lambda leaf: var(next(constants)) if leaf.head == "num" else leaf)
        names = tuple(problem.domain)
        self._sides = [
            (substituted(equation, form, names), columns, scale) for equation, columns, scale in _sides(problem, expr, seed)
        ]

    def __call__(self, constants: Array) -> Array:
        values = {f"constant {i}": value for i, value in enumerate(constants.tolist())}
        parts = [evaluate(residual, {**columns, **values}) / scale for residual, columns, scale in self._sides]
        return np.concatenate([np.nan_to_num(part, nan=1e6, posinf=1e6, neginf=-1e6) for part in parts])


def _sides(problem: Problem, expr: Expr, seed: int) -> list[tuple[Equation, dict[str, Array], float]]:
    """The equation and each condition, its points, and the size its residual is compared with."""
    names, box = tuple(problem.domain), np.array(list(problem.domain.values()))
    inside = points(box, _ROWS, seed)
    value = float(np.nanstd(evaluate(expr, dict(zip(names, inside.T, strict=True))))) or 1.0
    found = [(problem.equation, _columns(names, inside), _size(problem.equation, expr, names, inside))]
    for condition in problem.boundary:
        faces = []
        for i, at in places(condition, names, box):
            face = points(box, 40, seed)
            face[:, i] = at
            faces.append(face)
        on = np.concatenate(faces)
        found.append((condition.equation, _columns(names, on), max(value, _size(condition.equation, expr, names, on))))
    return found


def _columns(names: Sequence[str], x: Array) -> dict[str, Array]:
    return dict(zip(names, x.T, strict=True))


def _size(equation: Equation, expr: Expr, names: tuple[str, ...], x: Array) -> float:
    """Root mean square of what the derivatives contribute to the residual at a formula."""
    total = np.zeros(len(x))
    for name, slope in equation.slopes.items():
        part = Equation(text="", residual=mul(slope, var(name)), derivatives=equation.derivatives, slopes={})
        total = total + np.abs(evaluate(substituted(part, expr, names), _columns(names, x)))
    size = float(np.sqrt(np.nanmean(total**2))) if np.any(np.isfinite(total)) else 1.0
    return size if size > 0 and np.isfinite(size) else 1.0


def _judged(problem: Problem, expr: Expr, seed: int) -> Symbolic | None:
    """The formula's misfits; None where it is not defined everywhere on the domain."""
    names = tuple(problem.domain)
    misfits = []
    for equation, columns, scale in _sides(problem, expr, seed):
        values = evaluate(substituted(equation, expr, names), columns)
        misfits.append(float(np.sqrt(np.mean(values**2))) / scale)
    residual, boundary = misfits[0], max(misfits[1:], default=0.0)
    if not np.isfinite(residual + boundary):
        return None
    return Symbolic(expr=expr, residual=residual, boundary=boundary, exact=max(residual, boundary) < _EXACT)
