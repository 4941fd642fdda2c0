"""Who a plugin is, what it brings, and how it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from kandisco.errors import PluginError

Origin = Literal["built-in", "installed", "environment", "directory", "given"]


@dataclass(frozen=True, kw_only=True)
class PluginInfo:
    """Who a plugin is.

    Attributes:
        name: what it is blocked and listed by: the distribution, the file's stem or the module's name.
        version: of the distribution, or the module's ``__version__``, or empty.
        origin: how it came in.
        location: module or file.
        hooks: the hooks it implements; empty while it has not been loaded or when loading failed.
    """

    name: str
    version: str = ""
    origin: Origin
    location: str = ""
    hooks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, as messages give them."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A plugin that could not be loaded, or one of its hooks that failed (``hook`` is empty for the former)."""

    plugin: PluginInfo
    error: BaseException
    hook: str = ""

    def __str__(self) -> str:
        where = f" in {self.hook}" if self.hook else ""
        reason = str(self.error).strip().split("\n")[0]
        kind = "" if isinstance(self.error, PluginError) else f"{type(self.error).__name__}: "
        return f"plugin {self.plugin.label} failed{where}: {kind}{reason or '(no message)'}"


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One spec and the plugin it came from."""

    spec: Any
    owner: PluginInfo
