"""kandisco doctor: everything missing comes with the command that brings it, and looking costs no heavy import."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from kandisco.cli import doctor, main

ROOT = Path(__file__).parent.parent
ENGINE = """
from kandisco import hookimpl
from kandisco.specs import RefinerSpec

@hookimpl
def kandisco_refiners():
    reason = "Julia is not set up: run julia-setup.\\nFirst this.\\n  then that"
    return [RefinerSpec(name="far", refine=lambda problem: [], unavailable=lambda: reason)]
"""


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Distributions of these names are not installed."""

    def found(name: str) -> str:
        if name in names:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor, "version", found)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)


def test_nothing_needed_is_missing_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"  ok       numpy: {version('numpy')}\n" in out
    assert "  ok       neighbours: " in out
    assert "kandisco works" in out


def test_a_missing_extra_comes_with_its_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without(monkeypatch, "pyarrow")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "  missing  parquet: pyarrow not installed; for reading .parquet files\n" in out
    assert "           do: " in out
    assert "pip install pyarrow\n" in out
    assert "Everything marked missing is optional." in out


def test_a_missing_requirement_is_told_and_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without(monkeypatch, "scipy")
    assert main(["doctor"]) == 4
    out = capsys.readouterr().out
    assert "  missing  scipy: not installed\n" in out
    assert "pip install 'scipy>=1.11'\n" in out
    assert out.endswith("kandisco cannot work without scipy.\n")


def test_an_engine_says_in_its_own_words_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "far.py").write_text(ENGINE, encoding="utf-8")
    assert main(["doctor", "--plugins-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "  missing  far: Julia is not set up\n" in out
    assert "           do: run julia-setup.\n               First this.\n                 then that\n" in out


def test_a_list_of_refiners_shows_one_line_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "far.py").write_text(ENGINE, encoding="utf-8")
    assert main(["list", "refiners", "--plugins-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "unavailable: Julia is not set up: run julia-setup." in out
    assert "First this" not in out


def test_a_plugin_that_failed_is_named_with_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.py").write_text("import a_package_nobody_has\n", encoding="utf-8")
    assert main(["doctor", "--plugins-dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "missing  broken: plugin broken failed" in out
    assert "do: update or uninstall it, or keep it out: --block broken" in out


def test_a_companion_that_is_not_installed_is_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch, *doctor.COMPANIONS)
    assert main(["doctor", *(word for name in doctor.COMPANIONS for word in ("--block", name))]) == 0
    out = capsys.readouterr().out
    for name in doctor.COMPANIONS:
        assert f"missing  {name}: not installed" in out
        assert f"pip install ./plugins/{name} " in out
        assert (ROOT / "plugins" / name / "pyproject.toml").is_file()


def test_looking_imports_nothing_heavy() -> None:
    code = "import sys\nfrom kandisco.cli import main\nmain(['doctor'])\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "sympy", "scipy", "pandas", "sklearn", "matplotlib", "pysr", "juliacall", "pyoperon"}
    assert not heavy & set(done.stderr.split())
