"""The KAN diagram: a tree of cards with the inputs below, or, for large layers, crossbars, one below the other.

In a crossbar sources come in as columns, sums go out as rows, and each edge is the card where the two cross. In either drawing a
card has a place of its own, with its name inside, and wires run behind it, so that nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.viz.canvas import BLUE, GREY, INK, ORANGE, PAPER, SOFT, style
from kandisco.viz.network import Edge, Network

if TYPE_CHECKING:
    from kandisco.types import Array

COLOURS = {"spline": BLUE, "symbolic": ORANGE, "dead": GREY}
_TREE = 12
_SHOWN = {
    "x^2": "x²",
    "x^3": "x³",
    "x^4": "x⁴",
    "1/x^2": "1/x²",
    "sech^2": "sech²",
    "1/sqrt": "1/√x",
    "sqrt": "√x",
    "x^p": "xᵖ",
    "gaussian": "gauss",
}


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """In inches; ``font`` in points."""

    width: float
    height: float
    gap: float
    font: float


_LARGE = _Sizes(width=0.78, height=0.62, gap=0.10, font=6.5)
_SMALL = _Sizes(width=0.56, height=0.42, gap=0.07, font=4.6)


@dataclass
class _Sheet:
    """What is collected before it is drawn in a few collections; all lengths in inches."""

    dead: list[Array] = field(default_factory=list)
    wires: list[tuple[Array, float]] = field(default_factory=list)
    cards: list[tuple[float, float, _Sizes, Edge]] = field(default_factory=list)
    nodes: list[tuple[float, float, str]] = field(default_factory=list)
    texts: list[tuple[float, float, str, dict[str, Any]]] = field(default_factory=list)

    def wire(self, points: Sequence[tuple[float, float]], weight: float) -> None:
        self.wires.append((np.array(points), weight))


def diagram(network: Network, like: Network | None = None) -> Any:
    """The drawing of a network as a matplotlib Figure in the marker colours of ``kandisco.viz.canvas``.

    Colour says spline, symbolic or dead; opacity and width of wires how much of the output's variation goes that way; the name on
    a card is its function (``~`` before it: the most similar one) with its R2.

    Args:
        network: what is drawn.
        like: a network of the same shape that decides which edges get a card (for the frames of an animation).
    """
    sheet = _Sheet()
    cards = network.shown(like)
    widest = max(sum(edge.layer == layer for edge in cards) for layer in range(len(network.owners)))
    width, height = _tree(network, cards, sheet) if widest <= _TREE else _crossbars(network, cards, sheet)
    with style():
        return _drawn(sheet, width, height, network.title)


def _tree(network: Network, live: Sequence[Edge], sheet: _Sheet) -> tuple[float, float]:
    sizes, levels = _LARGE, len(network.owners) + 1
    most = max([sum(edge.layer == layer for edge in live) for layer in range(levels - 1)] + [1])
    width = max(most * (sizes.width + sizes.gap), 0.9 * max(network.nodes(level) for level in range(levels)), 2.6) + 0.3
    step = sizes.height + 1.15
    spots = [_spread(network.nodes(level), width) for level in range(levels)]
    for layer, owner in enumerate(network.owners):
        low, high = layer * step + 0.55, (layer + 1) * step + 0.55
        middle = (low + high) / 2
        edges = sorted(
            (e for e in live if e.layer == layer), key=lambda e: (spots[layer + 1][owner[e.sub]], e.sub, spots[e.level][e.source])
        )
        ends = _entries(owner, spots[layer + 1])
        for x, edge in zip(_spread(len(edges), width), edges, strict=True):
            sheet.cards.append((x, middle, sizes, edge))
            start = (spots[edge.level][edge.source], edge.level * step + 0.55)
            sheet.wire([start, (x, middle - sizes.height / 2)], edge.weight)
            sheet.wire([(x, middle + sizes.height / 2), (ends[edge.sub], high - 0.16)], edge.weight)
        for sub, x in enumerate(ends):
            if any(edge.sub == sub for edge in edges):
                sheet.wire([(x, high - 0.16), (spots[layer + 1][owner[sub]], high)], 1.0)
        carded = {edge.place for edge in edges}
        for edge in (e for e in network.edges if e.layer == layer and e.kind == "dead" and e.place not in carded):
            start = (spots[edge.level][edge.source], edge.level * step + 0.55)
            sheet.dead.append(np.array([start, (spots[layer + 1][owner[edge.sub]], high)]))
        _nodes(sheet, network, layer, [(x, high) for x in spots[layer + 1]])
    room = width / max(1, len(network.inputs))
    for x, name in zip(spots[0], network.inputs, strict=True):
        sheet.nodes.append((x, 0.55, "input"))
        sheet.texts.append((x, 0.42, _cut(name, room, 9), {"fontsize": 9, "va": "top", "ha": "center"}))
    top = (levels - 1) * step + 0.55
    for x, name in zip(spots[-1], network.outputs, strict=True):
        sheet.texts.append(
            (x, top + 0.15, _cut(name, width / len(network.outputs), 9), {"fontsize": 9, "va": "bottom", "ha": "center"})
        )
    return width, top + 0.75


def _entries(owner: Sequence[int], spots: Array) -> list[float]:
    """Where each sub-sum enters its node: side by side below a product."""
    out = []
    for sub, node in enumerate(owner):
        mates = [other for other, its in enumerate(owner) if its == node]
        out.append(float(spots[node] + 0.22 * (mates.index(sub) - (len(mates) - 1) / 2)))
    return out


def _crossbars(network: Network, live: Sequence[Edge], sheet: _Sheet) -> tuple[float, float]:
    sizes = _SMALL
    across, down = sizes.width + sizes.gap, sizes.height + sizes.gap
    top, width = 0.0, 0.0
    for layer, owner in reversed(list(enumerate(network.owners))):
        edges = [e for e in live if e.layer == layer]
        columns = sorted({(e.level, e.source) for e in edges})
        rows = sorted({e.sub for e in edges})
        place = {key: 0.75 + (i + 0.5) * across for i, key in enumerate(columns)}
        line = {sub: -top - 0.42 - (i + 0.5) * down for i, sub in enumerate(rows)}
        right = 0.75 + len(columns) * across + 0.18
        for key, x in place.items():
            mine = [e for e in edges if (e.level, e.source) == key]
            sheet.wire([(x, -top - 0.33), (x, min(line[e.sub] for e in mine))], max(e.weight for e in mine))
            sheet.texts.append(
                (x, -top - 0.22, _cut(network.called(*key), across, 6.5), {"fontsize": 6.5, "va": "bottom", "ha": "center"})
            )
            sheet.nodes.append((x, -top - 0.30, "input"))
        for sub, y in line.items():
            mine = [e for e in edges if e.sub == sub]
            sheet.wire([(min(place[e.level, e.source] for e in mine), y), (right, y)], max(e.weight for e in mine))
        for edge in (e for e in network.edges if e.layer == layer and (e.level, e.source) in place and e.sub in line):
            sheet.cards.append((place[edge.level, edge.source], line[edge.sub], sizes, edge))
        for node in sorted({owner[sub] for sub in rows}):
            ends = [line[sub] for sub in rows if owner[sub] == node]
            y = sum(ends) / len(ends)
            for end in ends:
                sheet.wire([(right, end), (right + 0.12, y)], 1.0)
            sheet.nodes.append((right + 0.14, y, "product" if sum(its == node for its in owner) > 1 else "sum"))
            name = network.called(layer + 1, node)
            sheet.texts.append((right + 0.26, y, _cut(name, 0.8, 6.5), {"fontsize": 6.5, "va": "center", "ha": "left"}))
        width = max(width, right + 1.0)
        top += 0.42 + len(rows) * down + 0.28
    height = top + 0.3
    return _shifted(sheet, height - 0.25, width, height)


def _shifted(sheet: _Sheet, up: float, width: float, height: float) -> tuple[float, float]:
    for points, _ in sheet.wires:
        points[:, 1] += up
    sheet.cards[:] = [(x, y + up, sizes, edge) for x, y, sizes, edge in sheet.cards]
    sheet.nodes[:] = [(x, y + up, kind) for x, y, kind in sheet.nodes]
    sheet.texts[:] = [(x, y + up, text, options) for x, y, text, options in sheet.texts]
    return width, height


def _spread(count: int, width: float) -> Array:
    return (np.arange(count) + 0.5) * width / max(1, count)


def _nodes(sheet: _Sheet, network: Network, layer: int, places: Sequence[tuple[float, float]]) -> None:
    owner = network.owners[layer]
    for node, (x, y) in enumerate(places):
        used = any(owner[e.sub] == node for e in network.live() if e.layer == layer)
        sheet.nodes.append((x, y, "dead" if not used else "product" if owner.count(node) > 1 else "sum"))


def _cut(text: str, inches: float, points: float) -> str:
    """The text, with an ellipsis where it would be wider than it may."""
    kept = text
    while len(kept) > 1 and _wide(kept if kept == text else f"{kept}…", points) > inches:
        kept = kept[:-1]
    return (text if kept == text else f"{kept}…").replace("$", r"\$")


def _wide(text: str, points: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=points), False)
    return 1.12 * float(width) / 72 + 0.03  # on a screen letters are set a tenth wider than their outlines


def _drawn(sheet: _Sheet, width: float, height: float, title: str) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    _draw_dead(axes, sheet)
    _draw_wires(axes, sheet)
    _draw_cards(axes, sheet)
    _draw_nodes(axes, sheet)
    for x, y, text, options in sheet.texts:
        axes.text(x, y, text, **options)
    if title:
        axes.text(width / 2, height - 0.08, _cut(title, width, 9), fontsize=9, ha="center", va="top", color=SOFT)
    _legend(axes, sheet, width)
    return figure


def _draw_wires(axes: Any, sheet: _Sheet) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb

    strength = np.array([0.25 + 0.75 * min(1.0, weight) for _, weight in sheet.wires])
    colours = [(*to_rgb(SOFT), alpha) for alpha in strength]
    axes.add_collection(
        LineCollection([points for points, _ in sheet.wires], colors=colours, linewidths=0.3 + 1.2 * strength, zorder=1)
    )


def _draw_dead(axes: Any, sheet: _Sheet) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(sheet.dead, colors=GREY, linewidths=0.5, linestyles=(0, (1, 3)), zorder=0))


def _draw_cards(axes: Any, sheet: _Sheet) -> None:
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.colors import to_rgb

    boxes = [_box(x, y, sizes) for x, y, sizes, _ in sheet.cards]
    axes.add_collection(PolyCollection(boxes, facecolors=PAPER, edgecolors=GREY, linewidths=0.4, zorder=2))
    for kind, colour in COLOURS.items():
        chosen = [(card, 0.45 + 0.55 * card[3].weight ** 0.5) for card in sheet.cards if card[3].kind == kind]
        lines = [_curve(*card) for card, _ in chosen]
        rgba = [(*to_rgb(colour), strength) for _, strength in chosen]
        axes.add_collection(LineCollection(lines, colors=rgba, linewidths=[0.6 + 0.7 * s for _, s in chosen], zorder=3))
    for x, y, sizes, edge in sheet.cards:
        if name := label(edge):
            places = {"x": x, "y": y + sizes.height / 2 - 0.035, "ha": "center", "va": "top", "zorder": 4}
            axes.text(s=_cut(name, sizes.width, sizes.font), fontsize=sizes.font, color=INK, **places)


def label(edge: Edge) -> str:
    """What a card says: the function, ``~`` before the most similar one, and R2 where it is not 1."""
    if not edge.symbol:
        return ""
    name = _SHOWN.get(edge.symbol, edge.symbol)
    if edge.kind == "symbolic":
        return name
    shown = (
        "1"
        if edge.r2 >= 0.99995
        else f"{edge.r2:.2f}".lstrip("0")
        if edge.r2 < 0.995
        else f"{min(edge.r2, 0.9999):.4f}".lstrip("0")
    )
    return f"~{name} {shown}"


def _box(x: float, y: float, sizes: _Sizes) -> Array:
    a, b = sizes.width / 2, sizes.height / 2
    return np.array([(x - a, y - b), (x + a, y - b), (x + a, y + b), (x - a, y + b)])


def _curve(x: float, y: float, sizes: _Sizes, edge: Edge) -> Array:
    """The curve within the card, below its title; a flat one stays flat."""
    strip = sizes.font / 72 + 0.05
    u = (edge.u - edge.u.min()) / (np.ptp(edge.u) or 1.0)
    v = (edge.v - edge.v.min()) / np.ptp(edge.v) if np.ptp(edge.v) > 0 and edge.kind != "dead" else np.full_like(edge.v, 0.5)
    across, up = sizes.width * 0.84, sizes.height - strip - 0.07
    return np.column_stack([x - across / 2 + u * across, y - sizes.height / 2 + 0.05 + v * up])


def _draw_nodes(axes: Any, sheet: _Sheet) -> None:
    marks = {"input": ("o", 4.0, ""), "sum": ("o", 9.0, "+"), "product": ("o", 9.0, "x"), "dead": ("o", 4.0, "")}
    for kind, (mark, size, sign) in marks.items():
        places = np.array([(x, y) for x, y, its in sheet.nodes if its == kind]).reshape(-1, 2)
        if not len(places):
            continue
        edge = GREY if kind == "dead" else INK
        face = INK if kind == "input" else PAPER
        axes.plot(*places.T, mark, markersize=size, markerfacecolor=face, markeredgecolor=edge, markeredgewidth=0.8, zorder=5)
        if sign:
            axes.plot(*places.T, sign, markersize=5, markeredgecolor=INK, markeredgewidth=0.9, zorder=6)


def _legend(axes: Any, sheet: _Sheet, width: float) -> None:
    """The kinds that are there, at the bottom."""
    there = {card[3].kind for card in sheet.cards} | ({"dead"} if sheet.dead else set())
    kinds = [kind for kind in COLOURS if kind in there]
    for i, kind in enumerate(kinds):
        x = 0.12 + 0.72 * i
        axes.plot(
            [x, x + 0.18], [0.1, 0.1], color=COLOURS[kind], linewidth=1.3, linestyle=":" if kind == "dead" and sheet.dead else "-"
        )
        axes.text(x + 0.23, 0.1, kind, fontsize=6.5, va="center", color=SOFT)
