"""Measure the engine against its peers and the machine, and write README.md and speed.png beside this file.

    python benchmarks/engine/run.py [--checkouts DIR] [--seeds 10] [--pykan-seeds 3] [--quick] [--only fb,tta,...]

Run with an interpreter that has kandisco's requirements and, for the comparison, pykan, inkan and jaxkan; ``--checkouts`` names a
folder with clones of Blealtan/efficient-kan (as efficient-kan), ZiyaoLi/fast-kan (fast-kan) and SynodicMonth/ChebyKAN (ChebyKAN).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import accuracy  # noqa: E402
import rivals  # noqa: E402
import speed  # noqa: E402
import torch  # noqa: E402
import write  # noqa: E402

from kandisco import compiled  # noqa: E402

PARTS = ("roof", "fb", "tta", "held", "pykan", "ensembles", "composition", "products", "rows", "odd")


def main() -> None:
    """Measure the parts that were asked for; keep the others from the last run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkouts", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pykan-seeds", type=int, default=3)
    parser.add_argument("--pykan-seconds", type=float, default=60.0, help="CPU seconds after which pykan is stopped")
    parser.add_argument("--quick", action="store_true", help="shorter timings, no [784,64,10]")
    parser.add_argument("--only", default=",".join(PARTS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    checkouts = options.checkouts.resolve() if options.checkouts else None
    accuracy.scratch()
    store = HERE / "results.json"
    results: dict[str, Any] = json.loads(store.read_text()) if store.exists() else {}
    results["machine"] = {"python": platform.python_version(), "torch": torch.__version__, "cpu": platform.machine()}
    results["machine"]["kernel"] = "with the compiled kernel (kandisco[fast])" if compiled.available() else "no compiled kernel"
    seeds = range(options.seeds)
    work = {
        "roof": speed.gemm_share,
        "fb": lambda: speed.forward_backward(checkouts, 0.3 if options.quick else 0.5, options.quick),
        "tta": lambda: [accuracy.ours_to_accuracy(seed) for seed in seeds],
        "held": lambda: [accuracy.ours_held_out(seed) for seed in seeds],
        "pykan": lambda: pykan(results, store, options.pykan_seeds, options.pykan_seconds),
        "ensembles": accuracy.ensembles,
        "composition": lambda: [accuracy.composition(seed) for seed in range(3)],
        "products": lambda: [accuracy.products(seed) for seed in seeds],
        "rows": accuracy.growth_with_rows,
        "odd": lambda: accuracy.odd_numbers(100 if options.quick else 1000),
    }
    for part in options.only.split(","):
        results[part] = work[part]()
        results.setdefault("commits", {})[part] = commit()
        print(part, json.dumps(results[part])[:400], file=sys.stderr, flush=True)
        store.write_text(json.dumps(results, indent=1))
    write.report(results, HERE)


def commit() -> str:
    """The short name of the commit that is measured, empty outside a checkout."""
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def pykan(results: dict[str, Any], store: Path, seeds: int, limit: float) -> Any:
    """pykan at grid 5, refined, with fourteen outputs, on three levels and under sparsity pressure; kept after each run."""
    found: dict[str, Any] = {"limit": limit}
    kinds = {
        "grid 5": lambda seed: rivals.to_accuracy(seed, limit, (5,), 400, 1e-3),
        "refined": lambda seed: rivals.to_accuracy(seed, limit, (5, 10, 20), 50, 1e-4),
        "many outputs": lambda seed: rivals.many_outputs(seed, 0.5 * limit),
        "sparse": lambda seed: rivals.sparse(seed, limit),
        "composition": lambda seed: rivals.composition(seed, limit),
    }
    for seed in range(seeds):
        for kind, work in kinds.items():
            try:
                found.setdefault(kind, []).append(work(seed))
            except ImportError as error:
                return {"absent": str(error)}
            store.write_text(json.dumps({**results, "pykan": found}, indent=1))
    return found


if __name__ == "__main__":
    main()
