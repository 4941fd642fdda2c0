"""Timing: CPU seconds, interleaved, medians; and the machine's own roof in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

Work = Callable[[], object]
# A busy moment of the machine lasts seconds: the median of fewer turns would be one of it.
_LEAST_TURNS = 7


def interleaved(works: dict[str, Work], seconds: float = 1.0, turn: float = 0.03) -> dict[str, float]:
    """Median CPU milliseconds of each work, taken in turns so that a busy moment hits all of them.

    A turn repeats a work for at least ``turn`` seconds, as training does. The first call after other code finds cold caches and
    memory that was given back to the system, so of works that take less than a second it is not timed.
    """
    times: dict[str, list[float]] = {name: [] for name in works}
    repeats: dict[str, int] = {}
    warmed: set[str] = set()
    for name, work in works.items():
        begun = time.perf_counter()
        work()
        if time.perf_counter() - begun < 1.0:
            warmed.add(name)
            begun = time.perf_counter()
            work()
        repeats[name] = max(1, int(turn / (time.perf_counter() - begun)))
    started = time.perf_counter()
    while time.perf_counter() - started < seconds * len(works) or len(times[next(iter(times))]) < _LEAST_TURNS:
        for name, work in works.items():
            settle()
            if name in warmed:
                work()
            begun = time.process_time()
            for _ in range(repeats[name]):
                work()
            times[name].append((time.process_time() - begun) / repeats[name])
    return {name: 1e3 * median(values) for name, values in times.items()}


def settle() -> None:
    """Wait until no thread of this process works: jax goes on for a tenth of a second after it has handed over its result."""
    for _ in range(100):
        begun = time.process_time()
        time.sleep(0.01)
        if time.process_time() - begun < 1e-3:
            return


def roof() -> dict[str, float]:
    """GFLOP/s of a float64 GEMM of 256, and GB/s of a vector addition in memory."""
    a, b = torch.randn(256, 256, dtype=torch.float64), torch.randn(256, 256, dtype=torch.float64)
    x, y = torch.randn(20_000_000, dtype=torch.float64), torch.randn(20_000_000, dtype=torch.float64)
    out = torch.empty_like(x)
    best = {"gemm": 1e9, "add": 1e9}
    for _ in range(20):
        for name, work in (("gemm", lambda: a @ b), ("add", lambda: torch.add(x, y, out=out))):
            begun = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - begun)
    return {"gemm GFLOP/s": 2 * 256**3 / best["gemm"] / 1e9, "add GB/s": 3 * 8 * x.numel() / best["add"] / 1e9}
