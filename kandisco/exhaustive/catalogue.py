"""The shapes people measure: every law of the catalogue, with its letters bound to columns in every way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations

import numpy as np

from kandisco.arrays import Array
from kandisco.exhaustive.blocks import Column
from kandisco.exhaustive.tried import kinds_of_errors
from kandisco.expr import num
from kandisco.expr.heads import HEADS
from kandisco.expr.numeric import Program, evaluate
from kandisco.posterior import Proposal
from kandisco.posterior.forms import Named
from kandisco.specs import LawSpec
from kandisco.symbolic.refit import minimise, residual_unit
from kandisco.symbolic.sample import Sample
from kandisco.symbolic.tied import Tied

# Draws of the constants that enter a law nonlinearly, how far they scatter about what is expected (a factor e^1.5), those of
# which the fit starts, and its steps.
_DRAWS, _SCATTER, _STARTS, _STEPS = 64, 1.5, 8, 15
_MOST_COLUMNS = 4


def catalogued(
    sample: Sample,
    columns: Sequence[Column],
    laws: Sequence[LawSpec],
    allowed: frozenset[str],
    *,
    stop: Callable[[], object] = lambda: "",
) -> list[Proposal]:
    """Every law that fits a table's columns, its constants fitted from many starts.

    Args:
        sample: all rows.
        columns: the inputs, as they enter formulas.
        laws: the catalogue; one that only renames another is left out.
        allowed: heads of the functions of the library.
        stop: asked between laws.
    """
    if len(sample.names) > _MOST_COLUMNS:
        return []
    with np.errstate(all="ignore"):  # starts from which a law overflows lead nowhere
        return list(_catalogued(sample, columns, laws, allowed, stop))


def _catalogued(
    sample: Sample, columns: Sequence[Column], laws: Sequence[LawSpec], allowed: frozenset[str], stop: Callable[[], object]
) -> Iterator[Proposal]:
    rng = np.random.default_rng(0)
    for law in laws:
        if law.same_as or len(law.parameters) >= len(sample.y) - 1 or not _fits(len(law.inputs), len(columns)):
            continue
        if any(node.head in HEADS and node.head not in allowed for node in law.expr.walk()):
            continue
        for chosen in permutations(columns, len(law.inputs)):
            if stop():
                return
            if len({name for column in chosen for name in column.expr.variables()}) == len(chosen):
                yield from _bound(law, chosen, sample, rng)


def _fits(letters: int, columns: int) -> bool:
    """Whether a law may be about these columns: of three and more it leaves out one at the most."""
    return letters <= columns and (columns <= 2 or columns - letters <= 1)


def _bound(law: LawSpec, chosen: Sequence[Column], sample: Sample, rng: np.random.Generator) -> Iterator[Proposal]:
    """The law with these columns for its letters, fitted once for each kind of errors."""
    letters = [parameter.name for parameter in law.parameters]
    owner = tuple(letters.index(str(leaf.value)) for leaf in law.expr.walk() if leaf.head == "var" and leaf.value in letters)
    inputs = {letter: column.expr for letter, column in zip(law.inputs, chosen, strict=True)}
    tree = law.expr.map_leaves(lambda leaf: num(1.0) if leaf.head == "var" and leaf.value in letters else leaf).substitute(inputs)
    if not owner:
        return
    program = Tied(Program(tree, sample.names), owner)
    draws = _draws(law, chosen, sample.y, rng)
    linear = _linear(program, draws, sample.x)
    for kind in kinds_of_errors(sample):
        unit = residual_unit(sample.y, kind, sample.weights)
        starts = _solved(program, draws, linear, sample, unit)
        if not len(starts):
            continue
        found, loss = minimise(program, starts, sample.x, sample.y, unit, iterations=_STEPS)
        best = found[int(np.argmin(loss))]
        if not np.all(np.isfinite(best)) or not math.isfinite(float(np.min(loss))):
            continue
        if any(parameter.positive and value <= 0 for parameter, value in zip(law.parameters, best, strict=True)):
            continue
        named = Named(title=law.title, letters=tuple(letters), owner=owner, reference=next(iter(law.references), ""))
        expr = tree.with_numbers(iter(best[list(owner)].tolist()))
        yield Proposal(expr=expr, relative=kind, origin=f"law of the catalogue: {law.title}", named=named)


def _linear(program: Tied, draws: Array, x: Array) -> list[int]:
    """Constants that the law is jointly linear in: its slopes along them do not change when they do."""
    chosen: list[int] = []
    with np.errstate(all="ignore"):
        for k in range(draws.shape[1]):
            trial = [*chosen, k]
            moved = draws[:4].copy()
            moved[:, trial] *= np.array([1.7, 0.4, 2.9, 0.3])[:, None]
            before, after = (program.jacobian(params, x)[1][:, trial] for params in (draws[:4], moved))
            size = np.max(np.abs(before), axis=2, keepdims=True)
            same = np.abs(after - before) <= 1e-9 * size
            if np.any(np.isfinite(size)) and np.all(same | ~np.isfinite(before)):
                chosen = trial
    return chosen


def _solved(program: Tied, draws: Array, linear: Sequence[int], sample: Sample, unit: Array | float) -> Array:
    """The most promising draws, their linear constants at the least squares solution."""
    starts = draws.copy() if len(sample.names) == 1 else draws[: len(draws) // 4].copy()
    for start in starts if linear else ():
        start[linear] = 0.0
        rest, slopes = program.jacobian(start[None, :], sample.x)
        design, goal = (slopes[0][linear] / unit).T, (sample.y - rest[0]) / unit
        size = np.max(np.abs(design), axis=0)
        if np.all(np.isfinite(design)) and np.all(np.isfinite(goal)) and np.all(size > 0):
            with np.errstate(all="ignore"):
                start[linear] = np.linalg.lstsq(design / size, goal, rcond=1e-12)[0] / size
        else:
            start[:] = np.nan
    with np.errstate(all="ignore"):
        residual = (program.values(starts, sample.x) - sample.y) / unit
        loss = np.sum(residual**2, axis=1)
    order = np.argsort(np.where(np.isfinite(loss), loss, np.inf), kind="stable")[:_STARTS]
    return np.asarray(starts[order[np.isfinite(loss[order])]])


def _draws(law: LawSpec, chosen: Sequence[Column], y: Array, rng: np.random.Generator) -> Array:
    """Values of the parameters [draws, parameters]: about the sizes that are expected, of either sign where both are possible."""
    sizes: Mapping[str, float] = {
        law.target: _size(y),
        **{letter: _size(column.values) for letter, column in zip(law.inputs, chosen, strict=True)},
    }
    from kandisco.expr import parse

    out = np.empty((_DRAWS, len(law.parameters)))
    for k, parameter in enumerate(law.parameters):
        with np.errstate(all="ignore"):
            size = float(evaluate(parse(parameter.start, tuple(sizes)), {name: np.array([v]) for name, v in sizes.items()})[0])
        size = abs(size) if math.isfinite(size) and size else 1.0
        out[:, k] = size * np.exp(_SCATTER * rng.standard_normal(_DRAWS))
        out[0, k] = size
        if not parameter.positive:
            out[1:, k] *= rng.choice([1.0, -1.0], _DRAWS - 1, p=(0.65, 0.35))
    return out


def _size(values: Array) -> float:
    return float(np.median(np.abs(values))) or float(np.max(np.abs(values))) or 1.0
