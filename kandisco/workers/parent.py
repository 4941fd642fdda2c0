"""The core's side: start a worker, collect what it finds, end it in time, and survive whatever becomes of it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kandisco.errors import PluginError
from kandisco.expr import Expr
from kandisco.specs import RefineProblem
from kandisco.workers.wire import read_event, read_formulas, write_problem

GRACE = 3.0
_POLL = 0.05
# The same seed gives the same formulas only on one thread; a second one would also fight with the caller's.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(kw_only=True)
class _Story:
    """What is known of a worker so far."""

    found: tuple[Expr, ...] = ()
    ready: bool = False
    ended: str = ""
    message: str = ""
    interrupted: bool = False
    late: bool = False
    early: bool = False
    killed: bool = False

    def hear(self, line: bytes) -> None:
        event = read_event(line)
        match event.get("event"):
            case "ready":
                self.ready = True
            case "found":
                self.found = read_formulas(event)
            case "done" | "stopped" | "failed" as ended:
                self.ended, self.message = ended, str(event.get("message", ""))


def propose(
    problem: RefineProblem, module: str | Path, *, grace: float = GRACE, environment: Mapping[str, str] | None = None
) -> Iterator[Expr]:
    """What an engine in a fresh process finds: a generator that yields the best so far even if the engine dies.

    The worker is asked to stop by SIGINT when ``problem.seconds`` are over or ``problem.stop()`` is true, and killed with its
    children ``grace`` seconds later, or at once if it has not come to ``serve`` yet. It runs in a temporary folder, on one
    thread, without torch.

    Args:
        problem: the task.
        module: the worker: a module's name (run by ``python -m``) or a file. Its last line is ``serve(search)``.
        grace: seconds between SIGINT and SIGKILL.
        environment: variables set for the worker on top of ours.

    Yields:
        The formulas of the worker's last ``found``, best first.

    Raises:
        PluginError: after the last formula: the worker failed, crashed or had to be killed. Says how and what it printed last.

    Example:
        ``RefinerSpec(name="mine", refine=lambda problem: propose(problem, "kandisco_mine.worker"))``
    """
    with tempfile.TemporaryDirectory(prefix="kandisco-worker-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        write_problem(problem, folder)
        with (folder / "stderr.txt").open("wb") as errors:
            process = _start(module, folder, errors, environment or {})
            try:
                story = _watched(process, problem, grace)
            finally:
                _kill(process)
        said = (folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")
    yield from story.found
    if message := _verdict(story, process.returncode, problem.seconds, said):
        raise PluginError(f"The worker {module} {message}.")


def _start(module: str | Path, folder: Path, errors: IO[bytes], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    program = [str(module.resolve())] if isinstance(module, Path) else ["-m", module]
    # -P: without it the folder the user happens to be in comes first, and a random.py there would stand in for ours.
    command = [sys.executable, "-P", "-X", "faulthandler", *program, str(folder)]
    entries = [os.path.abspath(entry) for entry in sys.path if entry]  # an empty one is that folder again
    paths = os.pathsep.join([*entries, str(Path(__file__).parents[2])])
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        cwd=folder,
        env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths, **environment},
        start_new_session=True,  # Ctrl-C in the terminal is for us to pass on, and its children can be killed with it
    )


def _watched(process: subprocess.Popen[bytes], problem: RefineProblem, grace: float) -> _Story:
    story = _Story()
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    deadline = time.monotonic() + problem.seconds
    while True:
        with suppress(queue.Empty):
            line = lines.get(timeout=_POLL)
            if not line:
                break
            story.hear(line)
            continue
        if process.poll() is not None:
            break
        late = time.monotonic() > deadline
        if story.interrupted and late:
            story.killed = True
            break
        if not story.interrupted and (late or problem.stop()):
            story.interrupted, story.late, deadline = True, late, time.monotonic() + grace
            if not story.ready:  # Python loses a SIGINT that comes in a callback of an import, and there is nothing to save yet
                story.early = story.killed = True
                break
            _interrupt(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=0 if story.killed else grace)
    story.killed |= process.poll() is None
    _kill(process)
    reader.join(timeout=grace)
    while not lines.empty():  # what it said before it was killed
        story.hear(lines.get())
    if not reader.is_alive() and process.stdout is not None:
        process.stdout.close()
    return story


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Pass lines on as they come; an empty one at the end."""
    with suppress(ValueError, OSError):
        for line in process.stdout or ():
            lines.put(line)
    lines.put(b"")


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if os.name == "nt":
            process.terminate()
        else:
            process.send_signal(signal.SIGINT)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the worker and what it started; does nothing to one that has ended."""
    if process.poll() is None:
        with suppress(OSError):
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _verdict(story: _Story, code: int | None, seconds: float, said: str) -> str:
    """What went wrong, in words; empty where nothing did."""
    if story.early:
        return f"had not started after {seconds:.3g} s and was killed" if story.late else ""
    if story.killed:
        why = f"after {seconds:.3g} s" if story.interrupted else "when it was done"
        return f"did not stop {why} and was killed"
    if story.ended == "failed":
        return f"failed: {story.message.rstrip('.')}"
    if story.ended in ("done", "stopped") or story.interrupted:
        return ""
    how = f"was ended by {_signal_name(-code)}" if code is not None and code < 0 else f"ended with exit code {code}"
    own = said.split("Fatal Python error", 1)[0]  # what python's fault handler adds says no more than the signal's name
    last = next((line.strip() for line in reversed(own.splitlines()) if line.strip()), "")
    return f"{how}{f' ({last[:200]})' if last else ''}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
