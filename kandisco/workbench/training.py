"""Training by hand: one call for every optimiser, with or without pressure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.errors import ConfigError
from kandisco.stages.train import Scaled
from kandisco.types import Array


def train(
    kan: net.KAN,
    data: Scaled,
    steps: int,
    *,
    opt: str,
    lamb: float,
    grids: Sequence[int],
    smooth: float,
    pressure: net.Pressure,
    control: Control,
) -> net.KAN:
    """The best of the restarts after training.

    Raises:
        ConfigError: no such optimiser, or one that cannot do what is asked.
    """
    common: dict[str, Any] = {"weights": data.weights, "control": control}
    if opt in ("LBFGS", "Adam") and not (lamb or grids or smooth):
        if opt == "LBFGS":
            found = net.fit_lbfgs(kan, data.x, data.y, iterations=steps, **common)
        else:
            found = net.fit_adam(kan, data.x, data.y, epochs=steps, **common)
        return _best(found.kan, found.loss, 0.0)
    if opt != "LM":
        raise ConfigError(f"opt={opt!r} cannot do this.", hint="Choose LM, which takes lamb, smooth and grids; LBFGS; or Adam.")
    common |= {"valid": data.held, "iterations": steps, "grids": tuple(grids) or (kan.grid,)}
    common["smooth"] = smooth
    done = (
        net.sparsify(kan, data.x, data.y, lamb=lamb, pressure=pressure, **common)
        if lamb
        else net.fit(kan, data.x, data.y, **common)
    )
    return _best(done.kan, done.valid_rmse, 0.5 * lamb)


def _best(kan: net.KAN, errors: Array, slack: float) -> net.KAN:
    """The restart with the fewest edges among those whose error is as good as the best, to ``slack`` of the target's deviation.

    What elimination lets a removal cost, a simpler restart may cost too.
    """
    known = np.nan_to_num(errors, nan=np.inf)
    close = np.flatnonzero(known <= max(1.1 * known.min(), known.min() + slack)) if slack else [int(np.argmin(known))]
    ranked = [(len(net.select(kan, int(i)).live_edges()), known[i], int(i)) for i in close]
    return net.select(kan, min(ranked)[2])
