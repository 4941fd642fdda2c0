"""The errors kandisco raises on purpose: one sentence that says what is wrong, one hint that says what to try."""

from __future__ import annotations


class KandiscoError(Exception):
    """Base of all deliberate errors.

    Args:
        message: one sentence: what was wrong, and where (file, row, column).
        hint: one sentence: what to try instead; may be empty.

    Example:
        >>> str(InputError("data.csv has no rows.", hint="Check the file."))
        'data.csv has no rows. Check the file.'
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class ConfigError(KandiscoError, ValueError):
    """An option has an unusable value or contradicts another (exit code 2). A ValueError too, as scikit-learn expects."""

    exit_code = 2


class InputError(KandiscoError, ValueError):
    """The data cannot be used (exit code 3). A ValueError too, as scikit-learn expects."""

    exit_code = 3


class PluginError(KandiscoError):
    """A plugin or engine that was named is missing or broken (exit code 4)."""

    exit_code = 4


class StageError(KandiscoError):
    """A stage cannot go on with what it was given (exit code 3)."""

    exit_code = 3
