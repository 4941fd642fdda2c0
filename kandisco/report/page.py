"""report.html: one file that needs nothing else, readable in light and dark and on paper, every name from the data escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from kandisco.expr.mathml import to_mathml
from kandisco.report import sections, words
from kandisco.report.citations import bibtex
from kandisco.report.facts import Facts, command
from kandisco.report.markdown import shown

if TYPE_CHECKING:
    from kandisco.types import Result

_STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1d2733; --soft: #5b6877; --line: #d9dfe6; --card: #f6f8fa; --page: #fff; --good: #0b7a4b; --bad: #b3401f;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --soft: #9aa7b4; --line: #35404b; --card: #1b232b; --page: #12181e; --good: #4cc38a; --bad: #f08a63; }
}
body {
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--page);
  margin: 0 auto; padding: 2rem 1rem; max-width: 60rem;
}
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.soft { color: var(--soft); overflow-wrap: anywhere; } .wide { overflow-x: auto; margin-bottom: 1rem; }
.law, pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.law { padding: 1.4rem 1.6rem; margin: 1.2rem 0; overflow-x: auto; }
.law math { font-size: 1.6rem; }
.badge { border-radius: 99px; padding: .05rem .7rem; border: 1px solid currentColor; font-size: .9rem; }
.exact, .supported { color: var(--good); } .weak, .none, .verdict { color: var(--bad); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr.best td { font-weight: 600; } .short { white-space: nowrap; }
code, pre { font-family: ui-monospace, monospace; font-size: .88rem; }
pre { padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; font-size: .85rem; padding: .15rem .8rem; border: 1px solid var(--line); border-radius: 7px;
  background: var(--card); color: var(--ink); cursor: pointer; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
figure { margin: 0 0 1.2rem; } figure svg { max-width: 100%; height: auto; } .figures svg { width: 100%; }
figcaption { color: var(--soft); font-size: .85rem; }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --card: #fff; --page: #fff; --good: #000; --bad: #000; }
  body { max-width: none; padding: 0; font-size: 11pt; } button { display: none; }
  h2 { break-after: avoid; } figure, table, .law { break-inside: avoid; }
}
"""
_SCRIPT = """
for (const button of document.querySelectorAll("button[data-copy]")) button.addEventListener("click", async () => {
  const text = document.getElementById(button.dataset.copy).textContent, label = button.textContent;
  try { await navigator.clipboard.writeText(text); } catch {
    const area = document.createElement("textarea");
    area.value = text; document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
  }
  button.textContent = "Copied"; setTimeout(() => { button.textContent = label; }, 1200);
});
"""
# What a picture shows, for those who do not see it, and as its caption.
_CAPTIONS = {
    "kan": "The network after pruning; on each card the function most like the edge's curve, and its R2.",
    "edges": "Each edge's curve (blue), the function most like it (dashed), their difference below, and where the rows are.",
    "training": "Error on training and held-out rows over the iterations of each stage.",
    "pareto": "Error on rows left out against complexity; the best formula in orange.",
    "law": "The formula through the rows.",
    "fit": "Predicted against true values.",
    "residuals": "What the formula leaves of the rows.",
    "tree": "The formula's expression tree.",
}
_LARGE = ("kan", "edges", "training", "tree")


