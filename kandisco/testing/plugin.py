"""The whole of a plugin: its loading, and every rule for everything it brings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kandisco.plugins import Plugins, load, load_file
from kandisco.registry import Registry
from kandisco.testing import bases, commands, datasets, exporters, functions, laws, observers, readers, refiners
from kandisco.testing.findings import Finding, Report, Rule, apply_rule

if TYPE_CHECKING:
    import pytest

HEAVY = ("torch", "sympy", "scipy", "pandas", "sklearn", "matplotlib", "pysr")

# hook -> what its specs are called, and their rules
KINDS: Mapping[str, tuple[str, Mapping[str, Rule]]] = {
    "kandisco_functions": ("function", functions.RULES),
    "kandisco_laws": ("law", laws.RULES),
    "kandisco_bases": ("basis", bases.RULES),
    "kandisco_refiners": ("refiner", refiners.RULES),
    "kandisco_datasets": ("dataset", datasets.RULES),
    "kandisco_readers": ("reader", readers.RULES),
    "kandisco_exporters": ("exporter", exporters.RULES),
    "kandisco_commands": ("command", commands.RULES),
}
SHELVES = ("functions", "laws", "bases", "refiners", "datasets", "readers", "exporters", "commands")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule for one spec; calling it raises AssertionError with what to change."""

    subject: str
    rule: str
    find: Callable[[], tuple[Finding, ...]]

    @property
    def id(self) -> str:
        """A name for test reports."""
        return f"{self.subject}-{self.rule}"

    def __call__(self) -> None:
        findings = [finding for finding in self.find() if not finding.untried]
        if findings:
            raise AssertionError("; ".join(map(str, findings)))


def checks_of(plugin: ModuleType | Path) -> tuple[Check, ...]:
    """Every check that applies to a plugin.

    Args:
        plugin: an imported module, or the path of a plugin file.
    """
    name = plugin.stem if isinstance(plugin, Path) else plugin.__name__
    loading = partial(_loading, plugin)
    checks = [Check(subject=f"plugin {name!r}", rule="loading", find=loading)]
    checks.append(Check(subject=f"plugin {name!r}", rule="light", find=partial(_light, plugin, name)))
    if not loading():
        checks.extend(_spec_checks(_loaded(plugin)))
    return tuple(checks)


def check_plugin(plugin: ModuleType | Path) -> Report:
    """The verdict on a plugin.

    Example:
        >>> import kandisco.builtins.exporters
        >>> check_plugin(kandisco.builtins.exporters).ok
        True
    """
    checks = checks_of(plugin)
    checked: dict[str, tuple[str, ...]] = {}
    for check in checks:
        checked[check.subject] = (*checked.get(check.subject, ()), check.rule)
    found = tuple(finding for check in checks for finding in check.find())
    findings = tuple(finding for finding in found if not finding.untried)
    untried = frozenset((finding.subject, finding.rule) for finding in found if finding.untried)
    name = plugin.stem if isinstance(plugin, Path) else plugin.__name__
    notes = () if any(finding.rule == "loading" for finding in findings) else tuple(_notes(_loaded(plugin)))
    return Report(plugin=name, checked=checked, findings=findings, untried=untried, notes=notes)


def parametrize_with_checks(*plugins: ModuleType | Path) -> pytest.MarkDecorator:
    """Decorate a test that takes ``check``: pytest runs it once a rule and spec."""
    import pytest

    checks = [check for plugin in plugins for check in checks_of(plugin)]
    return pytest.mark.parametrize("check", checks, ids=[check.id for check in checks])


def _loaded(plugin: ModuleType | Path) -> Plugins:
    """The plugin alone: the built-ins would only be checked again."""
    module = load_file(plugin) if isinstance(plugin, Path) else plugin
    alone = [info.name for info in load(entry_points=False, environ={}).infos]
    return load(entry_points=False, environ={}, modules=[module], block=alone, strict=True)


def _loading(plugin: ModuleType | Path) -> tuple[Finding, ...]:
    """Load it beside the built-ins, as a user would, and hand every hook's specs over."""
    name = plugin.stem if isinstance(plugin, Path) else plugin.__name__
    lines: list[str] = []
    try:
        module = load_file(plugin) if isinstance(plugin, Path) else plugin
    except (Exception, SystemExit) as exc:
        return (Finding(rule="loading", subject=f"plugin {name!r}", message=f"{type(exc).__name__}: {exc}"),)
    plugins = load(entry_points=False, environ={}, modules=[module], block=_same(module), tell=lines.append)
    registry = Registry(plugins)
    for kind in SHELVES:
        registry.owners(kind)
    registry.observers(None)
    return tuple(Finding(rule="loading", subject=f"plugin {name!r}", message=line) for line in lines)


def _same(module: ModuleType) -> list[str]:
    """The built-in that is checked is not loaded a second time beside itself."""
    infos = load(entry_points=False, environ={}).infos
    return [info.name for info in infos if info.location == module.__name__]


def _light(plugin: ModuleType | Path, name: str) -> tuple[Finding, ...]:
    """Whether loading it in a fresh process pulls in what costs seconds."""
    path = plugin if isinstance(plugin, Path) else getattr(plugin, "__file__", None)
    if path is None:
        return ()
    how = (
        f"load_file(pathlib.Path({str(path)!r}))" if isinstance(plugin, Path) else f"importlib.import_module({plugin.__name__!r})"
    )
    where = f"import importlib, pathlib, sys; sys.path[:] = {sys.path!r}; from kandisco.plugins import load_file"
    code = f"{where}; {how}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    heavy = [word for word in HEAVY if word in done.stdout.split()]
    if not heavy:
        return ()
    message = f"loading it imports {', '.join(heavy)}; import inside the function that needs it"
    return (Finding(rule="light", subject=f"plugin {name!r}", message=message),)


def _spec_checks(plugins: Plugins) -> Iterator[Check]:
    for hook, (kind, rules) in KINDS.items():
        for entry in plugins.collect(hook):
            subject = f"{kind} {entry.spec.name!r}"
            spec = refiners.watched(entry.spec) if kind == "refiner" else entry.spec
            for rule in _applicable(kind, rules, spec):
                yield Check(subject=subject, rule=rule, find=partial(apply_rule, rules, rule, subject, spec))
    for place, entry in enumerate(plugins.collect("kandisco_observers", run=None)):
        for rule in observers.RULES:
            subject = f"observer {type(entry.spec).__name__!r}"
            yield Check(subject=subject, rule=rule, find=partial(_observer, plugins, place, rule, subject))


def _observer(plugins: Plugins, place: int, rule: str, subject: str) -> tuple[Finding, ...]:
    """An observer hears one run: each rule gets a fresh one."""
    observer = plugins.collect("kandisco_observers", run=None)[place].spec
    return apply_rule(observers.RULES, rule, subject, observer)


def _applicable(kind: str, rules: Mapping[str, Rule], spec: Any) -> Iterator[str]:
    runs_here = kind != "refiner" or not spec.unavailable()
    yield from (rule for rule in rules if runs_here or rule in ("card", "unavailable"))


def _notes(plugins: Plugins) -> Iterator[str]:
    for entry in plugins.collect("kandisco_refiners"):
        if reason := entry.spec.unavailable():
            yield f"refiner {entry.spec.name!r} cannot run here, so only its card was checked: {reason.splitlines()[0]}"
