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
    from kandisco.types import Dataset, Formula, Result

_INK = "#010203"  # replaced by currentColor, so that axes and text are dark on a light page and light on a dark one
_BLUE, _ORANGE = "#2f81d6", "#e07b39"
_POINTS = 400


def draw(result: Result) -> dict[str, str]:
    """All figures: name -> SVG.

    Returns:
        ``formula`` (left out when it cannot be typeset), ``pareto``, ``fit`` and ``residuals``; empty without a formula.
    """
    best = result.best
    if best is None:
        return {}
    drawn = {"formula": formula_figure(best, result.dataset), "pareto": pareto_figure(result)}
    drawn |= {"fit": fit_figure(best, result.dataset), "residuals": residual_figure(best, result.dataset)}
    return {name: svg for name, svg in drawn.items() if svg}


def formula_figure(formula: Formula, dataset: Dataset) -> str:
    """The typeset formula, or an empty text when matplotlib's mathtext cannot set it or it is wider than a page."""
    sign = "=" if formula.evidence in ("exact", "supported") else r"\approx"
    text = f"${symbol(dataset.target.name)} {sign} {to_latex(formula.expr, 6)}$"
    # LaTeX puts a thin space before the name of a function by itself, mathtext does not.
    text = re.sub(r"(?<=[\w})]) (?=\\(?:exp|ln|sin|cos|tan|sinh|cosh|tanh|arc\w+|operatorname)\b)", r" \\, ", text)
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


def pareto_figure(result: Result) -> str:
    """Held-out error against complexity, the best formula marked."""

    def plot(axes: Any) -> None:
        floor = 1e-17 * max(float(np.abs(result.dataset.y).max(initial=0.0)), 1e-280)
        points = [(f.complexity, max(f.rmse_test, floor)) for f in result.front if np.isfinite(f.rmse_test)]
        axes.plot(*zip(*points, strict=True), "o-", color=_BLUE, markersize=5, linewidth=1) if points else None
        if result.best is not None and np.isfinite(result.best.rmse_test):
            place = (result.best.complexity, max(result.best.rmse_test, floor))
            axes.plot(*place, "o", color=_ORANGE, markersize=8)
        axes.set_yscale("log")
        axes.set_xlabel("complexity")
        axes.set_ylabel("RMSE on held-out rows")

    return _panel("pareto", plot)


def fit_figure(formula: Formula, dataset: Dataset) -> str:
    """Predicted against true values."""

    def plot(axes: Any) -> None:
        true, predicted = _values(formula, dataset)
        ends = [true.min(), true.max()] if len(true) else [0, 1]
        axes.plot(ends, ends, color=_INK, linewidth=0.8)
        axes.plot(true, predicted, "o", color=_BLUE, markersize=3, alpha=0.6, markeredgewidth=0)
        axes.set_xlabel("true")
        axes.set_ylabel("predicted")

    return _panel("fit", plot)


def residual_figure(formula: Formula, dataset: Dataset) -> str:
    """Residuals against predicted values: structure here means that the formula misses something."""

    def plot(axes: Any) -> None:
        true, predicted = _values(formula, dataset)
        axes.axhline(0, color=_INK, linewidth=0.8)
        axes.plot(predicted, true - predicted, "o", color=_BLUE, markersize=3, alpha=0.6, markeredgewidth=0)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true - predicted")

    return _panel("residuals", plot)


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


def _svg(figure: Any, name: str, *, tight: bool = False) -> str:
    out = io.StringIO()
    box = {"bbox_inches": "tight", "pad_inches": 0.05} if tight else {}
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None}, **box)
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
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
