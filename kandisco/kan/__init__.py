"""Kolmogorov-Arnold networks: shapes, forward passes, grids and training. Knows nothing of files or runs.

The names are looked up on first use (PEP 562): a search that trains no network never loads torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kandisco.kan.descent import Descended, fit_adam, fit_lbfgs
    from kandisco.kan.edges import Edges, Symbol
    from kandisco.kan.editing import clear_symbol, edges_at, lock, prune, set_symbol
    from kandisco.kan.elimination import sparsify
    from kandisco.kan.grids import adapt_grid, extend_grid, rerange, set_edge
    from kandisco.kan.network import KAN, init, select, stack
    from kandisco.kan.passes import Activations, activations, edge_deviations, extrapolates, forward
    from kandisco.kan.penalty import Pressure
    from kandisco.kan.shape import Layer, Shape, parse_width
    from kandisco.kan.snapshot import load, save
    from kandisco.kan.training import Trained, fit

__all__ = [
    "KAN",
    "Activations",
    "Descended",
    "Edges",
    "Layer",
    "Pressure",
    "Shape",
    "Symbol",
    "Trained",
    "activations",
    "adapt_grid",
    "clear_symbol",
    "edge_deviations",
    "edges_at",
    "extend_grid",
    "extrapolates",
    "fit",
    "fit_adam",
    "fit_lbfgs",
    "forward",
    "init",
    "load",
    "lock",
    "parse_width",
    "prune",
    "rerange",
    "save",
    "select",
    "set_edge",
    "set_symbol",
    "sparsify",
    "stack",
]

_HOMES = {
    "descent": ("Descended", "fit_adam", "fit_lbfgs"),
    "edges": ("Edges", "Symbol"),
    "editing": ("clear_symbol", "edges_at", "lock", "prune", "set_symbol"),
    "elimination": ("sparsify",),
    "grids": ("adapt_grid", "extend_grid", "rerange", "set_edge"),
    "network": ("KAN", "init", "select", "stack"),
    "passes": ("Activations", "activations", "edge_deviations", "extrapolates", "forward"),
    "penalty": ("Pressure",),
    "shape": ("Layer", "Shape", "parse_width"),
    "snapshot": ("load", "save"),
    "training": ("Trained", "fit"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
