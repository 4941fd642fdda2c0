"""Measure the engine against its peers and the machine, and write README.md and speed.png beside this file.

    python benchmarks/engine/run.py [--checkouts DIR] [--seeds 10] [--pykan-seeds 10] [--only fb,tta,...] [--again]

Run with an interpreter that has kandisco's requirements and, for the comparison, pykan, inkan and jaxkan; ``--checkouts`` names
a folder with clones of Blealtan/efficient-kan (efficient-kan), ZiyaoLi/fast-kan (fast-kan), SynodicMonth/ChebyKAN (ChebyKAN).

The work is done in units of seconds to a minute, each kept in results.json as soon as it is done, with its commit, the load of
the machine and the CPU time it took. A run that was cut short goes on where it was; what the same code has already measured is
not measured again unless ``--again`` is given. All of it takes some forty CPU minutes, two thirds of them pykan's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]
# Processes of a pool find the same code.
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(ROOT)])

import accuracy  # noqa: E402
import rivals  # noqa: E402
import speed  # noqa: E402
import torch  # noqa: E402
import write  # noqa: E402

from kandisco import compiled  # noqa: E402

Units = dict[str, Callable[[], Any]]


def main() -> None:
    """Measure the units that were asked for and are not known; then write the table of all that is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkouts", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pykan-seeds", type=int, default=10)
    parser.add_argument("--pykan-seconds", type=float, default=60.0, help="CPU seconds after which pykan is stopped")
    parser.add_argument("--only", default="", help="parts, separated by commas: the words before the colons of the units")
    parser.add_argument("--again", action="store_true", help="measure anew what is already known")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.checkouts = options.checkouts.resolve() if options.checkouts else None
    accuracy.scratch()
    accuracy.warm()
    store = HERE / "results.json"
    results: dict[str, Any] = json.loads(store.read_text()) if store.exists() else {"units": {}}
    results["machine"] = {
        "python": platform.python_version(), "torch": torch.__version__, "cpu": platform.machine(), "cores": os.cpu_count(),
        "kernel": "with the compiled kernels (kandisco[fast])" if compiled.available() else "no compiled kernels",
        "pykan seconds": options.pykan_seconds,
    }  # fmt: skip
    code, chosen = fingerprint(), [part for part in options.only.split(",") if part]
    for unit, work in units(options).items():
        known = results["units"].get(unit, {}).get("code") == code
        if (chosen and unit.split(":")[0] not in chosen) or (known and not options.again):
            continue
        results["units"][unit] = {**measured(work), "commit": commit(), "code": code}
        print(unit, json.dumps(results["units"][unit])[:300], file=sys.stderr, flush=True)
        store.write_text(json.dumps(results, indent=1))
    write.report(results, HERE)


def units(options: argparse.Namespace) -> Units:
    """Everything there is to measure, ``part`` or ``part: which``; pykan's long runs and the oddities come last."""
    seeds = range(options.seeds)
    found: Units = {"roof": speed.gemm_share}
    for row in speed.ROWS:
        shape = f"[{row[0]}] {row[1]} {row[3]} G{row[2]}"
        found[f"fb: {shape}"] = partial(speed.forward_backward, row, options.checkouts, 0.5)
    found |= {f"tta: {seed}": partial(accuracy.ours_to_accuracy, seed) for seed in seeds}
    found |= {f"held: {seed}": partial(accuracy.ours_held_out, seed) for seed in seeds}
    found["ensembles"] = accuracy.ensembles
    found |= {f"products: {seed}": partial(accuracy.products, seed) for seed in seeds}
    found |= {f"composition: {seed}": partial(accuracy.composition, seed) for seed in range(3)}
    found |= {f"pressures: {seed}": partial(accuracy.pressures, seed) for seed in seeds}
    found |= {
        f"adapted: {name} {seed}": partial(accuracy.adapted, name, seed) for name in accuracy.clusters() for seed in seeds[:5]
    }
    found["rows"] = accuracy.growth_with_rows
    limit, few = options.pykan_seconds, range(min(3, options.pykan_seeds))
    for seed in range(options.pykan_seeds):
        found[f"pykan grid 5: {seed}"] = partial(rivals.to_accuracy, seed, limit, (5,), 400, 1e-3)
        if seed in few:
            found[f"pykan many outputs: {seed}"] = partial(rivals.many_outputs, seed, 0.5 * limit)
            found[f"pykan sparse: {seed}"] = partial(rivals.sparse, seed, limit)
    found |= {f"pykan refined: {seed}": partial(rivals.to_accuracy, seed, limit, (5, 10, 20), 50, 1e-4) for seed in few}
    found |= {f"pykan composition: {seed}": partial(rivals.composition, seed, limit) for seed in few[:1]}
    found |= {"processes": accuracy.processes, "odd": partial(accuracy.odd_numbers, 1000)}
    return found


def measured(work: Callable[[], Any]) -> dict[str, Any]:
    """What ``work`` finds, or that a package it needs is absent; the load of the machine around it, and its CPU seconds."""
    before, began = os.getloadavg()[0], time.process_time()
    try:
        value = work()
    except ImportError as error:
        value = {"absent": str(error)}
    return {"value": value, "load": [before, os.getloadavg()[0]], "cpu": round(time.process_time() - began, 2)}


def commit() -> str:
    """The short name of the commit that is measured, empty outside a checkout."""
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def fingerprint() -> str:
    """What was measured: the code of the engine and of this benchmark but for its tables."""
    files = [*(ROOT / "kandisco/kan").glob("*.py"), *(ROOT / "kandisco/builtins").glob("[bk]*.py"), ROOT / "kandisco/compiled.py"]
    files += [HERE / f"{name}.py" for name in ("accuracy", "measure", "peers", "rivals", "speed")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]


if __name__ == "__main__":
    main()
