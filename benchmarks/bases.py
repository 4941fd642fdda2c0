"""Bar of the edge bases: each recovers exp(sin(pi*x) + y**2) through the command line, with the network deciding.

    python benchmarks/bases.py [--seeds 3] [--rows 1000] [--basis NAME ...]

A search without ``--width`` finds this law by closed forms before a network is trained, whatever the basis. So ``--width 2,1,1``
leaves the network as the only way to it, ``--refiner none`` keeps other engines from mending what the network read off, and
``--time 600`` keeps a busy machine from deciding. Each run is a process of its own; exact means what it means in
``first_light.py``. CPU seconds are those of the whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from first_light import Law, read_laws

from kandisco.builtins.bases import kandisco_bases
from kandisco.expr import parse
from kandisco.expr.equivalence import same_law


def run(basis: str, law: Law, seed: int, rows: int) -> tuple[bool, str, float]:
    """Whether the law was found, the line to show, and the CPU seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hello.csv"
        law.write(path, rows, seed)
        ways = ["--width", "2,1,1", "--refiner", "none", "--basis", basis, "--seed", str(seed), "--lamb", "0.01", "--time", "600"]
        command = [sys.executable, "-m", "kandisco.cli", "discover", str(path), *ways, "--json", "-q", "--out", folder]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        return False, done.stderr[-200:].strip(), seconds
    best = json.loads(done.stdout)["best"]
    exact = same_law(parse(best["formula"], list(law.box)), law.truth, law.box).equal is True
    return exact, f"{best['formula']}  ({best['origin']}, {best['evidence']})", seconds


def main() -> None:
    """Run every basis and print a row a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--basis", nargs="*", default=[spec.name for spec in kandisco_bases()])
    options = parser.parse_args()
    law = next(law for law in read_laws() if law.name == "hello")
    total = 0
    for basis in options.basis:
        for seed in range(options.seeds):
            exact, line, seconds = run(basis, law, seed, options.rows)
            total += exact
            print(f"{basis:10s} seed {seed} {'exact' if exact else 'MISS '} {seconds:5.1f} CPU-s  {line}", flush=True)
    print(f"{total} of {len(options.basis) * options.seeds} exact")


if __name__ == "__main__":
    main()
