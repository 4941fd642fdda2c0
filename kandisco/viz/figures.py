"""Figures of a result as SVG that takes its ink from the page around it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.expr.latex import symbol, to_latex
from kandisco.expr.numeric import evaluate

if TYPE_CHECKING:
    from kandisco.types import Array, Dataset, Formula, Result, Variable

_INK = "#010203"  # replaced by currentColor, so that axes and text are dark on a light page and light on a dark one
_BLUE, _ORANGE = "#2f81d6", "#e07b39"
_POINTS = 400


def draw(result: Result) -> dict[str, str]:
    """All figures of the report: name -> SVG.

    Returns:
        ``formula`` (left out when it cannot be typeset), ``pareto``, ``fit`` (with one input, ``law``) and ``residuals``; empty
        without a formula.
    """
    best, dataset = result.best, result.dataset
    if best is None:
        return {}
    drawn = {"formula": formula_figure(best, dataset), "pareto": _panel("pareto", lambda axes: _plot_front(axes, result))}
    if dataset.x.shape[1] == 1:
        drawn["law"] = _panel("law", lambda axes: _plot_law(axes, best, dataset))
    else:
        drawn["fit"] = _panel("fit", lambda axes: _plot_fit(axes, best, dataset))
    drawn["residuals"] = _panel("residuals", lambda axes: _plot_residuals(axes, best, dataset))
    return {name: svg for name, svg in drawn.items() if svg}


def formula_figure(formula: Formula, dataset: Dataset) -> str:
    """The typeset formula, or an empty text when matplotlib's mathtext cannot set it or it is wider than a page."""
    text = _typeset(formula, dataset)
    if len(text) > 400:
        return ""
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(0.1, 0.1))
        figure.text(0, 0, text, fontsize=20, color=_INK)
        try:
            svg = _svg(figure, "formula", tight=True)
        except ValueError:  # mathtext's way of saying that it does not know a command
            return ""
    width = re.search(r'width="([\d.]+)pt"', svg)
    return svg if width and float(width.group(1)) < 1100 else ""


def summary_figure(result: Result) -> str:
    """One picture to show around, dark on white: the formula above the law (the fit, with several inputs) and the front.

    An empty text without a formula.
    """
    best, dataset = result.best, result.dataset
    if best is None:
        return ""
    title = _typeset(best, dataset) if formula_figure(best, dataset) else ""
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.4, 3.6), layout="constrained")
        figure.suptitle(title, fontsize=17, color=_INK)
        left, right = figure.subplots(1, 2)
        plot = _plot_law if dataset.x.shape[1] == 1 else _plot_fit
        plot(left, best, dataset)
        _plot_front(right, result)
        return _svg(figure, "summary", page="white", ink="#1d2733")


def _typeset(formula: Formula, dataset: Dataset) -> str:
    sign = "=" if formula.evidence in ("exact", "supported") else r"\approx"
    text = f"${symbol(dataset.target.name)} {sign} {to_latex(formula.expr, 6)}$"
    # LaTeX puts a thin space before the name of a function by itself, mathtext does not.
    return re.sub(r"(?<=[\w})]) (?=\\(?:exp|ln|sin|cos|tan|sinh|cosh|tanh|arc\w+|operatorname)\b)", r" \\, ", text)


def _plot_front(axes: Any, result: Result) -> None:
    """Held-out error against complexity, the best formula marked."""
    floor = 1e-17 * max(float(np.abs(result.dataset.y).max(initial=0.0)), 1e-280)
    points = [(f.complexity, max(f.rmse_test, floor)) for f in result.front if np.isfinite(f.rmse_test)]
    axes.plot(*zip(*points, strict=True), "o-", color=_BLUE, markersize=5, linewidth=1) if points else None
    if result.best is not None and np.isfinite(result.best.rmse_test):
        place = (result.best.complexity, max(result.best.rmse_test, floor))
        axes.plot(*place, "o", color=_ORANGE, markersize=8)
    axes.set_yscale("log")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("complexity")
    axes.set_ylabel("RMSE on held-out rows")


def _plot_law(axes: Any, formula: Formula, dataset: Dataset) -> None:
    """The rows of the only input, and the formula's curve through them; logarithmic where the data span two decades."""
    x, y = dataset.x[:, 0], dataset.y
    space = np.geomspace if _decades(x) else np.linspace
    grid = space(float(x.min()), float(x.max()), 2 * _POINTS)
    value = evaluate(formula.expr, {dataset.inputs[0].name: grid}) * np.ones_like(grid)
    axes.plot(grid, np.where(np.isfinite(value), value, np.nan), color=_ORANGE, linewidth=1.2)
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
    return {"color": _BLUE, "markersize": 3 if len(rows) > 60 else 5, "alpha": 0.6, "markeredgewidth": 0}


def _decades(values: Array) -> bool:
    return bool(values.min() > 0 and values.max() > 100 * values.min())


def _plain(variable: Variable) -> str:
    """A header as matplotlib shall show it: a dollar sign would start a formula."""
    return (variable.label or variable.name).replace("$", r"\$")


def _plot_fit(axes: Any, formula: Formula, dataset: Dataset) -> None:
    """Predicted against true values."""
    true, predicted = _values(formula, dataset)
    ends = [true.min(), true.max()] if len(true) else [0, 1]
    axes.plot(ends, ends, color=_INK, linewidth=0.8)
    axes.plot(true, predicted, "o", **_dots(true))
    axes.set_xlabel("true")
    axes.set_ylabel("predicted")


def _plot_residuals(axes: Any, formula: Formula, dataset: Dataset) -> None:
    """Residuals against predicted values: structure here means that the formula misses something."""
    true, predicted = _values(formula, dataset)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.plot(predicted, true - predicted, "o", **_dots(true))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true - predicted")


def _values(formula: Formula, dataset: Dataset) -> tuple[Any, Any]:
    keep = np.linspace(0, len(dataset.y) - 1, min(len(dataset.y), _POINTS)).astype(np.int64)
    columns = {v.name: column[keep] for v, column in zip(dataset.inputs, dataset.x.T, strict=True)}
    predicted = evaluate(formula.expr, columns) if columns else np.full(len(keep), np.nan)
    good = np.isfinite(predicted)
    return dataset.y[keep][good], predicted[good]


def _panel(name: str, plot: Callable[[Any], None]) -> str:
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(4.2, 3.2), layout="tight")
        plot(figure.add_subplot())
        return _svg(figure, name)


def _svg(figure: Any, name: str, *, tight: bool = False, page: str = "", ink: str = "currentColor") -> str:
    out = io.StringIO()
    options: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.05} if tight else {}
    options |= {"facecolor": page} if page else {"transparent": True}
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, **options)
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_INK, ink)
    # Several drawings share one page: an id must not be found twice.
    return re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{name}-", text)


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib

    inked = ("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "text.color")
    style: dict[Any, Any] = dict.fromkeys(inked, _INK)
    style |= {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9, "svg.hashsalt": "kandisco"}
    style |= {"svg.fonttype": "path", "mathtext.fontset": "cm"}
    with matplotlib.rc_context(style):
        yield
