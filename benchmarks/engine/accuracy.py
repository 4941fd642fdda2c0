"""Time to accuracy, ensembles, sparsity, products, rows, odd numbers: what the trainer makes of its speed."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from kandisco.bench.work import peak_memory
from kandisco.builtins.bases import kandisco_bases
from kandisco.kan import Pressure, adapt_grid, fit, fit_lbfgs, forward, init, parse_width, sparsify
from kandisco.kan.layout import pack
from kandisco.types import Array

BASES = {spec.name: spec for spec in kandisco_bases()}
LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)


def hellokan(x: Array) -> Array:
    """exp(sin(pi x) + y^2)."""
    found: Array = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    return found


def rows_of(law: Callable[[Array], Array], inputs: int, seed: int, rows: int = 1000) -> tuple[Array, Array, Array, Array]:
    """Training and held-out rows of a law on the cube."""
    rng = np.random.default_rng(100 + seed)
    x, held = rng.uniform(-1, 1, (rows, inputs)), rng.uniform(-1, 1, (1000, inputs))
    return x, law(x), held, law(held)


def warm() -> None:
    """Load what is loaded once in a process, so that no measurement pays for it."""
    x = np.linspace(-1.0, 1.0, 6000)
    kan = init(parse_width("1,1,1", 1), BASES["bspline"], x=x)
    fit(kan, x, x**2, iterations=2)
    fit_lbfgs(kan, x, x**2, iterations=2)


def ours_to_accuracy(seed: int, grids: tuple[int, ...] = (5, 10, 20, 40), iterations: int = 30) -> dict[str, float]:
    """CPU seconds of one network until each error is reached, on training rows and on held-out rows.

    A grid that a finer one follows gets a third of the iterations.
    """
    x, y, xv, yv = rows_of(hellokan, 2, seed)
    hits: dict[str, float] = {}
    started = time.process_time()

    def note(_: int, train: Array, held: Array) -> None:
        for level in LEVELS:
            for name, value in (("train", train.min()), ("held out", held.min())):
                if value <= level:
                    hits.setdefault(f"{name} {level:.0e}", time.process_time() - started)

    kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, seed=seed)
    fit(kan, x, y, valid=(xv, yv), grids=grids, iterations=iterations, progress=note)
    return hits


def ours_held_out(seed: int) -> dict[str, float]:
    """Sparsify, then refine: CPU seconds to a held-out error of 1e-5, and the error on fresh rows in the end."""
    x, y, xv, yv = rows_of(hellokan, 2, seed)
    started = time.process_time()
    hits: list[float] = []
    kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, seed=seed)
    sparse = sparsify(kan, x, y, valid=(xv, yv), lamb=0.01, grids=(5, 10))
    spent = time.process_time() - started

    def note(_: int, train: Array, held: Array) -> None:
        if held.min() <= 1e-5:
            hits.append(time.process_time() - started)

    done = fit(sparse.kan, x, y, valid=(xv, yv), grids=(20, 40, 80), progress=note)
    fresh = np.random.default_rng(9000 + seed).uniform(-1, 1, (20_000, 2))
    error = float(np.sqrt(np.mean((forward(done.kan, fresh)[0, :, 0].numpy() - hellokan(fresh)) ** 2)))
    masks = sparse.kan.edges[0].mask[0].sum().item(), sparse.kan.edges[1].mask[0].sum().item()
    return {
        "sparse after": spent,
        "sparse held out": float(sparse.valid_rmse[0]),
        "one node, two edges": float(masks == (2.0, 1.0)),
        "to 1e-5": hits[0] if hits else np.inf,
        "fresh": error,
    }


def ensembles() -> dict[str, float]:
    """16 restarts until their median is at 1e-3; 64 with halving until the best is at 1e-5; cost per restart."""
    x, y, xv, yv = rows_of(hellokan, 2, 0)
    found: dict[str, float] = {}
    for name, count, grids, iterations, halving, watch, goal in (
        ("16 restarts, median 1e-3", 16, (5,), 60, False, np.median, 1e-3),
        ("64 halved, best 1e-5", 64, (3, 3, 3, 5, 10, 20), 36, True, np.min, 1e-5),
    ):
        started, hits = time.process_time(), []

        def note(_: int, train: Array, held: Array) -> None:
            if watch(train) <= goal:  # noqa: B023  (used at once)
                hits.append(time.process_time() - started)  # noqa: B023

        kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, restarts=count, seed=0, grid=grids[0])
        fit(kan, x, y, valid=(xv, yv), grids=grids, iterations=iterations, halving=halving, progress=note)
        found[name] = hits[0] if hits else np.inf
    for count in (1, 4, 16, 64):
        kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, restarts=count, seed=0)
        started = time.process_time()
        fit(kan, x, y, grids=(5,), iterations=10)
        found[f"ms per iteration and restart, {count} restarts"] = 1e2 * (time.process_time() - started) / count
    return found


def many_outputs(x: Array) -> Array:
    """Fourteen functions of one sum over seventeen inputs, as in the knot table's shape."""
    inner = np.tanh(np.sum(np.sin((1.0 + 0.1 * np.arange(17)) * x), axis=1) / 3.0)
    found: Array = np.stack([np.sin((1.0 + 0.2 * k) * inner + 0.3 * k) for k in range(14)], axis=1)
    return found


