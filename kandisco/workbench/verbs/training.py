"""Training by hand: fit, grids, starting points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.errors import ConfigError
from kandisco.kan import rewiring
from kandisco.workbench import training
from kandisco.workbench.verbs.history import AbstractHistory


class AbstractTraining(AbstractHistory):
    """Verbs that train the network, or prepare it for that."""

    def fit(
        self,
        steps: int = 60,
        *,
        lamb: float = 0.0,
        grids: Sequence[int] = (),
        opt: str = "LM",
        smooth: float = 0.0,
        l1: float = 0.0,
        entropy: float = 0.0,
        time: float = math.inf,
    ) -> Self:
        """Train splines and functions together; of several restarts the best on held-out rows stays.

        Args:
            steps: most iterations.
            lamb: sparsity pressure, unitless: edges whose effect is below about 5 lamb of the target's deviation vanish; then
                nodes and edges go one by one as long as a refit without them is no worse (LM only).
            grids: grid intervals to go through, coarse to fine; by default the present grid.
            opt: ``LM`` (Levenberg-Marquardt), ``LBFGS``, or ``Adam``, whose steps are epochs.
            smooth: pressure on bending, unitless.
            l1, entropy: pykan's pressures in units of ``lamb``, in place of the one above; pykan's own are 1 and 2.
            time: seconds.
        """
        kan = training.train(
            self.kan,
            self.state.frame.scaled,
            steps,
            opt=opt,
            lamb=lamb,
            grids=grids,
            smooth=smooth,
            pressure=net.Pressure(log=float(not (l1 or entropy)), l1=l1, entropy=entropy),
            control=Control(seconds=time),
        )
        return self._next(f"fit({steps}{f', lamb={lamb:g}' if lamb else ''})", self._compact(kan) if lamb else kan)

    def refine(self, grid: int) -> Self:
        """The same curves on another grid; exact on a finer one that holds the old points."""
        return self._next(f"refine({grid})", net.extend_grid(self.kan, grid))

    def update_grid(self, adapt: float | None = None) -> Self:
        """Grids of hidden nodes moved to what the data reach; training does so by itself.

        Args:
            adapt: share of the knots of all sources that follows the quantiles of what reaches them, 0 for even grids; training
                keeps it so. 0.5 pays where values span decades or lie in clusters.
        """
        x = self.state.frame.scaled.x
        moved = net.extend_grid(self.kan, self.kan.grid, x)
        return self._next("update_grid()", moved if adapt is None else net.adapt_grid(moved, x, adapt))

    def perturb(self, size: float = 0.1, *, seed: int = 0) -> Self:
        """Noise on the splines, ``size`` times the spread of their coefficients: out of a rut."""
        return self._next(f"perturb({size:g})", rewiring.perturb(self.kan, size, seed=seed))

    def initialize_from(self, other: AbstractHistory) -> Self:
        """The network of another workbench on the same data, on this one's grid.

        Raises:
            ConfigError: it reads other inputs.
        """
        if other.state.frame.labels != self.state.frame.labels:
            raise ConfigError(f"That network reads {', '.join(other.state.frame.labels)}.", hint="Give both the same inputs.")
        here, there = self.state.frame.scaled, other.state.frame.scaled
        if not (np.array_equal(here.x, there.x) and np.array_equal(here.centre, there.centre) and here.mean == there.mean):
            raise ConfigError("That network was trained on other rows.", hint="Build both workbenches from the same data.")
        return self._next("initialize_from(...)", net.extend_grid(other.kan, self.kan.grid))

    def to(self, device: str) -> Self:
        """The network on another device (``cuda``); everything done with it happens there."""
        moved = tuple(e.with_tensors({k: v.to(device) for k, v in e.tensors().items()}) for e in self.kan.edges)
        return self._next(f"to({device!r})", replace(self.kan, edges=moved))
