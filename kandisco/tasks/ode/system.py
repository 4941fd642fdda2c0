"""From trajectories to the differential equations behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from kandisco.control import Control
from kandisco.expr import Expr, complexity, num, rat, to_text
from kandisco.pipeline import discover
from kandisco.tasks.ode.multiple import Joint, by_integrating
from kandisco.tasks.ode.shooting import Increments, by_increments, increments
from kandisco.tasks.ode.smooth import Run, Smooth, runs_of, smoothed
from kandisco.tasks.ode.sparse import criterion, sparse
from kandisco.types import Dataset, Evidence, Result, Variable

if TYPE_CHECKING:
    from kandisco.config import Config
    from kandisco.registry import Registry

_BOTTOMS = (*range(1, 13), 20, 40, 100, 1000)
_DITHER = 1e-5


@dataclass(frozen=True, kw_only=True)
class Equation:
    """The slope of one state.

    Attributes:
        state: its name.
        expr: d state / d time, in the states.
        evidence: what the search of the slopes found; see docs/design/evidence.md.
        std_errors: of the fitted constants, in the order of the tree's numbers.
    """

    state: str
    expr: Expr
    evidence: Evidence
    std_errors: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"d{self.state}/dt = {to_text(self.expr, 6)}"


@dataclass(frozen=True, kw_only=True)
class System:
    """What ``discover_ode`` returns.

    Attributes:
        equations: one a state, in the order of the columns.
        rmse: root mean square gap between the integrated and the measured states, in units of each state's deviation.
        noise: the noise of the states as the smoothing saw it, in the same units.
        seconds: wall time.
        notes: what the user must be told.
    """

    equations: tuple[Equation, ...]
    rmse: float
    noise: float
    seconds: float
    notes: tuple[str, ...] = ()


def discover_ode(
    dataset: Dataset,
    config: Config,
    registry: Registry,
    *,
    time: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> System:
    """Find the differential equations behind trajectories.

    The states are smoothed, each slope is given to ``pipeline.discover`` as a function of all states, and the constants of the
    equations that were found are fitted jointly: to increments along the curves, then by integrating the whole system. Last,
    constants that are simple fractions within their error take that value.

    Args:
        dataset: columns of time and states, input and target alike; each of its groups is a run.
        config: settings of each search; its time is shared by the states.
        registry: where functions, bases and refiners are looked up.
        time: name of the column of time; by default ``t`` or ``time``, else the first.
        tell: hears what is being done.

    Raises:
        InputError: no state, times that repeat, or too few rows.

    Example:
        ``str(discover_ode(registry.dataset("@flow/pendulum").load(), Config(), registry).equations[1])`` is ``dv/dt = -sin(q)``.
    """
    control = Control()
    names, runs = runs_of(dataset, time)
    curves = [smoothed(run) for run in runs]
    variables = {v.name: v for v in (*dataset.inputs, dataset.target)}
    settings = replace(config, target="", features=(), units=(), time=config.time / len(names))
    data = increments(names, runs, curves)
    found: list[Expr] = []
    evidence: list[Evidence] = []
    for place, name in enumerate(names):
        tell(f"searching d{name}/dt")
        slopes = _slopes(place, names, variables, curves, config.seed)
        expr, how = _chosen(discover(slopes, settings, registry), place, data)
        found.append(expr)
        evidence.append(how)
    tell("fitting all constants by integrating the system")
    joint = refined(found, names, runs, curves, data)
    unit = np.std(np.concatenate([run.states for run in runs], axis=1), axis=1)
    noise = float(np.sqrt(np.mean([(curve.noise / np.where(unit == 0, 1.0, unit)) ** 2 for curve in curves])))
    equations = zip(names, joint.exprs, evidence, joint.std_errors, strict=True)
    return System(
        equations=tuple(Equation(state=s, expr=e, evidence=v, std_errors=d) for s, e, v, d in equations),
        rmse=joint.rmse,
        noise=noise,
        seconds=control.elapsed(),
        notes=(*dataset.notes, *_remarks(joint, noise)),
    )


def _chosen(result: Result, place: int, data: Increments) -> tuple[Expr, Evidence]:
    """Of the search's formulas and their plain rival the one that explains the increments best for its length."""
    rivals: list[tuple[Expr, Evidence]] = [(sparse(place, data), "supported")]
    rivals += [(formula.expr, formula.evidence) for formula in result.front]
    rows, floor = float(data.rows[place]), float(data.floor[place])

    def price(rival: tuple[Expr, Evidence]) -> float:
        expr, rmse = by_increments(loosened(rival[0]), place, data)
        return criterion(rmse, complexity(expr) / 3, rows, floor)

    return min(rivals, key=price)


