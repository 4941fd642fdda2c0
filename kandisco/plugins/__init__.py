"""Find, load, isolate and list plugins. The edge (CLI, estimator, a test) builds one ``Plugins`` and passes it down.

Somebody else's bug gets a name and does not stop the run: one line on stderr, kept in ``failures``. Ours stops it.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points as installed_entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from kandisco import hookspecs, specs
from kandisco.errors import PluginError
from kandisco.plugins.info import Contribution, Failure, Origin, PluginInfo
from kandisco.plugins.registering import HOOKS, register
from kandisco.plugins.sources import (
    DEFAULT,
    Candidate,
    built_ins,
    from_directory,
    from_entry_point,
    from_environment,
    given,
    load_file,
)

__all__ = [
    "DEFAULT",
    "ENVIRONMENT",
    "GROUP",
    "HOOKS",
    "Contribution",
    "Failure",
    "Origin",
    "PluginInfo",
    "Plugins",
    "expected_type",
    "load",
    "load_file",
]

GROUP = "kandisco"
ENVIRONMENT = "KANDISCO_PLUGINS"


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"kandisco: {line}\n")


@dataclass(frozen=True, kw_only=True)
class Plugins:
    """The loaded plugins of one process or one test.

    Attributes:
        manager: the pluggy manager that holds the implementations.
        infos: every plugin that loaded, built-ins first, then by name.
        failures: what went wrong so far; grows when a hook fails on first use.
        blocked: names that were kept out.
        strict: turn a third party's failure into a PluginError.
        tell: where the one line about a failure goes.
    """

    manager: pluggy.PluginManager
    infos: tuple[PluginInfo, ...] = ()
    failures: list[Failure] = field(default_factory=list)
    blocked: tuple[str, ...] = ()
    strict: bool = False
    tell: Callable[[str], None] = _to_stderr

    def names(self) -> tuple[str, ...]:
        """The names of all plugins that loaded."""
        return tuple(info.name for info in self.infos)

    def find(self, name: str) -> PluginInfo:
        """The plugin of this name, also one that failed to load.

        Raises:
            PluginError: there is none, or it was blocked.
        """
        known = {**{failure.plugin.name: failure.plugin for failure in self.failures}, **{info.name: info for info in self.infos}}
        if name in known:
            return known[name]
        if name in self.blocked:
            raise PluginError(f"Plugin {name!r} was blocked.", hint="Leave out --block.")
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
        raise PluginError(f"There is no plugin {name!r}.", hint=hint)

    def collect(self, hook: str, **arguments: Any) -> tuple[Contribution, ...]:
        """What all plugins hand over through one hook, in a fixed order.

        Args:
            hook: a hook's name, e.g. ``"kandisco_readers"``.
            arguments: the hook's arguments; an implementation takes those it names.

        Raises:
            PluginError: a third party's implementation fails and ``strict`` is set.
            Exception: whatever a built-in raises, with a note that names it.

        Example:
            >>> [c.spec.name for c in load(entry_points=False).collect("kandisco_commands")]
            []
        """
        # One raising implementation would abort a whole pluggy call, and pluggy's result list has lost its authors.
        impls = {impl.plugin_name: impl for impl in getattr(self.manager.hook, hook).get_hookimpls()}
        found: list[Contribution] = []
        for info in self.infos:
            if info.name in impls:
                found.extend(self._call(impls[info.name], hook, info, arguments))
        return tuple(found)

    def _call(self, impl: pluggy.HookImpl, hook: str, info: PluginInfo, arguments: Mapping[str, Any]) -> list[Contribution]:
        try:
            values: Any = impl.function(*(arguments[name] for name in impl.argnames))
            brought: tuple[Any, ...] = tuple(values)  # at once: a generator would fail later, far from its author
            _check_kinds(hook, brought)
        except Exception as exc:
            exc.add_note(f"in {hook} of {info.label}")
            if info.origin == "built-in":
                raise
            self.fail(Failure(plugin=info, error=exc, hook=hook))
            return []
        return [Contribution(spec=spec, owner=info) for spec in brought]

    def fail(self, failure: Failure) -> None:
        """Record a third party's failure and say so once; under ``strict`` raise it."""
        if self.strict:
            hint = f"Fix or block it: --block {failure.plugin.name}."
            raise PluginError(f"P{str(failure)[1:].rstrip('.')}.", hint=hint) from failure.error
        if all(str(failure) != str(known) for known in self.failures):
            self.failures.append(failure)
            self.tell(str(failure))


def _check_kinds(hook: str, brought: Iterable[Any]) -> None:
    """Refuse a value of another type than the hook hands over: it would fail much later, without a name."""
    wanted = expected_type(hook)
    for spec in brought:
        if not isinstance(spec, wanted):
            raise PluginError(f"{hook} gave a {type(spec).__name__}.", hint=f"Return an iterable of {wanted.__name__}.")


def expected_type(hook: str) -> type:
    """The spec class a hook hands over, read from its annotation so that it is defined in one place.

    Example:
        >>> expected_type("kandisco_readers").__name__
        'ReaderSpec'
    """
    annotation = str(getattr(hookspecs, hook).__annotations__["return"])
    name = annotation.removeprefix("Iterable[specs.").removesuffix("]")
    return getattr(specs, name)  # type: ignore[no-any-return]


def load(
    *,
    entry_points: bool = True,
    block: Sequence[str] = (),
    plugins_dir: str | Path | None = None,
    strict: bool = False,
    modules: Sequence[ModuleType] = (),
    environ: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = _to_stderr,
) -> Plugins:
    """Load the built-ins and, as asked, third parties.

    Args:
        entry_points: look at installed distributions (group ``kandisco``); tests say False.
        block: names of plugins to keep out; a blocked one is not even imported.
        plugins_dir: a directory whose ``*.py`` files and packages are loaded.
        strict: a third party's failure raises instead of costing one line.
        modules: plugin modules that are already imported.
        environ: where ``KANDISCO_PLUGINS`` (module names, comma separated) is read from; default the process's.
        tell: takes the one line about a failure.

    Raises:
        PluginError: ``plugins_dir`` is no directory; or, with ``strict``, a plugin fails.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager=manager, blocked=tuple(block), strict=strict, tell=tell)
    named = (os.environ if environ is None else environ).get(ENVIRONMENT, "")
    candidates = [*built_ins()]
    third = [*map(given, modules), *from_environment(named), *(from_directory(Path(plugins_dir)) if plugins_dir else ())]
    third += [from_entry_point(entry) for entry in installed_entry_points(group=GROUP)] if entry_points else []
    candidates += sorted(third, key=lambda candidate: (candidate.info.name, candidate.info.location))
    infos = tuple(_admit(plugins, candidate) for candidate in candidates if candidate.info.name not in block)
    return replace(plugins, infos=tuple(info for info in infos if info))


def _admit(plugins: Plugins, candidate: Candidate) -> PluginInfo | None:
    """Import and register one plugin; None when it failed and that is survivable."""
    info = candidate.info
    try:
        module = candidate.load()
        if not info.version:
            info = replace(info, version=str(getattr(module, "__version__", "")))
        return replace(info, hooks=register(plugins.manager, module, info.name))
    except (Exception, SystemExit) as exc:  # a plugin that calls sys.exit() at import must not end the run either
        exc.add_note(f"while loading {info.label} from {info.location}")
        if info.origin == "built-in":
            raise
        plugins.fail(Failure(plugin=info, error=exc))
        return None