def many_to(seed: int, goal: float) -> float:
    """CPU seconds of [17,1,14] on 2000 rows until the training error is below ``goal``; inf if it never is."""
    x, y, xv, yv = rows_of(many_outputs, 17, seed, 2000)
    started, hits = time.process_time(), []

    def note(_: int, train: Array, held: Array) -> None:
        if train.min() <= goal:
            hits.append(time.process_time() - started)

    kan = init(parse_width("17,1,14", 17), BASES["bspline"], x=x, seed=seed)
    fit(kan, x, y, valid=(xv, yv), grids=(5, 10), iterations=60, stop_rmse=0.5 * goal, progress=note)
    return hits[0] if hits else np.inf


def three_levels(x: Array) -> Array:
    """exp((sin(pi (a^2 + b^2)) + sin(pi (c^2 + d^2))) / 2)."""
    squares = x**2
    found: Array = np.exp(
        0.5 * (np.sin(np.pi * (squares[:, 0] + squares[:, 1])) + np.sin(np.pi * (squares[:, 2] + squares[:, 3])))
    )
    return found


def composition(seed: int) -> dict[str, float]:
    """[4,4,2,1] on a law of three levels: CPU seconds to a held-out error of 1e-4 and the end."""
    x, y, xv, yv = rows_of(three_levels, 4, seed, 3000)
    started, hits = time.process_time(), []
    kan = init(parse_width("4,4,2,1", 4), BASES["bspline"], x=x, restarts=8, seed=seed, grid=3)
    done = fit(
        kan, x, y, valid=(xv, yv), grids=(3, 5, 10, 20), iterations=100, halving=True, stop_rmse=1e-5,
        progress=lambda _, train, held: hits.append(time.process_time() - started) if held.min() <= 1e-4 else None,
    )  # fmt: skip
    return {"to 1e-4": hits[0] if hits else np.inf, "held out": float(done.valid_rmse.min())}


def products(seed: int) -> dict[str, tuple[float, float]]:
    """Product nodes: held-out RMSE and CPU seconds for three laws."""
    laws: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
        ("x*y", "2,0+1,1", lambda x: x[:, 0] * x[:, 1]),
        ("x*y*z", "3,0+1x3,1", lambda x: x[:, 0] * x[:, 1] * x[:, 2]),
        ("x*y + z*w", "4,0+2,1", lambda x: x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3]),
    )
    found = {}
    for name, width, law in laws:
        inputs = int(width[0])
        x, y, xv, yv = rows_of(law, inputs, seed)
        started = time.process_time()
        kan = init(parse_width(width, inputs), BASES["bspline"], x=x, restarts=16, seed=seed, grid=3)
        done = fit(kan, x, y, valid=(xv, yv), grids=(3, 3, 3, 3), iterations=60, halving=True, stop_rmse=5e-7)
        found[name] = (float(done.valid_rmse.min()), time.process_time() - started)
    return found


