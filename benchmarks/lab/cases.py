"""Twenty tables as people bring them: units in headers, replicates, error bars, counters. Another seed gives other samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from tables import Array, Table, Truth, rounded, with_constants

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate

PENDULUM = {"k": 2 * np.pi / np.sqrt(9.81)}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A table's columns, and the law behind it.

    Attributes:
        head: headings, the target's last unless ``target`` says which.
        law: in the letters of ``letters`` and ``constants``.
        letters: heading -> letter.
        alternatives: other laws, with their constants, that these rows cannot tell from the law.
    """

    name: str
    head: tuple[str, ...]
    columns: tuple[Array, ...]
    law: str
    letters: Mapping[str, str]
    constants: Mapping[str, float]
    alternatives: tuple[tuple[str, Mapping[str, float]], ...] = ()


def _truth(law: str, letters: Sequence[str], constants: Mapping[str, float], columns: Mapping[str, Array]) -> Truth:
    rng = np.random.default_rng(1)
    expr, order = with_constants(parse(law, (*letters, *constants)), constants)
    box = {name: (float(columns[name].min()), float(columns[name].max())) for name in letters}
    clean = {name: rng.uniform(*ends, 400) for name, ends in box.items()}
    if letters == ["n1", "n2"]:
        clean = {"n1": rng.uniform(1, 3, 400), "n2": rng.uniform(4, 7, 400)}
        box = {"n1": (1.0, 3.0), "n2": (4.0, 7.0)}
    return Truth(expr=expr, constants=order, box=box, clean=clean | {"": np.broadcast_to(evaluate(expr, clean), 400)})


def _table(case: Case, seed: int) -> Table:
    by_letter = {case.letters[head]: column for head, column in zip(case.head, case.columns) if head in case.letters}
    letters = list(by_letter)
    others = tuple(_truth(law, letters, constants, by_letter) for law, constants in case.alternatives)
    return Table(
        part="cases",
        name=case.name,
        header=case.head,
        columns=tuple(rounded(column, 5) for column in case.columns),
        letters=case.letters,
        truth=_truth(case.law, letters, case.constants, by_letter),
        rows=len(case.columns[0]),
        seed=seed,
        alternatives=others,
    )


def tables(seed: int) -> Iterator[Table]:
    """All twenty, of one seed."""
    rng = np.random.default_rng([seed, 20])
    for made in (_mechanics, _kinetics, _thermal, _several, _astronomy):
        for case in made(rng):
            yield _table(case, seed)


def _mechanics(rng: np.random.Generator) -> Iterator[Case]:
    noise = rng.standard_normal
    for rows, start, stop in ((15, 0.15, 1.6), (40, 0.1, 2.0)):
        length = np.linspace(start, stop, rows)
        period = PENDULUM["k"] * np.sqrt(length) * (1 + 0.02 * noise(rows))
        yield Case(
            name=f"pendulum{rows}",
            head=("L [m]", "T [s]"),
            columns=(length, period),
            law="k*sqrt(L)",
            letters={"L [m]": "L"},
            constants=PENDULUM,
        )
    v = np.linspace(1, 25, 18)
    yield Case(
        name="drag18",
        head=("speed [m/s]", "F_drag [N]"),
        columns=(v, 0.009 * v**2 + 0.01 * v + 0.03 * noise(18)),
        law="a*v**2 + b*v",
        letters={"speed [m/s]": "v"},
        constants={"a": 0.009, "b": 0.01},
    )
    g = np.array([12, 13, 14, 15, 17, 20, 24, 30, 40, 60, 80, 100.0])
    yield Case(
        name="lens12",
        head=("g [cm]", "b [cm]"),
        columns=(g, 1 / (1 / 10 - 1 / g) * (1 + 0.01 * noise(12))),
        law="1/(1/f - 1/g)",
        letters={"g [cm]": "g"},
        constants={"f": 10.0},
    )


def _kinetics(rng: np.random.Generator) -> Iterator[Case]:
    noise = rng.standard_normal
    decay = partial(Case, law="c + A*exp(-t/tau)", letters={"t [s]": "t"}, constants={"c": 0.35, "A": 4.8, "tau": 2.2})
    for rows in (26, 100):
        t = np.linspace(0, 10, rows)
        u = 0.35 + 4.8 * np.exp(-t / 2.2) + 0.05 * noise(rows)
        yield decay(name=f"rc{rows}", head=("t [s]", "U [V]"), columns=(t, u))
        if rows == 26:
            yield decay(name="rc26_sigma", head=("t [s]", "U [V]", "u(U) [V]"), columns=(t, u, np.full(26, 0.05)))
    enzyme = partial(Case, law="V*S/(K + S)", letters={"S [mM]": "S"}, constants={"V": 42.0, "K": 3.1})
    s = np.repeat([0.5, 1, 2, 5, 10, 25], 2)
    rate = 42 * s / (3.1 + s) * (1 + 0.03 * noise(12))
    yield enzyme(name="enzyme12", head=("S [mM]", "v [umol/min]"), columns=(s, rate))
    s = np.repeat([0.5, 1, 2, 5, 10, 25], 3)
    head = ("S [mM]", "rep", "v [umol/min]")
    yield enzyme(name="enzyme18", head=head, columns=(s, np.tile([1.0, 2, 3], 6), 42 * s / (3.1 + s) + 0.6 * noise(18)))
    p = np.array([0.5, 1, 2, 3, 5, 8, 13, 20, 35, 60, 90.0])
    yield Case(
        name="adsorption11",
        head=("p", "q"),
        columns=(p, 110 * 0.12 * p / (1 + 0.12 * p) * (1 + 0.02 * noise(11))),
        law="a*b*p/(1 + a*p)",
        letters={"p": "p"},
        constants={"a": 0.12, "b": 110.0},
    )


