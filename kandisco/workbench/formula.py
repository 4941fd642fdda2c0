"""A network whose edges are all functions, written out as a formula in the user's columns and units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kandisco import kan as net
from kandisco.errors import StageError
from kandisco.evidence.errors import score
from kandisco.evidence.judge import judge
from kandisco.evidence.rows import Rows
from kandisco.expr import Expr, add, mul, num, to_text
from kandisco.specs import FunctionSpec
from kandisco.stages.candidate import Candidate
from kandisco.stages.refine import refine
from kandisco.stages.simplify import simplify
from kandisco.types import EdgeId, EdgeOrigin, Formula
from kandisco.workbench.state import Frame


def splines(kan: net.KAN) -> tuple[EdgeId, ...]:
    """The live edges that are not functions yet."""
    fixed = {(layer, s.source, s.sub) for layer, edges in enumerate(kan.edges) for s in edges.symbols}
    return tuple(edge for edge in kan.live_edges() if (edge.layer, edge.source, edge.target) not in fixed)


def expression(kan: net.KAN, frame: Frame) -> Expr:
    """The tree of the network, number for number: it predicts what the network predicts.

    Normalisation is undone inside the numbers of the first and the last layer, so none is left to be applied by hand.

    Raises:
        StageError: some edges are still splines; the message lists them.
    """
    left = splines(kan)
    if left:
        named = ", ".join(f"({e.layer}, {e.source}, {e.target})" for e in left[:6]) + (", ..." if len(left) > 6 else "")
        raise StageError(
            f"{len(left)} edges are still splines: {named}.", hint="Give them functions: auto_symbolic() or fix_symbolic."
        )
    live = {(edge.layer, edge.source, edge.target) for edge in kan.live_edges()}
    levels: list[list[Expr]] = [list(frame.inputs)]
    for layer in range(len(kan.edges)):
        subs = _subs(kan, frame, layer, levels, live)
        owner = kan.shape.layers[layer].owner()
        levels.append([mul(*(s for s, node in zip(subs, owner, strict=True) if node == n)) for n in range(max(owner) + 1)])
    out = levels[-1][0]
    if kan.shape.layers[-1].products:
        return add(mul(num(frame.scaled.deviation), out), num(frame.scaled.mean))
    return out


def _subs(kan: net.KAN, frame: Frame, layer: int, levels: list[list[Expr]], live: set[tuple[int, int, int]]) -> list[Expr]:
    """The sub-sums of a layer; those of the last one carry the target's unit."""
    edges = kan.edges[layer]
    last = layer + 1 == len(kan.edges) and not kan.shape.layers[layer].products
    unit, mean = (frame.scaled.deviation, frame.scaled.mean) if last else (1.0, 0.0)
    terms: list[list[Expr]] = [[] for _ in range(kan.shape.layers[layer].subs)]
    offsets = [float(bias) * unit + mean for bias in edges.bias[0]]
    sources = [(origin, node) for origin, part in kan.shape.parts(layer) for node in range(part.stop - part.start)]
    for symbol, numbers in zip(edges.symbols, edges.affine[0].tolist(), strict=True):
        if (layer, symbol.source, symbol.sub) not in live:
            continue
        origin, node = sources[symbol.source]
        a, b, c, d = numbers
        if origin == 0:
            a /= float(frame.scaled.half[node])
            b -= a * float(frame.scaled.centre[node])
        source = levels[origin][node]
        if symbol.expr.head == "var":
            terms[symbol.sub].append(mul(num(unit * c * a), source))
            offsets[symbol.sub] += unit * (c * b + d)
        else:
            inner = symbol.expr.substitute({"x": add(mul(num(a), source), num(b))})
            terms[symbol.sub].append(mul(num(unit * c), inner))
            offsets[symbol.sub] += unit * d
    return [add(*found, num(offset)) for found, offset in zip(terms, offsets, strict=True)]


def edges_of(kan: net.KAN, frame: Frame) -> tuple[EdgeOrigin, ...]:
    """The functions on the network's live edges, as the provenance of its formula."""
    live = {(edge.layer, edge.source, edge.target) for edge in kan.live_edges()}
    found = []
    for layer, edges in enumerate(kan.edges):
        starts = [
            to_text(frame.inputs[node], 4) if level == 0 else f"h{level},{node + 1}"
            for level, part in kan.shape.parts(layer)
            for node in range(part.stop - part.start)
        ]
        owner = kan.shape.layers[layer].owner()
        for symbol in (s for s in edges.symbols if (layer, s.source, s.sub) in live):
            end = "output" if layer + 1 == len(kan.edges) else f"h{layer + 1},{owner[symbol.sub] + 1}"
            name = symbol.name or to_text(symbol.expr, 4)
            found.append(
                EdgeOrigin(start=starts[symbol.source], end=end, symbol=name, r2=math.nan, curve=to_text(symbol.expr, 4))
            )
    return tuple(found)


def polished(
    expr: Expr,
    rows: Rows,
    library: Sequence[FunctionSpec],
    origin: str,
    *,
    edges: tuple[EdgeOrigin, ...] = (),
    max_complexity: int = 80,
) -> Formula:
    """The formula refitted as a whole, reduced, snapped and judged, as in a run: there is one verdict.

    Args:
        expr: a tree in the columns.
        rows: to fit and to judge it on.
        library: functions that might stand in a law's place.
        origin: how it was found.
        edges: of the network it was read off.
        max_complexity: largest formula to consider, in nodes.

    Raises:
        StageError: nothing finite came of it.
    """
    candidate = Candidate(expr=expr, origin=origin, edges=edges, methods=("network",))
    refined = refine([candidate], rows.fit, max_complexity=max_complexity)
    found = simplify(refined.value, rows.fit, thorough=True).value
    best = judge([score(candidate, rows) for candidate in found], rows, library).best
    if best is None:
        raise StageError(f"No finite formula came of {to_text(expr, 3)[:80]}.", hint="Fix other functions, or fit once more.")
    return best
