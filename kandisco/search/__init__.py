"""The search: ``attempts`` says what is tried, ``loop`` in which order and until when, ``unit`` what becomes of each."""

from kandisco.search import few
from kandisco.search.attempts import attempts
from kandisco.search.loop import Context, polished, searched
from kandisco.search.problem import Attempt, Problem
from kandisco.search.stopping import reachable_error, settled, smooth_error

__all__ = [
    "Attempt",
    "Context",
    "Problem",
    "attempts",
    "few",
    "polished",
    "reachable_error",
    "searched",
    "settled",
    "smooth_error",
]
