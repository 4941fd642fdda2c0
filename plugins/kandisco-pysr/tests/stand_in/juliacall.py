"""Stands in for juliacall: enough for the real pysr to import, build its options and run ``fit`` to its end. It runs no Julia.

``equation_search`` plays what the variable STAND_IN says: it writes a hall of fame as SymbolicRegression.jl does, whole or cut
off, and then returns, crashes, hangs or fails. What pysr hands to Julia is kept in ``CALLS``.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CALLS: dict[str, dict[str, Any]] = {}
HALL = """Complexity,Loss,Equation
1,0.9,"x0"
7,1.0e-17,"(2.0 * x0) + sin(1.3 * x1)"
"""


class AnyValue:
    """Any Julia value: every attribute, call and item is another."""

    def __init__(self, *args: Any, **values: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return AnyValue()

    def __call__(self, *args: Any, **values: Any) -> AnyValue:
        return AnyValue()

    def __getitem__(self, key: Any) -> AnyValue:
        return AnyValue()

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __iter__(self) -> Iterator[AnyValue]:
        return iter(())

    def __len__(self) -> int:
        return 0


class VectorValue(AnyValue):
    """A Julia vector."""


class JuliaError(Exception):
    """An error in Julia."""


class _Version:
    major, minor, patch = 1, 11, 0


class _Search:
    def _jl_call_nogil(self, x: Any, y: Any, **values: Any) -> AnyValue:
        CALLS["search"] = values
        play(Path(CALLS["options"]["output_directory"]) / values["run_id"], os.environ.get("STAND_IN", "whole"))
        return AnyValue()


class _Regression(AnyValue):
    equation_search = _Search()

    def Options(self, **values: Any) -> AnyValue:
        CALLS["options"] = values
        return AnyValue()


def play(run: Path, scene: str) -> None:
    """Write a hall of fame and end as told."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "hall_of_fame.csv.bak").write_text(HALL if scene != "bare" else "", encoding="utf-8")
    (run / "hall_of_fame.csv").write_text(HALL[:60] if scene == "half" else HALL, encoding="utf-8")
    if scene in ("crash", "hang"):
        time.sleep(1.5)  # long enough to be looked at
    if scene == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if scene == "hang":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(600)
    if scene == "fail":
        raise JuliaError("MethodError: no method matching +(::Nothing)")


def convert(kind: Any, value: Any) -> Any:
    """Values stay Python's, so that tests can look at them."""
    return value


Main = AnyValue()
Main.VERSION = _Version()
Main.isa = Main.applicable = lambda *args: True
Main.take_b = lambda buffer: [0]
Main.SymbolicRegression = _Regression()
