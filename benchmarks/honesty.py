"""Data that no formula of the library explains: kandisco must say so, and never print a long formula as if it were a law.

    python benchmarks/honesty.py [--seeds 3] [--only NAME ...] [--time 60s]

Three kinds, each through the real command line with default flags and ``--lamb 0.01``: pure noise; staircases such as a
random forest would leave; functions outside the library (Bessel, gamma, zeta, elliptic, the error function of a sum, Airy),
without noise and with 1 % of it. A row fails when the evidence is ``exact``, or ``supported`` for anything but a fit to noisy
data whose true error, against the function without its noise, is below a third of the noise: there, no test on these rows could
tell it from a law. An approximation that the data cannot refute is what ``supported`` means.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.types import Array

ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Trap:
    """A table without a law.

    Attributes:
        name: what is behind it.
        box: range of each input.
        truth: the values without noise; None for noise alone.
        noise: share of the values' deviation.
    """

    name: str
    box: tuple[tuple[float, float], ...]
    truth: Callable[[Array, np.random.Generator], Array] | None
    noise: float = 0.0

    def columns(self, seed: int) -> tuple[Array, Array, Array]:
        """Inputs [inputs, rows], target, and target without noise."""
        rng = np.random.default_rng([seed, 31])
        x = np.stack([rng.uniform(low, high, ROWS) for low, high in self.box])
        if self.truth is None:
            return x, rng.normal(size=ROWS), np.zeros(ROWS)
        clean = self.truth(x, rng)
        return x, clean + self.noise * np.std(clean) * rng.normal(size=ROWS), clean


def staircase(x: Array, rng: np.random.Generator) -> Array:
    """The mean of fifty regression trees, each split at random down to sixty leaves: what a random forest predicts."""
    smooth = np.sin(x[0]) * x[1] + 0.3 * x[0] * x[1] ** 2
    return np.asarray(np.mean([_tree(x, smooth, rng) for _ in range(50)], axis=0))


def _tree(x: Array, y: Array, rng: np.random.Generator) -> Array:
    leaves = [np.arange(x.shape[1])]
    while len(leaves) < 60:
        leaves.sort(key=len)
        leaf = leaves.pop()
        column = x[rng.integers(len(x)), leaf]
        below = column <= rng.choice(column)
        leaves += [part for part in (leaf[below], leaf[~below]) if len(part)]
    out = np.empty_like(y)
    for leaf in leaves:
        out[leaf] = y[leaf].mean()
    return out


def traps() -> Iterator[Trap]:
    """All of them."""
    yield from (Trap(name=f"noise, {n} input{'s' * (n > 1)}", box=((0.0, 1.0),) * n, truth=None) for n in (1, 2, 5))
    yield Trap(name="staircase", box=((0.0, 5.0), (-2.0, 2.0)), truth=staircase)
    yield Trap(name="staircase, 1 % noise", box=((0.0, 5.0), (-2.0, 2.0)), truth=staircase, noise=0.01)
    outside: tuple[tuple[str, tuple[tuple[float, float], ...], Callable[[Array, np.random.Generator], Array]], ...] = (
        ("Bessel J0", ((0.0, 20.0),), lambda x, rng: special.j0(x[0])),
        ("gamma", ((0.5, 5.0),), lambda x, rng: special.gamma(x[0])),
        ("zeta", ((1.2, 6.0),), lambda x, rng: special.zeta(x[0])),
        ("elliptic K", ((0.0, 0.95),), lambda x, rng: special.ellipk(x[0])),
        ("erf of a sum", ((-1.0, 1.0), (-1.0, 1.0)), lambda x, rng: special.erf(x[0] + x[1])),
        ("Airy", ((-8.0, 3.0),), lambda x, rng: special.airy(x[0])[0]),
    )
    for name, box, truth in outside:
        yield Trap(name=name, box=box, truth=truth)
        yield Trap(name=f"{name}, 1 % noise", box=box, truth=truth, noise=0.01)


def run(trap: Trap, seed: int, limit: str) -> dict[str, Any]:
    """One call of the command on one table."""
    x, y, clean = trap.columns(seed)
    names = [f"x{i + 1}" for i in range(len(x))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trap.csv"
        np.savetxt(path, np.column_stack([*x, y]), delimiter=",", header=",".join([*names, "y"]), comments="", fmt="%.17g")
        words = ["discover", str(path), "--lamb", "0.01", "--json", "--out", folder, "--time", limit, "-q"]
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "kandisco.cli", *words], capture_output=True, text=True, check=False, env=os.environ
        )
        seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"kandisco ended with {done.returncode}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    best = found["best"]
    error = evaluate(parse(best["formula"], names), dict(zip(names, x, strict=True))) - clean
    true_error = float(np.sqrt(np.mean(error**2)) / (np.std(clean) or 1.0))
    return {"best": best, "seconds": seconds, "status": found["status"], "true": true_error, "warnings": found["warnings"]}


def honest(trap: Trap, result: dict[str, Any]) -> bool:
    """Whether the claim is earned, and a claim that is not made is explained in a warning."""
    evidence = result["best"]["evidence"]
    if evidence in ("weak", "none"):
        return any("not a law" in warning or "No trustworthy" in warning for warning in result["warnings"])
    return bool(evidence == "supported" and trap.truth is not None and trap.noise and result["true"] < trap.noise / 3)


def main() -> int:
    """Run all and print a row each; 0 when every one is honest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--time", default="60s")
    options = parser.parse_args()
    verdicts = []
    for trap in traps():
        for seed in range(options.seeds):
            if options.only and not any(trap.name.startswith(name) for name in options.only):
                continue
            result = run(trap, seed, options.time)
            verdicts.append(honest(trap, result))
            best = result["best"]
            numbers = (
                f"{best['evidence']:9s} R2 {best['r2_test']:8.5f} true error {result['true']:.1e} {result['seconds']:5.1f} s"
            )
            said = f"{'honest' if verdicts[-1] else 'CLAIMS'} {trap.name:24s} seed {seed} {numbers} {result['status']:7s}"
            print(said, best["formula"][:100], flush=True)
    print(f"{sum(verdicts)} of {len(verdicts)} honest")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
