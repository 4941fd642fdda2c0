"""A network as plain data for its drawing, and how it is read off a KAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kandisco.expr import Expr, to_text

if TYPE_CHECKING:
    from kandisco.kan import KAN
    from kandisco.specs import FunctionSpec
    from kandisco.symbolic.curves import Atoms
    from kandisco.types import Array, Variable

Kind = Literal["spline", "symbolic", "dead"]
_SAMPLES = 60
_FEW = 24
_REFINED = 2


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One edge of a drawing.

    Attributes:
        layer: it belongs to, from 0.
        level, source: where it starts: node ``source`` of level ``level`` (0 is the inputs).
        sub: the sub-sum of the layer it ends in.
        u, v: float64 [samples], its curve, sorted by ``u``.
        density: float64 [bins], share of the rows in even bins of ``u``.
        kind: ``spline``, ``symbolic`` (a function was put there) or ``dead``.
        weight: share of the output's variation that goes through it, 0 to 1.
        symbol: name of its function, or of the function most like it; empty if none was sought.
        r2: of that function on the curve; nan if none was sought.
        expr: that function, a tree in ``x``.
    """

    layer: int
    level: int
    source: int
    sub: int
    u: Array
    v: Array
    density: Array
    kind: Kind = "spline"
    weight: float = 1.0
    symbol: str = ""
    r2: float = float("nan")
    expr: Expr | None = None

    @property
    def place(self) -> tuple[int, int, int, int]:
        """What tells it from the others."""
        return self.layer, self.level, self.source, self.sub


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network as it is drawn.

    Attributes:
        inputs: names with units, bottom left to right.
        outputs: the same at the top.
        owners: for each layer, the node that each sub-sum belongs to.
        edges: all edges, dead ones too.
        title: what stands above the drawing.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    owners: tuple[tuple[int, ...], ...]
    edges: tuple[Edge, ...]
    title: str = ""

    def nodes(self, level: int) -> int:
        """How many nodes a level has (0 is the inputs)."""
        return len(self.inputs) if level == 0 else max(self.owners[level - 1]) + 1

    def called(self, level: int, node: int) -> str:
        """A node's name: of an input, of an output, or ``h1,2`` for the second node of the first hidden level."""
        if level == 0:
            return self.inputs[node]
        return self.outputs[node] if level == len(self.owners) else f"h{level},{node + 1}"

    def live(self) -> tuple[Edge, ...]:
        """The edges that are not dead."""
        return tuple(edge for edge in self.edges if edge.kind != "dead")

    def shown(self, like: Network | None = None) -> tuple[Edge, ...]:
        """The edges that get a card: the live ones, or those that are live in ``like``."""
        keys = {edge.place for edge in (like or self).live()}
        return tuple(edge for edge in self.edges if edge.place in keys)


def named(variable: Variable) -> str:
    """A column as drawings call it: its name and unit.

    Example:
        >>> from kandisco.types import Variable
        >>> named(Variable(name="v", label="speed", unit="m/s"))
        'v [m/s]'
    """
    return f"{variable.name} [{variable.unit}]" if variable.unit else variable.name


def network_of(
    kan: KAN,
    x: Array,
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    centre: Array | float = 0.0,
    half: Array | float = 1.0,
    functions: Sequence[FunctionSpec] = (),
    title: str = "",
) -> Network:
    """Read the drawing off restart 0 of a KAN.

    Args:
        kan: the network.
        x: float64 [rows, inputs] in the user's units; the curves are drawn where these rows fall.
        inputs, outputs: names; ``x1``, ``x2``, ... and ``y`` by default.
        centre, half: the network sees ``(x - centre) / half``, one number or one per input.
        functions: the library in which the function most like each spline is sought; none is sought by default.
        title: of the drawing.

    Example:
        >>> from kandisco.builtins.bases import kandisco_bases
        >>> from kandisco.kan import init, parse_width
        >>> basis = next(spec for spec in kandisco_bases() if spec.name == "bspline")
        >>> x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
        >>> network = network_of(init(parse_width("2,3,1", 2), basis, x=x), x, inputs=("a", "b"))
        >>> len(network.edges), network.nodes(1)
        (9, 3)
    """
    count = kan.shape.outputs
    return Network(
        inputs=tuple(inputs) or tuple(f"x{i + 1}" for i in range(kan.shape.inputs)),
        outputs=tuple(outputs) or (("y",) if count == 1 else tuple(f"y{i + 1}" for i in range(count))),
        owners=tuple(layer.owner() for layer in kan.shape.layers),
        edges=tuple(_edges(kan, x, (x - centre) / half, functions)),
        title=title,
    )


