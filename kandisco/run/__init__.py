"""The run folder: everything needed to show, use, audit, repeat and resume a run. Loading it executes nothing.

Each file is written under a temporary name and renamed, so a process killed at any moment leaves whole files only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kandisco.config import Config
from kandisco.errors import InputError
from kandisco.run.files import SAMPLE_ROWS
from kandisco.run.folder import SCHEMA, Run
from kandisco.run.identity import FREE_SETTINGS, fingerprint, identity, versions
from kandisco.types import Dataset

__all__ = [
    "FREE_SETTINGS",
    "SAMPLE_ROWS",
    "SCHEMA",
    "Run",
    "find_resumable",
    "fingerprint",
    "identity",
    "list_runs",
    "versions",
]


def list_runs(out: Path) -> list[Run]:
    """The run folders below ``out``, newest first; anything else is passed over."""
    runs = []
    for folder in sorted(Path(out).glob("*/run.json"), reverse=True):
        try:
            runs.append(Run.open(folder.parent))
        except InputError:
            continue
    return sorted(runs, key=lambda run: (str(run.meta.get("created", "")), run.path.name), reverse=True)


def find_resumable(out: Path, dataset: Dataset, config: Config, used: Mapping[str, str] | None = None) -> Run | None:
    """The newest run below ``out`` of the same data, settings and versions that no living process holds; it may be done.

    The clock is no part of the comparison: a run that its time limit cut is continued.
    """
    ident = identity(fingerprint(dataset), config, versions() if used is None else used)
    for run in list_runs(out):
        if run.meta.get("identity") == ident and run.lock():
            return run
    return None
