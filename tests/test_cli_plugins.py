"""``kandisco plugins``: the list, one looked at closely, the verdict of the kit, and a new one that works as it is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kandisco.cli import main
from kandisco.cli.template import KINDS, render
from kandisco.errors import ConfigError

ROOT = Path(__file__).parent.parent
HOOK = "from kandisco import hookimpl\nfrom kandisco.specs import FunctionSpec\n@hookimpl\n"
GOOD = f"{HOOK}def kandisco_functions():\n    return [FunctionSpec(name='softplus', sympy='log(1 + exp(x))', tags=('mine',))]\n"
LIES = GOOD.replace("log(1 + exp(x))", "log(x)")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "mine.py").write_text(f"__version__ = '1.2'\n{GOOD}", encoding="utf-8")
    (tmp_path / "zz_broken.py").write_text("x = 1\nraise ValueError('no licence server')\n", encoding="utf-8")
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("kandisco_plugin_")]:
        del sys.modules[name]


def test_only_third_parties_are_listed_unless_all_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--plugins-dir", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "mine" in out and "failed: plugin zz_broken failed: ValueError: no licence server" in out
    assert "kandisco.functions" not in out
    assert main(["plugins", "--all", "--plugins-dir", str(folder), "--block", "mine"]) == 0
    out = capsys.readouterr().out
    assert "kandisco.functions" in out and "blocked: mine" in out


def test_json_holds_what_failed_and_what_was_blocked_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.py").write_text(GOOD, encoding="utf-8")
    assert main(["plugins", "--json", "--plugins-dir", str(folder), "--block", "other"]) == 0
    found = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["mine"]["hooks"] == ["kandisco_functions"] and found["mine"]["version"] == "1.2"
    assert "no licence server" in found["zz_broken"]["failures"][0]
    assert found["other"] == {"name": "other", "blocked": True}


def test_info_names_what_a_plugin_adds_and_where_it_failed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--plugins-dir", str(folder)]
    assert main(["plugins", "info", "mine", *place]) == 0
    out = capsys.readouterr().out
    assert "softplus" in out and "1.2" in out
    assert main(["plugins", "info", "zz_broken", *place]) == 0
    assert f"{folder / 'zz_broken.py'}:2: raise ValueError" in capsys.readouterr().out
    assert main(["plugins", "info", "min", *place]) == 4
    assert "Did you mean mine?" in capsys.readouterr().err


def test_check_gives_a_verdict_and_an_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "check", str(folder / "mine.py")]) == 0
    assert "none broken" in capsys.readouterr().out
    (folder / "mine.py").write_text(LIES, encoding="utf-8")
    assert main(["plugins", "check", str(folder / "mine.py")]) == 4
    out = capsys.readouterr().out
    assert "BROKEN domain: not finite at x=" in out and "narrow the domain" in out
    assert main(["plugins", "check", "mine", "--plugins-dir", str(folder)]) == 4, "by the name it is listed under"


@pytest.mark.parametrize(("target", "code"), [("no_such_module_anywhere", 4), ("absent.py", 2)])
def test_check_says_what_it_cannot_find(target: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "check", target]) == code
    assert target in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fourier", "--kind", "basis"], "already, from kandisco.bases"),
        (["for", "--kind", "basis"], "no name for a module"),
        (["x", "--kind", "optimiser"], "no kind of plugin"),
        (["--kind=basis", "taken"], "is there already"),
    ],
)
def test_new_refuses_what_would_not_work(words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kandisco-taken").mkdir()
    assert main(["plugins", "new", *words, "--dir", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kandisco-taken"]


def test_a_name_is_written_as_each_place_needs_it(tmp_path: Path) -> None:
    made = render("Soft-Plus", "basis", tmp_path)
    assert made.name == "kandisco-soft-plus"
    text = (made / "kandisco_soft_plus.py").read_text(encoding="utf-8")
    assert "class SoftPlus(" in text and 'name="soft_plus"' in text
    assert "emplate" not in "".join(path.read_text(encoding="utf-8") for path in made.rglob("*.*"))
    with pytest.raises(ConfigError):
        render("soft.plus", "basis", tmp_path)


def test_each_kind_conforms_and_passes_its_own_tests_as_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = {}
    for kind in KINDS:
        assert main(["plugins", "new", f"my-{kind}", "--kind", kind, "--dir", str(tmp_path)]) == 0
        made[kind] = tmp_path / f"kandisco-my-{kind}"
        assert "test_it_conforms" in next(made[kind].glob("tests/test_*.py")).read_text(encoding="utf-8")
    assert main(["plugins", "check", str(made["functions"])]) == 0, capsys.readouterr().out
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, made.values()), str(ROOT)])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", os.devnull]
    done = subprocess.run([*command, *map(str, made.values())], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