def _thermal(rng: np.random.Generator) -> Iterator[Case]:
    noise = rng.standard_normal
    for rows, low, high in ((10, 283, 328), (40, 273, 373)):
        temperature = np.linspace(low, high, rows)
        rate = 2.1e9 * np.exp(-62000 / 8.314 / temperature) * (1 + 0.03 * noise(rows))
        yield Case(
            name=f"arrhenius{rows}",
            head=("T [K]", "k [1/s]"),
            columns=(temperature, rate),
            law="A*exp(-B/T)",
            letters={"T [K]": "T"},
            constants={"A": 2.1e9, "B": 62000 / 8.314},
        )
    celsius, s = np.array([(a, b) for a in (10, 15, 20, 25, 30, 35, 40.0) for b in (1, 2, 4, 8, 16.0)]).T
    rate = 0.9 * np.exp(-48000 / 8.314 * (1 / (celsius + 273.15) - 1 / 298.15)) * 55 * s / (4 + s) * (1 + 0.02 * noise(35))
    energy = 48000 / 8.314
    known = {"A": 0.9 * 55 * np.exp(energy / 298.15), "B": energy, "K": 4.0}
    # From 10 to 40 degrees an Arrhenius factor is a plain exponential, to a few per cent: what the rows give is the factor in S.
    yield Case(
        name="enzyme_T_S",
        head=("T [°C]", "S [mmol/l]", "rate [umol/min]"),
        columns=(celsius, s, rate),
        law="A*exp(-B/(T + 5463/20))*S/(K + S)",
        letters={"T [°C]": "T", "S [mmol/l]": "S"},
        constants=known,
        alternatives=(
            ("A*exp(k*T)*S/(K + S)", {"A": 12.0, "k": 0.065, "K": 4.0}),
            ("A*exp(-B/(T + C))*S/(K + S)", {"A": 1e4, "B": 600.0, "C": 80.0, "K": 4.0}),
        ),
    )


def _several(rng: np.random.Generator) -> Iterator[Case]:
    noise = rng.standard_normal
    x = rng.uniform(-2, 2, (120, 4))
    names = ("x1", "x2", "x3", "x4")
    slopes = {"a": 2.0, "b": 2.8, "c": -1.6, "d": 1.2}
    line = "a*x1 + b*x2 + c*x3 + d*x4"
    yield Case(
        name="line120",
        head=(*names, "y"),
        columns=(*x.T, x @ list(slopes.values()) + 0.7 * noise(120)),
        law=line,
        letters={name: name for name in names},
        constants=slopes,
        alternatives=((f"{line} + h", {**slopes, "h": 0.1}),),
    )
    # Four rows: any short formula that is 0, 1, 1, 0 on the corners is as right as another.
    yield Case(
        name="xor4",
        head=("a", "b", "y"),
        columns=(np.array([0, 0, 1, 1.0]), np.array([0, 1, 0, 1.0]), np.array([0, 1, 1, 0.0])),
        law="a + b - 2*a*b",
        letters={"a": "a", "b": "b"},
        constants={},
        alternatives=(("(a - b)**2", {}), ("abs(a - b)", {}), ("a**2 + b**2 - 2*a*b", {})),
    )
    r1, r2 = rng.uniform(0.5, 20, (2, 10))
    yield Case(
        name="parallel10",
        head=("r1", "r2", "r"),
        columns=(r1, r2, r1 * r2 / (r1 + r2) * (1 + 0.01 * noise(10))),
        law="r1*r2/(r1 + r2)",
        letters={"r1": "r1", "r2": "r2"},
        constants={},
    )
    m1, m2, x1, x2 = rng.uniform(1, 5, (4, 10))
    yield Case(
        name="mass_centre10",
        head=("m1", "m2", "x1", "x2", "x"),
        columns=(m1, m2, x1, x2, (m1 * x1 + m2 * x2) / (m1 + m2) * (1 + 0.005 * noise(10))),
        law="(m1*x1 + m2*x2)/(m1 + m2)",
        letters={name: name for name in ("m1", "m2", "x1", "x2")},
        constants={},
    )


def _astronomy(rng: np.random.Generator) -> Iterator[Case]:
    noise = rng.standard_normal
    n1, n2 = np.array([(i, j) for i in range(1, 6) for j in range(i + 1, 8)], float).T
    yield Case(
        name="spectrum",
        head=("n1", "n2", "wavelength"),
        columns=(n1, n2, 9.112e-8 / (1 / n1**2 - 1 / n2**2) * (1 + 0.003 * noise(len(n1)))),
        law="c/(1/n1**2 - 1/n2**2)",
        letters={"n1": "n1", "n2": "n2"},
        constants={"c": 9.112e-8},
    )
    z = np.array([0.03, 0.21, 0.26, 0.27, 0.5, 0.5, 0.63, 0.8, 0.9, 0.9, 1.0, 1.1, 1.4, 1.7, 2.0, 2.0])
    yield Case(
        name="line_noisy16",
        head=("D [Mpc]", "v [km/s]"),
        columns=(z, 450 * z + 150 * noise(16)),
        law="k*D",
        letters={"D [Mpc]": "D"},
        constants={"k": 450.0},
    )
    m = np.geomspace(1.3, 120, 24)
    yield Case(
        name="logarithm24",
        head=("P [d]", "M"),
        columns=(m, 15.6 - 2.1 * np.log10(m) + 0.3 * noise(24)),
        law="a + b*log(P)",
        letters={"P [d]": "P"},
        constants={"a": 15.6, "b": -2.1 / np.log(10)},
    )
