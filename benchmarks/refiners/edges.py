"""Ten trained edges and an engine: does it return the function that the edge was generated from?

    python benchmarks/refiners/edges.py [--refiner operon] [--seeds 0..2]

Five networks of two inputs are trained, sparsified and sharpened on y = f(a) + g(b). Each edge's activation is handed to the
engine, seeded with the library's own fits of it, as the search does. The generating function counts as returned if one of the
(at most four) functions that come back, its constants refitted to the function itself, is that function: to 1e-9 of its
deviation on the range, and to 1e-6 a quarter beyond it. "seed" marks those that the library's own fits held already. Prints a
line for each edge and exits with 1 if a seed has fewer than nine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

from kandisco import kan as net
from kandisco.expr import parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.stages.prune import prune
from kandisco.stages.read_off import read_off
from kandisco.stages.refine import SEEDS, curve_fits
from kandisco.stages.sparsify import sparsify
from kandisco.stages.train import scale, sharpen, train
from kandisco.symbolic.curves import CurveFit, fit_curve
from kandisco.symbolic.sample import Sample

PAIRS = (
    ("exp(sin(pi*x))", "x**2"),
    ("x*exp(-x)", "tanh(2*x)"),
    ("sin(3*x)", "x/(1 + x**2)"),
    ("exp(-2*x**2)", "log(x + 2)"),
    ("x*sin(4*x)", "1/(x + 1.5)"),
)
GRIDS = (5, 10, 20)


def curves(f: str, g: str, seed: int, registry: Registry) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(generating function, samples, activations) of the two edges of a network trained on f(a) + g(b)."""
    x = np.random.default_rng(seed).uniform(-1, 1, (2, 700))
    y = evaluate(parse(f), {"x": x[0]}) + evaluate(parse(g), {"x": x[1]})
    cut = 600
    rows = [Sample(names=("a", "b"), x=np.ascontiguousarray(x[:, part]), y=y[part]) for part in (slice(cut), slice(cut, None))]
    data = scale(*rows)
    kan = train(net.parse_width("2,1", 2), registry.basis("bspline"), data, restarts=4, seed=seed, grid=GRIDS[0]).value
    kan = prune(sparsify(kan, data, lamb=0.01).value, data, threshold=0.01).value
    kan = sharpen(kan, data, grids=GRIDS).value
    for curve in read_off(kan, data, ("a", "b")).curves:
        yield (f, g)[curve.source], curve.u, curve.v


def is_it(fit: CurveFit, law: str) -> bool:
    """Whether a function that came back is the law once its constants are fitted to it, on the range and beyond."""
    u = np.linspace(-1, 1, 400)
    far = np.linspace(-1.25, 1.25, 101)
    sample = Sample(names=("x",), x=u[None, :], y=evaluate(parse(law), {"x": u}))
    refitted = sample.refit(fit.expr, iterations=100)
    beyond = evaluate(refitted.expr, {"x": far}) - evaluate(parse(law), {"x": far})
    return refitted.rmse <= 1e-9 * sample.scale and bool(np.max(np.abs(beyond)) <= 1e-6 * sample.scale)


def main() -> int:
    """Print the table; 1 if a seed has fewer than nine of ten."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--refiner", default="operon")
    options.add_argument("--seeds", default="0..0")
    chosen = options.parse_args()
    first, last = (int(part) for part in chosen.seeds.split(".."))
    registry = Registry(load())
    (refiner,) = registry.engines(chosen.refiner)
    functions = registry.functions(("elementary",))
    enough = True
    for seed in range(first, last + 1):
        hits = 0
        for f, g in PAIRS:
            for law, u, v in curves(f, g, seed, registry):
                started = time.perf_counter()
                own = fit_curve(u, v, functions)
                fits = curve_fits(refiner, u, v, functions, seeds=own, seed=seed).value
                hit = next((fit for fit in fits if is_it(fit, law)), None)
                hits += hit is not None
                known = "seed" if any(is_it(fit, law) for fit in own[:SEEDS]) else ""
                shown = to_text((hit or fits[0]).expr, 4) if fits else "nothing"
                place = fits.index(hit) + 1 if hit else "-"
                seconds = time.perf_counter() - started
                print(f"seed {seed}  {law:16s} {'yes' if hit else 'NO ':3s} place {place}  {known:4s}  {seconds:4.1f} s  {shown}")
        print(f"seed {seed}  {hits} of 10 edges")
        enough &= hits >= 9
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
