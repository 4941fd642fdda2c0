"""Rules for readers: a good file becomes columns, a bad one an InputError that says what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from kandisco.errors import InputError, PluginError
from kandisco.specs import ReaderSpec
from kandisco.testing.findings import Finding, Rule, apply_rules
from kandisco.types import Table

JUNK = {"empty": b"", "a truncated archive": b"PK\x03\x04\x14\x00\x00\x00", "noise": bytes(range(256)) * 4}


def check_reader(spec: ReaderSpec, *, sample: Path | None = None) -> tuple[Finding, ...]:
    """All findings about a reader.

    Args:
        spec: the reader.
        sample: a good file, to check the table that comes of it.
    """
    rules = dict(RULES) | ({"sample": partial(_sample, sample)} if sample else {})
    return apply_rules(rules, f"reader {spec.name!r}", spec)


def _card(spec: ReaderSpec) -> Iterator[str]:
    if not spec.suffixes:
        yield "suffixes is empty; no file will ever be given to it"
    for suffix in spec.suffixes:
        if not suffix.startswith(".") or suffix != suffix.lower():
            yield f"suffix {suffix!r} must start with a dot and be in lower case"


def _missing(spec: ReaderSpec) -> Iterator[str]:
    """The core looks for the file first, so FileNotFoundError will do; reading nothing as something will not."""
    with tempfile.TemporaryDirectory() as place:
        try:
            spec.read(Path(place) / f"absent{spec.suffixes[0]}")
        except (FileNotFoundError, InputError, PluginError):
            return
        yield "a file that does not exist was read as if it were a table; let FileNotFoundError through or raise InputError"


def _junk(spec: ReaderSpec) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as place:
        for kind, content in JUNK.items():
            path = Path(place) / f"file{spec.suffixes[0]}"
            path.write_bytes(content)
            yield from _refuses(spec, path, kind)


def _refuses(spec: ReaderSpec, path: Path, kind: str) -> Iterator[str]:
    """PluginError is fine too: the engine behind the format may not be installed."""
    try:
        spec.read(path)
    except (InputError, PluginError) as error:
        if path.name not in str(error) and not isinstance(error, PluginError):
            yield f"the message about {kind} does not name the file: {error}"
        if not error.hint:
            yield f"the message about {kind} gives no hint: {error}"
    except Exception as exc:
        yield f"{kind} raises {type(exc).__name__}: {exc}; raise kandisco.InputError with file, row, column and a hint"
    else:
        yield f"{kind} was read as if it were a table; raise kandisco.InputError"


def _sample(sample: Path, spec: ReaderSpec) -> Iterator[str]:
    table = spec.read(sample)
    if not isinstance(table, Table):
        yield f"read gives a {type(table).__name__}, not a kandisco.Table"
        return
    lengths = {label: len(column) for label, column in table.columns.items()}
    if not lengths:
        yield "the table of the sample has no column"
    if len(set(lengths.values())) > 1:
        yield f"columns differ in length: {lengths}"
    for label, column in table.columns.items():
        if isinstance(column, np.ndarray) and column.dtype != np.float64:
            yield f"column {label!r} is {column.dtype}; give float64, or a list of str"


RULES: Mapping[str, Rule] = {"card": _card, "missing": _missing, "junk": _junk}
