"""report.html: one file that needs nothing else, readable in light and dark, with every name from the data escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from kandisco.report import words
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
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.soft { color: var(--soft); } .wide { overflow-x: auto; }
.soft { overflow-wrap: anywhere; }
.law, pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.law { padding: 1.4rem 1.6rem; margin: 1.2rem 0; }
.law svg { max-width: 100%; height: auto; display: block; }
.badge { border-radius: 99px; padding: .05rem .7rem; border: 1px solid currentColor; font-size: .9rem; }
.exact, .supported { color: var(--good); } .weak, .none, .verdict { color: var(--bad); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr.best td { font-weight: 600; }
code, pre { font-family: ui-monospace, monospace; font-size: .88rem; }
pre { padding: .7rem .9rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.law pre { border: 0; margin: 0; padding: 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; }
figure { margin: 0; } .figures svg { width: 100%; height: auto; }
"""


def page(meta: Mapping[str, Any], result: Result, figures: Mapping[str, str]) -> str:
    """The report as HTML.

    Args:
        meta: the content of ``run.json``.
        result: the result.
        figures: name -> SVG; ``formula`` is the rendered formula, where it could be rendered.
    """
    dataset = result.dataset
    title = escape(f"{dataset.target.label or dataset.target.name} of {dataset.name}")
    body = "\n".join(
        part for part in (_law(result, figures), _front(result), _figures(figures), _warnings(result), _columns(meta)) if part
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n<style>{_STYLE}</style>\n'
        f"</head>\n<body>\n<h1>{title}</h1>\n{body}\n{_provenance(meta, result)}\n</body>\n</html>\n"
    )


def _law(result: Result, figures: Mapping[str, str]) -> str:
    best, dataset = result.best, result.dataset
    parts = [f'<p class="verdict"><strong>{escape(sentence)}</strong></p>' for sentence in words.verdict(result)]
    if best is None:
        return "".join(parts)
    text = escape(words.law(best, dataset))
    parts.append(f'<div class="law">{figures.get("formula") or f"<pre>{text}</pre>"}</div>')
    grounds = escape(words.grounds(result))
    parts.append(f'<p><span class="badge {best.evidence}">{best.evidence}</span> <span class="soft">{grounds}</span></p>')
    rows = [(name, f"{rmse:.4g}", words.r2(r2)) for name, rmse, r2 in words.scores(result)]
    parts.append(_table(("on held-out rows", "RMSE", "R2"), rows))
    parts.append(f"<h2>To copy</h2>\n<pre>{text}</pre>\n<pre>{escape(words.latex(best, dataset, target=True))}</pre>")
    return "\n".join(parts)


def _front(result: Result) -> str:
    if not result.front:
        return ""
    cells = [
        (str(i), str(f.complexity), f"{f.rmse_test:.3g}", words.r2(f.r2_test), f.evidence, words.readable(f, result.dataset))
        for i, f in enumerate(result.front, start=1)
    ]
    best = next((i for i, f in enumerate(result.front) if f == result.best), None)
    return "<h2>Front</h2>\n" + _table(("#", "complexity", "RMSE", "R2", "evidence", "formula"), cells, code=5, mark=best)


def _figures(figures: Mapping[str, str]) -> str:
    drawn = "".join(f"<figure>{svg}</figure>" for name, svg in figures.items() if name != "formula")
    return f'<h2>Figures</h2>\n<div class="figures">{drawn}</div>' if drawn else ""


def _warnings(result: Result) -> str:
    items = "".join(f"<li>{escape(warning)}</li>" for warning in words.warnings(result))
    return f"<h2>Warnings</h2>\n<ul>{items}</ul>" if items else ""


def _columns(meta: Mapping[str, Any]) -> str:
    columns = [*meta["dataset"]["inputs"], meta["dataset"]["target"]]
    rows = [(c["name"], c["label"], c["unit"], shown(c["min"]), shown(c["max"])) for c in columns]
    return "<h2>Columns</h2>\n" + _table(("name", "column", "unit", "from", "to"), rows)


def _provenance(meta: Mapping[str, Any], result: Result) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in meta["versions"].items())
    lines = (
        f"{meta['created']}, {result.seconds:.1f} s, status {result.status}, seed {result.seed}",
        f"{meta['dataset']['source']}, {meta['dataset']['rows']} rows, sha256 {meta['fingerprint']}",
        versions,
        *([f"best found by {result.best.origin}"] if result.best else []),
    )
    return "<h2>Provenance</h2>\n<p class='soft'>" + "<br>".join(escape(line) for line in lines) + "</p>"


def _table(titles: Iterable[str], rows: Iterable[tuple[str, ...]], *, code: int = -1, mark: int | None = None) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    lines = []
    for number, row in enumerate(rows):
        cells = "".join(f"<td><code>{escape(c)}</code></td>" if i == code else f"<td>{escape(c)}</td>" for i, c in enumerate(row))
        lines.append(f"<tr{' class=best' if number == mark else ''}>{cells}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