Draw = Callable[[np.random.Generator, int], Array]


def clusters() -> dict[str, tuple[str, Draw, Callable[[Array], Array]]]:
    """Data that are not even, laws that live where they are, and the shape for them."""

    def log_normal(rng: np.random.Generator, rows: int) -> Array:
        return rng.lognormal(0.0, 1.0, (rows, 2))

    def two(rng: np.random.Generator, rows: int) -> Array:
        found: Array = np.where(rng.random((rows, 2)) < 0.5, -30.0, 30.0) + rng.normal(0.0, 1.0, (rows, 2))
        return found

    return {
        "log-normal, sum": ("2,1", log_normal, lambda x: np.sin(np.log(x[:, 0])) + np.log1p(x[:, 1])),
        "log-normal, product": ("2,2,1", log_normal, lambda x: np.log(x[:, 0]) * np.log(x[:, 1])),
        "heavy tails, product": (
            "2,2,1",
            lambda rng, n: rng.standard_t(2, (n, 2)),
            lambda x: np.tanh(x[:, 0]) / (1 + x[:, 1] ** 2),
        ),
        "two clusters, sum": ("2,1", two, lambda x: np.sin(3.0 * x[:, 0]) + np.cos(2.0 * x[:, 1])),
        "two clusters, product": ("2,2,1", two, lambda x: np.sin(3.0 * x[:, 0]) * np.cos(2.0 * x[:, 1])),
        "even, hellokan": ("2,2,1", lambda rng, n: rng.uniform(-1.0, 1.0, (n, 2)), hellokan),
    }


def adapted(name: str, seed: int) -> dict[str, dict[str, float]]:
    """Four restarts on one kind of data, on even and on adapted grids: errors on fresh rows, and CPU seconds."""
    width, draw, law = clusters()[name]
    found = {}
    for label, share in (("even", 0.0), ("half", 0.5)):
        rng = np.random.default_rng(seed)
        x, held, fresh = (draw(rng, rows) for rows in (2000, 1000, 5000))
        started = time.process_time()
        kan = init(parse_width(width, 2), BASES["bspline"], x=x, restarts=4, seed=seed)
        kan = adapt_grid(kan, x, share) if share else kan
        done = fit(kan, x, law(x), valid=(held, law(held)), grids=(5, 10, 20), halving=True)
        spent, y = time.process_time() - started, law(fresh)
        errors = np.abs(forward(done.kan, fresh)[int(np.argmin(done.valid_rmse)), :, 0].numpy() - y) / y.std()
        found[label] = {"median": float(np.median(errors)), "rmse": float(np.sqrt(np.mean(errors**2))), "spent": spent}
    return found


PRESSURES = {"log": Pressure(), "l1": Pressure(log=0.0, l1=1.0), "l1 + 2 entropy": Pressure(log=0.0, l1=1.0, entropy=2.0)}


def pressures(seed: int) -> dict[str, dict[str, float]]:
    """hellokan under each pressure alone (no elimination): hidden nodes and inner edges left, held-out error, CPU seconds."""
    x, y, xv, yv = rows_of(hellokan, 2, seed)
    found = {}
    for name, pressure in PRESSURES.items():
        started = time.process_time()
        kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, seed=seed)
        done = fit(kan, x, y, valid=(xv, yv), lamb=0.01, pressure=pressure, grids=(5, 10))
        edges = done.kan.live_edges()
        nodes, inner = len({e.target for e in edges if e.layer == 0}), sum(e.layer == 0 for e in edges)
        spent = time.process_time() - started
        found[name] = {"nodes": nodes, "inner": inner, "held out": float(done.valid_rmse[0]), "spent": spent}
    return found


def batch(seed: int) -> float:
    """Sixteen restarts of [2,5,1], the unit of work of a pool; their best training error."""
    torch.set_num_threads(1)
    x, y, _, _ = rows_of(hellokan, 2, seed)
    kan = init(parse_width("2,5,1", 2), BASES["bspline"], x=x, restarts=16, seed=seed)
    return float(fit(kan, x, y, grids=(5,), iterations=20, patience=20).train_rmse.min())