def _remarks(joint: Joint, noise: float) -> list[str]:
    if joint.rmse <= max(2 * noise, 1e-6):
        return []
    text = f"Integrated, the system misses the data by {joint.rmse:.2g} deviations, their noise is {noise:.2g}"
    return [f"{text}: an equation is wrong or a state is missing."]


def _slopes(place: int, names: Sequence[str], variables: dict[str, Variable], curves: Sequence[Smooth], seed: int) -> Dataset:
    """The slope of one state against all states, where the curves can be trusted."""
    x = np.concatenate([curve.states[:, curve.inner] for curve in curves], axis=1).T
    y = np.concatenate([curve.slopes[place, curve.inner] for curve in curves])
    # What is left of the smoothing's error is as smooth as a law; noise of its size keeps the search from explaining it.
    size = max(float(np.sqrt(np.mean([curve.errors[place] ** 2 for curve in curves]))), _DITHER * float(np.std(y)))
    y = y + size * np.random.default_rng(seed).standard_normal(len(y))
    return Dataset(
        name=f"d{names[place]}",
        x=np.ascontiguousarray(x),
        y=y,
        inputs=tuple(replace(variables[name], label=name) for name in names),
        target=Variable(name=f"d{names[place]}_dt"),
    )


def refined(
    exprs: Sequence[Expr], names: Sequence[str], runs: Sequence[Run], curves: Sequence[Smooth], data: Increments
) -> Joint:
    """All constants fitted to the data, and made simple where the data allow it.

    Args:
        exprs: right-hand sides, in the order of the states.
        names: of the states.
        runs: as measured.
        curves: the same, smooth.
        data: their increments.
    """
    start = [by_increments(loosened(expr), place, data)[0] for place, expr in enumerate(exprs)]
    joint = by_integrating(start, names, runs, curves)
    simple = simplified(joint)
    if simple == joint.exprs:
        return joint
    again = by_integrating(simple, names, runs, curves)
    # The price of the constants that were fixed: what chi-squared allows, and the integrator's own error.
    allowed = joint.cost * (1 + 12 / max(1, sum(run.states.size for run in runs))) + 1e-15 * sum(run.states.size for run in runs)
    return again if again.cost <= allowed else joint


def loosened(expr: Expr) -> Expr:
    """The formula with its exact coefficients free again; exponents and functions' orders stay."""
    if expr.head == "rat":
        return num(float(expr.value)) if abs(expr.value) != 1 else expr  # type: ignore[arg-type]
    if expr.head in ("add", "mul"):
        return Expr(expr.head, tuple(loosened(arg) for arg in expr.args), expr.value)
    if expr.head == "pow":
        return Expr(expr.head, (loosened(expr.args[0]), expr.args[1]), expr.value)
    if len(expr.args) == 1:
        return Expr(expr.head, (loosened(expr.args[0]),), expr.value)
    return expr


def simplified(joint: Joint) -> tuple[Expr, ...]:
    """The equations with constants that are simple fractions within three errors set to them."""
    out = []
    for expr, errors in zip(joint.exprs, joint.std_errors, strict=True):
        out.append(expr.map_leaves(partial(_fixed, errors=iter(errors))))
    return tuple(out)


def _fixed(leaf: Expr, errors: Iterator[float]) -> Expr:
    if leaf.head != "num":
        return leaf
    value, error = float(leaf.value), next(errors)  # type: ignore[arg-type]
    room = max(3 * error, 1e-7 * abs(value)) if error == error else 0.0
    tried = 0
    for bottom in _BOTTOMS:
        tried += bottom
        fraction = Fraction(round(value * bottom), bottom)
        # By chance one of all that were tried lies as near with probability 2 * room * tried.
        if abs(float(fraction) - value) <= room and 2 * room * tried < 0.1:
            return rat(fraction)
    return leaf
