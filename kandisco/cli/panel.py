"""What a run shows while it works, on stderr: a live panel on a terminal, a line now and then elsewhere, nothing with -q."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from kandisco.control import Control
from kandisco.specs import Observer

_LABELS = {"train": "train error", "valid": "valid error", "edges": "live edges", "best": "best so far"}
_PAUSE = 5.0


class Progress(Observer):
    """Remembers the latest news of a run, for whoever shows it.

    Args:
        control: the run's clock and time limit.
        changed: called after each piece of news; the argument says whether a stage began.
    """

    def __init__(self, control: Control, changed: Callable[[bool], None] = lambda began: None) -> None:
        self.control = control
        self.changed = changed
        self.stage = "reading"
        self.details: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.law: float | None = None

    def stage_started(self, stage: str, **details: Any) -> None:
        """Note the stage."""
        self.stage, self.details = stage, details
        self.changed(True)

    def progress(self, stage: str, **values: Any) -> None:
        """Note the numbers, and when a law was found."""
        self.stage = stage
        self.law = values.get("law", self.law)
        self.values.update({key: value for key, value in values.items() if key in _LABELS and value is not None})
        self.changed(False)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Label and value of all there is to say now."""
        details = ", ".join(str(value) for value in self.details.values())
        yield "stage", f"{self.stage}  {details}".rstrip()
        yield "time", f"{self.control.elapsed():.1f} s of {self.control.seconds:g} s"
        if self.law is not None:
            yield "law", f"found after {self.law:.1f} s; looking for rivals"
        for key, label in _LABELS.items():
            if key in self.values:
                value = self.values[key]
                yield label, f"{value:.3g}" if isinstance(value, float) else str(value)


@contextmanager
def shown(control: Control, *, quiet: bool, verbose: bool, stream: TextIO | None = None) -> Iterator[Progress]:
    """Show progress while the block runs.

    Args:
        control: the run's clock and time limit.
        quiet: show nothing.
        verbose: show every stage.
        stream: stderr by default.
    """
    stream = stream or sys.stderr
    if quiet:
        yield Progress(control)
    elif stream.isatty():
        with _live(control, stream) as progress:
            yield progress
    else:
        progress = Progress(control)
        progress.changed = _plain(progress, stream, verbose)
        yield progress


def _plain(progress: Progress, stream: TextIO, verbose: bool) -> Callable[[bool], None]:
    last = time.monotonic() - (_PAUSE if verbose else 0.0)
    law = False  # whether it has been told

    def changed(began: bool) -> None:
        nonlocal last, law
        now = time.monotonic()
        found = progress.law is not None and not law
        if now - last < _PAUSE and not (verbose and began) and not found:
            return
        last, law = now, law or found
        (_, stage), *rest = progress.rows()
        print(f"kandisco: {stage}; " + ", ".join(f"{label} {value}" for label, value in rest), file=stream, flush=True)

    return changed


@contextmanager
def _live(control: Control, stream: TextIO) -> Iterator[Progress]:
    from rich.console import Console
    from rich.live import Live
    from rich.panel import Panel
    from rich.table import Table

    progress = Progress(control)

    class View:
        """Asked anew at each refresh, so that the time runs on within a long stage."""

        def __rich__(self) -> Panel:
            grid = Table.grid(padding=(0, 2))
            grid.add_column(style="dim", no_wrap=True)
            grid.add_column(overflow="ellipsis", no_wrap=True)
            for label, value in progress.rows():
                grid.add_row(label, _escaped(value))
            return Panel(grid, title="kandisco", subtitle="Ctrl-C: stop and keep the best", title_align="left", expand=True)

    with Live(View(), console=Console(file=stream), refresh_per_second=4, transient=True):
        yield progress


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
