"""Symmetries and separability of what a network has learnt, with the evidence.

Tests on first and mixed second derivatives f_i, f_ij of the network, as in AI Feynman 2.0 (Udrescu et al., NeurIPS 2020):
  x + y   f_x = f_y          x - y   f_x = -f_y        (translation: f depends on the sum or difference alone)
  x * y   x f_x = y f_y      x / y   x f_x = -y f_y    (scaling: on the product or quotient alone)
  add     f_ij = 0                                     (f is a sum of a part with x_i and a part with x_j)
  mul     f f_ij = f_i f_j                             (f is a product of such parts)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from kandisco import kan as net
from kandisco.errors import ConfigError
from kandisco.types import Array
from kandisco.workbench.state import State

if TYPE_CHECKING:
    import pandas

_ROWS = 400
_STEP = 1e-3
_LEAST, _MOST = 0.02, 0.3


def limit_of(state: State) -> float:
    """The misfit a true symmetry may show: derivatives of a network are about ten times as far off as its values."""
    error = max(state.errors["train"], np.nan_to_num(state.errors["valid"])) / state.frame.scaled.deviation
    return float(np.clip(10.0 * error, _LEAST, _MOST))


def symmetries(state: State) -> pandas.DataFrame:
    """Each pair of inputs and each symmetry, the clearest first.

    ``misfit`` is the median of |a - b| over the median of |a| + |b| for the two sides of the test: 0 where it is true, up to 1.
    """
    import pandas

    z, _, slope, _ = _derivatives(state, second=False)
    limit, rows = limit_of(state), []
    for i, j in combinations(range(len(slope)), 2):
        scaled = z[i] * slope[i], z[j] * slope[j]
        tests = (("+", slope[i], slope[j]), ("-", slope[i], -slope[j]), ("*", *scaled), ("/", scaled[0], -scaled[1]))
        for sign, a, b in tests:
            misfit = _misfit(a, b)
            name = f"{state.frame.labels[i]} {sign} {state.frame.labels[j]}"
            kind = "translation" if sign in "+-" else "scaling"
            rows.append({"through": name, "kind": kind, "misfit": misfit, "limit": limit, "holds": misfit < limit})
    table = pandas.DataFrame(rows, columns=["through", "kind", "misfit", "limit", "holds"])
    return table.sort_values("misfit", ignore_index=True)


def separability(state: State, mode: str) -> pandas.DataFrame:
    """Each pair of inputs, the clearest first; ``attrs["groups"]`` are the parts the inputs fall into.

    ``misfit`` is the size of what must vanish over the size of what it is made of (``mul``), or over what the inputs' own
    influence is (``add``), with each input measured in its deviation.
    """
    import pandas

    if mode not in ("add", "mul"):
        raise ConfigError(f"There is no separability {mode!r}.", hint="Choose add or mul.")
    z, value, slope, mixed = _derivatives(state, second=True)
    unit = z.std(axis=1)
    limit, rows = limit_of(state), []
    for i, j in combinations(range(len(slope)), 2):
        if mode == "add":
            size = np.median(np.abs(slope[i] * unit[i]) + np.abs(slope[j] * unit[j]))
            misfit = float(np.median(np.abs(mixed[i, j])) * unit[i] * unit[j] / (size or 1.0))
        else:
            misfit = _misfit(value * mixed[i, j], slope[i] * slope[j])
        row = {"first": state.frame.labels[i], "second": state.frame.labels[j], "misfit": misfit}
        rows.append({**row, "limit": limit, "separable": misfit < limit})
    table = pandas.DataFrame(rows, columns=["first", "second", "misfit", "limit", "separable"])
    together = [(str(r["first"]), str(r["second"])) for r in rows if not r["separable"]]
    table = table.sort_values("misfit", ignore_index=True)
    table.attrs["groups"] = _groups(state.frame.labels, together)
    return table


def _groups(labels: tuple[str, ...], together: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The inputs, those that cannot be told apart in one group."""
    owner = {label: i for i, label in enumerate(labels)}
    for a, b in together:
        old, new = owner[b], owner[a]
        owner = {label: new if group == old else group for label, group in owner.items()}
    return [tuple(v for v in labels if owner[v] == group) for group in dict.fromkeys(owner.values())]


def _misfit(a: Array, b: Array) -> float:
    size = float(np.median(np.abs(a)) + np.median(np.abs(b)))
    return float(np.median(np.abs(a - b))) / size if size > 0 else 1.0


def _derivatives(state: State, *, second: bool) -> tuple[Array, Array, Array, Array]:
    """Inputs [I, N], values [N], slopes [I, N] and mixed second derivatives [I, I, N] in the user's units, by differences."""
    data = state.frame.scaled
    u = data.x[:: max(1, len(data.x) // _ROWS)]
    step = _STEP * np.eye(u.shape[1])

    def at(shift: Array) -> Array:
        out = net.forward(net.select(state.kan, 0), u + shift)[0, :, 0].detach().cpu().numpy()
        return np.asarray(out, dtype=np.float64)

    slope = np.stack([(at(s) - at(-s)) / (2 * _STEP) for s in step]) / data.half[:, None]
    mixed = _mixed(at, step) / (data.half[:, None] * data.half[None, :])[..., None] if second else np.zeros(0)
    z = u.T * data.half[:, None] + data.centre[:, None]
    return z, at(0 * step[0]) * data.deviation + data.mean, slope * data.deviation, mixed * data.deviation


def _mixed(at: Callable[[Array], Array], step: Array) -> Array:
    count = len(step)
    out = np.zeros((count, count, len(at(0 * step[0]))))
    for i, j in combinations(range(count), 2):
        a, b = step[i], step[j]
        out[i, j] = out[j, i] = (at(a + b) - at(a - b) - at(b - a) + at(-a - b)) / (4 * _STEP**2)
    return out
