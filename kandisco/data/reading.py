"""Which reader reads what; the standard input; files that are not there."""

from __future__ import annotations

import dataclasses
import os
import stat
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kandisco.errors import InputError, KandiscoError

if TYPE_CHECKING:
    from kandisco.specs import ReaderSpec
    from kandisco.types import Table

_MAGIC = ((b"PAR1", ".parquet"), (b"PK\x03\x04", ".zip"))
# Where a shell keeps what it opened itself, as in ``kandisco discover <(command)``: a writer is there, and comes to an end.
_OPEN = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
# Characters of a library's message: enough for its sentence, not for a page of XML.
_SAID = 300


def read_table(path: str | Path, readers: Sequence[ReaderSpec]) -> Table:
    """Read a file, or with ``-`` the standard input.

    Args:
        path: a file; the longest suffix that a reader knows decides, any other file is read as text.
        readers: from ``registry.readers()``.

    Raises:
        InputError: the file is missing, unreadable, no regular file, or not what its suffix says; its cause is what the
            reader's library raised.
        PluginError: the library that reads this format is not installed.

    Example:
        ``read_table("planets.csv", registry.readers()).columns["a"]``
    """
    if str(path) == "-":
        return _read_stdin(readers)
    file = Path(path)
    _regular(file)
    return _guarded(_reader(file.name, readers), file)


def _regular(file: Path) -> None:
    """Refuse what cannot be read to its end: a FIFO waits for ever, a device never ends."""
    name = repr(str(file))
    try:
        mode = os.stat(file).st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"There is no file {name}.", hint=_nearby(file)) from error
    except PermissionError as error:
        raise InputError(f"{name} may not be read.", hint="Change its permissions.") from error
    except (OSError, ValueError) as error:  # too long, a ring of links, characters that no file name has
        said = (error.strerror if isinstance(error, OSError) else None) or "no file can be called so"
        raise InputError(f"{name[:120]} cannot be opened: {said}.", hint="Check the spelling, or rename the file.") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{name} is a directory.", hint="Give one file in it.")
    if not stat.S_ISREG(mode) and not (stat.S_ISFIFO(mode) and str(file).startswith(_OPEN)):
        hint = "Give a file, or '-' and send the rows to standard input."
        raise InputError(f"{name} is {_kind(mode)}, no file of rows.", hint=hint)


def _kind(mode: int) -> str:
    return "a FIFO" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _guarded(reader: ReaderSpec, file: Path) -> Table:
    """What the reader gives; whatever a library raises on a broken file is told of that file, not listed type by type."""
    try:
        return reader.read(file)
    except KandiscoError:
        raise
    except PermissionError as error:
        raise InputError(f"{str(file)!r} may not be read.", hint="Change its permissions.") from error
    except MemoryError as error:
        raise InputError(f"{str(file)!r} does not fit into memory.", hint="Give a sample of its rows.") from error
    except Exception as error:
        said = " ".join(str(error).split()).rstrip(". :")[:_SAID]
        cause = f"{type(error).__name__}: {said}" if said else type(error).__name__
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        what = next((suffix for suffix in reader.suffixes if file.name.lower().endswith(suffix)), reader.name)
        message = f"{file} cannot be read as {what}: {cause}{notes}."
        raise InputError(message, hint="Write the file again, or save it as CSV.") from error


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
            table = _guarded(_reader(file.name, readers), file)
        except InputError as error:
            raise InputError(error.message.replace(str(file), "standard input"), hint=error.hint) from error.__cause__
        notes = tuple(note.replace(str(file), "standard input") for note in table.notes)
        return dataclasses.replace(table, source="-", notes=notes)


def _nearby(file: Path) -> str:
    import difflib

    folder = file.parent
    if not folder.is_dir():
        return f"There is no directory {str(folder)!r} either."
    try:
        near = difflib.get_close_matches(file.name, os.listdir(folder), n=1)
    except OSError:
        near = []
    return f"Did you mean {str(folder / near[0])!r}?" if near else "Check the spelling and the directory."
