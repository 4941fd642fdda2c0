"""Whether PySR can run here, found out without importing it: its import boots Julia, or downloads it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

INSTALL = "pip install 'pysr>=2.0,<3'"
SETUP = "run once, with network: python -c 'import pysr'"
RECIPE = """\
It finds Julia ({versions}) on the PATH or downloads it, then installs SymbolicRegression.jl.
No network here? Where there is, on the same system and with kandisco-pysr installed:
  export JULIA_DEPOT_PATH=/opt/julia-depot PYTHON_JULIAPKG_PROJECT=/opt/julia-project
  python -c 'import pysr'
  tar czf pysr-julia.tar.gz /opt/julia-depot /opt/julia-project
Bring the file here, unpack it (tar xzf pysr-julia.tar.gz -C /), and set these for every run:
  export JULIA_DEPOT_PATH=/opt/julia-depot PYTHON_JULIAPKG_PROJECT=/opt/julia-project PYTHON_JULIAPKG_OFFLINE=yes
  export PYTHON_JULIAPKG_EXE=/opt/julia-project/pyjuliapkg/install/bin/julia    (or where your own Julia is)
What of this has been tried, and what has not: see the README of kandisco-pysr."""


def unavailable(environ: Mapping[str, str] | None = None) -> str:
    """Why PySR cannot run here and the remedy, in one line and then a recipe; empty where it can.

    Args:
        environ: the environment variables; the process's own by default.
    """
    values = os.environ if environ is None else environ
    try:
        installed = version("pysr")
    except PackageNotFoundError:
        return f"pysr is not installed: {INSTALL}, then {SETUP}.\n{_recipe()}"
    if installed.split(".")[0] != "2":
        return f"pysr {installed} is installed, but this plugin speaks to 2.x: {INSTALL}"
    if (executable := resolved(values)) is not None:
        return "" if executable.exists() else f"PySR was set up with {executable}, which is gone: {SETUP}."
    julia = values.get("PYTHON_JULIAPKG_EXE") or shutil.which("julia", path=values.get("PATH"))
    if julia:
        return f"Julia is here ({julia}), but PySR's Julia packages are not: {SETUP}.\n{_recipe()}"
    return f"Julia is not set up for PySR: {SETUP}.\n{_recipe()}"


def resolved(environ: Mapping[str, str]) -> Path | None:
    """The Julia that juliapkg has resolved PySR's packages with; None where it never did."""
    try:
        meta = json.loads((project(environ) / "pyjuliapkg" / "meta.json").read_text(encoding="utf-8"))
        return Path(environ.get("PYTHON_JULIAPKG_EXE") or meta["executable"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def project(environ: Mapping[str, str]) -> Path:
    """Where juliapkg keeps the Julia project of this Python environment."""
    if environ.get("PYTHON_JULIAPKG_PROJECT"):
        return Path(environ["PYTHON_JULIAPKG_PROJECT"])
    prefix = sys.prefix if sys.prefix != sys.base_prefix else environ.get("CONDA_PREFIX")
    if prefix:
        return Path(prefix).absolute() / "julia_env"
    depot = environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0] or str(Path.home() / ".julia")
    return Path(depot).absolute() / "environments" / "pyjuliapkg"


def environment() -> dict[str, str]:
    """What the engine's process is given unless it is set already: no download in a run, one thread, signals for Julia."""
    wanted = {"PYTHON_JULIAPKG_OFFLINE": "yes", "PYTHON_JULIACALL_HANDLE_SIGNALS": "yes", "PYTHON_JULIACALL_THREADS": "1"}
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def _recipe() -> str:
    return RECIPE.format(versions=_julia_versions())


def _julia_versions() -> str:
    """What the installed pysr asks for, in its own words."""
    spec = importlib.util.find_spec("pysr")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        try:
            asked = json.loads((Path(place) / "juliapkg.json").read_text(encoding="utf-8"))["julia"]
        except (OSError, ValueError, KeyError):
            continue
        return _in_words(asked)
    return "1.10.3 or a later 1.x"


def _in_words(compat: str) -> str:
    """Julia's ``=1.10.0, 1.10.3`` in words; anything else as it is.

    Example:
        >>> _in_words("=1.10.0, 1.10.3")
        '1.10.0, or 1.10.3 and later 1.x'
    """
    exact, comma, least = compat.replace(" ", "").partition(",")
    plain = comma and exact.startswith("=") and least[:1].isdigit() and "," not in least
    return f"{exact[1:]}, or {least} and later {least.split('.')[0]}.x" if plain else compat
