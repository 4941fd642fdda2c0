"""The house itself: the template works as it is, packaging names what exists, and files keep the shape they are meant to have."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Lines of files with a limit of their own: the order of things is told in few; the forms are to be shorter than they are.
LIMITS = {"kandisco/pipeline.py": 220}
SOURCES = sorted((ROOT / "kandisco").rglob("*.py"))


def test_the_wheel_carries_the_plugin_template() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["sources"]["examples/plugin-template"] == "kandisco/_template"
    assert "examples/plugin-template" in wheel["only-include"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_requirement_is_pinned_within_its_range() -> None:
    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pins = {normal(name): version for name, version in pins.items()}
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [Requirement(text) for group in (PROJECT["project"]["dependencies"], *extras.values()) for text in group]
    for requirement in wanted:
        if requirement.name != "kandisco":
            assert requirement.specifier.contains(pins[normal(requirement.name)]), requirement


def imported(path: Path) -> set[str]:
    """Top-level names of all packages a file imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_everything_imported_is_declared() -> None:
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    declared = {normal(re.split(r"[<>=\[]", text)[0]) for group in groups for text in group}
    used = {name for path in SOURCES for name in imported(path)} - set(sys.stdlib_module_names) - {"kandisco"}
    packages = {"sklearn": "scikit-learn", "PIL": "pillow"}  # those that are not called what they are imported as
    assert {normal(packages.get(name, name)) for name in used} <= declared


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_over_350_lines_and_no_function_over_60(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LIMITS.get(path.relative_to(ROOT).as_posix(), 350)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is long"


def test_an_array_is_said_once() -> None:
    aliases = [path for path in SOURCES if re.search(r"^\s*\w+ = NDArray\[np\.float64\]", path.read_text("utf-8"), re.MULTILINE)]
    assert aliases == [ROOT / "kandisco" / "arrays.py"]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_halves_of_the_suite_are_all_of_it() -> None:
    command = ["make", "-n", "--no-print-directory", "test"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    files = sorted(f"tests/{path.name}" for path in (ROOT / "tests").glob("test_*.py"))
    assert sorted(word for word in told if word.startswith("tests/test_")) == files
    assert told.count("kandisco") == 1, "the examples in docstrings"


def test_every_fragment_of_the_changelog_is_of_a_known_kind() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    fragments = list((ROOT / "changelog.d").glob("*.md"))
    assert fragments
    assert {path.name.split(".")[1] for path in fragments} <= kinds  # <issue>.<kind>.md or <issue>.<kind>.<number>.md
