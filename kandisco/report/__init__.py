"""The report of a run: report.md, report.html and figures/, written beside the formulas once the result is out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kandisco.run import Run
    from kandisco.types import Result


def write(run: Run, result: Result) -> None:
    """Write the figures and the two reports into the run folder.

    Args:
        run: the folder.
        result: what ``pipeline.discover`` returned, or the stored one.
    """
    from kandisco.report.markdown import markdown
    from kandisco.report.page import page
    from kandisco.viz.figures import draw, summary_figure

    figures = draw(result)
    for name, svg in figures.items():
        run.write_text(f"figures/{name}.svg", svg)
    if summary := summary_figure(result):
        run.write_text("figures/summary.svg", summary)
    run.write_text("report.md", markdown(run.meta, result, figures))
    run.write_text("report.html", page(run.meta, result, figures))
