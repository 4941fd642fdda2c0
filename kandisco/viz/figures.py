"""Figures of a result as SVG that takes its ink from the page around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.expr.latex import symbol, to_latex
from kandisco.expr.numeric import evaluate
from kandisco.viz.canvas import BLUE, INK, ORANGE, style, svg

if TYPE_CHECKING:
    from kandisco.types import Array, Dataset, Formula, Result, Variable

_POINTS = 400


def draw(result: Result, rows: Any = None) -> dict[str, str]:
    """All figures of a result: name -> SVG.

    Args:
        result: of a run.
        rows: numbers of the held-out rows, which the fit and the residuals show; all rows by default.

    Returns:
        ``formula`` (left out when it cannot be typeset), ``pareto``, ``fit`` (with one input, ``law``) and ``residuals``; empty
        without a formula.
    """
    best, dataset = result.best, result.dataset
    if best is None:
        return {}
    left_out = "fit" if dataset.x.shape[1] == 1 else "law"
    drawn = {name: svg(panel_figure(plot), name) for name, plot in panels(result, rows).items() if name != left_out}
    formula = formula_figure(best, dataset)
    return {"formula": formula, **drawn} if formula else drawn


def panels(result: Result, rows: Any = None) -> dict[str, Callable[[Any], None]]:
    """Name -> what draws that figure of a result with a formula into axes."""
    best, dataset = result.best, result.dataset
    if best is None:
        return {}
    few = _some(dataset, rows)
    word = "all rows" if rows is None else "held-out rows"
    shown = best if rows is None or best.judged is None else replace(best, expr=best.judged)
    drawn: dict[str, Callable[[Any], None]] = {
        "pareto": lambda axes: _plot_front(axes, result),
        "fit": lambda axes: _plot_fit(axes, shown, few, word),
        "residuals": lambda axes: _plot_residuals(axes, shown, few, word),
    }
    return drawn | ({"law": lambda axes: _plot_law(axes, best, dataset)} if dataset.x.shape[1] == 1 else {})


def _some(dataset: Dataset, rows: Any) -> Dataset:
    return dataset if rows is None else replace(dataset, x=dataset.x[rows], y=dataset.y[rows], groups=None)


def formula_figure(formula: Formula, dataset: Dataset) -> str:
    """The typeset formula, or an empty text when matplotlib's mathtext cannot set it or it is wider than a page."""
    figure = typeset_figure(formula, dataset)
    text = svg(figure, "formula", tight=True) if figure is not None else ""
    width = re.search(r'width="([\d.]+)pt"', text)
    return text if width and float(width.group(1)) < 1100 else ""


def typeset_figure(formula: Formula, dataset: Dataset) -> Any | None:
    """A figure as large as the typeset formula; None when mathtext cannot set it or it is very long."""
    text = _typeset(formula, dataset)
    if len(text) > 400:
        return None
    with style():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(1, 1))
        written = figure.text(0, 0, text, fontsize=20, color=INK)
        try:
            box = written.get_window_extent(FigureCanvasAgg(figure).get_renderer())  # type: ignore[no-untyped-call]
        except ValueError:  # mathtext's way of saying that it does not know a command
            return None
        figure.set_size_inches(box.width / figure.dpi + 0.2, box.height / figure.dpi + 0.2)
        written.set_position((0.1 / figure.get_figwidth(), (0.1 - box.y0 / figure.dpi) / figure.get_figheight()))
        return figure


def summary_figure(result: Result) -> str:
    """One picture to show around, dark on white: the formula above the law (the fit, with several inputs) and the front.

    An empty text without a formula.
    """
    best, dataset = result.best, result.dataset
    if best is None:
        return ""
    title = _typeset(best, dataset) if formula_figure(best, dataset) else ""
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.4, 3.6), layout="constrained")
        figure.suptitle(title, fontsize=17, color=INK)
        left, right = figure.subplots(1, 2)
        panels(result)["law" if dataset.x.shape[1] == 1 else "fit"](left)
        _plot_front(right, result)
        return svg(figure, "summary", "light")


def _typeset(formula: Formula, dataset: Dataset) -> str:
    sign = "=" if formula.trusted else r"\approx"
    text = f"${symbol(dataset.target.name)} {sign} {to_latex(formula.expr, 6)}$"
    # LaTeX puts a thin space before the name of a function by itself, mathtext does not.
    return re.sub(r"(?<=[\w})]) (?=\\(?:exp|ln|sin|cos|tan|sinh|cosh|tanh|arc\w+|operatorname)\b)", r" \\, ", text)


