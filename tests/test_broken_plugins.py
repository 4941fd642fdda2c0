"""Plugins that break one rule each: the kit names the rule and the remedy, and all of them at once do not stop a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kandisco.testing import check_plugin, plugin, refiners

sys.path.insert(0, str(Path(__file__).parent))
from broken.sources import BROKEN

ROOT = Path(__file__).parent.parent
# The command line in a process of its own; reports take as long as the search, and are tested elsewhere.
UNDRAWN = """
import sys
from kandisco import report
from kandisco.cli import main
report.write = lambda run, result, registry=None: None
sys.exit(main())
"""


def test_there_are_at_least_thirty() -> None:
    assert len(BROKEN) >= 30


@pytest.mark.parametrize("name", BROKEN)
def test_the_kit_names_the_rule_and_the_remedy(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refiners, "GRACE", -1.9 if name == "never_ends" else 0.2)  # of its two seconds a tenth is waited for
    if name != "heavy":  # what an import loads is seen in a process of its own, and only this one loads too much
        monkeypatch.setattr(plugin, "_light", lambda *given: ())
    broken = BROKEN[name]
    path = tmp_path / f"{name}.py"
    path.write_text(broken.source, encoding="utf-8")
    findings = check_plugin(path).findings
    assert {finding.rule for finding in findings} == {broken.rule}, findings
    message = " ".join(finding.message for finding in findings)
    assert all(words in message for words in broken.words), message


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them as installed distributions: modules beside their metadata."""
    place = tmp_path_factory.mktemp("site")
    for name, broken in BROKEN.items():
        (place / f"broken_{name}.py").write_text(broken.source, encoding="utf-8")
        info = place / f"kandisco_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: kandisco-{name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[kandisco]\n{name} = broken_{name}\n", encoding="utf-8")
    return place


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    command = [sys.executable, "-c", UNDRAWN, *words]
    return subprocess.run(command, env=environment, cwd=installed, capture_output=True, text=True, check=False)


def told(stderr: str) -> list[str]:
    """The plugins that cost a line, one name a line."""
    lines = [line for line in stderr.splitlines() if line.startswith("kandisco: plugin ")]
    return sorted(line.split()[2].removeprefix("kandisco-") for line in lines)


def test_with_all_installed_help_and_the_list_still_work(installed: Path) -> None:
    helped = run(installed, "--help")
    assert helped.returncode == 0 and "discover" in helped.stdout
    assert len(told(helped.stderr)) == len(set(told(helped.stderr))) == len(helped.stderr.splitlines())
    listed = run(installed, "plugins", "--json")
    names = {item["name"] for item in json.loads(listed.stdout)}
    assert listed.returncode == 0 and {f"kandisco-{name}" for name in BROKEN} <= names


def test_with_all_installed_discover_still_finds_the_law_and_each_failure_is_one_line(installed: Path, tmp_path: Path) -> None:
    a = np.geomspace(0.4, 40.0, 24)
    path = tmp_path / "kepler.csv"
    path.write_text("a,T\n" + "".join(f"{x!r},{x**1.5!r}\n" for x in a.tolist()), encoding="utf-8")
    done = run(installed, "discover", str(path), "--json", "--out", str(tmp_path / "runs"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["best"]["formula"] == "a**(3/2)"
    failing = sorted(name for name, broken in BROKEN.items() if broken.lines and name != "takes_our_command")
    assert told(done.stderr) == failing
