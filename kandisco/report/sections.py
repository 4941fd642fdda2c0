"""Sections of report.html that tell the facts: constants, exact numbers, domain, stability, where each term came from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from kandisco.report.domain import sentence
from kandisco.report.words import r2

if TYPE_CHECKING:
    from kandisco.report.facts import Facts
    from kandisco.types import Formula, Result

_SHORT = 16


def table(titles: Iterable[str], rows: Iterable[tuple[str, ...]], *, code: int = -1, mark: int | None = None) -> str:
    """An HTML table; cells are escaped, short ones kept on one line, those of column ``code`` set as code, row ``mark`` bold."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    lines = []
    for number, row in enumerate(rows):
        cells = "".join(_cell(text, code=i == code) for i, text in enumerate(row))
        lines.append(f"<tr{' class=best' if number == mark else ''}>{cells}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _cell(text: str, *, code: bool) -> str:
    # A browser breaks a line after a hyphen: "1 - 1.3e-05" would stand on three.
    kind = " class=short" if len(text) <= _SHORT else ""
    return f"<td{kind}><code>{escape(text)}</code></td>" if code else f"<td{kind}>{escape(text)}</td>"


def with_error(value: float, error: float) -> str:
    """A constant with its standard error, the error to two digits and the value as far.

    Example:
        >>> with_error(9.80665, 0.0123), with_error(2.5, float("nan")), with_error(6.674e-11, 1.5e-15)
        ('9.807 ± 0.012', '2.5', '(6.67400 ± 0.00015)e-11')
    """
    if not math.isfinite(error) or error <= 0 or not value:
        return f"{value:.10g}"
    power = math.floor(math.log10(abs(value)))
    power = 0 if -4 <= power < 6 else power
    value, error = value / 10.0**power, error / 10.0**power
    digits = min(15, max(0, 1 - math.floor(math.log10(error))))
    text = f"{value:.{digits}f} ± {error:.{digits}f}" if digits or error >= 1 else f"{value:.0f} ± {error:.2g}"
    return f"({text})e{power:+03d}".replace("e+0", "e+").replace("e-0", "e-") if power else text


def constants(facts: Facts) -> str:
    """Constants with standard errors, intervals, and the physical constants they could be."""
    if not facts.constants:
        return ""
    rows = []
    for one in facts.constants:
        physical = "; ".join(
            f"{hit.sign} = {hit.value:.6g} {hit.unit} ({hit.name}; {hit.deviation:.1f} std. errors away, chance {hit.chance:.1g})"
            for hit in one.physical[:2]
        )
        interval = f"{one.low:.4g} to {one.high:.4g}" if math.isfinite(one.error) else "not fixed by the rows"
        rows.append((with_error(one.value, one.error), interval, physical))
    said = (
        f"<p class='soft'>Least squares on {facts.rows} rows; standard errors from the Jacobian, intervals by Student's t. They "
        "hold for the form as it stands. Physical constants are suggestions: compare the units.</p>"
    )
    return "<h2>Constants</h2>\n" + table(("constant", "95 % interval", "could be"), rows) + said


def exact(facts: Facts) -> str:
    """The exact numbers of the law, each set free again."""
    if not facts.exact:
        return ""
    rows = [
        (one.text, with_error(one.free, one.error), "no noise to speak of" if math.isnan(one.sigmas) else f"{one.sigmas:.2f}")
        for one in facts.exact
    ]
    said = (
        "<p class='soft'>A constant becomes an exact number only if it lies within three standard errors of it (level 0.0027) "
        "and a likelihood ratio test of the refitted law does not object (at most 4.5 nats). Here each is set free again and "
        "refitted with all other constants.</p>"
    )
    return "<h2>Exact numbers</h2>\n" + table(("in the law", "set free", "distance in standard errors"), rows, code=0) + said


def conditions(facts: Facts) -> str:
    """What logarithms, roots and quotients ask for."""
    if not facts.conditions:
        return "<p>The formula is defined for all values of its inputs.</p>"
    rows = [(one.text, sentence(one)) for one in facts.conditions]
    return table(("it needs", "which is"), rows, code=0)


def stable(facts: Facts) -> str:
    """Terms over bootstrap samples."""
    found = facts.stability
    if found is None:
        return ""
    rows = [(text, f"{share:.0%}") for text, share in found.terms]
    said = (
        f"<p>On {found.resamples} bootstrap samples of {found.rows} rows every formula of the front was refitted; one of "
        f"the best formula's form had the shortest description in {found.best:.0%}. How often the winner held each term:</p>"
    )
    return "<h2>Stability</h2>\n" + said + table(("term", "share of samples"), rows, code=0)


def terms(facts: Facts, result: Result) -> str:
    """Where each term came from: edge, function in the place of its curve, refit."""
    if result.best is None or not facts.terms:
        return ""
    origin = f"<p>The formula was found by: {escape(result.best.origin or 'unknown')}</p>"
    if not result.best.edges:
        said = "<p class='soft'>No network stands behind it: a closed form was fitted to the rows.</p>"
        return f"<h2>Provenance</h2>\n{origin}{said}"
    rows = [
        ("" if number else term, f"{edge.start} to {edge.end}", edge.symbol, edge.curve, r2(edge.r2))
        for term, edges in facts.terms
        for number, edge in enumerate(edges)
    ]
    alone = [(term, "none: fitted with the whole", "", "", "") for term, edges in facts.terms if not edges]
    said = (
        "<p class='soft'>Each edge drew a curve; a function took its place (R2 on the curve). The formula put together from "
        f"these was refitted as a whole and its constants snapped{_engine(result.best)}. h1,2 is the second node of the "
        "first hidden level.</p>"
    )
    titles = ("term of the formula", "edge", "function", "drawn on the curve", "R2")
    return f"<h2>Provenance</h2>\n{origin}" + table(titles, rows + alone, code=0) + said


def _engine(formula: Formula) -> str:
    """What an engine added."""
    return f"; from that the refiner {escape(formula.engine)} went on, and found this form" if formula.engine else ""
