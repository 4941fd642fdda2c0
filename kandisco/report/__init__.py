"""The report of a run: report.md, report.html and figures/, written beside the formulas once the result is out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.run import Run
    from kandisco.types import Result
    from kandisco.viz.network import Network


def write(run: Run, result: Result, registry: Registry | None = None) -> None:
    """Write the figures and the two reports into the run folder.

    Args:
        run: the folder.
        result: what ``pipeline.discover`` returned, or the stored one.
        registry: finds the basis and the functions of the run's network; without it the network is left out.
    """
    from kandisco.report.facts import facts
    from kandisco.report.markdown import markdown
    from kandisco.report.page import page
    from kandisco.viz.canvas import svg
    from kandisco.viz.figures import draw, summary_figure
    from kandisco.viz.pictures import held_out, last_network
    from kandisco.viz.plots import tree_figure

    figures = draw(replace(result, dataset=run.dataset()), held_out(run, result))
    network = last_network(run, registry) if registry is not None else None
    figures |= _of_network(run, network)
    if result.best is not None and result.best.expr.args:
        figures["tree"] = svg(tree_figure(result.best.expr), "tree")
    for name, drawn in figures.items():
        run.write_text(f"figures/{name}.svg", drawn)
    if summary := summary_figure(result):
        run.write_text("figures/summary.svg", summary)
    run.write_text("report.md", markdown(run.meta, result, figures))
    run.write_text("report.html", page(run.meta, result, figures, facts(run, result)))


def _of_network(run: Run, network: Network | None) -> dict[str, str]:
    """Pictures of the network and its training."""
    from kandisco.viz.canvas import svg
    from kandisco.viz.diagram import diagram
    from kandisco.viz.plots import edges_figure, training_figure

    if network is None:
        return {}
    drawn = {"kan": diagram(network), "edges": edges_figure(network), "training": training_figure(run.records())}
    return {name: svg(figure, name) for name, figure in drawn.items() if figure is not None}
