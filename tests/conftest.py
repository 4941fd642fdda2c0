"""What every test starts from: one thread, no plugins from the machine, no writing outside the test's own directory."""

from __future__ import annotations

import gc
import os

# Before numpy or torch is imported: thread pools of two tests on two cores only slow each other down.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.pop("KANDISCO_PLUGINS", None)
os.environ["MPLBACKEND"] = "Agg"

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from kandisco.plugins import load  # noqa: E402
from kandisco.registry import Registry  # noqa: E402

# No deadline: a shared machine is slow at times, and that is no property of the code. Derandomised: CI repeats.
settings.register_profile("kandisco", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kandisco")


gc.disable()  # while everything is imported, which leaves next to no garbage and a heap that is slow to look through


def pytest_collection_finish() -> None:
    """What is there before the first test stays until the last: the collector need not look through it again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs leave no report: it is written after the search, takes as long as a short one, and has tests of its own."""
    monkeypatch.setattr("kandisco.report.write", lambda run, result, registry=None: None)


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The built-ins and nothing else, whatever is installed on this machine."""
    return Registry(load(entry_points=False, environ={}))
