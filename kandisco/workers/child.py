"""The worker's side: read the problem, run the engine, say what it found line by line."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import IO, Any

from kandisco.expr import Expr, to_json
from kandisco.specs import RefineProblem
from kandisco.workers.wire import read_problem

Engine = Callable[[RefineProblem, "Report"], None]
STOPPED = 130


class Report:
    """What an engine says while it works; each call is one line and reaches the parent at once."""

    def __init__(self, stream: IO[str], seconds: float = math.inf) -> None:
        self._stream = stream
        self._end = time.monotonic() + seconds

    def found(self, formulas: Iterable[Expr]) -> None:
        """The best formulas so far, best first. They replace what was said before, and are kept if the worker dies."""
        self.say("found", formulas=[to_json(expr) for expr in formulas if all(map(math.isfinite, expr.numbers()))])

    def progress(self, **values: Any) -> None:
        """Anything worth knowing while it runs, as JSON values."""
        self.say("progress", **values)

    def late(self) -> bool:
        """Whether the problem's seconds are over and the engine should return."""
        return time.monotonic() > self._end

    def say(self, event: str, **values: Any) -> None:
        """Write one event."""
        self._stream.write(json.dumps({"event": event, **values}) + "\n")
        self._stream.flush()


class _NoTorch(MetaPathFinder):
    """torch beside an engine's own runtime has crashed in either import order, so a worker cannot have it."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Refuse torch, leave the rest to the other finders."""
        if fullname == "torch":
            raise ImportError("torch is not imported in a worker process")
        return None


def serve(engine: Engine, argv: Sequence[str] | None = None) -> int:
    """Run an engine on the problem in the folder that the command line names; the last line of a worker module.

    Args:
        engine: ``engine(problem, report)`` searches, reports what it finds and returns when it is done, when
            ``report.late()`` says so, or with the KeyboardInterrupt that the parent's SIGINT raises.
        argv: the words after the program's name; the process's own by default.

    Returns:
        The exit code: 0 done, 1 failed, 130 stopped.

    Example:
        ``if __name__ == "__main__": sys.exit(serve(search))``
    """
    words = list(sys.argv[1:] if argv is None else argv)
    sys.meta_path.insert(0, _NoTorch())
    # A shell that starts us in the background has SIGINT ignored, and children inherit that: the parent could not stop them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with _own_stdout() as stream:
        report = Report(stream)
        try:
            report.say("ready")
            problem = read_problem(Path(words[0]))
            report = Report(stream, problem.seconds)
            _end_with_parent()
            engine(problem, report)
        except KeyboardInterrupt:
            report.say("stopped")
            return STOPPED
        except Exception as error:
            report.say("failed", message=f"{type(error).__name__}: {error}")
            return 1
        report.say("done")
    return 0


def _own_stdout() -> IO[str]:
    """A stream to the parent; what engines print from here on, in any language, goes to stderr."""
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _end_with_parent() -> None:
    """A parent that was killed closes our stdin: then there is nobody left to work for."""

    def watch() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
