"""Which measurement would tell the two most probable forms apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kandisco.arrays import Array
from kandisco.expr.numeric import evaluate
from kandisco.posterior import Form
from kandisco.symbolic.sample import Sample
from kandisco.types import EXCLUDED, NextMeasurement

# Points at which forms are compared, how far beyond the rows (a share of their range), and the nats that tell forms apart.
_POINTS, _BEYOND, _NATS = 400, 0.2, 5.0
# Forms closer than this everywhere are one form to any measurement of this precision.
_LEAST = 0.2


def next_measurement(forms: Sequence[Form], sample: Sample) -> NextMeasurement | None:
    """Where the most probable form and its first rival differ most, in units of the noise.

    Args:
        forms: the most probable first.
        sample: all rows.

    Returns:
        None where no rival is left, where one of the two has no noise to speak of, or where they hardly differ anywhere near.
    """
    if len(forms) < 2 or forms[1].probability < EXCLUDED or not forms[0].expr.variables():
        return None
    points = _points(sample.x)
    columns = dict(zip(sample.names, points, strict=True))
    with np.errstate(all="ignore"):
        one, two = (evaluate(form.expr, columns) for form in forms[:2])
        noise = forms[0].weighed.sigma * (np.abs(one) if forms[0].weighed.relative else 1.0)
        apart = np.abs(one - two) / noise
    apart = np.where(np.isfinite(apart), apart, 0.0)
    pick = int(np.argmax(apart))
    if apart[pick] < _LEAST:
        return None
    rows = max(1, math.ceil(2.0 * _NATS / float(apart[pick]) ** 2))
    place = {name: float(f"{column[pick]:.3g}") for name, column in columns.items()}
    return NextMeasurement(inputs=place, sigmas=float(apart[pick]), rows=rows)


def _points(x: Array) -> Array:
    """Points within the range of the rows and a little beyond, of the same sign as they are, float64 [inputs, points]."""
    low, high = x.min(axis=1), x.max(axis=1)
    beyond = _BEYOND * (high - low)
    start = np.where((low >= 0) & (low - beyond < 0), low, low - beyond)
    end = np.where((high <= 0) & (high + beyond > 0), high, high + beyond)
    shares = np.linspace(0, 1, _POINTS)[None, :] if len(x) == 1 else np.random.default_rng(0).uniform(size=(len(x), _POINTS))
    return np.asarray(start[:, None] + shares * (end - start)[:, None])
