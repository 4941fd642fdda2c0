"""Rules for refiners: they propose within the budget and the allowed functions, and the same seed proposes the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from kandisco.expr import Expr, complexity, parse
from kandisco.specs import RefineProblem, RefinerSpec
from kandisco.testing.findings import Elsewhere, Finding, Rule, apply_rules

SCOPES = frozenset({"edge", "formula"})
PLAIN = frozenset({"num", "rat", "const", "var", "add", "mul", "pow"})
GRACE = 10.0  # seconds beyond the budget for an engine to start and to end


def check_refiner(spec: RefinerSpec) -> tuple[Finding, ...]:
    """All findings about a refiner; one that cannot run here is only asked why."""
    rules = RULES if not spec.unavailable() else {name: RULES[name] for name in ("card", "unavailable")}
    return apply_rules(rules, f"refiner {spec.name!r}", watched(spec))


class Overrun(Elsewhere):
    """The engine was still at it long after its time; it is not started a second time."""


def watched(spec: RefinerSpec) -> RefinerSpec:
    """The same refiner, handing over its proposals as a whole; once it overran its time, every further call raises Overrun."""
    over: list[Overrun] = []

    def refine(problem: RefineProblem) -> Iterable[Expr]:
        if over:
            raise over[0]
        try:
            return _within(lambda: _taken(spec, problem), problem.seconds + GRACE)
        except Overrun as error:
            over.append(error)
            raise

    return replace(spec, refine=refine)


def _taken(spec: RefinerSpec, problem: RefineProblem) -> tuple[Expr, ...]:
    """Its proposals, one more than it may make at most."""
    ends = time.monotonic() + problem.seconds + GRACE
    found: list[Expr] = []
    for expr in spec.refine(problem):
        found.append(expr)
        if len(found) > problem.evaluations or time.monotonic() > ends:
            break
    return tuple(found)


def _within(call: Callable[[], tuple[Expr, ...]], seconds: float) -> tuple[Expr, ...]:
    """What the call gives; a thread that will not end is left behind, for nothing in Python can end it."""
    found: list[tuple[Expr, ...]] = []
    raised: list[Exception] = []

    def work() -> None:
        try:
            found.append(call())
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not found:
        raise Overrun
    return found[0]


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
        seconds=2.0,
        evaluations=500,
        seed=3,
    )


def _proposals(spec: RefinerSpec) -> tuple[Expr, ...]:
    return tuple(spec.refine(problem()))


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
    task = problem()
    started = time.monotonic()
    try:
        proposals = _proposals(spec)
    except Overrun:
        proposals = ()
    if time.monotonic() - started >= task.seconds + GRACE:
        yield f"still at work {GRACE:.0f} s after problem.seconds={task.seconds:.0f} were over; look at the clock and return"
    if len(proposals) > task.evaluations:
        yield f"more than problem.evaluations={task.evaluations} proposals; stop when the budget is spent"


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
        yield f"proposes {sorted(odd)}, which it was not given; use problem.functions={task.functions} and arithmetic only"
    if set(expr.variables()) - set(task.names):
        yield f"proposes variables {expr.variables()}; use problem.names={task.names} only"


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