def _plot_front(axes: Any, result: Result) -> None:
    """Held-out error against complexity, the best formula marked."""
    floor = 1e-17 * max(float(np.abs(result.dataset.y).max(initial=0.0)), 1e-280)
    points = [(f.complexity, max(f.rmse_test, floor)) for f in result.front if np.isfinite(f.rmse_test)]
    axes.plot(*zip(*points, strict=True), "o-", color=BLUE, markersize=5, linewidth=1) if points else None
    if result.best is not None and np.isfinite(result.best.rmse_test):
        place = (result.best.complexity, max(result.best.rmse_test, floor))
        axes.plot(*place, "o", color=ORANGE, markersize=8)
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("complexity")
    axes.set_ylabel("RMSE, each row from the others" if result.tried else "RMSE on held-out rows")


def _plot_law(axes: Any, formula: Formula, dataset: Dataset) -> None:
    """The rows of the only input, and the formula's curve through them; logarithmic where the data span two decades."""
    x, y = dataset.x[:, 0], dataset.y
    space = np.geomspace if _decades(x) else np.linspace
    grid = space(float(x.min()), float(x.max()), 2 * _POINTS)
    value = evaluate(formula.expr, {dataset.inputs[0].name: grid}) * np.ones_like(grid)
    axes.plot(grid, np.where(np.isfinite(value), value, np.nan), color=ORANGE, linewidth=1.2)
    keep = np.linspace(0, len(y) - 1, min(len(y), _POINTS)).astype(np.int64)
    axes.plot(x[keep], y[keep], "o", **_dots(keep))
    span = float(np.ptp(y)) or 1.0
    if _decades(y):
        axes.set_yscale("log")
        axes.set_ylim(float(y.min()) / 2, float(y.max()) * 2)
    else:
        axes.set_ylim(float(y.min()) - 0.06 * span, float(y.max()) + 0.06 * span)
    if _decades(x):
        axes.set_xscale("log")
    axes.set_xlabel(_plain(dataset.inputs[0]))
    axes.set_ylabel(_plain(dataset.target))


def _dots(rows: Any) -> dict[str, Any]:
    return {"color": BLUE, "markersize": 3 if len(rows) > 60 else 5, "alpha": 0.6, "markeredgewidth": 0}


def _decades(values: Array) -> bool:
    return bool(values.min() > 0 and values.max() > 100 * values.min())


def _plain(variable: Variable) -> str:
    """A header as matplotlib shall show it: a dollar sign would start a formula."""
    return (variable.label or variable.name).replace("$", r"\$")


def _plot_fit(axes: Any, formula: Formula, dataset: Dataset, rows: str) -> None:
    """Predicted against true values."""
    true, predicted = _values(formula, dataset)
    ends = [true.min(), true.max()] if len(true) else [0, 1]
    axes.plot(ends, ends, color=INK, linewidth=0.8)
    axes.plot(true, predicted, "o", **_dots(true))
    axes.set_xlabel(f"true {_plain(dataset.target)}, {rows}")
    axes.set_ylabel("predicted")


def _plot_residuals(axes: Any, formula: Formula, dataset: Dataset, rows: str) -> None:
    """Residuals against predicted values: structure here means that the formula misses something."""
    true, predicted = _values(formula, dataset)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.plot(predicted, true - predicted, "o", **_dots(true))
    axes.set_xlabel(f"predicted {_plain(dataset.target)}, {rows}")
    axes.set_ylabel("true - predicted")


def _values(formula: Formula, dataset: Dataset) -> tuple[Any, Any]:
    keep = np.linspace(0, len(dataset.y) - 1, min(len(dataset.y), _POINTS)).astype(np.int64)
    columns = {v.name: column[keep] for v, column in zip(dataset.inputs, dataset.x.T, strict=True)}
    predicted = evaluate(formula.expr, columns) if columns else np.full(len(keep), np.nan)
    good = np.isfinite(predicted)
    return dataset.y[keep][good], predicted[good]


def panel_figure(plot: Callable[[Any], None]) -> Any:
    """A figure with one of the ``panels``."""
    with style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.2, 3.2), layout="tight")
        plot(figure.add_subplot())
        return figure
