"""Networks as a dict of numpy arrays and a JSON-able description; loading executes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from kandisco.errors import InputError
from kandisco.kan.network import KAN, Edges
from kandisco.kan.shape import Layer, Shape
from kandisco.specs import BasisSpec

_FIELDS = ("lo", "hi", "coef", "mask", "bias")


def save(kan: KAN) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays named ``<layer>.<field>`` and the description that ``load`` needs beside them."""
    arrays = {f"{level}.{name}": vars(e)[name].detach().cpu().numpy() for level, e in enumerate(kan.edges) for name in _FIELDS}
    layers = [{"sums": layer.sums, "products": list(layer.products)} for layer in kan.shape.layers]
    return arrays, {"format": 1, "inputs": kan.shape.inputs, "layers": layers, "basis": kan.spec.name, "grid": kan.grid}


def load(arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any], basis: Callable[[str], BasisSpec]) -> KAN:
    """Rebuild what ``save`` gave.

    Args:
        arrays: name -> array.
        meta: the description.
        basis: finds a basis spec by name (the registry's look-up).

    Raises:
        InputError: another format, or an array is missing or has the wrong size.
    """
    if meta.get("format") != 1:
        raise InputError(f"This snapshot has format {meta.get('format')!r}.", hint="Format 1 can be read.")
    try:
        layers = tuple(Layer(int(v["sums"]), tuple(int(a) for a in v["products"])) for v in meta["layers"])
        shape = Shape(int(meta["inputs"]), layers)
        tensors = [{name: torch.as_tensor(np.array(arrays[f"{i}.{name}"])) for name in _FIELDS} for i in range(len(layers))]
        spec, grid = basis(str(meta["basis"])), int(meta["grid"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"This snapshot is damaged: {error!r}.", hint="Restore it or run again.") from None
    kan = KAN(shape=shape, spec=spec, grid=grid, basis=spec.basis(grid), edges=tuple(Edges(**t) for t in tensors))
    for width, layer, e in zip(shape.widths, layers, kan.edges, strict=True):
        count = e.coef.shape[0]
        want = {
            "lo": (count, width), "hi": (count, width), "coef": (count, layer.subs, width, kan.basis.n_features),
            "mask": (count, layer.subs, width), "bias": (count, layer.subs),
        }  # fmt: skip
        for name, size in want.items():
            if tuple(vars(e)[name].shape) != size:
                raise InputError(
                    f"Array {name!r} has shape {tuple(vars(e)[name].shape)}, not {size}.", hint="Restore the snapshot."
                )
    return kan
