"""The refiner that is always there: the neighbours of good formulas, one edit away.

It proposes and computes nothing: the core refits every proposal as a whole, and calls again with the winners as seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from kandisco.expr import Expr, add, call, mul, num, power, rat, var
from kandisco.expr.heads import HEADS
from kandisco.hookspecs import hookimpl
from kandisco.specs import RefineProblem, RefinerSpec


def neighbours(problem: RefineProblem) -> Iterable[Expr]:
    """Formulas one edit away from the seeds, seeds taken in turn so that a small budget is spread over all of them.

    Edits: another function at a node; a term or factor with a column added at a node; an exact exponent set free; a node wrapped
    in a function.

    Args:
        problem: its ``seeds``, ``names``, ``functions`` and ``evaluations`` (how many proposals at most) are used.
    """
    unary = tuple(name for name in problem.functions if name in HEADS and HEADS[name].arity == 1)
    streams = [_edits(seed, problem.names, unary) for seed in problem.seeds]
    seen = set(problem.seeds)
    return islice(_fresh(_in_turn(streams), seen), problem.evaluations)


def _in_turn(streams: list[Iterator[Expr]]) -> Iterator[Expr]:
    while streams:
        for stream in list(streams):
            item = next(stream, None)
            if item is None:
                streams.remove(stream)
            else:
                yield item


def _fresh(stream: Iterator[Expr], seen: set[Expr]) -> Iterator[Expr]:
    for expr in stream:
        if expr not in seen:
            seen.add(expr)
            yield expr


def _edits(expr: Expr, names: tuple[str, ...], functions: tuple[str, ...]) -> Iterator[Expr]:
    yield from _at(expr, names, functions)
    for i, arg in enumerate(expr.args):
        if expr.head == "pow" and i == 1:
            continue
        for edited in _edits(arg, names, functions):
            yield Expr(expr.head, (*expr.args[:i], edited, *expr.args[i + 1 :]), expr.value)


def _at(expr: Expr, names: tuple[str, ...], functions: tuple[str, ...]) -> Iterator[Expr]:
    """Edits of the node itself; new constants start small or neutral, so that the refit starts at the seed."""
    if expr.head in functions:
        yield from (call(name, *expr.args) for name in functions if name != expr.head)
        yield power(expr.args[0], rat(2))
    if expr.head == "pow" and expr.args[1].head == "rat":
        yield power(expr.args[0], num(float(expr.args[1].value) + 1e-3))  # type: ignore[arg-type]
        inner = add(mul(num(1.0), expr.args[0]), num(1e-3))
        yield from (add(mul(num(1.0), call(name, inner)), num(1e-3)) for name in functions)
    if expr.head in ("num", "rat", "const"):
        return
    for name in names:
        yield add(expr, mul(num(1e-3), var(name)))
        yield mul(expr, power(var(name), num(1e-3)))
        yield mul(expr, add(num(1.0), mul(num(1e-3), var(name))))
    yield add(expr, num(1e-3))
    for name in functions:
        yield add(mul(num(1.0), call(name, mul(num(0.5), expr))), num(0.0))


@hookimpl
def kandisco_refiners() -> Iterable[RefinerSpec]:
    """The shipped refiner."""
    yield RefinerSpec(
        name="neighbours",
        refine=neighbours,
        auto=True,
        summary="formulas one edit away from the best ones; needs nothing installed",
    )
