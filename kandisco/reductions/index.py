"""A single index: the law is a curve in one product or one sum of columns, told by how smooth the targets are along it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np

from kandisco.arrays import ranks
from kandisco.expr import add, mul, rat, to_text, var
from kandisco.reductions.reduction import Reduction, divided, raised
from kandisco.symbolic.sample import Sample
from kandisco.types import Array

_SMOOTH = 0.5


def single_index(sample: Sample, *, columns: int = 6) -> list[Reduction]:
    """y, or y over one column, as a curve in one product of powers -1, 0, 1 or one sum of columns, however wildly it oscillates.

    Sorted by the right z, neighbouring targets are close: von Neumann's ratio of their mean squared difference to the variance is
    near 0, for any wrong z near 2 (give or take 2 over the root of the rows). No surrogate is needed, so this also finds what is
    too rough for one.
    """
    n = len(sample.names)
    if n > columns or n < 2:
        return []
    signed = bool(np.all(sample.x > 0) or np.all(sample.x != 0))
    divisors = [None, *(k for k in range(n) if np.all(sample.x[k] != 0))]
    targets = [(k, sample if k is None else divided(sample, var(sample.names[k]))) for k in divisors]
    found: list[Reduction] = []
    for powers in product((1, 0, -1), repeat=n):
        lead = next((p for p in powers if p), 0)
        if lead != 1 or sum(map(abs, powers)) < 2:
            continue
        for multiply in (True, False):
            z = np.prod(sample.x ** np.array(powers)[:, None], axis=0) if multiply else np.array(powers) @ sample.x
            if (multiply and not signed) or not np.all(np.isfinite(z)):
                continue
            order = np.argsort(z, kind="stable")
            for divisor, target in targets:
                roughness = _roughness(target.y[order])
                if roughness < _SMOOTH and (divisor is None or powers[divisor] == 0):
                    found.append(_indexed(target, powers, multiply, z, divisor, roughness))
    return sorted(found, key=lambda r: r.priority)[:2]


def _roughness(y: Array) -> float:
    """Von Neumann's ratio of an ordered curve; ranks tell where a few rows own all the variance."""
    return min(float(np.mean(np.diff(v) ** 2) / (np.var(v) or 1.0)) for v in (y, ranks(y)))


def _indexed(
    target: Sample, powers: tuple[int, ...], multiply: bool, z: Array, divisor: int | None, roughness: float
) -> Reduction:
    parts = [(var(name), p) for name, p in zip(target.names, powers, strict=True) if p]
    expr = (
        mul(*(raised(v, Fraction(p)) for v, p in parts))
        if multiply
        else add(*(v if p > 0 else mul(rat(-1), v) for v, p in parts))
    )
    factor = rat(1) if divisor is None else var(target.names[divisor])
    smaller = replace(target, names=("z",), x=z[None, :])
    return Reduction(
        kind="index",
        name="index " + to_text(expr),
        sample=smaller,
        rebuild=lambda e: mul(factor, e.substitute({"z": expr})),
        doubt=roughness,
        priority=roughness,
    )
