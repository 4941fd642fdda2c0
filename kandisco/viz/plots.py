"""Pictures of single edges, of training and of a formula's tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.expr import Expr
from kandisco.expr.numeric import evaluate
from kandisco.viz.canvas import BLUE, GREY, INK, ORANGE, PAPER, SOFT, style
from kandisco.viz.diagram import label
from kandisco.viz.network import Edge, Network

if TYPE_CHECKING:
    from kandisco.types import Array, StageRecord

_MOST = 12
_DOTS = 200


def edges_figure(network: Network) -> Any:
    """Each edge's curve with its symbol, the residual below, and in grey where the rows are; the twelve weightiest at most.

    Returns:
        A matplotlib Figure in the marker colours of ``kandisco.viz.canvas``.
    """
    live = network.live()
    chosen = sorted(sorted(live, key=lambda edge: -edge.weight)[:_MOST], key=lambda edge: (edge.layer, edge.sub, edge.source))
    across = min(4, max(1, len(chosen)))
    down = max(1, -(-len(chosen) // across))
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(2.5 * across, 2.3 * down + 0.2), layout="constrained")
        if len(chosen) < len(live):
            figure.suptitle(f"the {len(chosen)} edges of most weight, of {len(live)}", fontsize=9, color=SOFT)
        grids = figure.add_gridspec(down, across)
        for i, edge in enumerate(chosen):
            pair: Any = grids[i // across, i % across].subgridspec(2, 1, height_ratios=(3, 1)).subplots(sharex=True)
            upper, lower = pair
            _edge(upper, lower, edge, network)
        return figure


def _edge(upper: Any, lower: Any, edge: Edge, network: Network) -> None:
    name = label(edge)
    upper.set_title(f"{ends(network, edge)}{': ' + name if name else ''}".replace("$", r"\$"), fontsize=7.5)
    _curves(upper, lower, edge)


def ends(network: Network, edge: Edge) -> str:
    """Where an edge leads from and to: ``x to h1,2``, with the second node of the first hidden level."""
    end = network.owners[edge.layer][edge.sub]
    return f"{network.called(edge.level, edge.source)} to {network.called(edge.layer + 1, end)}"


def _curves(upper: Any, lower: Any, edge: Edge) -> None:
    """The edge's curve, its function, their difference below, and in grey where the rows are."""
    upper.plot(edge.u, edge.v, color=BLUE, linewidth=1.6)
    span = float(np.ptp(edge.v)) or 1.0
    low = float(edge.v.min()) - 0.32 * span
    bins = np.linspace(edge.u[0], edge.u[-1], len(edge.density) + 1)
    upper.stairs(low + 0.25 * span * edge.density, bins, baseline=low, fill=True, color=GREY, alpha=0.6)
    upper.set_ylim(low, float(edge.v.max()) + 0.08 * span)
    lower.axhline(0, color=INK, linewidth=0.6)
    if edge.expr is not None:
        value = evaluate(edge.expr, {"x": edge.u}) * np.ones_like(edge.u)
        upper.plot(edge.u, value, color=ORANGE, linewidth=1.2, linestyle=(0, (4, 2)))
        lower.plot(edge.u, edge.v - value, color=ORANGE, linewidth=1)
    for axes in (upper, lower):
        axes.tick_params(labelsize=6)
        axes.locator_params(nbins=4)


def overlay_figure(panels: Sequence[tuple[str, Edge]], dots: tuple[Array, Array], *, title: str, across: str, up: str) -> Any:
    """One edge against several functions side by side: its curve, the function dashed, the difference below, the rows as dots.

    Args:
        panels: for each function a line about it, and the edge with that function.
        dots: float64 [rows] each, what enters the edge and what it should give.
        title, across, up: above all, and at the axes of the first panel.

    Returns:
        A matplotlib Figure in the marker colours of ``kandisco.viz.canvas``.
    """
    keep = np.linspace(0, len(dots[0]) - 1, min(len(dots[0]), _DOTS)).astype(np.int64)
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(2.5 * max(1, len(panels)) + 0.3, 2.9), layout="constrained")
        figure.suptitle(title.replace("$", r"\$"), fontsize=9, color=INK)
        pairs: Any = figure.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False, height_ratios=(3, 1))
        for (text, edge), (upper, lower) in zip(panels, pairs.T, strict=True):
            upper.set_title(text.replace("$", r"\$"), fontsize=7.5)
            upper.plot(dots[0][keep], dots[1][keep], "o", color=SOFT, markersize=2.2, alpha=0.5, markeredgewidth=0)
            _curves(upper, lower, edge)
        pairs[0, 0].set_ylim(min(pairs[0, 0].get_ylim()[0], dots[1].min()), max(pairs[0, 0].get_ylim()[1], dots[1].max()))
        pairs[0, 0].set_ylabel(up.replace("$", r"\$"), fontsize=7.5)
        pairs[1, 0].set_ylabel("difference", fontsize=7.5)
        figure.supxlabel(across.replace("$", r"\$"), fontsize=7.5, color=INK)
        return figure