def _edges(kan: KAN, x: Array, seen: Array, functions: Sequence[FunctionSpec]) -> list[Edge]:
    """All edges, at the rows ``x`` as the user has them and ``seen`` as the network does."""
    from kandisco import kan as net
    from kandisco.symbolic.curves import make_atoms

    flow = net.activations(kan, seen)
    weights = _weights(kan, flow)
    library = {spec.name: spec for spec in functions}
    small = sum(act.edges[..., 0].size for act in flow) <= _FEW
    edges: list[Edge] = []
    for layer, act in enumerate(flow):
        for level, part in kan.shape.parts(layer):
            for source in range(part.start, part.stop):
                u = x[:, source - part.start] if level == 0 else act.sources[source]
                atoms = make_atoms(_steps(u), functions, dense=small) if functions else None
                for sub in range(len(act.subs)):
                    curve = (_steps(u), _drawn(u, act.edges[sub, source]))
                    found = _found(kan, (layer, source, sub), weights[layer][sub, source], curve, atoms, library, small)
                    edges.append(
                        Edge(
                            layer=layer,
                            level=level,
                            source=source - part.start,
                            sub=sub,
                            u=curve[0],
                            v=curve[1],
                            density=_density(u),
                            **found,
                        )
                    )
    return edges


def _found(
    kan: KAN,
    place: tuple[int, int, int],
    weight: float,
    curve: tuple[Array, Array],
    atoms: Atoms | None,
    library: Mapping[str, FunctionSpec],
    small: bool,
) -> dict[str, Any]:
    """Kind, weight and function of the edge at (layer, source, sub-sum)."""
    layer, *ends = place
    known = next((s for s in kan.edges[layer].symbols if [s.source, s.sub] == ends), None)
    if weight < 0:
        return {"kind": "dead", "weight": 0.0}
    if known is not None:
        return {"kind": "symbolic", "weight": float(weight), "symbol": known.name or to_text(known.expr, 3), "r2": 1.0}
    return {"kind": "spline", "weight": float(weight), **_best(*curve, atoms, library, small)}


def _weights(kan: KAN, flow: Sequence[Any]) -> list[Array]:
    """For each layer [subs, sources]: the edge's deviation over its sub-sum's, times the worth of the node above; -1 if dead."""
    live = {(e.layer, e.source, e.target) for e in kan.live_edges()}
    worth = [np.zeros(kan.shape.inputs), *(np.zeros(layer.nodes) for layer in kan.shape.layers)]
    worth[-1][:] = 1.0
    out: list[Array] = [np.zeros(0)] * len(flow)
    for layer in range(len(flow) - 1, -1, -1):
        act = flow[layer]
        deviation = np.std(act.edges, axis=2)
        total = np.maximum(np.sqrt(np.sum(deviation**2, axis=1)), 1e-300)
        owner = list(kan.shape.layers[layer].owner())
        share = deviation / total[:, None] * worth[layer + 1][owner][:, None]
        alive = np.array([[(layer, i, s) in live for i in range(share.shape[1])] for s in range(share.shape[0])])
        out[layer] = np.where(alive, np.minimum(share, 1.0), -1.0)
        share = np.where(alive, share, 0.0)
        for level, part in kan.shape.parts(layer):
            worth[level] = np.maximum(worth[level], share[:, part].max(axis=0))
    return out


def _steps(u: Array) -> Array:
    """Even steps over the range of the rows."""
    return np.linspace(float(u.min()), float(u.max()), _SAMPLES)


def _drawn(u: Array, v: Array) -> Array:
    """The curve through the rows at these steps."""
    order = np.argsort(u, kind="stable")
    return np.interp(_steps(u), u[order], v[order])


def _density(u: Array) -> Array:
    counts = np.histogram(u, bins=24)[0]
    return np.asarray(counts / max(1, counts.max()), dtype=np.float64)


def _best(u: Array, curve: Array, atoms: Atoms | None, library: Mapping[str, FunctionSpec], small: bool) -> Mapping[str, Any]:
    """The simplest function whose R2 is within a thousandth of the best one's; in a small network the best two are refined."""
    if atoms is None or not len(atoms.names) or np.ptp(curve) == 0:
        return {}
    from kandisco.symbolic.curves import correlations, fit_curve, wrap
    from kandisco.symbolic.graph import costs

    missing = correlations(atoms.values, curve)
    if small:
        names = dict.fromkeys(atoms.names[i] for i in np.argsort(missing))
        fits = fit_curve(u, curve, [library[name] for name in names][:_REFINED], starts=1, atoms=atoms)
        fit = fits[int(np.argmin(costs(fits)))]
        return {"symbol": fit.name, "r2": 1.0 - fit.error**2, "expr": fit.expr}
    near = np.flatnonzero(missing <= max(2 * float(missing.min()), 1e-3))
    near = near if len(near) else np.array([int(np.argmin(missing))])
    best = min(near.tolist(), key=lambda i: (library[atoms.names[i]].complexity, missing[i]))
    return {
        "symbol": atoms.names[best],
        "r2": 1.0 - float(missing[best]),
        "expr": wrap(atoms.expr(best), atoms.values[best], curve),
    }
