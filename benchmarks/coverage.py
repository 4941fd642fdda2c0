"""Do 95 % intervals cover? Noisy simulations of five laws; how often the interval of a constant holds the true value.

    python benchmarks/coverage.py [--simulations 40] [--search N]

Each simulation draws rows and Gaussian noise, fits the constants of the law's form by least squares, and asks whether the true
value lies in each 95 % confidence interval; then whether a new measurement lies in its 95 % prediction interval. With
``--search N`` the form is not given: N simulations of each law go through the whole search, 30 s each, and among those that
come back with the law's form the constants are compared. Prints one line for each law and the total.
"""

from __future__ import annotations

import argparse

import numpy as np

from kandisco import pipeline
from kandisco.config import Config
from kandisco.evidence.rivals import skeleton
from kandisco.expr import Expr, parse
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.symbolic.intervals import infer
from kandisco.symbolic.sample import Sample
from kandisco.types import Dataset, Variable

# Constants that are no simple numbers: a snapped constant has no interval.
LAWS = {
    "decay": ("3.37*exp(-0.83*x) + 0.61", {"x": (0.0, 4.0)}, 0.05),
    "power": ("2.13*x**1.57", {"x": (0.5, 4.0)}, 0.2),
    "wave": ("1.37*sin(2.29*x + 0.41)", {"x": (0.0, 5.0)}, 0.1),
    "saturation": ("5.23*x/(1.71 + x)", {"x": (0.1, 9.0)}, 0.1),
    "plane": ("1.83*x*y - 0.47*y**2 + 3.19", {"x": (-1.0, 2.0), "y": (0.0, 3.0)}, 0.3),
}


def simulated(text: str, ranges: dict[str, tuple[float, float]], noise: float, seed: int) -> tuple[Expr, Sample]:
    """A law and 120 noisy rows of it."""
    rng, expr = np.random.default_rng(seed), parse(text)
    x = np.stack([rng.uniform(*limits, 120) for limits in ranges.values()])
    y = evaluate(expr, dict(zip(ranges, x, strict=True))) + rng.normal(0, noise, 120)
    return expr, Sample(names=tuple(ranges), x=x, y=y)


def given_form(name: str, count: int) -> tuple[int, int, int, int]:
    """Intervals that cover the truth, intervals; new measurements covered, measurements."""
    text, ranges, noise = LAWS[name]
    hits = total = inside = new = 0
    for seed in range(count):
        expr, sample = simulated(text, ranges, noise, seed)
        found = infer(sample.refit(expr).expr, sample)
        truth = np.array(expr.numbers())
        low, high = found.constants(0.95).T
        hits, total = hits + int(np.sum((low <= truth) & (truth <= high))), total + len(truth)
        _, fresh = simulated(text, ranges, noise, 10_000 + seed)
        _, below, above = found.predictions(fresh.columns, 0.95)
        inside, new = inside + int(np.sum((below <= fresh.y) & (fresh.y <= above))), new + len(fresh.y)
    return hits, total, inside, new


def searched(name: str, count: int, registry: Registry) -> tuple[int, int, int]:
    """Intervals that cover the truth, intervals, searches that came back with the law's form and no constant snapped."""
    text, ranges, noise = LAWS[name]
    hits = total = same = 0
    for seed in range(count):
        expr, sample = simulated(text, ranges, noise, seed)
        inputs = tuple(Variable(name=column) for column in ranges)
        data = Dataset(name=name, x=np.ascontiguousarray(sample.x.T), y=sample.y, inputs=inputs, target=Variable(name="z"))
        best = pipeline.discover(data, Config(time=30.0), registry).best
        if best is None or skeleton(best.expr) != skeleton(expr) or len(best.expr.numbers()) != len(expr.numbers()):
            continue
        same += 1
        # The truth in the form that was found: the constants that reproduce the law's own values.
        exact = Sample(names=sample.names, x=sample.x, y=evaluate(expr, dict(zip(ranges, sample.x, strict=True))))
        truth = np.array(exact.refit(best.expr, iterations=200).expr.numbers())
        low, high = infer(best.expr, sample).constants(0.95).T
        hits, total = hits + int(np.sum((low <= truth) & (truth <= high))), total + len(truth)
    return hits, total, same


def main() -> None:
    """Simulate and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=40, metavar="N", help="of each law, its form given")
    parser.add_argument("--search", type=int, default=0, metavar="N", help="of each law, its form searched for")
    options = parser.parse_args()
    counts = {name: given_form(name, options.simulations) for name in LAWS}
    for name, (hits, total, inside, new) in {**counts, "all": tuple(map(sum, zip(*counts.values(), strict=True)))}.items():
        print(f"{name:11} constants {hits / total:6.1%} of {total}, new measurements {inside / new:6.1%} of {new}", flush=True)
    if options.search:
        registry = Registry(load(entry_points=False))
        for name in LAWS:
            hits, total, same = searched(name, options.search, registry)
            print(f"{name:11} searched: {same} of {options.search} of the form, constants {hits} of {total}", flush=True)


if __name__ == "__main__":
    main()
