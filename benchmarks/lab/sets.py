"""Tables of other collections: AI Feynman's laws in ten rows or with noise, and the measured sets of NIST."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

import numpy as np
from tables import HERE, Array, Table, Truth, with_constants

from kandisco.bench import draw, read_laws
from kandisco.bench.laws import Law
from kandisco.builtins.datasets import root
from kandisco.builtins.readers import read_csv
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate

SUITES = ("feynman", "feynman_bonus")
REST = HERE.parent / "recovery" / "feynman_rest.csv"
LAWS_OF_TEN_ROWS, MOST_INPUTS = 80, 4
# The eighteen observed sets. Misra's four have the same rows: four models that NIST certifies for one measurement.
SHIPPED = ("misra1a", "chwirut2", "danwood", "kirby2", "hahn1", "rat42", "rat43", "eckerle4", "thurber", "boxbod", "bennett5")
FILES = {
    "Misra1b": ("b1*(1 - (1 + b2*x/2)**(-2))", ("x",)),
    "Misra1c": ("b1*(1 - (1 + 2*b2*x)**(-1/2))", ("x",)),
    "Misra1d": ("b1*b2*x/(1 + b2*x)", ("x",)),
    "Chwirut1": ("exp(-b1*x)/(b2 + b3*x)", ("x",)),
    "Nelson": ("b1 - b2*x1*exp(-b3*x2)", ("x1", "x2")),
    "ENSO": (
        "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)"
        " + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)",
        ("x",),
    ),
    "Roszman1": ("b1 - b2*x - atan(b3/(x - b4))/pi", ("x",)),
}


def ten_rows(seed: int) -> Iterator[partial[Table]]:
    """The first eighty laws of AI Feynman with at most four inputs: ten rows, 0.5 % noise."""
    laws = [law for law in feynman() if len(law.inputs) <= MOST_INPUTS][:LAWS_OF_TEN_ROWS]
    yield from (partial(of_law, "ten_rows", law, rows=10, noise=0.005, seed=seed) for law in laws)


def noise(seed: int) -> Iterator[partial[Table]]:
    """All of AI Feynman: a thousand rows, 1 and 10 % noise."""
    for share in (0.01, 0.1):
        yield from (partial(of_law, "noise", law, rows=1000, noise=share, seed=seed) for law in feynman())


def feynman() -> tuple[Law, ...]:
    """AI Feynman's hundred and twenty laws: those shipped, and the rest."""
    return (*read_laws(suites=SUITES), *read_laws(str(REST)))


def of_law(part: str, law: Law, *, rows: int, noise: float, seed: int) -> Table:
    """Rows of a problem table's law as ``kandisco bench`` draws them, in columns without telling names."""
    drawn = draw(law, rows=rows, noise=noise, seed=seed)
    heads = dict(drawn.names)
    return Table(
        part=part,
        name=law.name,
        header=(*heads, "y"),
        columns=(*drawn.dataset.x.T, drawn.dataset.y),
        letters=heads,
        truth=Truth(expr=law.expr, constants=tuple(range(len(law.expr.numbers()))), box=law.box, clean=drawn.clean),
        rows=rows,
        noise=noise,
        seed=seed,
        law=law,
    )


def nist() -> Iterator[partial[Table]]:
    """The eighteen observed sets of NIST's Statistical Reference Datasets for nonlinear regression."""
    yield from (partial(_shipped, name) for name in SHIPPED)
    yield from (partial(_file, name) for name in FILES)


def _shipped(name: str) -> Table:
    folder = root() / f"nist_{name}"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    columns = {label: np.asarray(values) for label, values in read_csv(folder / card["file"]).columns.items()}
    certified = {key: value["value"] for key, value in card["certified"]["parameters"].items()}
    entries = sorted(card["columns"], key=lambda entry: entry["role"] == "target")
    named = {entry["name"]: columns[entry["label"]] for entry in entries}
    return _certified(name, named, card["certified"]["model"], certified)


def _file(name: str) -> Table:
    """Of one of NIST's own files beside this one (public domain)."""
    text = (HERE / "nist" / f"{name}.dat").read_text(encoding="ascii", errors="replace")
    found = re.findall(r"^\s*(b\d+)\s*=\s*\S+\s+\S+\s+(\S+)\s+\S+\s*$", text, re.MULTILINE)
    body = text[text.rindex("Data:") :].splitlines()[1:]
    y, *x = np.array([[float(cell) for cell in line.split()] for line in body if line.strip()]).T
    model, inputs = FILES[name]
    # NIST fits the logarithm of Nelson's breakdown voltage.
    columns = {**dict(zip(inputs, x, strict=True)), "y": np.log(y) if name == "Nelson" else y}
    return _certified(name.lower(), columns, model, {key: float(value) for key, value in found})


def _certified(name: str, columns: dict[str, Array], model: str, certified: dict[str, float]) -> Table:
    *inputs, target = columns
    expr, order = with_constants(parse(model, (*inputs, *certified)), certified)
    box = {key: (float(columns[key].min()), float(columns[key].max())) for key in inputs}
    rng = np.random.default_rng(1)
    clean = {key: rng.uniform(*ends, 400) for key, ends in box.items()}
    clean[""] = evaluate(expr, clean)
    return Table(
        part="nist",
        name=name,
        header=tuple(columns),
        columns=tuple(columns.values()),
        letters={key: key for key in inputs},
        truth=Truth(expr=expr, constants=order, box=box, clean=clean),
        rows=len(columns[target]),
        certified=certified,
    )
