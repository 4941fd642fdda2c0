"""kandisco.builtins.measured: what other packages hold, where they are installed, and a plain word where they are not."""

from __future__ import annotations

import importlib.util

import pytest

from kandisco.builtins import measured
from kandisco.cli import main
from kandisco.registry import Registry
from kandisco.testing import check_dataset


@pytest.mark.parametrize("name, package", [("moseley", "xraydb"), ("nuclear_masses", "pynucastro"), ("nitrogen", "CoolProp")])
def test_each_set_passes_the_kit(name: str, package: str, registry: Registry) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert check_dataset(registry.dataset(name)) == ()


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(measured.importlib.util, "find_spec", lambda _: None)
    assert main(["datasets", "get", "@moseley"]) == 4
    said = capsys.readouterr().err
    assert "@moseley cannot be had here: the package xraydb is not installed" in said and "kandisco[measured]" in said
    assert main(["datasets", "list"]) == 0
    assert "not available here" in capsys.readouterr().out
