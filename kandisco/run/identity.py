"""What a run is the run of: its data, its settings, and the versions of all that computes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping

import numpy as np

from kandisco.config import Config
from kandisco.types import Dataset

# The clock only cuts a run short; it never changes what a finished unit of work computed.
FREE_SETTINGS = frozenset({"jobs", "time"})
_PACKAGES = ("kandisco", "numpy", "scipy", "sympy", "torch")


def versions(plugins: Mapping[str, str] | None = None) -> dict[str, str]:
    """Versions of all that can change a result: python, kandisco, the numeric packages, the plugins (name -> version)."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "missing"
    return found | {f"plugin {name}": version for name, version in sorted((plugins or {}).items())}


def fingerprint(dataset: Dataset) -> str:
    """sha256 of the numbers and of the names, labels and units of the columns."""
    digest = hashlib.sha256()
    columns = [[v.name, v.label, v.unit] for v in (*dataset.inputs, dataset.target)]
    digest.update(json.dumps([columns, list(dataset.x.shape)]).encode())
    for values in (dataset.x, dataset.y):
        digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    if dataset.groups is not None:
        digest.update(np.ascontiguousarray(dataset.groups, dtype="<i8").tobytes())
    if dataset.weights is not None:
        digest.update(b"weights" + np.ascontiguousarray(dataset.weights, dtype="<f8").tobytes())
    if dataset.uncertainty:
        digest.update(json.dumps(["uncertainty", dataset.uncertainty, dataset.relative]).encode())
    return digest.hexdigest()


def identity(dataset_fingerprint: str, config: Config, used: Mapping[str, str]) -> str:
    """sha256 of all that decides the formulas: the data, the settings without the clock, the versions."""
    settings = {k: v for k, v in config.to_dict().items() if k not in FREE_SETTINGS}
    return hashlib.sha256(json.dumps([dataset_fingerprint, settings, dict(used)], sort_keys=True).encode()).hexdigest()
