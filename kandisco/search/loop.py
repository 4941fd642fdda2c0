"""The loop: all attempts in order, each judged before the next, until one settles the matter or time is up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING

from kandisco.config import Config
from kandisco.control import Control
from kandisco.evidence.errors import score
from kandisco.evidence.residuals import noise_grows
from kandisco.evidence.rows import Rows
from kandisco.evidence.verdict import choose, law, may_be_plainer, mdl
from kandisco.expr import to_text
from kandisco.search.attempts import attempts
from kandisco.search.journal import Journal
from kandisco.search.problem import Attempt, Problem
from kandisco.search.scaling import scaled, scales_of, unscaled
from kandisco.search.stopping import reachable_error, settled
from kandisco.search.unit import Work, candidate_of, solved
from kandisco.specs import RefinerSpec
from kandisco.spread import Spread, in_turn
from kandisco.stages.candidate import Candidate
from kandisco.stages.refine import propose
from kandisco.stages.simplify import simplify
from kandisco.types import Formula, Status

if TYPE_CHECKING:
    from kandisco.registry import Registry

_REFINER_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a whole run shares: its settings, where names are looked up, who hears of it, when to stop, and how fits are made.

    ``units`` are those of the columns, the target's under ``""``; an empty text where there is none.
    """

    config: Config
    registry: Registry
    journal: Journal
    control: Control
    units: Mapping[str, str] = field(default_factory=dict)
    spread: Spread = in_turn

    @property
    def known_units(self) -> dict[str, str]:
        """The units of the columns that have one."""
        return {name: unit for name, unit in self.units.items() if unit}


def searched(rows: Rows, context: Context) -> tuple[list[Formula], Status]:
    """All formulas of all attempts, in order, until one settles the matter or time is up.

    Args:
        rows: in the user's units.
        context: of the run.
    """
    config, control = context.config, context.control
    scales = scales_of(rows.fit)
    problem = _problem(rows, scales, context)
    work = _work(rows, scales, problem, context)
    pool: list[Formula] = []
    quick = True
    for tried, attempt in enumerate(islice(attempts(problem), config.max_attempts)):
        late = control.reason()
        if late and not attempt.always:
            return pool, late
        if quick and not attempt.quick:
            quick = False
            if _clearly_relative(pool, rows, replace(context, config=replace(config, max_attempts=tried, refiner="none"))):
                return pool, "done"
        if attempt.deep and not config.width and _needless(attempt, pool, rows):
            break
        unit = replace(work, control=Control() if attempt.always else control, late=bool(late))
        pool += solved(unit, attempt.name, pool, partial(_attempted, attempt, unit.control, scales))
        _show(pool, work, attempt.name)
        if settled(pool, rows):
            return pool, "done"
    return [*pool, *_polished_by_engines(pool, work, context)], control.reason() or "done"


def _problem(rows: Rows, scales: dict[str, float], context: Context) -> Problem:
    """What attempts see."""
    config, registry, journal = context.config, context.registry, context.journal
    return Problem(
        rows=scaled(rows, scales),
        functions=registry.functions(config.functions),
        basis=registry.basis(config.basis),
        config=config,
        report=journal.record,
        keep=partial(journal.keep, scales=scales),
        units=context.known_units,
        spread=context.spread,
        engine=next((spec for spec in registry.engines(config.refiner) if "edge" in spec.scopes), None),
    )


def _work(rows: Rows, scales: dict[str, float], problem: Problem, context: Context) -> Work:
    """What units need; the floor is worked out when first asked for."""
    return Work(
        rows=rows,
        functions=problem.functions,
        floor=cache(lambda: math.inf if rows.fit.relative else reachable_error(problem) * scales[""]),
        config=context.config,
        control=context.control,
        journal=context.journal,
        units=context.known_units,
        spread=context.spread,
    )


def _needless(attempt: Attempt, pool: Sequence[Formula], rows: Rows) -> bool:
    """Whether a law stands, and the attempt does not look for a plainer one of which there may be some."""
    found = law(pool, rows)
    return found is not None and not (attempt.plainer and may_be_plainer(found, rows))


