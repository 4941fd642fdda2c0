"""Taking edges, nodes and inputs out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.errors import StageError
from kandisco.kan import rewiring
from kandisco.stages.prune import prune as eliminate
from kandisco.types import EdgeId
from kandisco.workbench import scores
from kandisco.workbench.state import Edge, edge_id, named
from kandisco.workbench.verbs.training import AbstractTraining


class AbstractPruning(AbstractTraining):
    """Verbs that make the network smaller."""

    def prune(self, threshold: float = 0.01, *, time: float = math.inf) -> Self:
        """Remove edges, the weakest first, as long as a refit without them is no worse on held-out rows; then dead nodes."""
        done = eliminate(self._one, self.state.frame.scaled, threshold=threshold, control=Control(seconds=time))
        return self._next(f"prune({threshold:g})", self._compact(done.value), notes=done.record.notes)

    def prune_edge(self, threshold: float = 0.03) -> Self:
        """Remove the edges whose effect is below ``threshold`` of the target's deviation, without a refit."""
        weak = [edge for edge, effect in scores.effects_of(self._one, self.state.frame).items() if effect < threshold]
        return self._without(f"prune_edge({threshold:g})", weak)

    def prune_node(self, threshold: float = 0.01) -> Self:
        """Remove the hidden nodes whose edges together have an effect below ``threshold`` of the target's deviation."""
        weak = [(lv, node) for lv in range(1, len(self.shape.layers)) for node in self._weak(lv, threshold)]
        return self._without(
            f"prune_node({threshold:g})", [e for where in weak for e in rewiring.edges_of_node(self._one, *where)]
        )

    def prune_input(self, threshold: float = 0.01) -> Self:
        """Take out the inputs whose effect is below ``threshold`` of the target's deviation; the network reads fewer columns."""
        kept = sorted(set(range(self.shape.inputs)) - set(self._weak(0, threshold)))
        if not kept:
            raise StageError(f"No input would be left at {threshold:g}.", hint="Lower the threshold.")
        kan = self._dropped([e for i in self._weak(0, threshold) for e in rewiring.edges_of_node(self._one, 0, i)])
        order = rewiring.all_nodes(kan.shape)
        order[0] = kept
        frame = self.state.frame
        smaller = frame.with_inputs(tuple(frame.labels[i] for i in kept), tuple(frame.inputs[i] for i in kept))
        return self._next(f"prune_input({threshold:g})", rewiring.keep_nodes(kan, order), smaller)

    def remove_edge(self, edge: Edge) -> Self:
        """Take an edge out; its mean goes into the bias."""
        net.edges_at(self.kan, edge_id(edge))
        return self._without(f"remove_edge({named(edge)})", [edge_id(edge)])

    def remove_node(self, level: int, node: int) -> Self:
        """Take a hidden node out (level 1 is the first hidden one), or (level 0) stop hearing an input."""
        return self._without(f"remove_node({level}, {node})", rewiring.edges_of_node(self._one, level, node))

    def _weak(self, level: int, threshold: float) -> list[int]:
        effects = scores.node_effects(self._one, self.state.frame, level)
        return [int(node) for node in np.flatnonzero(effects < threshold)]

    def _without(self, verb: str, edges: Sequence[EdgeId]) -> Self:
        return self._next(verb, self._dropped(edges))

    def _dropped(self, edges: Sequence[EdgeId]) -> net.KAN:
        return self._compact(net.prune(self._one, edges, self.state.frame.scaled.x))
