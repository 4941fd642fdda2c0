"""Everything the report tells beyond the result itself, worked out from the rows a run folder keeps."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.expr import to_text
from kandisco.report.domain import Condition, conditions
from kandisco.report.honesty import Constant, Snapped, Stability, constants, snapped, stability, terms_of
from kandisco.symbolic.sample import Sample
from kandisco.types import EdgeOrigin, Result

if TYPE_CHECKING:
    from kandisco.run import Run


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the report adds to a result.

    Attributes:
        constants: of the best formula.
        exact: its exact numbers, tested again.
        stability: on bootstrap samples; None without a formula or with fewer than 12 rows.
        conditions: of its domain.
        terms: each term with the edges that led to it, from its columns to the output.
        rows: how many rows the constants were fitted to.
    """

    constants: tuple[Constant, ...] = ()
    exact: tuple[Snapped, ...] = ()
    stability: Stability | None = None
    conditions: tuple[Condition, ...] = ()
    terms: tuple[tuple[str, tuple[EdgeOrigin, ...]], ...] = ()
    rows: int = 0


def facts(run: Run, result: Result) -> Facts:
    """Work out the facts of a run.

    Args:
        run: its folder.
        result: its result.
    """
    best, dataset = result.best, run.dataset()
    if best is None:
        return Facts()
    sample = fitted_rows(run, result)
    enough = len(sample.y) >= 12
    return Facts(
        constants=constants(best.expr, sample),
        exact=snapped(best.expr, sample),
        stability=stability(best, result.front, sample) if enough else None,
        conditions=conditions(best.expr, dataset),
        terms=tuple((to_text(term, 4), edges_behind(term.variables(), best.edges)) for term in terms_of(best.expr)),
        rows=len(sample.y),
    )


def fitted_rows(run: Run, result: Result) -> Sample:
    """The stored rows the best formula's constants were fitted to: training and validation rows, or at the end all."""
    from kandisco.evidence.rows import sample_of

    dataset, split = run.dataset(), run.split()
    if result.tried:  # none were held out
        return replace(sample_of(dataset), relative=result.relative)
    last = [split.test, split.shell] if result.best is not None and result.best.judged is not None else []
    rows = np.concatenate([split.train, split.valid, *last])
    return replace(sample_of(dataset, rows if len(rows) else slice(None)), relative=result.relative)


def edges_behind(columns: Sequence[str], edges: Sequence[EdgeOrigin]) -> tuple[EdgeOrigin, ...]:
    """The edges that start from some columns, and those above them.

    Example:
        >>> below = EdgeOrigin(start="x", end="h1,1", symbol="sin", r2=1.0, curve="sin(x)")
        >>> other = EdgeOrigin(start="y", end="h1,2", symbol="exp", r2=1.0, curve="exp(x)")
        >>> above = EdgeOrigin(start="h1,1", end="output", symbol="x", r2=1.0, curve="x")
        >>> [edge.symbol for edge in edges_behind(["x"], (below, other, above))]
        ['sin', 'x']
    """
    reached: set[str] = set()
    found = []
    for edge in edges:
        if edge.start in reached or not set(columns).isdisjoint(re.findall(r"\w+", edge.start)):
            found.append(edge)
            reached.add(edge.end)
    return tuple(found)


def command(meta: Mapping[str, Any]) -> str:
    """The command line that repeats a run: its data and every setting that is not the default."""
    from kandisco.config import Config

    plain = Config().to_dict()
    changed = {name: value for name, value in meta["config"].items() if name in plain and value != plain[name]}
    parts = ["kandisco", "discover", shlex.quote(str(meta["dataset"]["source"] or meta["dataset"]["name"]))]
    for name, value in changed.items():
        shown = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        parts += ["--set", shlex.quote(f"{name}={shown}")]
    return " ".join(parts)
