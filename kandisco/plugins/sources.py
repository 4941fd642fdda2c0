"""Where plugins are found: among the built-ins, the installed distributions, in the environment, in a directory."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

from kandisco import __version__
from kandisco.errors import PluginError
from kandisco.plugins.info import PluginInfo

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


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A plugin that was found but not imported yet."""

    info: PluginInfo
    load: Callable[[], Any]


def built_ins() -> Iterator[Candidate]:
    for short in DEFAULT:
        path = f"kandisco.builtins.{short}"
        info = PluginInfo(name=f"kandisco.{short}", version=__version__, origin="built-in", location=path)
        yield Candidate(info=info, load=partial(importlib.import_module, path))


def given(module: ModuleType) -> Candidate:
    info = PluginInfo(name=module.__name__, origin="given", location=str(getattr(module, "__file__", None) or module.__name__))
    return Candidate(info=info, load=lambda: module)


def from_environment(names: str) -> Iterator[Candidate]:
    for name in filter(None, (part.strip() for part in names.split(","))):
        info = PluginInfo(name=name, origin="environment", location=name)
        yield Candidate(info=info, load=partial(importlib.import_module, name))


def from_entry_point(entry: EntryPoint) -> Candidate:
    dist = entry.dist
    name, version = (dist.name, dist.version) if dist else (entry.name, "")
    # One distribution may bring several modules: all but the one named like it are told apart by the entry point's name.
    short = name.replace("_", "-").removeprefix("kandisco-")
    unique = name if dist is None or entry.name.replace("_", "-").removeprefix("kandisco-") == short else f"{name}:{entry.name}"
    info = PluginInfo(name=unique, version=version, origin="installed", location=entry.value)
    return Candidate(info=info, load=entry.load)


def from_directory(directory: Path) -> Iterator[Candidate]:
    if not directory.is_dir():
        raise PluginError(f"--plugins-dir {directory} is no directory.", hint="Give the directory that holds the plugin files.")
    for path in sorted(directory.iterdir()):
        package = path / "__init__.py"
        if path.name.startswith((".", "_")) or not (path.suffix == ".py" or package.is_file()):
            continue
        info = PluginInfo(name=path.stem, origin="directory", location=str(path))
        yield Candidate(info=info, load=partial(load_file, path))


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