def page(meta: Mapping[str, Any], result: Result, figures: Mapping[str, str], facts: Facts | None = None) -> str:
    """The report as HTML.

    Args:
        meta: the content of ``run.json``.
        result: the result.
        figures: name -> SVG.
        facts: what the rows say beyond the result; left out by default.
    """
    dataset, facts = result.dataset, facts or Facts()
    title = escape(f"{dataset.target.label or dataset.target.name} of {dataset.name}")
    parts = (
        _law(result),
        sections.constants(facts),
        sections.exact(facts),
        _front(result),
        _figures(figures),
        _domain(meta, facts),
        sections.stable(facts),
        sections.terms(facts, result),
        _warnings(result),
        _reproduce(meta, result),
    )
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n<style>{_STYLE}</style>\n'
        f"</head>\n<body>\n<h1>{title}</h1>\n{body}\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _law(result: Result) -> str:
    best, dataset = result.best, result.dataset
    parts = [f'<p class="verdict"><strong>{escape(sentence)}</strong></p>' for sentence in words.verdict(result)]
    if best is None:
        return "".join(parts)
    latex = words.latex(best, dataset, target=True)
    parts.append(f'<div class="law">{to_mathml(latex)}</div>')
    parts.append('<p><button data-copy="latex">Copy LaTeX</button> <button data-copy="text">Copy text</button></p>')
    parts.append(f'<pre id="text">{escape(words.law(best, dataset))}</pre>\n<pre id="latex">{escape(latex)}</pre>')
    if told := words.constants(best):
        parts.append(f"<p>{escape(told)}</p>")
    grounds = escape(words.grounds(result))
    parts.append(f'<p><span class="badge {best.evidence}">{best.evidence}</span> <span class="soft">{grounds}</span></p>')
    rows = [(name, f"{rmse:.4g}", words.r2(r2)) for name, rmse, r2 in words.scores(result)]
    parts.append(sections.table((words.held_out(result), "RMSE", "R2"), rows))
    if said := words.refitted(result):
        parts.append(f'<p class="soft">{escape(said)}</p>')
    return "\n".join(parts)


def _front(result: Result) -> str:
    if not result.front:
        return ""
    cells = [
        (
            *(str(i), str(f.complexity), f"{f.rmse_test:.3g}", words.r2(f.r2_test), words.share(f.probability), f.evidence),
            words.readable(f, result.dataset),
        )
        for i, f in enumerate(result.front, start=1)
    ]
    best = next((i for i, f in enumerate(result.front) if f == result.best), None)
    titles = ("#", "complexity", "RMSE", "R2", "probability", "evidence", "formula")
    return "<h2>Front</h2>\n" + sections.table(titles, cells, code=6, mark=best)


def _figures(figures: Mapping[str, str]) -> str:
    large = [_figure(name, figures[name]) for name in _LARGE if name in figures]
    small = [_figure(name, svg) for name, svg in figures.items() if name not in (*_LARGE, "formula")]
    drawn = f'<div class="figures">{"".join(small)}</div>' if small else ""
    return f"<h2>Figures</h2>\n{drawn}\n{''.join(large)}" if small or large else ""


def _figure(name: str, svg: str) -> str:
    caption = escape(_CAPTIONS.get(name, name))
    labelled = re.sub(r"<svg ", f'<svg role="img" aria-label="{caption}" ', svg, count=1)
    return f"<figure>{labelled}<figcaption>{caption}</figcaption></figure>"


def _domain(meta: Mapping[str, Any], facts: Facts) -> str:
    columns = [*meta["dataset"]["inputs"], meta["dataset"]["target"]]
    rows = [(c["name"], c["label"], c["unit"], shown(c["min"]), shown(c["max"])) for c in columns]
    ranges = sections.table(("name", "column", "unit", "from", "to"), rows)
    said = "<p>Outside the ranges below the formula is an extrapolation that no row has tested.</p>"
    return f"<h2>Domain of validity</h2>\n{said}{ranges}{sections.conditions(facts)}"


def _warnings(result: Result) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in words.warnings(result))
    return f"<h2>Warnings</h2>\n<ul>{items}</ul>" if items else ""


def _reproduce(meta: Mapping[str, Any], result: Result) -> str:
    lines: Iterable[str] = (
        f"{meta['created']}, {result.seconds:.1f} s, status {result.status}, seed {result.seed}",
        f"{meta['dataset']['source']}, {meta['dataset']['rows']} rows, sha256 {meta['fingerprint']}",
        ", ".join(f"{name} {version}" for name, version in meta["versions"].items()),
    )
    said = "<br>".join(escape(line) for line in lines)
    return (
        f"<h2>To repeat it</h2>\n<pre>{escape(command(meta))}</pre>\n<p class='soft'>{said}</p>\n"
        f'<h2>Methods to cite</h2>\n<p><button data-copy="bibtex">Copy BibTeX</button></p>\n'
        f'<pre id="bibtex">{escape(bibtex(result))}</pre>'
    )
