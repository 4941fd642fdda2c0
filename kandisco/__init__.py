"""kandisco: from a table of numbers to a formula a scientist can publish.

The public names are looked up on first use (PEP 562): importing the package loads neither numpy nor torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kandisco.config import Config
    from kandisco.control import Control
    from kandisco.data import read_table, to_dataset
    from kandisco.errors import ConfigError, InputError, KandiscoError, PluginError, StageError
    from kandisco.estimator import KandiscoRegressor
    from kandisco.hookspecs import hookimpl
    from kandisco.pipeline import discover
    from kandisco.plugins import load as load_plugins
    from kandisco.registry import Registry
    from kandisco.types import Dataset, Formula, Result, Table
    from kandisco.workbench import Workbench

__version__ = "0.1.0"

_PUBLIC = {
    "Config": "kandisco.config:Config",
    "ConfigError": "kandisco.errors:ConfigError",
    "Control": "kandisco.control:Control",
    "Dataset": "kandisco.types:Dataset",
    "Formula": "kandisco.types:Formula",
    "InputError": "kandisco.errors:InputError",
    "KandiscoError": "kandisco.errors:KandiscoError",
    "KandiscoRegressor": "kandisco.estimator:KandiscoRegressor",
    "PluginError": "kandisco.errors:PluginError",
    "Registry": "kandisco.registry:Registry",
    "Result": "kandisco.types:Result",
    "StageError": "kandisco.errors:StageError",
    "Table": "kandisco.types:Table",
    "Workbench": "kandisco.workbench:Workbench",
    "discover": "kandisco.pipeline:discover",
    "hookimpl": "kandisco.hookspecs:hookimpl",
    "load_plugins": "kandisco.plugins:load",
    "read_table": "kandisco.data:read_table",
    "to_dataset": "kandisco.data:to_dataset",
}

__all__ = [
    "Config",
    "ConfigError",
    "Control",
    "Dataset",
    "Formula",
    "InputError",
    "KandiscoError",
    "KandiscoRegressor",
    "PluginError",
    "Registry",
    "Result",
    "StageError",
    "Table",
    "Workbench",
    "__version__",
    "discover",
    "hookimpl",
    "load_plugins",
    "read_table",
    "to_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'kandisco' has no attribute {name!r}")
    module, attribute = _PUBLIC[name].split(":")
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
