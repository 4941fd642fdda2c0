"""The docs say what the code does: every hook has its page, and every page's plugin loads, conforms and is found."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from kandisco import hookspecs
from kandisco.cli import main
from kandisco.config import Config
from kandisco.plugins import HOOKS, load
from kandisco.testing import check_plugin
from kandisco.testing.commands import OWN

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {hook: DOCS / "hooks" / f"{hook.removeprefix('kandisco_')}.md" for hook in HOOKS}


def blocks(text: str, language: str = "python") -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_has_a_page_headed_by_its_signature(hook: str) -> None:
    text = PAGES[hook].read_text(encoding="utf-8")
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    heading, _, purpose = text.split("\n")[:3]
    assert heading == f"# `{hook}({arguments})`"
    assert purpose == inspect.getdoc(getattr(hookspecs, hook))


def test_the_table_of_hooks_lists_them_all_and_no_other() -> None:
    index = (DOCS / "hooks" / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[`(kandisco_\w+)\(", index, flags=re.M)) == sorted(HOOKS)
    assert {path.stem for path in (DOCS / "hooks").glob("*.md")} == {page.stem for page in PAGES.values()} | {"index"}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_plugin_on_each_page_loads_conforms_and_brings_something(hook: str, tmp_path: Path) -> None:
    (code,) = blocks(PAGES[hook].read_text(encoding="utf-8"))
    path = tmp_path / "mine.py"
    path.write_text(code, encoding="utf-8")
    report = check_plugin(path)
    assert report.ok, str(report)
    plugins = load(entry_points=False, environ={}, plugins_dir=tmp_path, strict=True)
    arguments = {"run": None} if hook == "kandisco_observers" else {}
    assert "mine" in {entry.owner.name for entry in plugins.collect(hook, **arguments)}


def test_the_plugin_in_the_readme_conforms(tmp_path: Path) -> None:
    (code,) = (block for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if "hookimpl" in block)
    path = tmp_path / "mine.py"
    path.write_text(code, encoding="utf-8")
    assert check_plugin(path).ok


@pytest.mark.parametrize("page", [*DOCS.rglob("*.md"), ROOT / "README.md"], ids=lambda page: page.stem)
def test_python_on_every_page_is_python(page: Path) -> None:
    for code in blocks(page.read_text(encoding="utf-8")):
        compile(code, str(page), "exec")


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The module that writes the reference pages; it is part of the docs, not of the package."""
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_page_has_every_field_of_config(reference: ModuleType) -> None:
    page = reference.settings_page()
    for field in dataclasses.fields(Config):
        assert f"| `{field.name}` |" in page
        assert field.metadata["help"] in page


def test_the_page_of_commands_has_every_command_and_flag(reference: ModuleType) -> None:
    page = reference.commands_page()
    commands = reference.commands()
    assert {"discover", "export", "predict", "show", "list", "plugins"} <= set(commands)
    for name in commands:
        assert f"## `kandisco {name}" in page
    assert "| `--lamb` |" in page


def test_the_kit_knows_the_names_of_our_commands(reference: ModuleType) -> None:
    assert {name for name in reference.commands() if " " not in name} == OWN, "say it in kandisco/testing/commands.py"


def test_commands_in_the_docs_exist(reference: ModuleType) -> None:
    known = {*reference.commands(), "greet"}  # greet is the plugin of the page about commands
    for page in [*DOCS.rglob("*.md"), ROOT / "README.md"]:
        for word in re.findall(
            r"kandisco ([a-z]+)\b(?= |`|$)", "\n".join(blocks(page.read_text(encoding="utf-8"), "sh")), flags=re.M
        ):
            assert word in known, f"{page.name}: kandisco {word}"


def steps_of(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page in order: language and body."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def test_the_tutorial_does_what_it_says(
    undrawn: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = ""
    for language, body in steps_of(DOCS / "first-basis.md"):
        if language == "python":
            place, _, code = body.partition("\n")
            Path(place.removeprefix("# ")).write_text(code, encoding="utf-8")
        elif language == "text":
            assert all(line in said for line in body.splitlines()), said
        elif "pip install" not in body:
            main(shlex.split(body)[1:])
            said = capsys.readouterr().out
    test = Path("kandisco-steps/tests/test_steps.py").read_text(encoding="utf-8")
    assert "test_it_conforms" in test and "parabola" in test, "the page speaks of two tests"
