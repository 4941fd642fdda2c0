"""Ctrl-C: once asks the run to stop after the step it is in, twice ends the process."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from kandisco.control import Control

HARD_STOP = 130


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """Let SIGINT set ``control.interrupted`` inside the block; a second one ends the process with 130."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may take signals
        yield
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        if control.interrupted:
            # Raising could be swallowed or wait for a long call in a library; the run folder is whole at any moment.
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, b"\x1b[?25h\n" if os.isatty(2) else b"")
            os._exit(HARD_STOP)
        control.interrupted = True
        text = "kandisco: interrupted; finishing this step and saving the best (Ctrl-C again stops at once)\n"
        os.write(2, text.encode())

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
