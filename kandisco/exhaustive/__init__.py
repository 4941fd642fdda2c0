"""Every simple form, tried: for tables of few rows an evaluation costs microseconds, so nothing needs to be guessed."""

from kandisco.exhaustive.tried import Tried, columns_of, exhaustive, kinds_of_errors

__all__ = ["Tried", "columns_of", "exhaustive", "kinds_of_errors"]
