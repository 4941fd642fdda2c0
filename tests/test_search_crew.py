"""The same results, in the same order, from any number of workers, in whatever order they finish, and whichever of them die."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest

from kandisco import pipeline
from kandisco.config import Config
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.runjson import result_to_json
from kandisco.search import crew as crew_module
from kandisco.search.crew import Crew, cores
from kandisco.types import Dataset, Result, Variable


class Shuffled(Executor):
    """Finishes what it is given in another order, when a result is asked for; counts what it has done."""

    def __init__(self, seed: int) -> None:
        self.waiting: list[tuple[Future[Any], Callable[..., Any], Any]] = []
        self.random = random.Random(seed)
        self.done = 0

    def submit(self, call: Callable[..., Any], /, *args: Any, **values: Any) -> Future[Any]:
        future = _Asked(self)
        self.waiting.append((future, call, args))
        return future

    def run(self, until: Future[Any]) -> None:
        while not until.done():
            future, call, args = self.waiting.pop(self.random.randrange(len(self.waiting)))
            if future.set_running_or_notify_cancel():
                future.set_result(call(*args))
                self.done += 1


class _Asked(Future[Any]):
    def __init__(self, executor: Shuffled) -> None:
        super().__init__()
        self.executor = executor

    def result(self, timeout: float | None = None) -> Any:
        self.executor.run(self)
        return super().result(timeout)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start at once."""
    monkeypatch.setattr(crew_module, "_WORTH_A_START", -1.0)


def dies_once(item: tuple[int, str]) -> int:
    """The square; the first worker that is asked for it is killed."""
    number, mark = item
    if mark and multiprocessing.parent_process() is not None:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return number**2
        os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def waited(crew: Crew) -> None:
    """Until the workers are up."""
    crew._ready()
    for future in crew._warming:
        future.result()


def test_one_job_is_map() -> None:
    calls: list[int] = []
    with Crew(1) as crew:
        results = crew.map(lambda item: calls.append(item) or -item, [1, 2, 3])
        assert calls == []
        assert next(results) == -1
        assert calls == [1]


def test_no_worker_is_started_for_little_work() -> None:
    with Crew(2) as crew:
        assert list(crew.map(abs, range(-50, 0))) == list(range(50, 0, -1))
        assert crew._executor is None


@pytest.mark.parametrize("jobs", [2, 3])
def test_results_come_in_the_order_of_the_items(jobs: int, eager: None) -> None:
    with Crew(jobs) as crew:
        waited(crew)
        assert list(crew.map(abs, range(-40, 0))) == list(range(40, 0, -1))
        assert crew._executor is not None


def test_an_executor_may_finish_in_any_order() -> None:
    for seed in range(5):
        executor = Shuffled(seed)
        assert list(Crew(4, executor).map(abs, range(-40, 0))) == list(range(40, 0, -1))
        assert executor.done >= 40


def test_what_is_made_ahead_is_dropped_when_nobody_asks_for_it() -> None:
    executor = Shuffled(0)
    asked: list[int] = []
    results = Crew(2, executor).map(abs, (asked.append(i) or -i for i in range(100)))
    assert [next(results), next(results)] == [0, 1]
    results.close()  # type: ignore[attr-defined]  # a generator
    assert len(asked) < 10
    assert all(future.cancelled() for future, _, _ in executor.waiting)


def test_an_error_of_a_call_is_the_callers(eager: None) -> None:
    with Crew(2) as crew:
        waited(crew)
        with pytest.raises(ZeroDivisionError):
            list(crew.map((1).__floordiv__, [1, 0]))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_worker_costs_its_call_and_not_the_run(eager: None, tmp_path: Any) -> None:
    deadly = {7: "first", 21: "second"}
    items = [(i, str(tmp_path / deadly[i]) if i in deadly else "") for i in range(30)]
    with Crew(2) as crew:
        waited(crew)
        found = []
        for result in crew.map(dies_once, items):
            found.append(result)
            waited(crew)
        assert found == [i**2 for i in range(30)]
        assert crew._broken == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_calls_are_made_here_once_workers_keep_dying(eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew_module, "_MOST_BROKEN", 0)
    with Crew(2) as crew:
        assert list(crew.map(abs, [-1, -2])) == [1, 2]
        assert crew._executor is None


def test_there_is_a_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def noisy() -> Dataset:
    """A law of three columns under noise, which is divided and merged."""
    rng = np.random.default_rng(0)
    a, b, c = x = rng.uniform(0.5, 3.0, (3, 260))
    y = c / (1 + (a - b) ** 2)
    y = y + 0.01 * np.std(y) * rng.standard_normal(len(y))
    inputs = tuple(Variable(name=name) for name in "abc")
    return Dataset(name="noisy", x=x.T.copy(), y=y, inputs=inputs, target=Variable(name="y"))


def said(result: Result) -> dict[str, Any]:
    """All of a result but the time it took."""
    return {**result_to_json(result), "seconds": 0}


@pytest.mark.slow
def test_fronts_are_the_same_to_the_last_bit(eager: None) -> None:
    registry = Registry(load(entry_points=False))
    config = Config(time=1e6, max_attempts=8, beam=4, refiner="none")
    plain = said(pipeline.discover(noisy(), config, registry))
    for jobs in (2, 5):
        assert said(pipeline.discover(noisy(), Config.from_dict({**config.to_dict(), "jobs": jobs}), registry)) == plain
    executor = Shuffled(0)
    assert said(pipeline.discover(noisy(), config, registry, executor=executor)) == plain
    assert executor.done > 20
