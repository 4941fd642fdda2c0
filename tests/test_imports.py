"""What importing costs: the command line answers at once because nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kandisco

HEAVY = {"torch", "sympy", "scipy", "pandas", "sklearn", "matplotlib", "networkx", "pysr"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules present after a statement in a fresh process."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_itself_loads_neither_numpy_nor_torch() -> None:
    assert not loaded_by("import kandisco") & (HEAVY | {"numpy", "pluggy", "typer"})


@pytest.mark.parametrize(
    "module",
    [
        "kandisco.cli",
        "kandisco.config",
        "kandisco.types",
        "kandisco.expr",
        "kandisco.specs",
        "kandisco.registry",
        "kandisco.plugins",
    ],
)
def test_what_the_command_line_starts_with_is_light(module: str) -> None:
    assert not loaded_by(f"import {module}") & HEAVY


def test_what_plugins_import_at_the_top_loads_no_numpy() -> None:
    assert "numpy" not in loaded_by("from kandisco import Dataset, InputError, Table, hookimpl, specs, types")


def test_loading_the_plugins_needs_no_numpy() -> None:
    assert "numpy" not in loaded_by("from kandisco.plugins import load; load(entry_points=False)")


def test_every_public_name_is_there() -> None:
    for name in kandisco.__all__:
        assert getattr(kandisco, name) is not None
    assert set(dir(kandisco)) == set(kandisco.__all__)


def test_the_lazy_names_and_the_typed_names_are_the_same() -> None:
    assert set(kandisco.__all__) == {*kandisco._PUBLIC, "__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        kandisco.nothing_like_this  # noqa: B018


_DISCOVERED = """
import sys
from kandisco.cli import main
assert main(["discover", "product.csv", "-q", "--no-report"]) == 0
print(*{name.split(".")[0] for name in sys.modules})
print(*sys.modules)
"""


@pytest.mark.parametrize("law", ["a*b", "a + 2.5*b", "a**2*b - 1.5"])
def test_an_easy_law_is_printed_before_anything_heavy_is_loaded(tmp_path: Path, law: str) -> None:
    draws = np.random.default_rng(3).uniform(1, 3, (2, 300))
    a, b = draws
    y = {"a*b": a * b, "a + 2.5*b": a + 2.5 * b, "a**2*b - 1.5": a**2 * b - 1.5}[law]
    np.savetxt(tmp_path / "product.csv", np.stack([a, b, y], axis=1), delimiter=",", header="a,b,y", comments="", fmt="%.17g")
    done = subprocess.run([sys.executable, "-c", _DISCOVERED], capture_output=True, text=True, check=True, cwd=tmp_path)
    formula, modules, full = done.stdout.splitlines()
    assert formula.startswith("y = ")
    allowed = {"scipy"} if law == "a*b" else {"scipy", "sympy"}  # the shortest form of a sum is looked for with sympy
    assert not set(modules.split()) & (HEAVY - allowed)
    assert not set(full.split()) & {"scipy.stats", "scipy.optimize", "scipy.interpolate"}


def test_a_lazy_name_of_the_networks_is_there_or_an_attribute_error() -> None:
    from kandisco import kan

    assert all(getattr(kan, name) is not None for name in kan.__all__)
    assert set(kan.__all__) == set(kan._MODULE_OF)
    with pytest.raises(AttributeError, match="nothing_like_this"):
        kan.nothing_like_this  # noqa: B018
