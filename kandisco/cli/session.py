"""What all commands share: the plugin options, and the registry they lead to, built when a command first needs it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kandisco.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.specs import CommandSpec


@dataclass(frozen=True, kw_only=True)
class PluginSettings:
    """The options that decide which plugins are loaded."""

    plugins_dir: str | None = None
    block: tuple[str, ...] = ()
    strict: bool = False


def split_plugin_options(words: Sequence[str]) -> tuple[list[str], PluginSettings]:
    """Take the plugin options out of a command line: they must be known before the commands are, since plugins add commands.

    Example:
        >>> split_plugin_options(["list", "bases", "--block", "acme"])
        (['list', 'bases'], PluginSettings(plugins_dir=None, block=('acme',), strict=False))
    """
    rest: list[str] = []
    found: dict[str, list[str]] = {"--plugins-dir": [], "--block": []}
    strict = False
    stream = iter(words)
    for word in stream:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *stream]
        elif word == "--strict-plugins":
            strict = True
        elif name in found:
            given = value if equals else next(stream, None)
            if not given:
                raise ConfigError(f"{name} needs a value.", hint=f"Write {name} {'DIR' if name == '--plugins-dir' else 'NAME'}.")
            found[name].append(given)
        else:
            rest.append(word)
    if len(found["--plugins-dir"]) > 1:
        raise ConfigError("--plugins-dir was given twice.", hint="Put the plugin files into one directory.")
    directory = next(iter(found["--plugins-dir"]), None)
    return rest, PluginSettings(plugins_dir=directory, block=tuple(found["--block"]), strict=strict)


@dataclass(kw_only=True)
class Session:
    """One call of the command line."""

    settings: PluginSettings = field(default_factory=PluginSettings)
    _registry: Registry | None = None

    def registry(self) -> Registry:
        """The registry of built-ins and third parties."""
        if self._registry is None:
            from kandisco import plugins, registry

            loaded = plugins.load(block=self.settings.block, plugins_dir=self.settings.plugins_dir, strict=self.settings.strict)
            self._registry = registry.Registry(loaded)
        return self._registry

    def plugin_versions(self) -> dict[str, str]:
        """Name -> version of the third parties' plugins, which may change results."""
        infos = self.registry().plugins.infos
        return {info.name: info.version or _digest(info.location) for info in infos if info.origin != "built-in"}

    def commands(self, own: Collection[str]) -> Mapping[str, CommandSpec]:
        """Third parties' commands. One that is named like ours is refused: it would silently replace it."""
        from kandisco.plugins import Failure

        registry = self.registry()
        owners = registry.owners("commands")
        kept: dict[str, CommandSpec] = {}
        for spec in registry.commands():
            if spec.name not in own:
                kept[spec.name] = spec
                continue
            error = PluginError(f"The command {spec.name!r} is one of kandisco's own.", hint="Rename the plugin's.")
            registry.plugins.fail(Failure(plugin=owners[spec.name], error=error, hook="kandisco_commands"))
        return kept


def _digest(location: str) -> str:
    """What stands in for the version of a plugin file that states none: a run must not be resumed with another content."""
    path = Path(location)
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return f"sha256 {digest.hexdigest()[:12]}" if files else ""
