"""``Workbench``: look at a network, point at an edge, say what it is, and take any step back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kandisco import kan as net
from kandisco.config import parse_uncertainty
from kandisco.data import to_dataset, to_table, with_uncertainty
from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.plugins import load as load_plugins
from kandisco.registry import Registry
from kandisco.stages import compile as compiling
from kandisco.types import Array, Dataset
from kandisco.workbench import storage
from kandisco.workbench.state import State, Width, as_shape, make_frame, measured, predict
from kandisco.workbench.tables import columns_of
from kandisco.workbench.verbs.structure import AbstractStructure

_ORDINARY = ("elementary",)


class Workbench(AbstractStructure):
    """One network under one's hands. Each verb makes a new state; ``undo`` and ``redo`` move between them, ``branch`` starts
    another line. Nothing is written to disk until ``save``. The verbs are in ``kandisco.workbench.verbs``, a file for each kind.

    Verbs that change the network return the workbench itself, so that calls can be chained. Edges are (layer, source, target),
    each from 0: from node ``source`` of level ``layer`` (0 the inputs) to sub-sum ``target`` of the next. A sum node is one
    sub-sum, a product node one for each factor. Nodes that die are taken out, and the later ones of their level move up.

    All errors, curves of inputs and formulas are in the user's columns and units: normalisation happens inside.

    Args:
        x: a ``kandisco.Dataset``, or numbers [rows, inputs] (array or frame).
        y: numbers [rows]; None with a ``Dataset``.
        width: shape such as ``"2,5,1"``, ``[2, 5, 1]``, ``"2,5+1,1"`` (one product node); by default five sum nodes.
        names: headers of the columns, possibly with units; by default those of the frame, or x0, x1, ...
        weights: [rows] above zero, what each squared error counts.
        uncertainty: standard uncertainty of the target, as of a run: ``"0.02"`` in its unit, ``"1%"`` of each value.
        grid: grid intervals of the edges.
        basis: edge basis, by name.
        functions: names or tags of the library edges are compared with.
        restarts: networks started side by side; the first ``fit`` keeps the best.
        seed: of the starting points and of the split into training, validation, test and shell rows.
        test_size, max_rows: as in a run.
        registry: where functions and bases are looked up; by default the installed plugins.

    Raises:
        InputError, ConfigError: data or a shape that cannot be used.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.uniform(-1, 1, (200, 2))
        >>> bench = Workbench(x, np.exp(x[:, 0] + x[:, 1] ** 2), width=[2, 1, 1], names=["a", "b"])
        >>> bench = bench.fit().fix_symbolic((0, 0, 0), "x").fix_symbolic((0, 1, 0), "x^2").fix_symbolic((1, 0, 0), "exp").fit()
        >>> bench.symbolic_formula()
        exp(a + b**2)
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        *,
        width: Width | None = None,
        names: Sequence[str] = (),
        weights: ArrayLike | None = None,
        uncertainty: str = "",
        grid: int = 5,
        basis: str = "bspline",
        functions: Sequence[str] = _ORDINARY,
        restarts: int = 4,
        seed: int = 0,
        test_size: float = 0.2,
        max_rows: int = 2000,
        registry: Registry | None = None,
    ) -> None:
        dataset = with_uncertainty(_dataset(x, y, names, weights), *parse_uncertainty(uncertainty))
        registry = registry or Registry(load_plugins())
        settings = {"functions": list(functions), "seed": seed, "test_size": test_size, "max_rows": max_rows}
        frame = make_frame(dataset, test_size=test_size, max_rows=max_rows, seed=seed)
        shape = as_shape(width, len(dataset.inputs))
        kan = net.init(shape, registry.basis(basis), x=frame.scaled.x, restarts=restarts, seed=seed, grid=grid)
        self._set((measured(kan, frame, f"start {shape}", dataset.notes),), 0, settings, registry)

    def _set(self, states: tuple[State, ...], at: int, settings: dict[str, Any], registry: Registry) -> None:
        self._states, self._at, self._settings, self._registry = states, at, settings, registry

    @classmethod
    def _of(cls, states: tuple[State, ...], at: int, settings: dict[str, Any], registry: Registry) -> Workbench:
        bench = cls.__new__(cls)
        bench._set(states, at, dict(settings), registry)
        return bench

    @classmethod
    def from_formula(
        cls, formula: str, x: Any, y: Any = None, *, names: Sequence[str] = (), grid: int = 5, **settings: Any
    ) -> Workbench:
        """A formula compiled to a network: each edge a function, each product a product node.

        Args:
            formula: in the names of the columns.
            x, y: as for ``Workbench``; without ``y`` the formula's own values are the target.
            names, grid, settings: as for ``Workbench``.

        Raises:
            InputError: a formula that needs other columns, or is not finite on the rows.

        Example:
            >>> x = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
            >>> bench = Workbench.from_formula("a*exp(-b)", x, names=["a", "b"])
            >>> str(bench.shape), bench.symbolic_formula()
            ('[2,0+1,1]', a*exp(-b))
        """
        x, y = _with_target(formula, x, y, names)
        base = cls(x, y, names=names, grid=grid, restarts=1, **settings)
        frame = base.state.frame
        expr = parse(formula, frame.labels)
        raw = frame.scaled.x * frame.scaled.half + frame.scaled.centre
        kan = compiling.compiled(expr, frame.labels, base.kan.spec, raw, grid=grid)
        state = measured(compiling.normalised(kan, frame.scaled), frame, f"from_formula({formula!r})")
        return cls._of((state,), 0, base._settings, base._registry)

    def predict(self, x: Any) -> Array:
        """[rows] in the target's unit; nan where a function is not defined.

        Args:
            x: [rows, columns] in the order of the data, or a frame with their headers.
        """
        return predict(self._one, self.state.frame, columns_of(x, self.state.frame.dataset))

    def score(self, x: Any, y: Any) -> float:
        """R2 on other rows."""
        truth = np.asarray(y, dtype=np.float64).ravel()
        return 1.0 - float(np.mean((self.predict(x) - truth) ** 2)) / float(np.var(truth))

    def activations(self, x: Any = None) -> tuple[net.Activations, ...]:
        """Per layer all that flows, in the network's coordinates; of the training rows by default."""
        frame = self.state.frame
        at = frame.scaled.x if x is None else frame.to_network(columns_of(x, frame.dataset))
        return net.activations(self._one, at)

    def save(self, path: str | Path) -> Path:
        """Write ``<path>.json`` and ``<path>.npz``: the data and all states, so that ``load`` can undo too."""
        storage.write(Path(path), self._states, self._at, self._settings)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path, *, registry: Registry | None = None) -> Workbench:
        """What ``save`` wrote; reading it executes nothing."""
        registry = registry or Registry(load_plugins())
        states, at, settings = storage.read(Path(path), registry.basis)
        return cls._of(states, at, settings, registry)


