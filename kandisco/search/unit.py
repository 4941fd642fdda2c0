"""One unit of the search: the candidates of an attempt, refined, simplified and scored, told and stored; or replayed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kandisco.config import Config
from kandisco.control import Control
from kandisco.evidence.errors import score
from kandisco.evidence.rows import Rows
from kandisco.evidence.verdict import mdl
from kandisco.expr import Expr, from_json, parse, to_json
from kandisco.expr.heads import HEADS
from kandisco.runjson import edges_from_json, edges_to_json, finite, found_by_from_json, found_by_to_json
from kandisco.search.journal import Journal
from kandisco.specs import FunctionSpec
from kandisco.spread import Spread, in_turn
from kandisco.stages.candidate import Candidate
from kandisco.stages.refine import refine
from kandisco.stages.simplify import simplify
from kandisco.symbolic.sample import EXACT
from kandisco.types import Formula, StageRecord


@dataclass(frozen=True, kw_only=True)
class Work:
    """What every unit of the search needs: the rows and what a formula may look like, and whom to ask and tell.

    Where a unit is solved ``late``, there is no time to fit a surrogate for the floor; it is not stored, so that a resumed run
    solves it as one without a time limit does.
    """

    rows: Rows
    functions: tuple[FunctionSpec, ...]
    floor: Callable[[], float]
    config: Config
    control: Control
    journal: Journal
    units: Mapping[str, str]
    late: bool = False
    spread: Spread = in_turn

    @property
    def allowed(self) -> frozenset[str]:
        """The functions of the library, as heads."""
        return frozenset(head for spec in self.functions for head in heads_of(parse(spec.sympy, ("x",))))


def solved(work: Work, name: str, known: Sequence[Formula], solve: Callable[[], list[Candidate]]) -> list[Formula]:
    """Candidates of one attempt, refined, simplified and scored; replayed where they are there, here or in the run folder."""
    rows, config, control, journal = work.rows, work.config, work.control, work.journal
    name = f"{name} (relative errors)" if rows.fit.relative else name
    if name in journal.solved:  # the quick forms were tried with relative errors before these were settled on
        return journal.solved[name]
    stored = journal.run.load_unit(name) if journal.run is not None else None
    if stored is not None:
        return [score(_replayed(item), rows) for item in stored]
    journal.tell("stage_started", "search", shape=name)
    started = time.perf_counter()
    shortest = min((mdl(f, rows) for f in known), default=math.inf)
    raw = [c for c in solve() if heads_of(c.expr) <= work.allowed]
    floor = (lambda: math.inf) if work.late else work.floor
    refined = refine(
        raw,
        rows.fit,
        floor=floor,
        shortest=shortest,
        max_complexity=config.max_complexity,
        control=control,
        spread=work.spread,
    )
    kept = [score(c, rows) for c in simplify(refined.value, rows.fit, control=control).value]
    limit = config.max_complexity
    kept = [f for f in kept if f.complexity <= (2 * limit if f.rmse_train <= EXACT * rows.fit.spread else limit)]
    best = min((f.rmse_train for f in kept), default=None)
    metrics = {"candidates": len(raw), "formulas": len(kept), "best": best}
    journal.record(StageRecord(stage=name, seed=config.seed, seconds=time.perf_counter() - started, metrics=metrics))
    if journal.run is not None and not control.reason() and not work.late:
        journal.run.save_unit(name, [_stored(f) for f in kept])
    journal.solved[name] = kept
    return kept


def candidate_of(formula: Formula) -> Candidate:
    """A scored formula as one that is to be looked at again."""
    return Candidate(
        expr=formula.expr,
        origin=formula.origin,
        rmse=formula.rmse_train,
        std_errors=formula.std_errors,
        edges=formula.edges,
        methods=formula.methods,
        shape=formula.shape,
        engine=formula.engine,
    )


def heads_of(expr: Expr) -> frozenset[str]:
    """The functions of a formula; arithmetic and powers do not count."""
    return frozenset(node.head for node in expr.walk() if node.head in HEADS)


def _stored(formula: Formula) -> dict[str, Any]:
    """What a unit of the search is stored as: the formula, without the errors that are worked out again."""
    errors = [finite(value) for value in formula.std_errors]
    return {
        "expr": to_json(formula.expr),
        "origin": formula.origin,
        "rmse": formula.rmse_train,
        "std_errors": errors,
        "edges": edges_to_json(formula.edges),
        **found_by_to_json(formula),
    }


def _replayed(item: Mapping[str, Any]) -> Candidate:
    """Read ``_stored``'s value back."""
    errors = tuple(math.nan if value is None else value for value in item["std_errors"])
    return Candidate(
        expr=from_json(item["expr"]),
        origin=item["origin"],
        rmse=item["rmse"],
        std_errors=errors,
        edges=edges_from_json(item.get("edges", [])),
        **found_by_from_json(item),
    )
