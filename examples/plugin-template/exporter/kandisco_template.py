"""An exporter: a formula as a line of Markdown. Try it: kandisco export runs --to template"""

from kandisco import hookimpl
from kandisco.specs import ExporterSpec


def export(formulas, dataset):
    from kandisco.expr import to_text

    (formula,) = formulas  # with ExporterSpec(many=True) there would be several
    # Names are safe to print. Labels come from files and may hold anything: quote or escape them.
    law = f"{dataset.target.name} = {to_text(formula.expr, 6)}"
    return f"`{law}` ({formula.evidence}, RMSE {formula.rmse_test:.3g})\n"


@hookimpl
def kandisco_exporters():
    return [ExporterSpec(name="template", suffix=".md", export=export, summary="one line of Markdown")]
