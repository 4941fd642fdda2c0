"""Many independent calls of one function: in turn here, or ahead of need on other cores where a crew is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """How calls are made: ``spread(call, items)`` gives what ``map`` would, in the order of ``items``.

    Whoever stops asking has stopped the calls; some may have been made ahead by then, so that ``call`` is a function that can be
    imported (or a ``partial`` of one), of values that can be sent, without side effects.
    """

    def __call__(self, call: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """The results, in order."""
        ...


def in_turn(call: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
    """One after the other, each when it is asked for.

    Example:
        >>> list(in_turn(abs, [-1, 2]))
        [1, 2]
    """
    return map(call, items)
