"""Where one stands, and back and forth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from kandisco import kan as net
from kandisco.errors import ConfigError
from kandisco.kan import rewiring
from kandisco.registry import Registry
from kandisco.workbench.formula import splines
from kandisco.workbench.state import Frame, State, measured
from kandisco.workbench.tables import describe, rows_about

if TYPE_CHECKING:
    import pandas


class AbstractHistory(ABC):
    """The states of a workbench, and the way between them."""

    _states: tuple[State, ...]
    _at: int
    _settings: dict[str, Any]
    _registry: Registry

    @classmethod
    @abstractmethod
    def _of(cls, states: tuple[State, ...], at: int, settings: dict[str, Any], registry: Registry) -> Self:
        """A workbench that stands at a state."""

    def _next(self, verb: str, kan: net.KAN, frame: Frame | None = None, notes: Sequence[str] = ()) -> Self:
        """Go to a new state; what had been undone is forgotten."""
        state = measured(kan, frame or self.state.frame, verb, tuple(notes))
        self._states, self._at = (*self._states[: self._at + 1], state), self._at + 1
        return self

    def _compact(self, kan: net.KAN) -> net.KAN:
        """Without dead nodes."""
        return rewiring.compact(kan, self.state.frame.scaled.x)

    @property
    def state(self) -> State:
        """The current state: network, data, errors, notes."""
        return self._states[self._at]

    @property
    def kan(self) -> net.KAN:
        """The current network: tensors in its own coordinates."""
        return self.state.kan

    @property
    def _one(self) -> net.KAN:
        """The current network, the first of several restarts."""
        return net.select(self.kan, 0)

    @property
    def shape(self) -> net.Shape:
        """Inputs, and sum and product nodes of each layer."""
        return self.kan.shape

    @property
    def edges(self) -> list[tuple[int, int, int]]:
        """The live edges, as (layer, source, target)."""
        return [(e.layer, e.source, e.target) for e in self._one.live_edges()]

    @property
    def splines(self) -> list[tuple[int, int, int]]:
        """The live edges that are not functions yet."""
        return [(e.layer, e.source, e.target) for e in splines(self._one)]

    @property
    def errors(self) -> Mapping[str, float]:
        """RMSE in the target's unit on ``train``, ``valid``, ``test`` and ``shell`` rows."""
        return self.state.errors

    def __repr__(self) -> str:
        return describe(self.state, self._at)

    def undo(self, steps: int = 1) -> Self:
        """Some states back.

        Raises:
            ConfigError: there are not so many.
        """
        return self.goto(self._at - steps)

    def redo(self, steps: int = 1) -> Self:
        """Some of the states that were undone forward again."""
        return self.goto(self._at + steps)

    def goto(self, step: int) -> Self:
        """To a step of the history."""
        if not 0 <= step < len(self._states):
            raise ConfigError(f"There is no step {step}.", hint=f"The history has steps 0 to {len(self._states) - 1}.")
        self._at = step
        return self

    def branch(self, step: int | None = None) -> Self:
        """Another workbench that begins at a step (the current one by default) with the history up to there."""
        at = self._at if step is None else step
        return self._of(self._states[: at + 1], self._at, self._settings, self._registry).goto(at)

    def history(self) -> pandas.DataFrame:
        """A row per step: verb, shape, live edges, those with functions, errors; the current one is marked."""
        return rows_about(self._states, [str(i) for i in range(len(self._states))], now=self._at)

    def compare(self, *others: AbstractHistory) -> pandas.DataFrame:
        """The current states of this and other workbenches side by side."""
        benches: tuple[AbstractHistory, ...] = (self, *others)
        return rows_about(tuple(b.state for b in benches), ["this", *(f"other {i + 1}" for i in range(len(others)))])
