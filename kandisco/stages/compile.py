"""A formula as a network: every edge a function, every product a product node, level by level.

The sub-sums of a network are constants plus edges c f(a node + b) + d. A formula is brought to that form from the inside out: a
sum joins the terms of its parts; several factors become a product node; a function of what is not one node, a sum node below an
edge. A value needed further up is handed on by nodes that pass it unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from kandisco import kan as net
from kandisco.errors import InputError
from kandisco.expr import Expr, add, call, constant_value, mul, num, power, to_text, var
from kandisco.expr.heads import HEADS
from kandisco.expr.numeric import evaluate
from kandisco.kan.grids import rerange
from kandisco.kan.scaling import rescale
from kandisco.kan.tensors import columns
from kandisco.specs import BasisSpec
from kandisco.stages.train import Scaled
from kandisco.types import Array, EdgeId

_X = var("x")


@dataclass(frozen=True)
class _Term:
    """c f(a node + b) of a sub-sum; ``node`` is its key."""

    node: int
    f: Expr
    a: float
    b: float
    c: float


@dataclass(frozen=True)
class _Sub:
    """A sub-sum: terms and a constant."""

    terms: tuple[_Term, ...]
    constant: float = 0.0

    def scaled(self, factor: float) -> _Sub:
        return _Sub(tuple(replace(term, c=term.c * factor) for term in self.terms), self.constant * factor)


@dataclass
class _Builder:
    """The nodes made so far: inputs first, then (level, sub-sums), each with its level."""

    inputs: tuple[str, ...]
    levels: list[int] = field(default_factory=list)
    nodes: dict[int, tuple[_Sub, ...]] = field(default_factory=dict)
    seen: dict[tuple[_Sub, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.levels = [0] * len(self.inputs)

    def node(self, subs: tuple[_Sub, ...]) -> int:
        """The node of some sub-sums (one: a sum node; several: a product node), made once."""
        if subs not in self.seen:
            self.levels.append(1 + max((self.levels[term.node] for sub in subs for term in sub.terms), default=0))
            self.seen[subs] = len(self.levels) - 1
            self.nodes[self.seen[subs]] = subs
        return self.seen[subs]

    def sub(self, expr: Expr) -> _Sub:
        """An expression as a sub-sum."""
        value = _constant(expr)
        if value is not None:
            return _Sub((), value)
        match expr.head:
            case "var":
                return _Sub((_Term(self.inputs.index(str(expr.value)), _X, 1.0, 0.0, 1.0),))
            case "add":
                parts = [self.sub(arg) for arg in expr.args]
                return _Sub(tuple(t for part in parts for t in part.terms), sum(part.constant for part in parts))
            case "mul":
                return self._product(expr)
            case "pow" if _constant(expr.args[1]) is not None:
                return self._edge(lambda x: power(x, expr.args[1]), expr.args[0])
            case "pow" if _constant(expr.args[0]) is not None:
                return self._edge(lambda x: power(expr.args[0], x), expr.args[1])
            case "pow":
                return self.sub(call("exp", mul(expr.args[1], call("log", expr.args[0]))))
        if HEADS[expr.head].arity != 1:
            raise InputError(f"{to_text(expr)} has two arguments: no edge can be that.", hint="Write it in functions of one.")
        return self._edge(lambda x: call(expr.head, x), expr.args[0])

    def _product(self, expr: Expr) -> _Sub:
        known = [(arg, _constant(arg)) for arg in expr.args]
        factor = float(np.prod([value for _, value in known if value is not None]))
        rest = [self.sub(arg) for arg, value in known if value is None]
        if len(rest) == 1:
            return rest[0].scaled(factor)
        return _Sub((_Term(self.node(tuple(rest)), _X, 1.0, 0.0, factor),))

    def _edge(self, wrap: Callable[[Expr], Expr], inner: Expr) -> _Sub:
        """f of an expression: an edge from its node, which is a node already if the expression is a linear function of one."""
        sub = self.sub(inner)
        if len(sub.terms) == 1 and sub.terms[0].f == _X:
            term = sub.terms[0]
            return _Sub((_Term(term.node, wrap(_X), term.c * term.a, term.c * term.b + sub.constant, 1.0),))
        return _Sub((_Term(self.node((sub,)), wrap(_X), 1.0, 0.0, 1.0),))


def _constant(expr: Expr) -> float | None:
    """The number a tree without columns stands for."""
    if expr.variables():
        return None
    value = constant_value(expr)
    return value if value is not None else float(evaluate(expr, {"": np.zeros(1)})[0])


def compiled(expr: Expr, names: tuple[str, ...], basis: BasisSpec, x: Array, *, grid: int) -> net.KAN:
    """The network of a formula.

    Args:
        expr: the formula.
        names: the inputs of the network.
        basis: of the edges, should some be made splines again.
        x: [rows, inputs] in the formula's units, read for the ranges of the grids.
        grid: intervals of the grids.

    Raises:
        InputError: a column that is no input, a function of two arguments, or a formula without columns.
    """
    missing = [name for name in expr.variables() if name not in names]
    if missing or not expr.variables():
        what = f"the column {missing[0]!r}" if missing else "a column"
        raise InputError(f"{to_text(expr)} needs {what}.", hint=f"Inputs: {', '.join(names)}.")
    builder = _Builder(names)
    out = builder.sub(expr)
    depth = 1 + max(builder.levels[term.node] for term in out.terms)
    places, layers, rows = _laid_out(builder, out, depth)
    shape = net.Shape(len(names), layers)
    kan = net.init(shape, basis, x=x, grid=grid)
    bare = [replace(e, coef=0 * e.coef, mask=0 * e.mask, bias=0 * e.bias) for e in kan.edges]
    kan = replace(kan, edges=tuple(bare))
    for layer, subs in enumerate(rows):
        kan = _filled(kan, layer, subs, places[layer])
    return rerange(kan, columns(x))


Rows = list[_Sub]


def _laid_out(builder: _Builder, out: _Sub, depth: int) -> tuple[list[dict[int, int]], tuple[net.Layer, ...], list[Rows]]:
    """Where each node lies at each level, the layers, and their sub-sums; values needed further up are handed on."""
    last = dict.fromkeys(range(len(builder.levels)), 0)
    for key, subs in builder.nodes.items():
        for term in (term for sub in subs for term in sub.terms):
            last[term.node] = max(last[term.node], builder.levels[key] - 1)
    for term in out.terms:
        last[term.node] = depth - 1
    places, layers, rows = [dict(enumerate(range(len(builder.inputs))))], [], []
    for level in range(1, depth):
        here = [key for key in builder.nodes if builder.levels[key] == level]
        on = [key for key in last if builder.levels[key] < level <= last[key]]
        sums = [*(key for key in here if len(builder.nodes[key]) == 1), *on]
        products = sorted((key for key in here if len(builder.nodes[key]) > 1), key=lambda key: len(builder.nodes[key]))
        handed = {key: (_Sub((_Term(key, _X, 1.0, 0.0, 1.0),)),) for key in on}
        places.append({key: i for i, key in enumerate([*sums, *products])})
        layers.append(net.Layer(len(sums), tuple(len(builder.nodes[key]) for key in products)))
        rows.append([sub for key in (*sums, *products) for sub in handed.get(key) or builder.nodes[key]])
    return places, (*layers, net.Layer(1)), [*rows, [out]]


def _filled(kan: net.KAN, layer: int, subs: Rows, places: dict[int, int]) -> net.KAN:
    """A layer with its functions and constants; two functions of one node in one sub-sum become one."""
    bias = kan.edges[layer].bias.clone()
    for row, sub in enumerate(subs):
        bias[:, row] = sub.constant
        by_node: dict[int, list[_Term]] = {}
        for term in sub.terms:
            by_node.setdefault(term.node, []).append(term)
        for node, terms in by_node.items():
            expr, numbers = _joined(terms)
            kan = net.set_symbol(kan, EdgeId(layer=layer, source=places[node], target=row), expr, numbers, name=to_text(expr))
    edges = list(kan.edges)
    edges[layer] = replace(edges[layer], bias=torch.as_tensor(bias))
    return replace(kan, edges=tuple(edges))


def _joined(terms: list[_Term]) -> tuple[Expr, tuple[float, float, float, float]]:
    """One edge's function and its numbers a, b, c, d."""
    if len(terms) == 1:
        return terms[0].f, (terms[0].a, terms[0].b, terms[0].c, 0.0)
    parts = []
    for term in terms:
        argument = _X if (term.a, term.b) == (1.0, 0.0) else add(mul(num(term.a), _X), num(term.b))
        value = term.f.substitute({"x": argument})
        parts.append(value if term.c == 1.0 else mul(num(term.c), value))
    return add(*parts), (1.0, 0.0, 1.0, 0.0)


def normalised(kan: net.KAN, scaled: Scaled) -> net.KAN:
    """A network of columns and target in the user's units as one of scaled inputs and outputs."""
    edges = []
    for layer, e in enumerate(kan.edges):
        lo, hi, affine = e.lo.clone(), e.hi.clone(), e.affine.clone()
        for part in (part for origin, part in kan.shape.parts(layer) if origin == 0):
            centre, half = (torch.as_tensor(v) for v in (scaled.centre, scaled.half))
            lo[:, part], hi[:, part] = (lo[:, part] - centre) / half, (hi[:, part] - centre) / half
            for m, symbol in enumerate(e.symbols):
                if part.start <= symbol.source < part.stop:
                    affine[:, m, 1] += affine[:, m, 0] * centre[symbol.source - part.start]
                    affine[:, m, 0] *= half[symbol.source - part.start]
        edges.append(replace(e, lo=lo, hi=hi, affine=affine))
    shift, scale = torch.tensor([-scaled.mean, 1.0], dtype=torch.float64) / scaled.deviation
    return rescale(replace(kan, edges=tuple(edges)), shift, scale)
