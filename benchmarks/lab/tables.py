"""Tables as a laboratory has them: few rows on a plain design, with noise, from a law whose constants are drawn anew."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kandisco.bench.laws import Law
from kandisco.builtins.laws import kandisco_laws
from kandisco.expr import Expr, num, parse
from kandisco.expr.numeric import evaluate

Array = NDArray[np.float64]
HERE = Path(__file__).parent
ROWS, NOISES, KINDS = (10, 15, 30, 100), (0.01, 0.03, 0.1), ("absolute", "relative")
DIGITS = 5  # significant digits of a target in the table: a thousandth of the smallest noise
FLAT = 0.2  # deviation over size of a target, below which noise relative to its size would drown it
TRIES = 200  # draws of constants and rows until every target is finite


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is right for a table.

    Attributes:
        expr: the law with its constants as numbers, in the letters of its inputs.
        constants: for each number of ``expr``, in the order of ``numbers()``, which constant it is: one may occur twice.
        box: letter -> (low, high) of the inputs.
        clean: letter -> float64 [rows], without noise, spread over the box; the target under ``""``.
    """

    expr: Expr
    constants: tuple[int, ...]
    box: Mapping[str, tuple[float, float]]
    clean: Mapping[str, Array]


def with_constants(law: Expr, values: Mapping[str, float]) -> tuple[Expr, tuple[int, ...]]:
    """A law with its constants as numbers, and for each number which constant it is."""
    names = list(values)
    order = tuple(names.index(str(leaf.value)) for leaf in law.walk() if leaf.head == "var" and leaf.value in values)
    return law.substitute({name: num(value) for name, value in values.items()}), order


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table and its truth.

    Attributes:
        header: column headings, the target's last unless ``target`` names another.
        columns: float64 [rows] each, in the order of the header.
        letters: heading -> letter of the truth; a heading that is missing here is no input of the law.
        key: what tells tables of one part apart.
        alternatives: other truths that are right as well.
        certified: NIST's constants; empty elsewhere.
        law: of a problem table, whose own constants count as well; None elsewhere.
    """

    part: str
    name: str
    header: tuple[str, ...]
    columns: tuple[Array, ...]
    letters: Mapping[str, str]
    truth: Truth
    rows: int
    noise: float = 0.0
    kind: str = "absolute"
    seed: int = 0
    alternatives: tuple[Truth, ...] = ()
    certified: Mapping[str, float] = field(default_factory=dict)
    law: Law | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """Part, name, rows, noise, kind and seed, as text."""
        return (self.part, self.name, str(self.rows), f"{self.noise:g}", self.kind, str(self.seed))

    def write(self, path: Path) -> None:
        """The table as CSV."""
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(self.header)
            rows.writerows([f"{value:.12g}" for value in row] for row in zip(*self.columns, strict=True))


@dataclass(frozen=True, kw_only=True)
class Form:
    """A law and where its inputs and constants are drawn from: letter -> (low, high, kind)."""

    name: str
    expr: Expr
    inputs: Mapping[str, tuple[float, float, str]]
    parameters: Mapping[str, tuple[float, float]]


def catalogue() -> tuple[Form, ...]:
    """The laws of the shipped catalogue that stand for themselves, with the ranges of ``catalogue.csv``."""
    laws = {law.name: law for law in kandisco_laws()}
    return tuple(_form(row, laws[row["name"]].formula) for row in _rows("catalogue.csv"))


def held_out() -> tuple[Form, ...]:
    """The forty laws of ``held_out.csv``, which the catalogue and the prior do not have."""
    return tuple(_form(row, row["formula"]) for row in _rows("held_out.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _form(row: Mapping[str, str], formula: str) -> Form:
    parts = {name: rest for name, *rest in (text.split(":") for text in row["inputs"].split(","))}
    inputs = {name: (float(rest[0]), float(rest[1]), rest[2] if len(rest) > 2 else "even") for name, rest in parts.items()}
    constants = {}
    for text in filter(None, row["parameters"].split(",")):
        name, low, high = text.split(":")
        constants[name] = (float(low), float(high))
    return Form(
        name=row["name"], expr=parse(formula.partition("=")[2], (*inputs, *constants)), inputs=inputs, parameters=constants
    )


def tables(part: str, seed: int) -> Iterator[partial[Table | None]]:
    """What draws each table of ``catalogue`` or ``held_out``: every law with every number of rows, noise and kind of noise."""
    forms = catalogue() if part == "catalogue" else held_out()
    for rows, noise, kind, form in itertools.product(ROWS, NOISES, KINDS, forms):
        yield partial(draw, part, form, rows=rows, noise=noise, kind=kind, seed=seed)


def draw(part: str, form: Form, *, rows: int, noise: float, kind: str, seed: int) -> Table | None:
    """One table; the same arguments give the same numbers. None where this kind of noise would drown the law.

    One input is laid out evenly (or by equal factors), as an experiment is; several are drawn at random. Absolute noise is a
    share of the target's standard deviation, relative noise of each value.
    """
    rng = np.random.default_rng([seed, rows, round(1000 * noise), KINDS.index(kind), crc32(f"{part}/{form.name}".encode())])
    for _ in range(TRIES):
        values = {name: float(f"{rng.uniform(*ends):.3g}") for name, ends in form.parameters.items()}
        law, constants = with_constants(form.expr, values)
        x = {name: _laid_out(ends, rows, rng, len(form.inputs) == 1) for name, ends in form.inputs.items()}
        y = np.broadcast_to(evaluate(law, x), rows)
        clean = {name: _spread(ends, 400, rng) for name, ends in form.inputs.items()}
        clean[""] = np.broadcast_to(evaluate(law, clean), 400)
        if np.isfinite(y).all() and np.isfinite(clean[""]).all() and np.ptp(y) > 0:
            break
    else:
        raise ValueError(f"{form.name} is not finite in its ranges")
    deviation = float(np.std(y))
    if kind == "relative" and deviation < FLAT * float(np.sqrt(np.mean(y**2))):
        return None
    noisy = y + noise * (deviation if kind == "absolute" else np.abs(y)) * rng.standard_normal(rows)
    heads = {f"x{k + 1}" if len(x) > 1 else "x": name for k, name in enumerate(x)}
    box = {name: (low, high) for name, (low, high, _) in form.inputs.items()}
    return Table(
        part=part,
        name=form.name,
        header=(*heads, "y"),
        columns=(*x.values(), rounded(noisy, DIGITS)),
        letters=heads,
        truth=Truth(expr=law, constants=constants, box=box, clean=clean),
        rows=rows,
        noise=noise,
        kind=kind,
        seed=seed,
    )


def rounded(values: Array, digits: int) -> Array:
    """Values to so many significant digits."""
    return np.array([float(f"{value:.{digits}g}") for value in values])


def _laid_out(ends: tuple[float, float, str], rows: int, rng: np.random.Generator, even: bool) -> Array:
    low, high, kind = ends
    if not even:
        return rounded(_spread(ends, rows, rng), 4)
    if kind == "int":
        return np.round(np.linspace(low, high, rows))
    return rounded(np.geomspace(low, high, rows) if kind == "log" else np.linspace(low, high, rows), 4)


def _spread(ends: tuple[float, float, str], rows: int, rng: np.random.Generator) -> Array:
    low, high, kind = ends
    if kind == "int":
        return rng.integers(int(low), int(high) + 1, rows).astype(np.float64)
    if kind == "log":
        return np.exp(rng.uniform(np.log(low), np.log(high), rows))
    return rng.uniform(low, high, rows)
