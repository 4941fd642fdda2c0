"""Files that no reader can make sense of: one sentence that names the file and the cause, never another exception, no hang."""

from __future__ import annotations

import gzip
import io
import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kandisco.builtins.readers import kandisco_readers
from kandisco.data import read_table
from kandisco.errors import InputError
from kandisco.specs import ReaderSpec
from kandisco.types import Table

READERS = tuple(kandisco_readers())


def _npy() -> bytes:
    held = io.BytesIO()
    np.save(held, np.arange(6.0).reshape(3, 2))
    return held.getvalue()


def _zip(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def _header(text: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


BROKEN = {
    "an-npy.npz": _npy(),
    "no-array.npz": _zip(a=b"hello"),
    "unclosed.npz": _zip(**{"a.npy": _header(b"{'descr': '<f8', 'shape': (3,")}),
    "code.npz": _zip(**{"a.npy": _header(b"__import__('os').system('true')\n")}),
    "deep.npz": _zip(**{"a.npy": _header(b"(" * 9000 + b"\n")}),
    "cut.npz": _zip(**{"a.npy": _npy()})[:-30],
    "empty.npz": b"",
    "bad.xlsx": _zip(**{"[Content_Types].xml": b"<Types", "xl/workbook.xml": b"<x"}),
    "other.xlsx": _zip(a=b"1"),
    "empty.xlsx": b"",
    "bad.parquet": b"PAR1" + bytes(40) + b"PAR1",
    "empty.parquet": b"",
    "cut.csv.gz": gzip.compress(b"x,y\n1,2\n" * 500)[:-20],
    "flipped.csv.gz": gzip.compress(b"x,y\n1,2\n" * 500)[:20] + b"\xff" * 30,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_input_error_that_names_it(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(BROKEN[name])
    if name.endswith((".xlsx", ".parquet")):
        pytest.importorskip({".xlsx": "openpyxl", ".parquet": "pyarrow"}[file.suffix])
    with pytest.raises(InputError, match=name.replace(".", r"\.")) as caught:
        read_table(file, READERS)
    assert caught.value.hint


@pytest.mark.parametrize("error", [TypeError("odd"), RecursionError("deep"), MemoryError(), AssertionError(), OSError("gone")])
def test_whatever_a_reader_raises_is_told_of_the_file_and_kept_as_the_cause(tmp_path: Path, error: Exception) -> None:
    def read(path: Path) -> Table:
        raise error

    file = tmp_path / "a.odd"
    file.write_text("1")
    with pytest.raises(InputError, match=r"a\.odd") as caught:
        read_table(file, [ReaderSpec(name="odd", suffixes=(".odd",), read=read, summary="raises")])
    assert caught.value.__cause__ is error
    assert str(error) in caught.value.message


def test_ctrl_c_stays_ctrl_c(tmp_path: Path) -> None:
    def read(path: Path) -> Table:
        raise KeyboardInterrupt

    file = tmp_path / "a.odd"
    file.write_text("1")
    with pytest.raises(KeyboardInterrupt):
        read_table(file, [ReaderSpec(name="odd", suffixes=(".odd",), read=read, summary="stops")])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_fifos_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(InputError, match=r"is a (FIFO|device), no file") as caught:
            read_table(path, READERS)
        assert "'-'" in caught.value.hint


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no sockets in folders")
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 100 characters only
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.csv")
        with pytest.raises(InputError, match="is a socket"):
            read_table("s.csv", READERS)


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="this system shows no open files")
def test_what_the_shell_opened_for_us_is_read() -> None:
    end, start = os.pipe()
    os.write(start, b"x,y\n1,2\n3,4\n")
    os.close(start)
    try:
        table = read_table(f"/dev/fd/{end}", READERS)
    finally:
        os.close(end)
    assert list(table.columns["y"]) == [2.0, 4.0]


@pytest.mark.parametrize("name", ["a" * 5000 + ".csv", "nul\0.csv", "\ud800.csv"])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read_table(name, READERS)
    assert caught.value.hint


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\n\r"])
@pytest.mark.parametrize("gap", [1, 2])
def test_every_line_end_gives_the_same_rows(tmp_path: Path, end: bytes, gap: int) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(end.join([b"x,y", *[b""] * (gap - 1), b"1,2", b"3,4", b"5,7", b""]))
    assert [list(column) for column in read_table(file, READERS).columns.values()] == [[1.0, 3.0, 5.0], [2.0, 4.0, 7.0]]
