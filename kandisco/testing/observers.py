"""Rules for observers: they follow a made-up run to its end, change nothing, and leave standard output to the results."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from kandisco.specs import Observer
from kandisco.testing.findings import Finding, Rule, apply_rules
from kandisco.types import Dataset, Result, StageRecord, Variable

Event = tuple[str, Callable[[Observer], object]]


def check_observer(observer: Observer) -> tuple[Finding, ...]:
    """All findings about an observer; it is used up by it.

    Example:
        >>> check_observer(Observer())
        ()
    """
    return apply_rules(RULES, f"observer {type(observer).__name__!r}", observer)


def run() -> tuple[list[StageRecord], Result]:
    """The records and the result of a run that never was."""
    records = [StageRecord(stage=stage, params={"grid": 5}, metrics={"edges": 3}) for stage in ("train", "prune")]
    x = np.linspace(0, 1, 8)
    data = Dataset(name="d", x=x[:, None], y=2 * x, inputs=(Variable(name="t"),), target=Variable(name="s"))
    result = Result(
        best=None,
        front=(),
        dataset=data,
        baselines={},
        noise=0.0,
        status="done",
        seed=0,
        seconds=1.0,
        warnings=(),
        records=tuple(records),
    )
    return records, result


def _events(records: list[StageRecord], result: Result) -> Iterator[Event]:
    yield "progress", lambda observer: observer.progress("search", valid=0.5)  # one may join late
    for record in records:
        yield "stage_started", lambda observer: observer.stage_started("search", shape="[2,1,1]")
        yield "progress", lambda observer: observer.progress("search", shape="[2,1,1]", best="2*t", train=0.1, valid=0.1)
        yield "stage_finished", lambda observer, record=record: observer.stage_finished(record.stage, record)  # type: ignore[misc]
    yield "run_finished", lambda observer: observer.run_finished(result)


def _follows(observer: Observer) -> Iterator[str]:
    for name, tell in _events(*run()):
        try:
            tell(observer)
        except Exception as exc:
            yield f"{name} raised {type(exc).__name__}: {exc}; it hears no more after that. Take what is there with .get"


def _sees(observer: Observer) -> Iterator[str]:
    records, result = run()
    before = copy.deepcopy((records, result.dataset.x, result.dataset.y))
    for _, tell in _events(records, result):
        with contextlib.suppress(Exception):
            tell(observer)
    same = np.array_equal(before[1], result.dataset.x) and np.array_equal(before[2], result.dataset.y)
    if records != before[0] or not same:
        yield "it changes the record or the data it is shown; copy what you want to change"


def _quiet(observer: Observer) -> Iterator[str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for _, tell in _events(*run()):
            with contextlib.suppress(Exception):
                tell(observer)
    if said.getvalue():
        yield f"it prints {said.getvalue()[:30]!r} on standard output, where --json is; print to sys.stderr"


RULES: Mapping[str, Rule] = {"follows": _follows, "sees": _sees, "quiet": _quiet}
