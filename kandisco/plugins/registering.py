"""A module becomes a plugin: only with hooks that exist, marked, and of our arguments."""

from __future__ import annotations

import difflib
import inspect
from types import ModuleType
from typing import Any

import pluggy

from kandisco import hookspecs
from kandisco.errors import PluginError

HOOKS = tuple(sorted(name for name in vars(hookspecs) if name.startswith("kandisco_")))


def register(manager: pluggy.PluginManager, module: Any, name: str) -> tuple[str, ...]:
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
