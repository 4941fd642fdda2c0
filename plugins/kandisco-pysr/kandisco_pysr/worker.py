"""The worker: starts the engine as a child and reports its hall of fame as it grows.

The engine holds Python's lock while Julia works, so nothing in its own process could read the file meanwhile.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from kandisco.expr import Expr
from kandisco.specs import RefineProblem
from kandisco.workers import Report, serve
from kandisco_pysr.hall import read_hall
from kandisco_pysr.mapping import names

ENGINE = ("-X", "faulthandler", "-m", "kandisco_pysr.engine")
_POLL = 0.5
_GRACE = 5.0


def search(problem: RefineProblem, report: Report, *, command: Sequence[str] = ENGINE, poll: float = _POLL) -> None:
    """Run the engine in the current folder, where the problem lies, until it ends or time is over.

    Raises:
        RuntimeError: the engine failed; what its hall of fame held has been reported.
    """
    folder = Path.cwd()
    engine = subprocess.Popen([sys.executable, "-P", *command, str(folder)], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    told: list[Expr] = []
    try:
        while engine.poll() is None and not report.late():
            told = _tell(folder, problem, report, told)
            time.sleep(poll)
    finally:
        stopped = _stop(engine)
        _tell(folder, problem, report, told)
    if not stopped and engine.returncode:
        reason = folder / "engine-error.txt"
        said = reason.read_text(encoding="utf-8").strip() if reason.exists() else f"it ended with code {engine.returncode}"
        raise RuntimeError(f"PySR failed: {said}")


def _tell(folder: Path, problem: RefineProblem, report: Report, told: list[Expr]) -> list[Expr]:
    found = read_hall(folder / "run", names(problem))
    if found and found != told:
        report.found(found)
    return found or told


def _stop(engine: subprocess.Popen[bytes]) -> bool:
    """End the engine if it still runs: SIGINT, which PySR ends a search at, then SIGKILL. Whether it had to be."""
    if engine.poll() is not None:
        return False
    with suppress(OSError):
        engine.send_signal(signal.SIGINT if sys.platform != "win32" else signal.SIGTERM)
    try:
        engine.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()
    return True


if __name__ == "__main__":
    sys.exit(serve(search))
