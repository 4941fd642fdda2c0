"""Rules for exporters: the program gives the formula's numbers, and a column's name cannot break out of it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping

import numpy as np

from kandisco.certify import check
from kandisco.expr import complexity, parse
from kandisco.specs import ExporterSpec
from kandisco.testing.findings import Finding, Rule, apply_rules
from kandisco.types import Dataset, Formula, Variable

TEXTS = ("2.5*u + 1", "exp(-0.5*u**2)*sin(pi*v)", "sqrt(u)/(1 + v**2) - 3", "u**1.5 - v**(-2)", "4.0")
HOSTILE = 'a"""b\n*/ \\end{x} % {{ ${'


def check_exporter(spec: ExporterSpec) -> tuple[Finding, ...]:
    """All findings about an exporter."""
    return apply_rules(RULES, f"exporter {spec.name!r}", spec)


def sample(label: str = "speed [m/s]") -> Dataset:
    """A dataset for the formulas of ``TEXTS``, both columns above zero."""
    x = np.column_stack([np.linspace(0.5, 3, 12), np.linspace(2, 0.3, 12)])
    inputs = (Variable(name="u", label=label, unit="m/s"), Variable(name="v"))
    return Dataset(name="sample", x=x, y=x[:, 0] + x[:, 1], inputs=inputs, target=Variable(name="w", label=label))


def formula(text: str) -> Formula:
    """A formula with made-up scores."""
    expr = parse(text)
    return Formula(
        expr=expr,
        complexity=complexity(expr),
        rmse_train=1e-3,
        rmse_valid=1e-3,
        rmse_test=1e-3,
        rmse_shell=1e-3,
        r2_test=0.99,
        evidence="supported",
        origin="test",
    )


def _export(spec: ExporterSpec, texts: tuple[str, ...], data: Dataset) -> str:
    return spec.export([formula(text) for text in texts], data)


def _card(spec: ExporterSpec) -> Iterator[str]:
    if not spec.suffix.startswith("."):
        yield f"suffix {spec.suffix!r} must start with a dot"


def _text(spec: ExporterSpec) -> Iterator[str]:
    for texts in [TEXTS] if spec.many else [(text,) for text in TEXTS]:
        first, second = (_export(spec, texts, sample()) for _ in range(2))
        if not isinstance(first, str) or not first.strip():
            yield f"exporting {texts} gives no text"
        elif first != second:
            yield "two exports of one formula differ"
        elif not first.endswith("\n"):
            yield "the text does not end with a newline"


def _wellformed(spec: ExporterSpec) -> Iterator[str]:
    """What can be parsed is parsed, also when a header is full of the target's own syntax."""
    for label in ("speed", HOSTILE):
        text = _export(spec, TEXTS if spec.many else TEXTS[:1], sample(label))
        about = "" if label == "speed" else f" when a column is labelled {HOSTILE!r}; escape labels"
        try:
            _parse(spec.suffix, text)
        except ValueError as exc:  # SyntaxError and JSONDecodeError come as ValueError, see _parse
            yield f"the {spec.suffix} text cannot be read back ({exc}){about}"


def _parse(suffix: str, text: str) -> None:
    if suffix == ".json":
        json.loads(text)
    elif suffix == ".py":
        try:
            ast.parse(text)
        except SyntaxError as exc:
            raise ValueError(str(exc)) from None
    elif suffix == ".tex":
        code = "\n".join(line.split("%")[0] for line in text.replace("\\%", "").split("\n"))
        plain = code.replace("\\{", "").replace("\\}", "")
        if plain.count("{") != plain.count("}"):
            raise ValueError("unbalanced braces")


def _numbers(spec: ExporterSpec) -> Iterator[str]:
    """A program is run where its tool is here."""
    if spec.many:
        return
    for text in ("+".join(f"({text})" for text in TEXTS), "4.0"):
        found = check(spec, formula(text), sample(), points=50)
        if found.failed:
            yield f"the program of {text!r}: {found}; it must give the formula's own numbers"


RULES: Mapping[str, Rule] = {"card": _card, "text": _text, "wellformed": _wellformed, "numbers": _numbers}
