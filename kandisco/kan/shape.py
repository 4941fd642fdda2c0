"""The shape of a network: how many sum and product nodes each layer has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from kandisco.errors import ConfigError

_PART = re.compile(r"(\d+)(?:x(\d+))?")


@dataclass(frozen=True)
class Layer:
    """One layer: ``sums`` sum nodes followed by one product node for each entry (its arity) of ``products``.

    A sum node is one sub-sum over all edges; a product node of arity a multiplies a sub-sums of its own.
    """

    sums: int
    products: tuple[int, ...] = ()

    @property
    def nodes(self) -> int:
        """Number of nodes the next layer sees."""
        return self.sums + len(self.products)

    @property
    def subs(self) -> int:
        """Number of sub-sums, the rows of the layer's coefficients."""
        return self.sums + sum(self.products)

    def owner(self) -> tuple[int, ...]:
        """The node each sub-sum belongs to."""
        return (*range(self.sums), *(self.sums + j for j, arity in enumerate(self.products) for _ in range(arity)))

    def __str__(self) -> str:
        runs = [(arity, len(list(run))) for arity, run in groupby(self.products)]
        return str(self.sums) + "".join(f"+{n}" if arity == 2 else f"+{n}x{arity}" for arity, n in runs)


@dataclass(frozen=True)
class Shape:
    """Number of inputs and the layers after them; ``str`` gives the usual bracket form.

    Example:
        >>> str(Shape(2, (Layer(5, (2,)), Layer(1))))
        '[2,5+1,1]'
    """

    inputs: int
    layers: tuple[Layer, ...]

    @property
    def outputs(self) -> int:
        """Nodes of the last layer."""
        return self.layers[-1].nodes

    @property
    def widths(self) -> tuple[int, ...]:
        """Nodes that enter each layer of edges."""
        return (self.inputs, *(layer.nodes for layer in self.layers[:-1]))

    def __str__(self) -> str:
        return f"[{','.join([str(self.inputs), *(str(layer) for layer in self.layers)])}]"


def parse_width(text: str, n_inputs: int) -> Shape:
    """Read a shape such as ``2,5,1``, ``[2,5+1,1]`` (one product node of two factors) or ``3,0+1x3`` (one of three).

    Args:
        text: comma separated layers, the first one the number of inputs.
        n_inputs: the number of inputs the data have.

    Raises:
        ConfigError: not a shape, or not one for so many inputs.

    Example:
        >>> parse_width("2,5+2,1", 2).layers[0].products
        (2, 2)
    """
    entries = [entry.strip() for entry in text.strip().strip("[]").split(",")]
    if len(entries) < 2 or not entries[0].isdigit():
        raise ConfigError(f"{text!r} is not a network shape.", hint=f"Write inputs, hidden layers, outputs, e.g. {n_inputs},5,1.")
    if int(entries[0]) != n_inputs:
        raise ConfigError(f"Shape {text!r} has {entries[0]} inputs, the data {n_inputs}.", hint=f"Start it with {n_inputs}.")
    return Shape(n_inputs, tuple(_parse_layer(entry, text) for entry in entries[1:]))


def _parse_layer(entry: str, text: str) -> Layer:
    sums, *rest = (part.strip() for part in entry.split("+"))
    found = [_PART.fullmatch(part) for part in rest]
    if not sums.isdigit() or not all(found):
        raise ConfigError(
            f"{entry!r} in shape {text!r} is not a layer.", hint="Write 5, 5+2 (two product nodes) or 5+1x3 (one, of three)."
        )
    products = tuple(int(m[2] or 2) for m in found if m for _ in range(int(m[1])))
    layer = Layer(int(sums), products)
    if layer.nodes == 0 or min(products, default=2) < 2:
        raise ConfigError(
            f"{entry!r} in shape {text!r} has no node or a product of fewer than two.", hint="Give at least one node."
        )
    return layer
