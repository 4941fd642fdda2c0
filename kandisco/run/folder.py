"""One run folder, open: what it holds and how that gets in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from kandisco.config import Config
from kandisco.errors import InputError
from kandisco.run.columns import dataset_from_json, dataset_to_json
from kandisco.run.files import PARTS, atomic, new_folder, read_json, save_sample, slug, unit_name
from kandisco.run.identity import fingerprint, identity, versions
from kandisco.runjson import (
    META,
    RECORD,
    check,
    record_from_json,
    record_to_json,
    result_from_json,
    result_to_json,
)
from kandisco.types import Array, Dataset, Result, Split, StageRecord, Status

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Run:
    """An open run folder.

    Attributes:
        path: the folder.
        meta: the content of ``run.json`` when the folder was opened; ``status()`` reads the present one.

    Example:
        >>> run = Run.create(Path("runs"), dataset, Config())      # doctest: +SKIP
        >>> run.save_unit("fit [2,1,1]", {"rmse": 0.1})            # doctest: +SKIP
        >>> Run.open(run.path).load_unit("fit [2,1,1]")            # doctest: +SKIP
        {'rmse': 0.1}
    """

    path: Path
    meta: Mapping[str, Any]
    _lock: list[IO[str]] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def create(cls, out: Path, dataset: Dataset, config: Config, used: Mapping[str, str] | None = None) -> Run:
        """Make a new folder below ``out``.

        Args:
            out: parent of all run folders; made when missing.
            used: the versions the run depends on (see ``versions``).

        Raises:
            InputError: the folder cannot be written.
        """
        used = versions() if used is None else used
        print_ = fingerprint(dataset)
        ident = identity(print_, config, used)
        now = datetime.now(UTC)
        stem = f"{now:%Y%m%dT%H%M%SZ}-{slug(dataset.name)}-{ident[:8]}"
        path = new_folder(Path(out), stem)
        meta = {
            "schema": SCHEMA,
            "status": "running",
            "created": now.isoformat(timespec="seconds"),
            "seed": config.seed,
            "config": config.to_dict(),
            "fingerprint": print_,
            "identity": ident,
            "versions": dict(used),
            "dataset": dataset_to_json(dataset),
        }
        atomic(path / "data.npz", lambda file: save_sample(file, dataset, config))
        run = cls(path=path, meta=meta)
        run._write_json("run.json", meta, sync=True)
        run.lock()
        return run

    @classmethod
    def open(cls, path: Path | str) -> Run:
        """Open a run folder for reading.

        Raises:
            InputError: not a run folder, or one of a newer schema.
        """
        folder = Path(path)
        try:
            meta = read_json(folder / "run.json")
        except (OSError, ValueError):
            raise InputError(f"{folder} is not a run folder.", hint="Give the folder that kandisco discover printed.") from None
        if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
            raise InputError(f"{folder} was written by another version of kandisco.", hint=f"This one reads schema {SCHEMA}.")
        try:
            check(meta, META)
        except ValueError as error:
            raise InputError(f"{folder / 'run.json'} is damaged: {error}.", hint="Run kandisco discover again.") from None
        return cls(path=folder, meta=meta)

    def lock(self) -> bool:
        """Claim the folder for this process until it ends; False when another process holds it."""
        try:
            import fcntl
        except ImportError:  # no such lock on Windows: two resumes at once are then the user's affair
            return True
        file = (self.path / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._lock.append(file)
        return True

    def unlock(self) -> None:
        """Give up the claim made by ``lock``."""
        while self._lock:
            self._lock.pop().close()

    @property
    def config(self) -> Config:
        """The settings the run was started with."""
        return Config.from_dict(self.meta["config"])

    def status(self) -> Status:
        """The status on disk now: ``running`` also stands for a run that was killed."""
        status: Status = Run.open(self.path).meta["status"]
        return status

    def save_unit(self, key: str, value: Any) -> None:
        """Journal a finished unit of work; ``value`` is made of JSON values and comes back unchanged."""
        self._write_json(unit_name(key), {"key": key, "value": value})

    def load_unit(self, key: str) -> Any | None:
        """What ``save_unit`` stored, or None. A damaged file counts as missing: its work is done again."""
        try:
            stored = read_json(self.path / unit_name(key))
        except (OSError, ValueError):
            return None
        return stored.get("value") if isinstance(stored, dict) and stored.get("key") == key else None

    def write_record(self, record: StageRecord) -> None:
        """Append one stage's record."""
        line = json.dumps(record_to_json(record), allow_nan=False) + "\n"
        with (self.path / "records.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)

    def records(self) -> tuple[StageRecord, ...]:
        """All whole records; a line cut by a kill is left out."""
        return tuple(record_from_json(value) for value in self._record_values())

    def _record_values(self) -> Iterator[dict[str, Any]]:
        try:
            lines = (self.path / "records.jsonl").read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return
        for line in lines:
            try:
                value = json.loads(line)
                check(value, RECORD)
            except (ValueError, RecursionError):
                continue
            yield value

    def save_model(self, name: str, arrays: Mapping[str, Array], meta: Mapping[str, Any]) -> None:
        """Store a network: ``models/<name>.npz`` with its arrays, ``models/<name>.json`` with the rest."""
        short = slug(name)
        atomic(self.path / "models" / f"{short}.npz", lambda file: np.savez(file, **dict(arrays)))  # type: ignore[arg-type]
        self._write_json(f"models/{short}.json", {"name": name, **meta})

    def load_model(self, name: str) -> tuple[dict[str, Array], dict[str, Any]]:
        """The arrays and the meta of a stored network.

        Raises:
            InputError: there is no such model.
        """
        stem = str(self.path / "models" / slug(name))
        try:
            meta = read_json(Path(f"{stem}.json"))
            with np.load(f"{stem}.npz", allow_pickle=False) as file:
                return {key: file[key] for key in file.files}, meta
        except (OSError, ValueError):
            known = ", ".join(sorted(p.stem for p in (self.path / "models").glob("*.json")))
            raise InputError(f"{self.path} holds no model {name!r}.", hint=f"It holds: {known or 'none'}.") from None

    def finish(self, result: Result, files: Mapping[str, str] | None = None) -> None:
        """Store the result, the text ``files`` (name -> content), their checksums, and then the status.

        The rows of a robust run are stored anew, without the outliers that were set aside: the result speaks of the others.
        """
        for name, text in (files or {}).items():
            self.write_text(name, text)
        self._write_json("formulas.json", result_to_json(result), sync=True)
        if self.config.loss == "robust":
            atomic(self.path / "data.npz", lambda file: save_sample(file, result.dataset, self.config))
        self._set_status(result.status, checksums=self._checksums())

    def fail(self, trace: str) -> None:
        """Mark the run as failed and keep the traceback in ``error.txt``."""
        self.write_text("error.txt", trace)
        self._set_status("failed")

    def reopen(self) -> None:
        """Mark the run as running again, before a resume; its journal is kept."""
        lines = [json.dumps(value) + "\n" for value in self._record_values()]
        self.write_text("records.jsonl", "".join(lines))  # without the half line a kill may have left at its end
        (self.path / "error.txt").unlink(missing_ok=True)
        self._set_status("running")

    def result(self) -> Result:
        """The stored result; its dataset holds the sample of rows kept in the folder.

        Raises:
            InputError: the run has no result yet.
        """
        try:
            stored = read_json(self.path / "formulas.json")
        except (OSError, ValueError):
            raise InputError(f"{self.path} has no result yet.", hint="Complete it with --resume.") from None
        return result_from_json(stored, self.dataset(), self.records())

    def dataset(self) -> Dataset:
        """Columns of the run and at most 2000 of its rows, the extremes of each column among them."""
        try:
            with np.load(self.path / "data.npz", allow_pickle=False) as file:
                return dataset_from_json(self.meta["dataset"], file["x"], file["y"], file.get("weights"))
        except (OSError, ValueError, KeyError):
            raise InputError(f"{self.path / 'data.npz'} is damaged.", hint="Run kandisco discover again.") from None

    def split(self) -> Split:
        """Which of the stored rows were trained on, validated, tested and withheld as the shell.

        Raises:
            InputError: ``data.npz`` is damaged.
        """
        try:
            with np.load(self.path / "data.npz", allow_pickle=False) as file:
                part = file["part"]
        except (OSError, ValueError, KeyError):
            raise InputError(f"{self.path / 'data.npz'} is damaged.", hint="Run kandisco discover again.") from None
        return Split(**{name: np.flatnonzero(part == code) for code, name in enumerate(PARTS)})

    def models(self) -> tuple[str, ...]:
        """Names of the stored networks, the oldest first."""
        found = sorted((self.path / "models").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return tuple(str(read_json(path).get("name", path.stem)) for path in found)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the folder, whole or not at all."""
        atomic(self.path / name, lambda file: file.write(text.encode("utf-8")))

    def verify(self) -> tuple[str, ...]:
        """What is wrong with a finished run: files missing or changed since it ended. Empty when all is well."""
        expected = Run.open(self.path).meta.get("checksums")
        if not isinstance(expected, dict) or not expected:
            return ("The run did not finish.",)
        present = self._checksums()
        missing = [f"{name} is missing." for name in expected if name not in present]
        return (*missing, *(f"{name} was changed." for name in expected if present.get(name, expected[name]) != expected[name]))

    def _checksums(self) -> dict[str, str]:
        kept = [p for p in sorted(self.path.rglob("*")) if p.is_file() and p.name not in ("run.json", "lock")]
        parts = [(p.relative_to(self.path).as_posix(), p) for p in kept if p.suffix != ".tmp"]
        solid = [(name, p) for name, p in parts if not name.startswith(("units/", "figures/", "report."))]
        return {name: hashlib.sha256(p.read_bytes()).hexdigest() for name, p in solid}

    def _set_status(self, status: Status, **more: Any) -> None:
        self._write_json("run.json", {**Run.open(self.path).meta, "status": status, **more}, sync=True)

    def _write_json(self, name: str, value: Any, *, sync: bool = False) -> None:
        text = json.dumps(value, indent=None if name.startswith("units/") else 1, ensure_ascii=False)
        atomic(self.path / name, lambda file: file.write(text.encode("utf-8")), sync=sync)
