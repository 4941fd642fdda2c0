"""Kolmogorov-Arnold networks: shapes, forward passes, grids and training. Knows nothing of files or runs."""

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
