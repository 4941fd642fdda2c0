"""Rules for parametric laws: the formula reads, its letters are accounted for, and each constant can be told from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from kandisco.expr import from_json, num, parse, to_json
from kandisco.expr.heads import CONSTANTS
from kandisco.expr.numeric import Program, evaluate
from kandisco.specs import LawSpec
from kandisco.testing.findings import Finding, Rule, apply_rules
from kandisco.types import Array

MOST_INPUTS = 3  # what a search that tries a law on every choice of columns can pay for
POINTS = 60  # more than any law has constants, so that the rank is that of the law
TRIES = 40  # random constants tried before a law counts as finite nowhere
RANK = 1e-9  # singular values below this share of the largest count as zero


def check_law(spec: LawSpec) -> tuple[Finding, ...]:
    """All findings about a parametric law.

    Example:
        >>> from kandisco.specs import LawParameter
        >>> constants = (LawParameter(name="a"), LawParameter(name="b"))
        >>> twice = LawSpec(name="twice", title="Twice", formula="y = a*b*x", inputs=("x",), parameters=constants)
        >>> for finding in check_law(twice):
        ...     print(finding.rule)
        constants
    """
    return apply_rules(RULES, f"law {spec.name!r}", spec)


def _card(spec: LawSpec) -> Iterator[str]:
    if spec.name != spec.name.strip() or "," in spec.name or not spec.title:
        yield f"name {spec.name!r}, title {spec.title!r}: no commas, no outer spaces, and a title to print"
    if not spec.tags:
        yield "tags is empty; nobody can select it by field"
    if spec.same_as == spec.name:
        yield "same_as names the law itself; leave it empty"
    if not 1 <= len(spec.inputs) <= MOST_INPUTS:
        yield f"{len(spec.inputs)} inputs; a law has one to {MOST_INPUTS}"


def _letters(spec: LawSpec) -> Iterator[str]:
    everyone = (*spec.letters, spec.target)
    for letter in sorted({letter for letter in everyone if everyone.count(letter) > 1}):
        yield f"the letter {letter!r} has two meanings; give each input, parameter and the target its own"
    for letter in everyone:
        if not letter.isidentifier() or letter in CONSTANTS:
            yield f"{letter!r} cannot be a letter of a law; use an identifier other than {', '.join(CONSTANTS)}"
    for letter in sorted(set(spec.letters) - set(spec.expr.variables())):
        yield f"the letter {letter!r} does not occur in {spec.formula!r}"
    if from_json(to_json(spec.expr)) != spec.expr:
        yield f"{spec.formula!r} does not come back from JSON unchanged"


def _starts(spec: LawSpec) -> Iterator[str]:
    """Each start has a size where the columns have; none of the parameters may lean on another."""
    columns = dict.fromkeys((*spec.inputs, spec.target), np.array([0.7]))
    for parameter in spec.parameters:
        size = evaluate(parse(parameter.start, tuple(columns)), columns)[0]
        if not np.isfinite(size) or size == 0 or (parameter.positive and size < 0):
            yield f"the start {parameter.start!r} of {parameter.name} is {size:g}; give its order of size"


def _constants(spec: LawSpec) -> Iterator[str]:
    """At random inputs and constants of the right size, the derivatives by the constants are independent."""
    slopes = jacobian(spec)
    if slopes is None:
        yield "finite at none of the inputs and constants tried, sizes of 0.1 to 2; is the formula right?"
    elif len(spec.parameters):
        values = np.linalg.svd(slopes / np.linalg.norm(slopes, axis=0), compute_uv=False)
        if values[-1] < RANK * values[0]:
            yield "two of its constants do the same, so no data can tell them; leave one out"


def jacobian(spec: LawSpec) -> Array | None:
    """Derivatives by the constants, float64 [points, parameters], where the law is finite; None where it never is."""
    rng = np.random.default_rng(0)
    names = spec.inputs
    for _ in range(TRIES):
        # Each input has a scale of its own: 1/(1/a - 1/b) is finite anywhere, asin(n*sin(a)) where n is small enough.
        x = rng.uniform(0.1, 1.0, (len(names), 1)) * rng.uniform(0.4, 1.0, (len(names), POINTS))
        sizes = dict(zip(names, x.mean(axis=1), strict=True)) | {spec.target: 0.7}
        values = {p.name: num(_size(p.start, sizes) * rng.uniform(0.3, 2.0)) for p in spec.parameters}
        program = Program(spec.expr.substitute(values), names)
        order = [str(leaf.value) for leaf in spec.expr.walk() if leaf.head == "var" and leaf.value in values]
        y, slopes = program.jacobian(program.start[None, :], x)
        if np.isfinite(y).all() and np.isfinite(slopes).all() and np.ptp(y) > 0:
            by_name = np.array([[name == p.name for name in order] for p in spec.parameters], dtype=np.float64)
            return np.asarray((by_name.reshape(len(spec.parameters), len(order)) @ slopes[0]).T, dtype=np.float64)
    return None


def _size(start: str, sizes: Mapping[str, float]) -> float:
    return float(evaluate(parse(start, tuple(sizes)), {name: np.array([size]) for name, size in sizes.items()})[0])


def _latex(spec: LawSpec) -> Iterator[str]:
    from kandisco.expr.latex import to_latex

    text = to_latex(spec.expr)
    if not text or text.count("{") != text.count("}"):
        yield f"its LaTeX {text!r} is empty or unbalanced"


RULES: Mapping[str, Rule] = {
    "card": _card,
    "letters": _letters,
    "starts": _starts,
    "constants": _constants,
    "latex": _latex,
}
