"""What the inputs do, and a network of another structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from kandisco.errors import ConfigError
from kandisco.expr import parse
from kandisco.kan import rewiring
from kandisco.workbench import scores, structure
from kandisco.workbench.verbs.formulas import AbstractFormulas

if TYPE_CHECKING:
    import pandas


class AbstractStructure(AbstractFormulas):
    """Verbs about the structure of the data and of the network."""

    def attribute(self, kind: str = "features") -> pandas.DataFrame:
        """What ``features``, ``nodes`` or ``edges`` do to the output: ``effect`` in the target's unit, ``share`` of its level."""
        return scores.attribution(self._one, self.state.frame, kind)

    def feature_interaction(self, level: int = 1, *, threshold: float = 0.01) -> dict[tuple[str, ...], int]:
        """Which inputs meet in the nodes of a level: names -> how many nodes mix exactly these."""
        return scores.interactions(self._one, self.state.frame, level, threshold)

    def symmetries(self) -> pandas.DataFrame:
        """Pairs of inputs that count only through their sum, difference, product or quotient, with the misfit of each test."""
        return structure.symmetries(self.state)

    def separability(self, mode: str = "add") -> pandas.DataFrame:
        """Pairs of inputs that contribute apart, as summands (``add``) or factors (``mul``), and ``attrs["groups"]``."""
        return structure.separability(self.state, mode)

    def connection_cost(self) -> float:
        """Length of the drawing's edges, weighed by their effects."""
        return scores.connection_cost(self._one, self.state.frame)

    def expand_width(self, level: int, nodes: int = 1, *, products: Sequence[int] = (), seed: int = 0) -> Self:
        """More nodes at a hidden level: sum nodes, and product nodes of the arities given. They are not heard until ``fit``."""
        if level == 0:
            raise ConfigError("Level 0 are the inputs.", hint="Use augment_input for more of these.")
        x = self.state.frame.scaled.x
        kan = rewiring.add_nodes(self.kan, level, x, sums=nodes, products=products, seed=seed)
        return self._next(f"expand_width({level}, {nodes})", kan)

    def expand_depth(self) -> Self:
        """One layer more, which hands the output on as it is until it is trained."""
        return self._next("expand_depth()", rewiring.add_layer(self.kan, self.state.frame.scaled.x))

    def swap(self, level: int, i: int, j: int) -> Self:
        """Two hidden nodes of a level exchanged."""
        return self._next(f"swap({level}, {i}, {j})", scores.swapped(self.kan, level, i, j))

    def untangle(self) -> Self:
        """Hidden nodes in the order that makes the drawing's edges short."""
        return self._next("untangle()", scores.untangled(self._one, self.state.frame))

    def augment_input(self, name: str, formula: str) -> Self:
        """Another input, worked out from the columns: ``augment_input("r", "sqrt(x**2 + y**2)")``."""
        frame = self.state.frame
        if name in frame.labels:
            raise ConfigError(f"There is an input {name!r} already.", hint="Give it another name.")
        expr = parse(formula, tuple(variable.name for variable in frame.dataset.inputs))
        wider = frame.with_inputs((*frame.labels, name), (*frame.inputs, expr))
        kan = rewiring.add_nodes(self.kan, 0, wider.scaled.x, sums=1)
        return self._next(f"augment_input({name!r}, {formula!r})", kan, wider)