def training_figure(records: Sequence[StageRecord]) -> Any | None:
    """RMSE on training and held-out rows over the iterations of each network stage; None where no network was trained.

    Errors are in units of the target's standard deviation. The records of the last shape that was trained are drawn.
    """
    kept = _last(records)
    if not kept:
        return None
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        start = 0
        for record in kept:
            history = np.array(_history(record), dtype=float)
            steps = np.arange(start, start + len(history))
            axes.plot(steps, history[:, 0], color=BLUE, linewidth=1.3, label="training rows" if start == 0 else None)
            axes.plot(steps, history[:, 1], color=ORANGE, linewidth=1.3, label="held-out rows" if start == 0 else None)
            if start:
                axes.axvline(start - 0.5, color=GREY, linewidth=0.6, linestyle=":")
            place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "fontsize": 7.5, "color": SOFT, "va": "bottom"}
            axes.text(start, 1.01, record.stage, **place)
            start += len(history)
        axes.set_yscale("log")
        axes.set_xlabel(f"iteration, kan {kept[0].metrics.get('shape', '')}")
        axes.set_ylabel("RMSE / deviation of the target")
        axes.legend(fontsize=8)
        return figure


def _history(record: StageRecord) -> list[Any]:
    return list(record.metrics.get("history") or [])


def _last(records: Sequence[StageRecord]) -> list[StageRecord]:
    """The records with a history from the last ``train`` on."""
    kept: list[StageRecord] = []
    for record in records:
        kept = [] if record.stage == "train" else kept
        kept += [record] if _history(record) else []
    return kept


_SIGNS: Mapping[str, str] = {"add": "+", "mul": "×", "pow": "^"}


def tree_figure(expr: Expr) -> Any:
    """The tree of a formula: operators and functions in circles, columns in blue, constants plain.

    Example:
        >>> from kandisco.expr import parse
        >>> figure = tree_figure(parse("sin(x)/2 + 1"))
    """
    places = _places(expr)
    spots = {key: (x, -depth) for key, (_, x, depth) in places.items()}
    wide = max(x for x, _ in spots.values()) + 1
    deep = 1 - min(y for _, y in spots.values())
    with style():
        from matplotlib.collections import LineCollection
        from matplotlib.figure import Figure

        figure = Figure(figsize=(max(2.5, 0.62 * wide), max(1.6, 0.72 * deep)))
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        axes.set_axis_off()
        axes.add_collection(LineCollection([(spots[key[:-1]], spots[key]) for key in spots if key], colors=GREY, linewidths=0.9))
        for leaf, size, edge in ((False, 620, INK), (True, 420, PAPER)):
            points = [spots[key] for key, (node, _, _) in places.items() if (not node.args) == leaf]
            if points:
                across, up = zip(*points)
                axes.scatter(across, up, s=size, c=PAPER, edgecolors=edge, linewidths=0.9, zorder=2)
        for key, (node, _, _) in places.items():
            text, colour = _text(node), BLUE if node.head == "var" else INK
            letters = 9.0 if len(text) <= 5 else max(5.0, 45 / len(text))
            axes.text(*spots[key], text, ha="center", va="center", fontsize=letters, color=colour)
        axes.set_xlim(-0.7, wide - 0.3)
        axes.set_ylim(-deep + 0.4, 0.6)
        return figure


def _places(expr: Expr) -> dict[tuple[int, ...], tuple[Expr, float, int]]:
    """Path of each node -> (node, place across, depth); leaves side by side, parents above the middle of their children."""
    out: dict[tuple[int, ...], tuple[Expr, float, int]] = {}
    free = iter(range(10**6))

    def visit(node: Expr, path: tuple[int, ...]) -> float:
        inner = [visit(arg, (*path, i)) for i, arg in enumerate(node.args)]
        x = (inner[0] + inner[-1]) / 2 if inner else float(next(free))
        out[path] = (node, x, len(path))
        return x

    visit(expr, ())
    return out


def _text(node: Expr) -> str:
    if node.head == "num":
        return f"{float(node.value):.4g}"  # type: ignore[arg-type]
    if node.head == "const":
        return "π" if node.value == "pi" else "e"
    if not node.args:
        return str(node.value).replace("$", r"\$")
    return _SIGNS.get(node.head, node.head)
