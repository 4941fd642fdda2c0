"""The crew: independent calls made ahead on other cores, with the results in the order in which one core gives them.

Whatever the number of workers, the order in which they finish, and those that die, the caller sees the results of the same calls
in the same order; so the same formulas come from any number of cores.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")

# Seconds of calls made here before workers are started: about what it takes to start one, so that no easy law pays for them.
_WORTH_A_START = 1.0
# Calls handed out per worker: one in work, one waiting, so that none idles while its result travels.
_AHEAD = 2
# Pools that may break before all calls are made here: the third time it is no accident.
_MOST_BROKEN = 3


class Crew:
    """Workers for the independent calls of one run; as a context manager, it lets them go at the end.

    Workers start once calls worth it have been made here. A worker that is killed costs what it was at: that is worked out here,
    and the next calls go to new workers. A third party's executor is used as it is given and never shut down.

    Args:
        jobs: worker processes; 1 for none, ``"auto"`` for one on each physical core.
        executor: used in place of own workers, such as a Dask client's or ``MPIPoolExecutor``.

    Example:
        >>> with Crew(1) as crew:
        ...     list(crew.map(abs, [-1, 2]))
        [1, 2]
    """

    def __init__(self, jobs: int | Literal["auto"] = 1, executor: Executor | None = None) -> None:
        self._jobs = cores() if jobs == "auto" else jobs
        self._given = executor is not None
        self._executor = executor
        self._warming: list[Future[None]] = []
        self._spent = 0.0
        self._broken = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._let_go()

    def map(self, call: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """``call(item)`` for each item, in their order; see ``Spread``. Closing the iterator drops what was made ahead."""
        source = iter(items)
        pending: deque[tuple[T, Future[R] | None]] = deque()
        try:
            while True:
                room = self._ahead() - len(pending)
                pending.extend((item, self._submitted(call, item)) for item in islice(source, max(room, 0)))
                if not pending:
                    return
                item, future = pending.popleft()
                yield self._result(call, item, future)
        finally:
            for _, future in pending:
                if future is not None:
                    future.cancel()

    def _ahead(self) -> int:
        """How many calls may be under way."""
        executor = self._ready()
        if executor is None:
            return 1
        return _AHEAD * max(self._jobs, cores() if self._given and self._jobs == 1 else 1)

    def _ready(self) -> Executor | None:
        """The executor, once its workers are up."""
        if self._executor is None and self._jobs > 1 and self._spent > _WORTH_A_START and self._broken < _MOST_BROKEN:
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin)
            self._warming = [self._executor.submit(_nothing) for _ in range(self._jobs)]
        return self._executor if all(future.done() for future in self._warming) else None

    def _submitted(self, call: Callable[[T], R], item: T) -> Future[R] | None:
        executor = self._ready()
        try:
            return None if executor is None else executor.submit(call, item)
        except BrokenExecutor:
            self._replace(executor)
            return None

    def _result(self, call: Callable[[T], R], item: T, future: Future[R] | None) -> R:
        executor = self._executor
        if future is not None:
            try:
                return future.result()
            except (BrokenExecutor, CancelledError):
                self._replace(executor)
        started = time.perf_counter()
        try:
            return call(item)
        finally:
            self._spent += time.perf_counter() - started

    def _replace(self, executor: Executor | None) -> None:
        """Give up a broken executor; the next call that is worth it starts another, up to a limit."""
        if executor is None or executor is not self._executor or not _is_broken(executor):
            return  # given up before: what was under way in it comes back one by one
        self._broken += 1
        self._let_go()

    def _let_go(self) -> None:
        if self._executor is not None and not self._given:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor, self._warming, self._given = None, [], False


def _is_broken(executor: Executor) -> bool:
    """Whether it takes no more calls."""
    try:
        executor.submit(_nothing)
    except (BrokenExecutor, RuntimeError):
        return True
    return False


def cores() -> int:
    """Physical cores this process may use; logical ones where the system does not tell which of them share one.

    Two threads of one core have one floating-point unit between them: a second worker on it gains next to nothing.
    """
    logical = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    places = [Path(f"/sys/devices/system/cpu/cpu{one}/topology/thread_siblings_list") for one in logical]
    try:
        return len({place.read_text(encoding="ascii") for place in places})
    except OSError:
        return len(logical)


def _nothing() -> None:
    """A first call, to see that a worker is up."""


def _begin() -> None:
    """What a worker does first: one thread, deaf to Ctrl-C (the parent decides), and gone when its parent is."""
    import scipy.linalg  # noqa: F401  loaded before the limit is set, as in the parent

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(limits=1)
    warnings.simplefilter("ignore")  # said once, by the parent, is enough
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    """End with the parent: one that is killed cannot say so."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