def _polished_by_engines(pool: Sequence[Formula], work: Work, context: Context) -> list[Formula]:
    """What the engines for whole formulas add; after the first, only where nothing stands yet."""
    engines = context.registry.engines(context.config.refiner)
    out: list[Formula] = []
    for engine in (spec for spec in engines if "formula" in spec.scopes):
        if engine is engines[0] or not _at_noise([*pool, *out], work.rows):
            out += _refined([*pool, *out], engine, work)
    return out


def _clearly_relative(pool: Sequence[Formula], rows: Rows, few: Context) -> bool:
    """Whether the quick forms leave nothing but noise once errors are relative: no need to search for absolute errors first."""
    return noise_grows(pool, rows) and _at_noise(searched(rows.relative(), few)[0], rows.relative())


def _refined(pool: Sequence[Formula], refiner: RefinerSpec, work: Work) -> list[Formula]:
    """What the refiner finds from the best formulas; at the noise floor one round, to look for rivals: exactness needs a gap."""
    found: list[Formula] = []
    for turn in range(_REFINER_ROUNDS):
        known = [*pool, *found]
        if work.control.reason() or settled(known, work.rows) or (turn and _at_noise(known, work.rows)):
            break
        seeds = sorted(known, key=lambda f: mdl(f, work.rows))[:3]
        found += solved(work, f"refiner {refiner.name} {turn}", known, partial(_proposed, refiner, seeds, work))
        _show([*pool, *found], work, f"refiner {refiner.name}")
    return found


def _attempted(attempt: Attempt, control: Control, scales: dict[str, float]) -> list[Candidate]:
    return [replace(c, expr=unscaled(c.expr, scales), rmse=math.inf, std_errors=()) for c in attempt.run(control)]


def _proposed(refiner: RefinerSpec, seeds: Sequence[Formula], work: Work) -> list[Candidate]:
    """What an engine makes of the best formulas; where a network stands behind the first of these, its story goes on."""
    config = work.config
    found = propose(
        refiner,
        [seed.expr for seed in seeds],
        work.rows.fit,
        work.functions,
        max_complexity=config.max_complexity,
        seed=config.seed,
        control=work.control,
        units=work.units,
    )
    work.journal.record(found.record)
    if not seeds or not seeds[0].edges:
        return found.value
    seed = seeds[0]
    return [
        replace(c, origin=f"{c.origin}, started from: {_story(seed)}", edges=seed.edges, shape=seed.shape).found_by(*seed.methods)
        for c in found.value
    ]


def _story(formula: Formula) -> str:
    """How a formula was found, without what its own engine started from."""
    return formula.origin.removeprefix(f"refiner {formula.engine}, started from: ") if formula.engine else formula.origin


def _show(pool: Sequence[Formula], work: Work, name: str) -> None:
    best = min(pool, key=lambda f: mdl(f, work.rows), default=None)
    if best is not None:
        errors = {"train": best.rmse_train / work.rows.fit.spread, "valid": best.rmse_valid / work.rows.fit.spread}
        seconds = work.control.elapsed()
        if not work.journal.laws and _at_noise(pool, work.rows):
            work.journal.laws.append(seconds)
        found = work.journal.laws[0] if work.journal.laws else None
        work.journal.tell("progress", "search", shape=name, best=to_text(best.expr, 5), seconds=seconds, law=found, **errors)


def _at_noise(pool: Sequence[Formula], rows: Rows) -> bool:
    """Whether the best formula already leaves nothing but noise, so that more shapes could only add rivals to it."""
    return law(pool, rows) is not None


def polished(pool: Sequence[Formula], rows: Rows, control: Control) -> list[Formula]:
    """The pool with the best formula in its shortest form."""
    best, _ = choose(pool, rows)
    if best is None or settled(pool, rows):
        return list(pool)
    return [*pool, *(score(c, rows) for c in simplify([candidate_of(best)], rows.fit, thorough=True, control=control).value)]