def processes(rounds: int = 5, tasks: int = 6) -> dict[str, Any]:
    """Wall seconds of some batches in a pool of one and of two processes, in turns, each pool warm."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    pools = {n: ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn")) for n in walls}
    try:
        for n, pool in pools.items():
            list(pool.map(batch, range(2 * n)))
        for _ in range(rounds):
            for n, pool in pools.items():
                started = time.perf_counter()
                list(pool.map(batch, range(tasks)))
                walls[n].append(time.perf_counter() - started)
    finally:
        for pool in pools.values():
            pool.shutdown()
    ratios = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
    return {"one": walls[1], "two": walls[2], "ratios": ratios}


def growth_with_rows() -> list[dict[str, float]]:
    """Milliseconds per iteration of [10,2,1] and peak memory above the data, each size in a process of its own."""
    here = Path(__file__).resolve().parent
    path = os.pathsep.join([str(here), str(here.parents[1])])
    code = "import sys, accuracy; accuracy.one_size(int(sys.argv[1]))"
    table = []
    for rows in (1_000, 10_000, 100_000, 1_000_000):
        command = [sys.executable, "-c", code, str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path})
        ms, mb = (float(v) for v in done.stdout.split())
        table.append({"rows": rows, "ms per iteration": ms, "MB above data": mb})
    return table


def one_size(rows: int) -> None:
    """Print milliseconds per iteration and megabytes for one number of rows."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (rows, 10))
    y = hellokan(x)
    kan = init(parse_width("10,2,1", 10), BASES["bspline"], x=x[:1000], seed=0)
    before, started = peak_memory(), time.process_time()
    fit(kan, x, y, grids=(5,), iterations=3)
    print(1e3 * (time.process_time() - started) / 3, peak_memory() - before)


def odd_numbers(count: int) -> dict[str, Any]:
    """Tiny problems of any scale: how many gave a number that is not finite, or an exception, and the longest time."""
    bad: list[str] = []
    longest = 0.0
    for seed in range(count):
        rng = np.random.default_rng(seed + 12345)
        rows, inputs = int(rng.choice([1, 2, 3, 10, 40])), int(rng.integers(1, 5))
        x = rng.normal(size=(rows, inputs)) * 10.0 ** rng.uniform(-30, 30, inputs)
        y = rng.normal(size=rows) * 10.0 ** rng.uniform(-30, 30)
        if seed % 5 == 1:
            x[:, 0] = x[0, 0]
        if seed % 5 == 2:
            x[:] = x[:1]
        if seed % 5 == 3:
            y[:] = y[0] if seed % 2 else 0.0
        if seed % 5 == 4:
            x += 10.0 ** rng.uniform(-5, 30)
        width = f"{inputs}," + ("1", "2,1", "1+1,1", "0+1", "2,2,1", "3+1x3,1")[int(rng.integers(6))]
        basis = BASES[("bspline", "bspline", "chebyshev", "fourier", "rbf")[int(rng.integers(5))]]
        started = time.perf_counter()
        try:
            results = []
            for _ in range(2):
                kan = init(parse_width(width, inputs), basis, x=x, restarts=2, seed=seed, grid=3)
                done = fit(kan, x, y, grids=(3, 5), iterations=8, lamb=(0.0, 0.01, 0.1)[seed % 3])
                results.append(pack(done.kan))
            ok = torch.equal(*results) and bool(torch.isfinite(results[0]).all()) and bool(np.isfinite(done.train_rmse).all())
            ok = ok and bool(torch.isfinite(forward(done.kan, 1.5 * x)).all())
        except Exception as error:  # the count of these is what is measured
            ok = False
            bad.append(f"{seed}: {error!r}")
        if not ok:
            bad.append(str(seed))
        longest = max(longest, time.perf_counter() - started)
    return {"problems": count, "bad": bad, "longest s": longest}


def scratch() -> None:
    """pykan writes into the working directory: give it one that goes away."""
    os.chdir(tempfile.mkdtemp(prefix="engine-"))
    os.mkdir("model")


def middle(values: list[float]) -> float:
    """Median."""
    return float(median(values))
