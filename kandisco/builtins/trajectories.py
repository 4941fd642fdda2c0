"""Trajectories of known systems as named sets ``flow/...``: a column of time, one for each state, a group for each start."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Array, Dataset

ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A system of ordinary differential equations.

    Attributes:
        states: name -> right-hand side, in the states.
        box: where each state starts.
        time: how long a run takes.
        runs: how many starts.
        conserved: expressions that no run changes.
    """

    name: str
    what: str
    states: dict[str, str]
    box: tuple[tuple[float, float], ...]
    time: float
    runs: int
    reference: str
    conserved: tuple[str, ...] = ()


FLOWS = (
    Flow(
        name="lorenz",
        what="Lorenz's attractor",
        states={"x": "10*(y - x)", "y": "x*(28 - z) - y", "z": "x*y - 8*z/3"},
        box=((-10.0, 10.0), (-10.0, 10.0), (15.0, 30.0)),
        time=5.0,
        runs=2,
        reference="Lorenz, J. Atmos. Sci. 20 (1963) 130",
    ),
    Flow(
        name="lotka_volterra",
        what="prey and predators",
        states={"x": "x - x*y/10", "y": "3*x*y/40 - 3*y/2"},
        box=((5.0, 15.0), (3.0, 8.0)),
        time=15.0,
        runs=2,
        reference="Volterra, Nature 118 (1926) 558",
        conserved=("3*x/40 - 3*log(x)/2 + y/10 - log(y)",),
    ),
    Flow(
        name="pendulum",
        what="a pendulum without friction",
        states={"q": "v", "v": "-sin(q)"},
        box=((-2.5, 2.5), (-0.5, 0.5)),
        time=20.0,
        runs=3,
        reference="Huygens, Horologium Oscillatorium (1673)",
        conserved=("v**2/2 - cos(q)",),
    ),
    Flow(
        name="van_der_pol",
        what="van der Pol's oscillator",
        states={"x": "v", "v": "2*(1 - x**2)*v - x"},
        box=((-2.0, 2.0), (-2.0, 2.0)),
        time=10.0,
        runs=3,
        reference="van der Pol, Phil. Mag. 2 (1926) 978",
    ),
    Flow(
        name="oscillator_2d",
        what="two oscillators of one frequency",
        states={"x": "u", "y": "v", "u": "-x", "v": "-y"},
        box=((-2.0, 2.0),) * 4,
        time=7.0,
        runs=10,
        reference="Liu and Tegmark, PRL 126 (2021) 180604",
        conserved=("x**2 + u**2", "y**2 + v**2", "x*v - y*u"),
    ),
    Flow(
        name="orbit",
        what="a planet about a star, G M = 1",
        states={"x": "u", "y": "v", "u": "-x/(x**2 + y**2)**(3/2)", "v": "-y/(x**2 + y**2)**(3/2)"},
        box=((0.8, 1.5), (-0.3, 0.3), (-0.3, 0.3), (0.7, 1.0)),
        time=10.0,
        runs=10,
        reference="Liu and Tegmark, PRL 126 (2021) 180604",
        conserved=("(u**2 + v**2)/2 - 1/sqrt(x**2 + y**2)", "x*v - y*u"),
    ),
)


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """One spec for each system."""
    return tuple(
        DatasetSpec(
            name=f"flow/{flow.name}",
            load=functools.partial(draw, flow, ROWS, 0),
            generate=functools.partial(draw, flow),
            summary=f"{flow.what}: time, {', '.join(flow.states)}, from {flow.runs} starts (kandisco ode)",
            source="integrated with DOP853 to twelve digits",
            license="CC0-1.0",
            truth="; ".join(f"d{name}/dt = {text}" for name, text in flow.states.items()),
            references=(flow.reference, *(f"conserved: {text}" for text in flow.conserved)),
        )
        for flow in FLOWS
    )


def draw(flow: Flow, rows: int, seed: int) -> Dataset:
    """Runs from random starts, equally spaced in time, about ``rows`` rows in all; the same arguments give the same rows."""
    from zlib import crc32

    import numpy as np

    from kandisco.types import Dataset, Variable

    rng = np.random.default_rng([seed, crc32(flow.name.encode())])
    runs = min(flow.runs, max(1, rows // 2))
    t = np.linspace(0.0, flow.time, rows // runs)
    low, high = np.array(flow.box).T
    table = np.vstack([np.column_stack([t, _integrated(flow, rng.uniform(low, high), t)]) for _ in range(runs)])
    *inputs, target = (Variable(name=name, label=name) for name in ("t", *flow.states))
    return Dataset(
        name=f"flow_{flow.name}",
        x=np.ascontiguousarray(table[:, :-1]),
        y=np.ascontiguousarray(table[:, -1]),
        inputs=tuple(inputs),
        target=target,
        groups=np.repeat(np.arange(runs), len(t)),
        source=f"@flow/{flow.name}",
    )


def _integrated(flow: Flow, start: Array, t: Array) -> Array:
    """States [rows, states] at the times of one run."""
    from scipy.integrate import solve_ivp

    from kandisco.expr import parse
    from kandisco.expr.scalar import at_point

    names = tuple(flow.states)
    slopes = [at_point(parse(text, names), names) for text in flow.states.values()]

    def field(_: float, state: Any) -> list[float]:
        return [slope(state) for slope in slopes]

    done = solve_ivp(field, (0.0, float(t[-1])), start, method="DOP853", t_eval=t, rtol=1e-12, atol=1e-12)
    found: Array = done.y.T
    return found
