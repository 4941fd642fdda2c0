"""Which reader reads what; the standard input; files that are not there."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kandisco.errors import InputError

if TYPE_CHECKING:
    from kandisco.specs import ReaderSpec
    from kandisco.types import Table

_MAGIC = ((b"PAR1", ".parquet"), (b"PK\x03\x04", ".zip"))


def read_table(path: str | Path, readers: Sequence[ReaderSpec]) -> Table:
    """Read a file, or with ``-`` the standard input.

    Args:
        path: a file; the longest suffix that a reader knows decides, any other file is read as text.
        readers: from ``registry.readers()``.

    Raises:
        InputError: the file is missing, unreadable, or not what its suffix says.
        PluginError: the library that reads this format is not installed.

    Example:
        ``read_table("planets.csv", registry.readers()).columns["a"]``
    """
    if str(path) == "-":
        return _read_stdin(readers)
    file = Path(path)
    if not file.exists():
        raise InputError(f"There is no file {str(path)!r}.", hint=_nearby(file))
    if file.is_dir():
        raise InputError(f"{str(path)!r} is a directory.", hint="Give one file in it.")
    try:
        return _reader(file.name, readers).read(file)
    except PermissionError:
        raise InputError(f"{str(path)!r} may not be read.", hint="Change its permissions.") from None
    except MemoryError:
        raise InputError(f"{str(path)!r} does not fit into memory.", hint="Give a sample of its rows.") from None


def _reader(name: str, readers: Sequence[ReaderSpec]) -> ReaderSpec:
    fitting = [(len(suffix), spec) for spec in readers for suffix in spec.suffixes if name.lower().endswith(suffix)]
    if fitting:
        return max(fitting, key=lambda pair: pair[0])[1]
    text = next((spec for spec in readers if spec.name == "csv"), None)
    if text is None:
        known = ", ".join(sorted(suffix for spec in readers for suffix in spec.suffixes))
        raise InputError(f"Nothing reads files like {name!r}.", hint=f"Readable: {known or 'none'}.")
    return text


def _read_stdin(readers: Sequence[ReaderSpec]) -> Table:
    data = sys.stdin.buffer.read()
    suffix = next((suffix for magic, suffix in _MAGIC if data.startswith(magic)), ".csv")
    if suffix == ".zip":
        suffix = ".xlsx" if b"[Content_Types].xml" in data else ".npz"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"stdin{suffix}"
        file.write_bytes(data)
        try:
            table = _reader(file.name, readers).read(file)
        except InputError as error:
            raise InputError(error.message.replace(str(file), "standard input"), hint=error.hint) from None
        notes = tuple(note.replace(str(file), "standard input") for note in table.notes)
        return dataclasses.replace(table, source="-", notes=notes)


def _nearby(file: Path) -> str:
    import difflib

    folder = file.parent
    if not folder.is_dir():
        return f"There is no directory {str(folder)!r} either."
    near = difflib.get_close_matches(file.name, [entry.name for entry in folder.iterdir()], n=1)
    return f"Did you mean {str(folder / near[0])!r}?" if near else "Check the spelling and the directory."
