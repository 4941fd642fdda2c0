"""Differential equations from trajectories: Lorenz, Lotka-Volterra, pendulum, van der Pol, with and without noise."""

from __future__ import annotations

import dataclasses

import numpy as np
from common import Row, Watch, command, report, seeds

from kandisco.config import Config
from kandisco.expr import Expr, parse
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.ode import System, discover_ode
from kandisco.types import Dataset

LAWS = {
    "lorenz": {"x": "10*(y - x)", "y": "x*(28 - z) - y", "z": "x*y - 8*z/3"},
    "lotka_volterra": {"x": "x - x*y/10", "y": "3*x*y/40 - 3*y/2"},
    "pendulum": {"q": "v", "v": "-sin(q)"},
    "van_der_pol": {"x": "v", "v": "2*(1 - x**2)*v - x"},
}
CONFIG = Config(time=20, max_attempts=6)


def noisy(data: Dataset, noise: float, seed: int) -> Dataset:
    """Gaussian noise on every state, in units of its deviation; the time stays."""
    rng = np.random.default_rng([seed, 77])
    table = np.column_stack([data.x, data.y])
    table[:, 1:] += noise * table[:, 1:].std(axis=0) * rng.standard_normal(table[:, 1:].shape)
    return dataclasses.replace(data, x=np.ascontiguousarray(table[:, :-1]), y=np.ascontiguousarray(table[:, -1]))


def gap(found: Expr, truth: str, data: Dataset) -> float:
    """How far two right-hand sides are apart on the states of the data, in units of the true one's deviation."""
    columns = {v.name: c for v, c in zip((*data.inputs, data.target), (*data.x.T, data.y), strict=True) if v.name != "t"}
    right = evaluate(parse(truth, tuple(columns)), columns)
    return float(np.sqrt(np.mean((evaluate(found, columns) - right) ** 2)) / np.std(right))


def worst(system: System, name: str, data: Dataset) -> float:
    """The largest gap of a system's equations."""
    return max(gap(equation.expr, LAWS[name][equation.state], data) for equation in system.equations)


def measure(name: str, noise: float, turns: range) -> Row:
    """One system at one level of noise."""
    registry, watch, gaps, furthest = Registry(load(entry_points=False)), Watch(), [], ""
    spec = registry.dataset(f"@flow/{name}")
    assert spec.generate is not None
    for seed in turns:
        clean = spec.generate(1000, seed)
        with watch.turn():
            found = discover_ode(noisy(clean, noise, seed), dataclasses.replace(CONFIG, seed=seed), registry)
        gaps.append(worst(found, name, clean))
        if gaps[-1] == max(gaps):
            furthest = f"Seed {seed}: {'; '.join(map(str, found.equations))}."
        print(name, noise, seed, f"{gaps[-1]:.2g}", "; ".join(map(str, found.equations)), flush=True)
    bar = noise or 1e-6
    return Row(
        result=f"ODE: {name}, noise {100 * noise:g} %",
        paper="none (not in the KAN papers)",
        bar=f"worst right-hand side within {bar:g} of its deviation",
        ours=f"{min(gaps):.1g} to {max(gaps):.1g} ({sum(g <= bar for g in gaps)} of {len(gaps)} seeds within)",
        reached=max(gaps) <= bar,
        seconds=watch.median,
        command=command(__file__),
        seeds=len(gaps),
        note=furthest if max(gaps) > bar else "",
    )


if __name__ == "__main__":
    turns = seeds()
    report(__file__, [measure(name, noise, turns) for noise in (0.01, 0.0, 0.05) for name in LAWS])
