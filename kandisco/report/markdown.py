"""report.md: the same facts as report.html, for repositories and text tools."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kandisco.report import words

if TYPE_CHECKING:
    from kandisco.types import Result


def markdown(meta: Mapping[str, Any], result: Result, figures: Collection[str] = ()) -> str:
    """The report as Markdown.

    Args:
        meta: the content of ``run.json``.
        result: the result.
        figures: names of the figures that were drawn.
    """
    return "\n".join(_lines(meta, result, figures)) + "\n"


def _lines(meta: Mapping[str, Any], result: Result, figures: Collection[str]) -> Iterator[str]:
    dataset, best = result.dataset, result.best
    yield f"# {inline(dataset.target.label or dataset.target.name)} of {inline(dataset.name)}\n"
    for sentence in words.verdict(result):
        yield f"**{sentence}**\n"
    if best is not None:
        yield f"```\n{words.law(best, dataset)}\n```\n"
        yield f"$$\n{words.latex(best, dataset, target=True)}\n$$\n"
        if told := words.constants(best):
            yield f"{inline(told)}.\n"
        yield f"Evidence: **{best.evidence}** ({words.grounds(result)}). Found by {inline(best.origin)}.\n"
    yield from _table(
        (words.held_out(result), "RMSE", "R2"), [(n, f"{rmse:.4g}", words.r2(r2)) for n, rmse, r2 in words.scores(result)]
    )
    if said := words.refitted(result):
        yield f"{said}\n"
    if result.front:
        yield "## Front\n"
        rows = [
            (str(i), str(f.complexity), f"{f.rmse_test:.3g}", words.r2(f.r2_test), f.evidence, f"`{words.readable(f, dataset)}`")
            for i, f in enumerate(result.front, start=1)
        ]
        yield from _table(("#", "complexity", "RMSE", "R2", "evidence", "formula"), rows)
    for name in figures:
        if name != "formula":
            yield f"![{name}](figures/{name}.svg)\n"
    if warnings := words.warnings(result):
        yield "## Warnings\n"
        yield from (f"- {inline(warning)}" for warning in warnings)
        yield ""
    yield "## Columns\n"
    columns = [*meta["dataset"]["inputs"], meta["dataset"]["target"]]
    yield from _table(
        ("name", "column", "unit", "from", "to"),
        [(c["name"], c["label"], c["unit"], shown(c["min"]), shown(c["max"])) for c in columns],
    )
    yield from _provenance(meta, result)


def _provenance(meta: Mapping[str, Any], result: Result) -> Iterator[str]:
    yield "## Provenance\n"
    versions = ", ".join(f"{name} {version}" for name, version in meta["versions"].items())
    yield f"- {meta['created']}, {result.seconds:.1f} s, status {result.status}, seed {result.seed}"
    yield f"- {inline(str(meta['dataset']['source']))}, {meta['dataset']['rows']} rows, sha256 {meta['fingerprint']}"
    yield f"- {inline(versions)}"


def shown(value: float | None) -> str:
    """A number of a table."""
    return "" if value is None else f"{value:.6g}"


def inline(text: str) -> str:
    """Text from a file, harmless inside a line of Markdown."""
    safe = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_{}\[\]#|$])", r"\\\1", safe)


def _table(titles: Collection[str], rows: Collection[Collection[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield "| " + " | ".join(cell if cell.startswith("`") else inline(cell) for cell in row) + " |"
    yield ""
