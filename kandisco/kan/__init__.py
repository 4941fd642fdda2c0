"""Kolmogorov-Arnold networks: shapes, forward passes, grids and training. Knows nothing of symbols, files or runs."""

from kandisco.kan.descent import Descended, fit_adam, fit_lbfgs
from kandisco.kan.elimination import sparsify
from kandisco.kan.grids import extend_grid, rerange, set_edge
from kandisco.kan.network import KAN, Edges, init, prune, select, stack
from kandisco.kan.passes import Activations, activations, edge_deviations, forward
from kandisco.kan.shape import Layer, Shape, parse_width
from kandisco.kan.snapshot import load, save
from kandisco.kan.training import Trained, fit

__all__ = [
    "KAN",
    "Activations",
    "Descended",
    "Edges",
    "Layer",
    "Shape",
    "Trained",
    "activations",
    "edge_deviations",
    "extend_grid",
    "fit",
    "fit_adam",
    "fit_lbfgs",
    "forward",
    "init",
    "load",
    "parse_width",
    "prune",
    "rerange",
    "save",
    "select",
    "set_edge",
    "sparsify",
    "stack",
]
