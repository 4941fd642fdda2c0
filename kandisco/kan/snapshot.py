"""Networks as a dict of numpy arrays and a JSON-able description; loading executes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from kandisco.errors import InputError, KandiscoError
from kandisco.expr import from_json, to_json
from kandisco.kan.edges import Edges, Symbol
from kandisco.kan.network import KAN
from kandisco.kan.shape import Layer, Shape
from kandisco.specs import BasisSpec

_FIELDS = ("lo", "hi", "spread", "coef", "mask", "bias", "locked", "affine")


def save(kan: KAN) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """Arrays named ``<layer>.<field>`` and the description that ``load`` needs beside them."""
    arrays = {f"{level}.{name}": vars(e)[name].detach().cpu().numpy() for level, e in enumerate(kan.edges) for name in _FIELDS}
    layers = [
        {"sums": v.sums, "products": list(v.products), "skips": list(v.skips), "symbols": [_symbol(s) for s in e.symbols]}
        for v, e in zip(kan.shape.layers, kan.edges, strict=True)
    ]
    card = {"inputs": kan.shape.inputs, "layers": layers, "basis": kan.spec.name, "grid": kan.grid, "adapt": kan.adapt}
    return arrays, {"format": 3, **card}


def _symbol(symbol: Symbol) -> dict[str, Any]:
    return {"source": symbol.source, "sub": symbol.sub, "name": symbol.name, "expr": to_json(symbol.expr)}


def load(arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any], basis: Callable[[str], BasisSpec]) -> KAN:
    """Rebuild what ``save`` gave.

    Args:
        arrays: name -> array.
        meta: the description.
        basis: finds a basis spec by name (the registry's look-up).

    Raises:
        InputError: another format, or an array is missing or has the wrong size.
    """
    if meta.get("format") not in (2, 3):
        raise InputError(f"This snapshot has format {meta.get('format')!r}.", hint="Formats 2 and 3 can be read.")
    if meta["format"] == 2:  # from before knots could follow the data
        arrays = {**arrays, **{f"{i}.spread": np.zeros((*arrays[f"{i}.lo"].shape, 0)) for i in range(len(meta["layers"]))}}
    try:
        layers = tuple(Layer(int(v["sums"]), _whole(v["products"]), _whole(v["skips"])) for v in meta["layers"])
        shape = Shape(int(meta["inputs"]), layers)
        tensors = [{name: torch.as_tensor(np.array(arrays[f"{i}.{name}"])) for name in _FIELDS} for i in range(len(layers))]
        symbols = [tuple(_read_symbol(symbol) for symbol in v["symbols"]) for v in meta["layers"]]
        spec, grid, adapt = basis(str(meta["basis"])), int(meta["grid"]), float(meta.get("adapt", 0.0))
    except (KeyError, TypeError, ValueError, KandiscoError) as error:
        raise InputError(f"This snapshot is damaged: {error!r}.", hint="Restore it or run again.") from None
    edges = tuple(Edges(**t, symbols=s) for t, s in zip(tensors, symbols, strict=True))
    kan = KAN(shape=shape, spec=spec, grid=grid, basis=spec.basis(grid), edges=edges, adapt=adapt)
    _check(kan)
    return kan


def _whole(values: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _read_symbol(symbol: Mapping[str, Any]) -> Symbol:
    expr = from_json(symbol["expr"])
    return Symbol(source=int(symbol["source"]), sub=int(symbol["sub"]), name=str(symbol["name"]), expr=expr)


def _check(kan: KAN) -> None:
    """Sizes of the arrays, and that symbols stand on edges that exist."""
    for width, layer, e in zip(kan.shape.widths, kan.shape.layers, kan.edges, strict=True):
        count = e.coef.shape[0]
        want = {
            "lo": (count, width), "hi": (count, width), "spread": (count, width, e.spread.shape[-1] if kan.adapt else 0),
            "coef": (count, layer.subs, width, kan.basis.n_features),
            "mask": (count, layer.subs, width), "bias": (count, layer.subs),
            "locked": (count, layer.subs, width), "affine": (count, len(e.symbols), 4),
        }  # fmt: skip
        for name, size in want.items():
            if tuple(vars(e)[name].shape) != size:
                raise InputError(
                    f"Array {name!r} has shape {tuple(vars(e)[name].shape)}, not {size}.", hint="Restore the snapshot."
                )
        for s in e.symbols:
            if not (0 <= s.source < width and 0 <= s.sub < layer.subs and s.expr.variables() in ((), ("x",))):
                raise InputError(f"Symbol {s.name!r} is on no edge or not a function of x.", hint="Restore the snapshot.")
