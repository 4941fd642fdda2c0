"""``Workbench``: look at a network, point at an edge, say what it is, and take any step back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from kandisco import kan as net
from kandisco.control import Control
from kandisco.data import to_dataset, to_table
from kandisco.errors import ConfigError, InputError, StageError
from kandisco.expr import Expr, parse
from kandisco.expr.symbolic import to_sympy
from kandisco.kan import rewiring
from kandisco.plugins import load as load_plugins
from kandisco.registry import Registry
from kandisco.specs import FunctionSpec
from kandisco.stages import compile as compiling
from kandisco.stages import fix as fixing
from kandisco.stages.prune import prune as eliminate
from kandisco.types import Array, Dataset, EdgeId, Formula
from kandisco.workbench import scores, storage, structure, symbols, training
from kandisco.workbench.formula import expression, polished, splines
from kandisco.workbench.picture import picture
from kandisco.workbench.state import Edge, Frame, State, Width, as_shape, edge_id, make_frame, measured, predict
from kandisco.workbench.tables import columns_of, describe, outline, rows_about

if TYPE_CHECKING:
    import pandas

_ORDINARY = ("elementary",)


class Workbench:
    """One network under one's hands. Each verb makes a new state; ``undo`` and ``redo`` move between them, ``branch`` starts
    another line. Nothing is written to disk until ``save``.

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
        grid: int = 5,
        basis: str = "bspline",
        functions: Sequence[str] = _ORDINARY,
        restarts: int = 4,
        seed: int = 0,
        test_size: float = 0.2,
        max_rows: int = 2000,
        registry: Registry | None = None,
    ) -> None:
        dataset = _dataset(x, y, names, weights)
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

    def _next(self, verb: str, kan: net.KAN, frame: Frame | None = None, notes: Sequence[str] = ()) -> Workbench:
        """Go to a new state; what had been undone is forgotten."""
        state = measured(kan, frame or self.state.frame, verb, tuple(notes))
        self._states, self._at = (*self._states[: self._at + 1], state), self._at + 1
        return self

    # ------------------------------------------------------------------------------------------------ where one stands

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

    # ---------------------------------------------------------------------------------------------------- back and forth

    def undo(self, steps: int = 1) -> Workbench:
        """Some states back.

        Raises:
            ConfigError: there are not so many.
        """
        return self.goto(self._at - steps)

    def redo(self, steps: int = 1) -> Workbench:
        """Some of the states that were undone forward again."""
        return self.goto(self._at + steps)

    def goto(self, step: int) -> Workbench:
        """To a step of the history."""
        if not 0 <= step < len(self._states):
            raise ConfigError(f"There is no step {step}.", hint=f"The history has steps 0 to {len(self._states) - 1}.")
        self._at = step
        return self

    def branch(self, step: int | None = None) -> Workbench:
        """Another workbench that begins at a step (the current one by default) with the history up to there."""
        at = self._at if step is None else step
        return Workbench._of(self._states[: at + 1], self._at, self._settings, self._registry).goto(at)

    def history(self) -> pandas.DataFrame:
        """A row per step: verb, shape, live edges, those with functions, errors; the current one is marked."""
        return rows_about(self._states, [str(i) for i in range(len(self._states))], now=self._at)

    def compare(self, *others: Workbench) -> pandas.DataFrame:
        """The current states of this and other workbenches side by side."""
        benches = (self, *others)
        return rows_about(tuple(b.state for b in benches), ["this", *(f"other {i + 1}" for i in range(len(others)))])

    # ---------------------------------------------------------------------------------------------------------- training

    def fit(
        self,
        steps: int = 60,
        *,
        lamb: float = 0.0,
        grids: Sequence[int] = (),
        opt: str = "LM",
        smooth: float = 0.0,
        time: float = math.inf,
    ) -> Workbench:
        """Train splines and functions together; of several restarts the best on held-out rows stays.

        Args:
            steps: most iterations.
            lamb: sparsity pressure, unitless: edges whose effect is below about 5 lamb of the target's deviation vanish; then
                nodes and edges go one by one as long as a refit without them is no worse (LM only).
            grids: grid intervals to go through, coarse to fine; by default the present grid.
            opt: ``LM`` (Levenberg-Marquardt), ``LBFGS``, or ``Adam``, whose steps are epochs.
            smooth: pressure on bending, unitless.
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
            control=Control(seconds=time),
        )
        return self._next(f"fit({steps}{f', lamb={lamb:g}' if lamb else ''})", self._compact(kan) if lamb else kan)

    def refine(self, grid: int) -> Workbench:
        """The same curves on another grid; exact on a finer one that holds the old points."""
        return self._next(f"refine({grid})", net.extend_grid(self.kan, grid))

    def update_grid(self) -> Workbench:
        """Grids of hidden nodes moved to what the data reach; training does so by itself."""
        return self._next("update_grid()", net.extend_grid(self.kan, self.kan.grid, self.state.frame.scaled.x))

    def perturb(self, size: float = 0.1, *, seed: int = 0) -> Workbench:
        """Noise on the splines, ``size`` times the spread of their coefficients: out of a rut."""
        return self._next(f"perturb({size:g})", rewiring.perturb(self.kan, size, seed=seed))

    def initialize_from(self, other: Workbench) -> Workbench:
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

    def to(self, device: str) -> Workbench:
        """The network on another device (``cuda``); everything done with it happens there."""
        moved = tuple(e.with_tensors({k: v.to(device) for k, v in e.tensors().items()}) for e in self.kan.edges)
        return self._next(f"to({device!r})", replace(self.kan, edges=moved))

    # ----------------------------------------------------------------------------------------------------------- pruning

    def prune(self, threshold: float = 0.01, *, time: float = math.inf) -> Workbench:
        """Remove edges, the weakest first, as long as a refit without them is no worse on held-out rows; then dead nodes."""
        done = eliminate(self._one, self.state.frame.scaled, threshold=threshold, control=Control(seconds=time))
        return self._next(f"prune({threshold:g})", self._compact(done.value), notes=done.record.notes)

    def prune_edge(self, threshold: float = 0.03) -> Workbench:
        """Remove the edges whose effect is below ``threshold`` of the target's deviation, without a refit."""
        weak = [edge for edge, effect in scores.effects_of(self._one, self.state.frame).items() if effect < threshold]
        return self._without(f"prune_edge({threshold:g})", weak)

    def prune_node(self, threshold: float = 0.01) -> Workbench:
        """Remove the hidden nodes whose edges together have an effect below ``threshold`` of the target's deviation."""
        weak = [(lv, node) for lv in range(1, len(self.shape.layers)) for node in self._weak(lv, threshold)]
        return self._without(
            f"prune_node({threshold:g})", [e for where in weak for e in rewiring.edges_of_node(self._one, *where)]
        )

    def prune_input(self, threshold: float = 0.01) -> Workbench:
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

    def remove_edge(self, edge: Edge) -> Workbench:
        """Take an edge out; its mean goes into the bias."""
        net.edges_at(self.kan, edge_id(edge))
        return self._without(f"remove_edge({_named(edge)})", [edge_id(edge)])

    def remove_node(self, level: int, node: int) -> Workbench:
        """Take a hidden node out (level 1 is the first hidden one), or (level 0) stop hearing an input."""
        return self._without(f"remove_node({level}, {node})", rewiring.edges_of_node(self._one, level, node))

    def _weak(self, level: int, threshold: float) -> list[int]:
        effects = scores.node_effects(self._one, self.state.frame, level)
        return [int(node) for node in np.flatnonzero(effects < threshold)]

    def _without(self, verb: str, edges: Sequence[EdgeId]) -> Workbench:
        return self._next(verb, self._dropped(edges))

    def _dropped(self, edges: Sequence[EdgeId]) -> net.KAN:
        return self._compact(net.prune(self._one, edges, self.state.frame.scaled.x))

    def _compact(self, kan: net.KAN) -> net.KAN:
        return rewiring.compact(kan, self.state.frame.scaled.x)

    # ------------------------------------------------------------------------------------------------------ edges by hand

    def suggest_symbolic(self, edge: Edge, functions: Sequence[str] | None = None) -> pandas.DataFrame:
        """The library on one edge, ranked by cost: decades of error, plus a tenth for each node of complexity."""
        return symbols.suggestions(self._one, self.state.frame, edge_id(edge), self._library(functions))

    def fix_symbolic(self, edge: Edge, function: str, *, lock: bool = False) -> Workbench:
        """Make an edge c f(a x + b) + d, started from what it draws; training goes on with a, b, c, d, unless locked.

        Args:
            edge: (layer, source, target).
            function: a name of the library (``"sin"``), any function of x (``"exp(-x**2)"``), or ``"0"`` to remove the edge.
            lock: hold its numbers still.
        """
        if function == "0":
            return self.remove_edge(edge)
        place = edge_id(edge)
        done = fixing.fix_symbolic(self._one, place, self._function(function), self.state.frame.scaled.x)
        kan = net.lock(done.value, [place]) if lock else done.value
        r2 = 1.0 - float(done.record.metrics["error"]) ** 2
        return self._next(f"fix_symbolic({_named(edge)}, {function!r})", kan, notes=(f"R2 {r2:.6f} on what the edge drew.",))

    def unfix(self, edge: Edge | None = None) -> Workbench:
        """Make a function a spline again that draws the same; all of them without an argument."""
        kan = self._one
        known = [EdgeId(layer=i, source=s.source, target=s.sub) for i, e in enumerate(kan.edges) for s in e.symbols]
        for place in known if edge is None else [edge_id(edge)]:
            kan = net.lock(net.clear_symbol(kan, place), [place], False)
        return self._next(f"unfix({'' if edge is None else _named(edge)})", kan)

    def auto_symbolic(
        self, *, r2: float = 0.9, candidates: int = 4, functions: Sequence[str] | None = None, time: float = math.inf
    ) -> Workbench:
        """A function for every spline edge, judged by the refitted network; an edge no function fits to ``r2`` stays a spline."""
        library, frame, control = self._library(functions), self.state.frame, Control(seconds=time)
        found = symbols.choose_all(self._one, frame, library, r2=r2, candidates=candidates, control=control)
        return self._next("auto_symbolic()", self._compact(found.kan), notes=found.notes)

    def lock(self, *edges: Edge) -> Workbench:
        """Hold edges still in training, spline or function."""
        return self._next(f"lock({', '.join(map(_named, edges))})", net.lock(self.kan, map(edge_id, edges)))

    def unlock(self, *edges: Edge) -> Workbench:
        """Let edges move again."""
        return self._next(f"unlock({', '.join(map(_named, edges))})", net.lock(self.kan, map(edge_id, edges), False))

    def curve(self, edge: Edge) -> symbols.Curve:
        """What an edge draws over the training rows: ``u`` (sorted; in the input's unit if it starts from one) and ``v``."""
        return symbols.curve_of(self._one, self.state.frame, edge_id(edge))

    def _library(self, names: Sequence[str] | None) -> tuple[FunctionSpec, ...]:
        return self._registry.functions(tuple(names or self._settings["functions"]))

    def _function(self, name: str) -> FunctionSpec:
        if name in self._registry.all_functions.names():
            return self._registry.function(name)
        try:
            written = parse(name, ("x",))
        except InputError:
            return self._registry.function(name)  # which says what is near
        if written.variables() != ("x",):
            raise InputError(f"{name!r} is no function of x.", hint="Write it as in exp(-x**2).")
        return FunctionSpec(name=name, sympy=name)

    # ------------------------------------------------------------------------------------------------------------ formula

    def expression(self) -> Expr:
        """The formula of the network as it is, number for number, as a tree in the user's columns and units."""
        return expression(self._one, self.state.frame)

    def formula(self) -> Formula:
        """The formula refitted as a whole, its constants snapped where the data allow, with errors and evidence."""
        return polished(self.expression(), self.state.frame.rows, f"workbench {self.shape}")

    def symbolic_formula(self, *, refit: bool = True) -> Any:
        """The formula as a sympy expression: refitted and snapped, or (``refit`` False) the network's own numbers.

        Raises:
            StageError: some edges are still splines.
        """
        return to_sympy(self.formula().expr if refit else self.expression())

    def tree(self) -> str:
        """The formula as a tree of its parts, one a line."""
        return outline(self.formula().expr)

    def plot(self, path: str | Path | None = None, *, theme: str = "light") -> Any:
        """Draw the network: a card for each edge with its curve, its function (``~``: the most similar one) and R2.

        Args:
            path: file to write (``.svg``, ``.png`` or ``.pdf``); nothing is written without it.
            theme: ``light`` or ``dark``.

        Returns:
            The matplotlib figure, which a notebook shows.
        """
        return picture(self.state, self._library(None), path, theme)

    # ---------------------------------------------------------------------------------------------------------- structure

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

    def expand_width(self, level: int, nodes: int = 1, *, products: Sequence[int] = (), seed: int = 0) -> Workbench:
        """More nodes at a hidden level: sum nodes, and product nodes of the arities given. They are not heard until ``fit``."""
        if level == 0:
            raise ConfigError("Level 0 are the inputs.", hint="Use augment_input for more of these.")
        x = self.state.frame.scaled.x
        kan = rewiring.add_nodes(self.kan, level, x, sums=nodes, products=products, seed=seed)
        return self._next(f"expand_width({level}, {nodes})", kan)

    def expand_depth(self) -> Workbench:
        """One layer more, which hands the output on as it is until it is trained."""
        return self._next("expand_depth()", rewiring.add_layer(self.kan, self.state.frame.scaled.x))

    def swap(self, level: int, i: int, j: int) -> Workbench:
        """Two hidden nodes of a level exchanged."""
        return self._next(f"swap({level}, {i}, {j})", scores.swapped(self.kan, level, i, j))

    def untangle(self) -> Workbench:
        """Hidden nodes in the order that makes the drawing's edges short."""
        return self._next("untangle()", scores.untangled(self._one, self.state.frame))

    def augment_input(self, name: str, formula: str) -> Workbench:
        """Another input, worked out from the columns: ``augment_input("r", "sqrt(x**2 + y**2)")``."""
        frame = self.state.frame
        if name in frame.labels:
            raise ConfigError(f"There is an input {name!r} already.", hint="Give it another name.")
        expr = parse(formula, tuple(variable.name for variable in frame.dataset.inputs))
        wider = frame.with_inputs((*frame.labels, name), (*frame.inputs, expr))
        kan = rewiring.add_nodes(self.kan, 0, wider.scaled.x, sums=1)
        return self._next(f"augment_input({name!r}, {formula!r})", kan, wider)

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

    # ------------------------------------------------------------------------------------------------------------- values

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

    # -------------------------------------------------------------------------------------------------------- on the disk

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


def _named(edge: Edge) -> str:
    place = edge_id(edge)
    return f"({place.layer}, {place.source}, {place.target})"


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
