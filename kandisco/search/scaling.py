"""Powers of ten: attempts see numbers of ordinary size, and what they find is put back into the user's units."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from kandisco.evidence.rows import Rows
from kandisco.expr import Expr, mul, num, var
from kandisco.symbolic.sample import Sample
from kandisco.types import Array


def scales_of(sample: Sample) -> dict[str, float]:
    """A power of ten for each column far from one (the target's under ``""``): attempts see numbers of ordinary size."""

    def decade(values: Array) -> float:
        size = float(np.median(np.abs(values))) or float(np.max(np.abs(values)))
        return 1.0 if size == 0 or 1e-3 < size < 1e3 else float(10.0 ** round(math.log10(size)))

    return {"": decade(sample.y), **{name: decade(column) for name, column in zip(sample.names, sample.x, strict=True)}}


def scaled(rows: Rows, scales: dict[str, float]) -> Rows:
    """The rows with each column over its power of ten."""
    factors = np.array([scales[name] for name in rows.fit.names])

    def one(part: Sample) -> Sample:
        stated = part.stated if part.relative else part.stated / scales[""]
        return replace(part, x=part.x / factors[:, None], y=part.y / scales[""], stated=stated)

    return rows.each(one)


def unscaled(expr: Expr, scales: dict[str, float]) -> Expr:
    """A formula of scaled rows as one of the user's units."""
    inner = {name: mul(num(1.0 / scale), var(name)) for name, scale in scales.items() if name and scale != 1.0}
    expr = expr.substitute(inner) if inner else expr
    return mul(num(scales[""]), expr) if scales[""] != 1.0 else expr
