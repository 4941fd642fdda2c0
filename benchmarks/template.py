"""Bar of the plugin template: each kind, begun, installed and checked as a stranger would.

    python benchmarks/template.py [--kind KIND ...]

kandisco is built as a wheel. For each kind a fresh environment gets the wheel; its own ``kandisco plugins new`` writes a package,
which is installed unchanged, passes its own tests and, as an installed module, ``kandisco plugins check``, and is listed
without a failure. Third-party libraries (torch and the like) are borrowed from the environment this runs in, to spare gigabytes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from kandisco.cli.template import KINDS

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def said(*words: str | Path, cwd: Path) -> str:
    """What a command writes on standard output; one that fails ends everything with its words."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def fresh(place: Path, wheel: Path) -> Path:
    """An environment with kandisco from the wheel; its ``bin``."""
    venv.create(place, with_pip=False)
    bin_ = place / "bin"
    site = said(bin_ / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip()
    (Path(site) / "borrowed.pth").write_text(
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8"
    )
    pip(bin_, "--no-deps", "--ignore-installed", wheel)
    where = said(bin_ / "python", "-c", "import kandisco; print(kandisco.__file__)", cwd=place)
    assert where.startswith(str(place)), f"{where} is not the wheel's"
    return bin_


def pip(bin_: Path, *what: str | Path) -> None:
    """Install into an environment."""
    said(sys.executable, "-m", "pip", "--python", bin_ / "python", "install", "-q", *what, cwd=ROOT)


def try_kind(kind: str, place: Path, wheel: Path) -> str:
    """One kind from beginning to end; the verdict of the kit."""
    bin_ = fresh(place / "env", wheel)
    kandisco, name = bin_ / "kandisco", f"my-{kind}"
    said(kandisco, "plugins", "new", name, "--kind", kind, cwd=place)
    package = place / f"kandisco-{name}"
    pip(bin_, f"{package}[test]")
    tests = said(bin_ / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package).strip().splitlines()[-1]
    verdict = said(kandisco, "plugins", "check", f"kandisco_my_{kind}", cwd=place / "env").splitlines()[0]
    listed = {item["name"]: item for item in json.loads(said(kandisco, "plugins", "--json", cwd=place))}
    assert listed[f"kandisco-{name}"]["failures"] == [] and listed[f"kandisco-{name}"]["origin"] == "installed"
    return f"tests: {tests}; {verdict}"


def main() -> None:
    """Try all kinds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", nargs="*", default=list(KINDS))
    kinds = parser.parse_args().kind
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        said(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", place, ROOT, cwd=place)
        (wheel,) = place.glob("kandisco-*.whl")
        for kind in kinds:
            (place / kind).mkdir()
            print(f"{kind:10s} {try_kind(kind, place / kind, wheel)}", flush=True)
    print(f"{len(kinds)} of {len(kinds)} kinds")


if __name__ == "__main__":
    main()