def _dataset(x: Any, y: Any, names: Sequence[str], weights: ArrayLike | None) -> Dataset:
    if isinstance(x, Dataset):
        return x
    if y is None:
        raise InputError("There is no target.", hint="Give y, or a Dataset.")
    table = to_table(x, y, names=names)
    labels = list(table.columns)
    counts = np.asarray(weights, dtype=np.float64) if weights is not None else None
    dataset = to_dataset(table, target=labels[-1], features=labels[:-1])
    if counts is not None and (counts.shape != dataset.y.shape or not np.all(counts > 0) or not np.all(np.isfinite(counts))):
        raise InputError(
            f"Weights {counts.shape} do not go with {dataset.y.shape} usable rows.", hint="Give one above zero for each."
        )
    return replace(dataset, weights=counts)


def _with_target(formula: str, x: Any, y: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """x and y, which the formula itself gives where there is none."""
    if isinstance(x, Dataset) or y is not None:
        return x, y
    values = np.asarray(x, dtype=np.float64)
    stand_in = to_dataset(to_table(x, np.arange(len(values)), names=names), target="y")
    expr = parse(formula, tuple(variable.name for variable in stand_in.inputs))
    from kandisco.expr.numeric import evaluate

    return x, evaluate(expr, columns_of(x, stand_in))
