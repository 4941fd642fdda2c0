"""A file's bytes as UTF-8 text, whatever packed and encoded it; bytes that are no text are refused."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from kandisco.errors import InputError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx, .npz)"),
    (b"PAR1", "a parquet file (.parquet)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array (.npy)"),
    (b"\x89PNG", "a picture"),
)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1b"))


def load_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked when gzip packed it, whatever its suffix says.

    Raises:
        InputError: the archive is damaged.
    """
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{path}: the gzip archive is damaged or cut off.", hint="Copy or download the file again.") from None


def to_utf8(data: bytes, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Bytes of any usual encoding as UTF-8, and notes on what was assumed.

    Raises:
        InputError: the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _recode(data[len(bom) :], encoding, source), ()
    head = data[:4096]
    for kind, high, low in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if high.count(0) > 0.8 * len(high) and low.count(0) == 0:
            return _recode(data, kind, source), ()
    _refuse_binary(data, source)
    if _is_utf8(data):
        return data, ()
    note = f"{source} is not UTF-8; it was read as Latin-1 (Windows-1252)."
    return data.decode("cp1252", errors="replace").encode(), (note,)


def _recode(data: bytes, encoding: str, source: str) -> bytes:
    if encoding == "utf-8" and _is_utf8(data):
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeDecodeError:
        raise InputError(f"{source}: begins like {encoding.upper()} but is not.", hint="Save it as CSV in UTF-8.") from None


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or data.decode("utf-8") is not None
    except UnicodeDecodeError:
        return False


def _refuse_binary(data: bytes, source: str) -> None:
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), "")
    head = data[:65536]
    if not kind and len(head) - len(head.translate(None, _CONTROL)) <= len(head) // 1000:
        return
    what = f"This looks like {kind}." if kind else "It holds bytes that no text has."
    raise InputError(f"{source} is not a text table.", hint=f"{what} Give it its proper suffix, or save the table as CSV.")
