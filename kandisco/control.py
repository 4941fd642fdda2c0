"""When to stop: a deadline and a flag, asked between units of work. Neither changes what a finished unit computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["", "timeout", "interrupted"]


@dataclass
class Control:
    """Asked by every loop that may take long.

    Attributes:
        seconds: time limit from construction; inf for none.
        interrupted: set by a signal handler (Ctrl-C once).
        clock: monotonic seconds; replaced in tests.
    """

    seconds: float = float("inf")
    interrupted: bool = False
    clock: Callable[[], float] = time.monotonic
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def elapsed(self) -> float:
        """Seconds since construction."""
        return self.clock() - self.started

    def left(self) -> float:
        """Seconds until the time limit, at least 0; inf without one."""
        return max(0.0, self.seconds - self.elapsed())

    def reason(self) -> Reason:
        """Why work should stop now, or an empty text."""
        if self.interrupted:
            return "interrupted"
        return "timeout" if self.elapsed() > self.seconds else ""
