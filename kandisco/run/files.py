"""Files of a run folder: each is written under a temporary name and renamed, so that there are whole files only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from kandisco.config import Config
from kandisco.data import split
from kandisco.errors import InputError
from kandisco.types import Dataset

SAMPLE_ROWS = 2000
PARTS = ("train", "valid", "test", "shell")


def atomic(path: Path, write: Callable[[IO[bytes]], object], *, sync: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def new_folder(out: Path, stem: str) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for count in range(1, 1000):
            path = out / (stem if count == 1 else f"{stem}-{count}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise InputError(f"Cannot write to {out}: {error.strerror}.", hint="Choose another folder with --out.") from None
    raise InputError(f"{out} is full of runs named {stem}.", hint="Choose another folder with --out.")


def slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")[:40] or "data"


def unit_name(key: str) -> str:
    return f"units/{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


def save_sample(file: IO[bytes], dataset: Dataset, config: Config) -> None:
    """The rows the search uses, or an even choice of them, with the part of the split each belongs to."""
    rows = len(dataset.y)
    used = split(dataset, test_size=config.test_size, max_rows=config.max_rows, seed=config.seed) if rows else None
    part = np.full(rows, -1, dtype=np.int64)
    for code, name in enumerate(PARTS if used is not None else ()):
        part[getattr(used, name)] = code
    keep = np.flatnonzero(part >= 0)
    keep = keep[np.linspace(0, len(keep) - 1, min(len(keep), SAMPLE_ROWS)).astype(np.int64)]
    extremes = [index for column in (*dataset.x.T, dataset.y) for index in (int(column.argmin()), int(column.argmax()))]
    keep = np.unique(np.concatenate([keep, extremes])) if rows else keep
    arrays = {"x": dataset.x, "y": dataset.y, "part": part, "weights": dataset.weights}
    np.savez(file, **{name: values[keep] for name, values in arrays.items() if values is not None})  # type: ignore[arg-type]
