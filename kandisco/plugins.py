"""Find, load, isolate and list plugins. The edge (CLI, estimator, a test) builds one ``Plugins`` and passes it down.

Somebody else's bug gets a name and does not stop the run: one line on stderr, kept in ``failures``. Ours stops it.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from importlib.metadata import EntryPoint
from importlib.metadata import entry_points as installed_entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pluggy

from kandisco import __version__, hookspecs, specs
from kandisco.errors import PluginError

GROUP = "kandisco"
ENVIRONMENT = "KANDISCO_PLUGINS"
DEFAULT = (
    "functions",
    "laws",
    "bases",
    "readers",
    "exporters",
    "programs",
    "datasets",
    "problems",
    "special",
    "trajectories",
    "measured",
    "localisation",
    "refiners",
)
HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("kandisco_")))

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


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A plugin that was found but not imported yet."""

    info: PluginInfo
    load: Callable[[], Any]


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
    candidates = [*_built_ins()]
    third = [*map(_given, modules), *_from_environment(named), *(_from_directory(Path(plugins_dir)) if plugins_dir else ())]
    third += [_from_entry_point(entry) for entry in installed_entry_points(group=GROUP)] if entry_points else []
    candidates += sorted(third, key=lambda candidate: (candidate.info.name, candidate.info.location))
    infos = tuple(_admit(plugins, candidate) for candidate in candidates if candidate.info.name not in block)
    return replace(plugins, infos=tuple(info for info in infos if info))


def _admit(plugins: Plugins, candidate: _Candidate) -> PluginInfo | None:
    """Import and register one plugin; None when it failed and that is survivable."""
    info = candidate.info
    try:
        module = candidate.load()
        if not info.version:
            info = replace(info, version=str(getattr(module, "__version__", "")))
        return replace(info, hooks=_register(plugins.manager, module, info.name))
    except (Exception, SystemExit) as exc:  # a plugin that calls sys.exit() at import must not end the run either
        exc.add_note(f"while loading {info.label} from {info.location}")
        if info.origin == "built-in":
            raise
        plugins.fail(Failure(plugin=info, error=exc))
        return None


def _register(manager: pluggy.PluginManager, module: Any, name: str) -> tuple[str, ...]:
    """Register a module, or raise PluginError that says which rule it breaks, leaving the manager as it was."""
    hooks = _implemented(module)
    if manager.has_plugin(name):
        raise PluginError(f"There are two plugins named {name!r}.", hint="Uninstall or rename one.")
    if manager.is_registered(module):
        raise PluginError(f"The module of {name!r} is already loaded under another name.", hint="Name it once.")
    try:
        manager.register(module, name)
    except pluggy.PluginValidationError as exc:
        manager.unregister(module, name)  # pluggy leaves a plugin half registered when it refuses one of its hooks
        detail = " ".join(str(exc).split())
        raise PluginError(f"Its hook has other arguments than ours: {detail}.", hint="See the hook's page.") from None
    return hooks


def _implemented(module: Any) -> tuple[str, ...]:
    """The hooks a module implements; a misspelt, unmarked or wrapping one is an error rather than silence."""
    if not isinstance(module, ModuleType):
        raise PluginError(f"A plugin is a module, not a {type(module).__name__}.", hint="Let the entry point name a module.")
    hooks = []
    for name, value in vars(module).items():
        marker = getattr(value, "kandisco_impl", None) if inspect.isroutine(value) else None
        if marker is None:
            if name in HOOKS and callable(value):
                raise PluginError(f"{name} is not marked as a hook.", hint="Put @kandisco.hookimpl above it.")
            continue
        if name not in HOOKS:
            near = difflib.get_close_matches(name, HOOKS, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Hooks are: " + ", ".join(HOOKS) + "."
            raise PluginError(f"There is no hook {name!r}.", hint=hint)
        if marker.get("hookwrapper") or marker.get("wrapper"):
            raise PluginError(f"{name} is a wrapper.", hint="Hooks hand over specs; wrapping is not supported.")
        hooks.append(name)
    if not hooks:
        raise PluginError("It implements no hook.", hint="Hooks are: " + ", ".join(HOOKS) + ".")
    return tuple(sorted(hooks))


def _built_ins() -> Iterator[_Candidate]:
    for short in DEFAULT:
        path = f"kandisco.builtins.{short}"
        info = PluginInfo(name=f"kandisco.{short}", version=__version__, origin="built-in", location=path)
        yield _Candidate(info=info, load=partial(importlib.import_module, path))


def _given(module: ModuleType) -> _Candidate:
    info = PluginInfo(name=module.__name__, origin="given", location=str(getattr(module, "__file__", None) or module.__name__))
    return _Candidate(info=info, load=lambda: module)


def _from_environment(names: str) -> Iterator[_Candidate]:
    for name in filter(None, (part.strip() for part in names.split(","))):
        info = PluginInfo(name=name, origin="environment", location=name)
        yield _Candidate(info=info, load=partial(importlib.import_module, name))


def _from_entry_point(entry: EntryPoint) -> _Candidate:
    dist = entry.dist
    name, version = (dist.name, dist.version) if dist else (entry.name, "")
    # One distribution may bring several modules: all but the one named like it are told apart by the entry point's name.
    short = name.replace("_", "-").removeprefix("kandisco-")
    unique = name if dist is None or entry.name.replace("_", "-").removeprefix("kandisco-") == short else f"{name}:{entry.name}"
    info = PluginInfo(name=unique, version=version, origin="installed", location=entry.value)
    return _Candidate(info=info, load=entry.load)


def _from_directory(directory: Path) -> Iterator[_Candidate]:
    if not directory.is_dir():
        raise PluginError(f"--plugins-dir {directory} is no directory.", hint="Give the directory that holds the plugin files.")
    for path in sorted(directory.iterdir()):
        package = path / "__init__.py"
        if path.name.startswith((".", "_")) or not (path.suffix == ".py" or package.is_file()):
            continue
        info = PluginInfo(name=path.stem, origin="directory", location=str(path))
        yield _Candidate(info=info, load=partial(load_file, path))


def load_file(path: Path) -> ModuleType:
    """Execute a plugin file (or a package directory) as a module of its own.

    The module is in ``sys.modules`` before it is executed, as dataclasses and pickling child processes expect, under a flat
    name that carries a digest of the path, so that files of the same name in two places do not replace each other.

    Raises:
        Exception: whatever the file raises; the module is gone from ``sys.modules`` again then.
    """
    source = path / "__init__.py" if path.is_dir() else path
    digest = blake2b(str(source.resolve()).encode(), digest_size=4).hexdigest()
    name = f"kandisco_plugin_{path.stem}_{digest}"
    places = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, source, submodule_search_locations=places)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file.", hint="Give a .py file or a package directory.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
