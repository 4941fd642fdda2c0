"""Rivals: could another function stand in a noisy law's place without the data noticing? Then the law is supported, not exact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from kandisco.expr import Expr, add, call, mul, num, power, rat
from kandisco.expr.heads import HEADS
from kandisco.expr.numeric import evaluate
from kandisco.symbolic.sample import Sample

_NATS = 5.0
_SAME = 1e-9
_ROWS = 240
_SHIFTS = (0.0, 0.5, -0.5, 1.0, -1.0)
_STRETCHES = (1.0, 0.5, 0.25)
_UNCLEAR = 10.0
_USUAL = (Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2))
_STEPS = (Fraction(-1), Fraction(-1, 2), Fraction(1, 2), Fraction(1))
# Shifted far enough these are the function itself: no rivals, however slowly a fit gets there.
_LIMITS = {"exp": ("cosh", "sinh", "tanh"), "log": ("acosh", "asinh", "atanh")}


def mimicked(expr: Expr, sample: Sample, noise: float, heads: Sequence[str]) -> bool:
    """Whether the formula with one function exchanged gives the same numbers on these rows, as far as noise lets one see.

    Each exchanged formula is fitted to the values of ``expr`` itself, not to the data, so that noise plays no part. A misfit e
    costs n (e / noise)**2 / 2 nats of likelihood; below five nats no data of this size and noise can decide. No misfit at all is
    the same function in other words (sin and a shifted cos).

    Args:
        expr: the formula; its constants have been fitted.
        sample: the rows.
        noise: root mean square error of ``expr`` on them (relative, where the sample is).
        heads: names of the functions to try.

    Example:
        >>> from kandisco.expr import parse
        >>> x = np.linspace(-0.3, 0.3, 100)
        >>> sample = Sample(names=("x",), x=x[None], y=np.tanh(x))
        >>> mimicked(parse("tanh(x)", ["x"]), sample, 2e-2, ["atan", "sin"])
        True
        >>> mimicked(parse("tanh(x)", ["x"]), sample, 1e-6, ["atan", "sin"])
        False
    """
    values = evaluate(expr, sample.columns)
    if not (noise > 0 and np.all(np.isfinite(values))):
        return False
    own = replace(sample, y=values)
    unseen = noise * math.sqrt(2 * _NATS / len(values))
    few = own.thinned(_ROWS)
    fits = [few.refit(other, iterations=15) for other in exchanged(expr, heads)]
    close = sorted((fit for fit in fits if fit.rmse < 2 * unseen), key=lambda fit: fit.rmse)
    errors = (own.refit(fit.expr, iterations=200).rmse for fit in close)
    return any(_SAME * own.scale < error < unseen for error in errors)


def drawn(expr: Expr) -> bool:
    """Whether a fitted offset stands below an unusual power, as in (x + 0.07)**(-4): a curve that was drawn, not a law.

    Under noise such a form comes close to much that it is not, 1/sin(x/2)**4 for one, and no list of rivals is long enough.

    Example:
        >>> from kandisco.expr import parse
        >>> drawn(parse("b/(a + 0.07)**4", ["a", "b"])), drawn(parse("b/(a + 0.07)**2", ["a", "b"]))
        (True, False)
    """
    if expr.head == "pow" and expr.args[0].numbers() and expr.args[1].head == "rat":
        return abs(Fraction(expr.args[1].value)) not in _USUAL or drawn(expr.args[0])  # type: ignore[arg-type]
    return any(drawn(arg) for arg in expr.args)


def faint(expr: Expr, noise: float) -> bool:
    """Whether a constant that is added is hardly above the noise: any weak effect of the columns would do as well.

    Example:
        >>> from kandisco.expr import parse
        >>> faint(parse("2*a - 0.05", ["a"]), 0.01), faint(parse("2*a - 0.5", ["a"]), 0.01)
        (True, False)
    """
    if expr.head != "add":
        return False
    sizes = [abs(float(evaluate(arg, {}))) for arg in expr.args if not arg.variables()]
    return any(0 < size < _UNCLEAR * noise for size in sizes)


def exchanged(expr: Expr, heads: Sequence[str]) -> Iterator[Expr]:
    """The formula with one of its functions replaced by another, c f(a u + b) + d, for several starts of a and b.

    A power of something fitted, as in (x + 0.07)**(-4), is a function too: its neighbours are the next exponents.
    """
    for i, arg in enumerate(expr.args):
        if not (expr.head == "pow" and i == 1):
            for other in exchanged(arg, heads):
                yield Expr(expr.head, (*expr.args[:i], other, *expr.args[i + 1 :]), expr.value)
    if expr.head == "pow" and expr.args[1].head == "rat" and expr.args[0].numbers():
        for step in _STEPS:
            if (exponent := Fraction(expr.args[1].value) + step) != 0:  # type: ignore[arg-type]
                yield add(mul(num(1.0), power(expr.args[0], rat(exponent))), num(0.01))
    if expr.head not in HEADS or HEADS[expr.head].arity != 1:
        return
    for head in heads:
        if head != expr.head and head not in _LIMITS.get(expr.head, ()):
            for shift in _SHIFTS:
                for stretch in _STRETCHES:
                    inner = add(mul(num(stretch), expr.args[0]), num(shift))
                    yield add(mul(num(1.0), call(head, inner)), num(0.01))


def skeleton(expr: Expr) -> str:
    """The form without its constants: two formulas with equal skeletons are the same law with other numbers."""
    if expr.head == "var":
        return str(expr.value)
    parts = sorted(part for part in (skeleton(arg) for arg in expr.args) if part)
    if not parts:
        return ""
    if expr.head in ("add", "mul"):
        return parts[0] if len(parts) == 1 else f"{expr.head}({','.join(parts)})"
    if expr.head == "pow" and expr.args[1].head == "rat":
        return f"pow({parts[0]},{expr.args[1].value})"
    return f"{expr.head}({','.join(parts)})"
