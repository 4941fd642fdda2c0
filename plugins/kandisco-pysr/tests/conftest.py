"""The real pysr over a stand-in for Julia."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tasks import STAND_IN


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Julia looks set up, and every process finds the stand-in first. Returns the project's folder."""
    monkeypatch.syspath_prepend(STAND_IN)
    place = tmp_path / "project" / "pyjuliapkg"
    place.mkdir(parents=True)
    (place / "meta.json").write_text(json.dumps({"executable": sys.executable}), encoding="utf-8")
    monkeypatch.setenv("PYTHON_JULIAPKG_PROJECT", str(place.parent))
    monkeypatch.delenv("PYTHON_JULIAPKG_EXE", raising=False)
    return place.parent
