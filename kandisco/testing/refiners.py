"""Rules for refiners: they propose within the budget and the allowed functions, and the same seed proposes the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from kandisco.expr import Expr, complexity, parse
from kandisco.specs import RefineProblem, RefinerSpec
from kandisco.testing.findings import Finding, Rule, apply_rules

SCOPES = frozenset({"edge", "formula"})
PLAIN = frozenset({"num", "rat", "const", "var", "add", "mul", "pow"})
ENOUGH = 10_000  # proposals after which an endless generator is cut off


def check_refiner(spec: RefinerSpec) -> tuple[Finding, ...]:
    """All findings about a refiner; one that cannot run here is only asked why."""
    rules = RULES if not spec.unavailable() else {name: RULES[name] for name in ("card", "unavailable")}
    return apply_rules(rules, f"refiner {spec.name!r}", spec)


def problem() -> RefineProblem:
    """A small task: y = 2 sin(x) + 1, started from the wrong phase."""
    x = np.linspace(-2, 2, 60)
    return RefineProblem(
        x=x[:, None],
        y=2 * np.sin(x) + 1,
        names=("x",),
        seeds=(parse("1.9*sin(x + 0.1) + 0.9"), parse("x")),
        functions=("sin", "exp"),
        max_complexity=12,
        seconds=5.0,
        evaluations=500,
        seed=3,
    )


def _proposals(spec: RefinerSpec) -> tuple[Expr, ...]:
    return tuple(itertools.islice(spec.refine(problem()), ENOUGH + 1))


def _card(spec: RefinerSpec) -> Iterator[str]:
    if not spec.scopes or not spec.scopes <= SCOPES:
        yield f"scopes {sorted(spec.scopes)} must be among {sorted(SCOPES)}"
    if spec.name in ("auto", "none"):
        yield f"name {spec.name!r} means something else on the command line"


def _unavailable(spec: RefinerSpec) -> Iterator[str]:
    reason = spec.unavailable()
    if reason and len(reason.split()) < 3:
        yield f"unavailable() says {reason!r}; say why, and the remedy"


def _budget(spec: RefinerSpec) -> Iterator[str]:
    if len(_proposals(spec)) > ENOUGH:
        yield f"more than {ENOUGH} proposals for a budget of {problem().evaluations} evaluations; stop when it is spent"


def _allowed(spec: RefinerSpec) -> Iterator[str]:
    proposals = _proposals(spec)
    found = dict.fromkeys(message for expr in proposals for message in _forbidden(expr))
    yield from found
    task = problem()
    if proposals and not found and all(complexity(expr) > task.max_complexity for expr in proposals):
        yield f"proposes only formulas above max_complexity={task.max_complexity}; all of them are dropped"


def _forbidden(expr: Expr) -> Iterator[str]:
    """What a single proposal may not hold. One that is too complex costs time only: the core drops it."""
    task = problem()
    if not isinstance(expr, Expr):
        yield f"proposes a {type(expr).__name__}; build kandisco.expr trees"
        return
    odd = {node.head for node in expr.walk()} - PLAIN - set(task.functions)
    if odd:
        yield f"proposes {sorted(odd)}, which the problem does not allow"
    if set(expr.variables()) - set(task.names):
        yield f"proposes variables {expr.variables()}; there is only {task.names}"


def _seeded(spec: RefinerSpec) -> Iterator[str]:
    if _proposals(spec) != _proposals(spec):
        yield "the same problem and seed give other proposals; take all randomness from problem.seed"


RULES: Mapping[str, Rule] = {
    "card": _card,
    "unavailable": _unavailable,
    "budget": _budget,
    "allowed": _allowed,
    "seeded": _seeded,
}
