"""Solving cases, one after the other in each of several worker processes, each of which can be ended when it hangs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kandisco.bench.cases import Case, Settings
from kandisco.bench.judge import judge
from kandisco.bench.rows import draw
from kandisco.config import Config
from kandisco.expr import Expr, complexity, to_text
from kandisco.types import Dataset

_OWN = ("-m", "kandisco.bench.worker")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a method says: its formula (None: nothing), how sure it is, and the standard errors of its constants."""

    expr: Expr | None
    evidence: str = ""
    std_errors: tuple[float, ...] = ()
    status: str = "done"


Solver = Callable[[Dataset, Config], Answer]


def kandisco_solver(settings: Settings) -> Solver:
    """kandisco itself, with the built-ins and the plugins that ``settings`` let in."""
    from kandisco import pipeline, plugins
    from kandisco.control import Control
    from kandisco.registry import Registry

    registry = Registry(plugins.load(block=settings.block, plugins_dir=settings.plugins_dir, strict=settings.strict))

    def solver(dataset: Dataset, config: Config) -> Answer:
        control = Control(seconds=config.time, clock=time.process_time if settings.cpu else time.monotonic)
        best = (result := pipeline.discover(dataset, config, registry, control=control)).best
        if best is None:
            return Answer(expr=None, evidence="none", status=result.status)
        return Answer(expr=best.expr, evidence=best.evidence, std_errors=best.std_errors, status=result.status)

    return solver


def solve(case: Case, settings: Settings, solver: Solver) -> dict[str, Any]:
    """Draw the rows of a case, let a method loose on them, and judge what it says.

    Returns:
        The outcome: recovered, why, evidence, seconds (by the clock of the settings), cpu (seconds), memory_mb (peak of this
        process during the search, where the system tells; else since it started), complexity, error, status, formula and truth.
    """
    told = settings.units
    drawn = draw(case.law, rows=case.rows, noise=case.noise, irrelevant=case.irrelevant, seed=case.seed, units=told)
    _forget_peak()
    clock = time.process_time if settings.cpu else time.perf_counter
    begun, cpu = clock(), time.process_time()
    answer = solver(drawn.dataset, replace(settings.config, seed=case.seed))
    outcome = {
        "seconds": clock() - begun,
        "cpu": time.process_time() - cpu,
        "memory_mb": peak_memory(),
        "evidence": answer.evidence,
        "status": answer.status,
        "truth": case.law.text,
    }
    if answer.expr is None:
        return outcome | {"recovered": False, "why": "no formula"}
    clean = drawn.clean if case.noise else None
    judged = judge(answer.expr, case.law, drawn.names, std_errors=answer.std_errors, clean=clean)
    shown = answer.expr.substitute({name: Expr("var", (), real) for name, real in drawn.names.items()})
    return outcome | asdict(judged) | {"complexity": complexity(answer.expr), "formula": to_text(shown, 9)}


def run_cases(
    todo: Sequence[Case], settings: Settings, *, jobs: int = 1, command: Sequence[str] = ()
) -> Iterator[tuple[Case, dict[str, Any]]]:
    """The outcome of each case, in the order in which they end.

    Args:
        todo: the cases.
        settings: see ``Settings``.
        jobs: worker processes, each with one thread; 0 solves in this process.
        command: starts a worker of another method: the words after ``python``; it hands its last argument to ``worker.main``.
    """
    if jobs == 0:
        solver = kandisco_solver(settings)
        yield from ((case, solve(case, settings, solver)) for case in todo)
        return
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Case, dict[str, Any]]] = queue.SimpleQueue()
    for case in todo:
        waiting.put(case)
    crew = [_Worker(settings, waiting, done, command or _OWN) for _ in range(min(jobs, len(todo)))]
    try:
        for _ in todo:
            yield done.get()
    finally:
        for worker in crew:
            worker.stop()


class _Worker:
    """A thread that hands cases to a process of its own, and starts another where one has died or hung."""

    def __init__(
        self, settings: Settings, waiting: queue.SimpleQueue[Case], done: queue.SimpleQueue[Any], command: Sequence[str]
    ) -> None:
        self.settings, self.waiting, self.done, self.command = settings, waiting, done, command
        # A process that shares a core with many others may take long over few CPU seconds.
        self.limit = (2 * settings.config.time + 60) * (10 if settings.cpu else 1)
        self.process: subprocess.Popen[str] | None = None
        self.stopped = False
        threading.Thread(target=self._work, daemon=True).start()

    def stop(self) -> None:
        """End the process; nothing more is done."""
        self.stopped = True
        if self.process is not None:
            self.process.kill()

    def _work(self) -> None:
        while not self.stopped:
            try:
                case = self.waiting.get_nowait()
            except queue.Empty:
                break
            self.done.put((case, self._solve(case)))
        self.stop()

    def _solve(self, case: Case) -> dict[str, Any]:
        process = self.process = self.process or self._start()
        assert process.stdin is not None and process.stdout is not None
        started = time.perf_counter()
        alarm = threading.Timer(self.limit, process.kill)
        alarm.start()
        try:
            process.stdin.write(json.dumps(case.to_dict()) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            alarm.cancel()
        with contextlib.suppress(json.JSONDecodeError):
            outcome: dict[str, Any] = json.loads(line)
            return outcome
        self.process = None
        process.kill()
        seconds = time.perf_counter() - started
        why = f"ended after {seconds:.0f} s" if seconds >= self.limit else f"the process died ({process.wait()})"
        return {"recovered": False, "why": why, "seconds": seconds, "status": "failed", "truth": case.law.text}

    def _start(self) -> subprocess.Popen[str]:
        # A session of its own: Ctrl-C reaches this process only, which then ends its workers.
        root = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        settings = json.dumps({**asdict(self.settings), "config": self.settings.config.to_dict()})
        return subprocess.Popen(
            [sys.executable, *self.command, settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths},
        )


def _forget_peak() -> None:
    """Let Linux measure the peak of resident memory anew; elsewhere it stays the peak since the process started."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def peak_memory() -> float:
    """Peak of resident memory in MB; where the system has no VmHWM it begins at what the parent process held."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        import resource

        unit = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
