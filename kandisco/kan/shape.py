"""The shape of a network: how many sum and product nodes each layer has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from kandisco.errors import ConfigError

_PART = re.compile(r"(\d+)(?:x(\d+))?")


@dataclass(frozen=True)
class Layer:
    """One layer: ``sums`` sum nodes followed by one product node for each entry (its arity) of ``products``.

    A sum node is one sub-sum over all edges; a product node of arity a multiplies a sub-sums of its own. Edges come from the
    level below and, skipping some, from the levels in ``skips`` (0 for the inputs, 1 for the first layer, ...).
    """

    sums: int
    products: tuple[int, ...] = ()
    skips: tuple[int, ...] = ()

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
        nodes = str(self.sums) + "".join(f"+{n}" if arity == 2 else f"+{n}x{arity}" for arity, n in runs)
        return nodes + "".join(f"@{level}" for level in self.skips)


@dataclass(frozen=True)
class Shape:
    """Number of inputs and the layers after them; ``str`` gives the usual bracket form.

    Raises:
        ConfigError: a layer skips to a level that is not below the one before it.

    Example:
        >>> str(Shape(2, (Layer(5, (2,)), Layer(1))))
        '[2,5+1,1]'
    """

    inputs: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        for level, layer in enumerate(self.layers):
            if len(set(layer.skips)) < len(layer.skips) or not all(0 <= skip < level for skip in layer.skips):
                raise ConfigError(
                    f"Layer {layer} is number {level + 1}: it cannot skip to {', '.join(str(skip) for skip in layer.skips)}.",
                    hint="@0 is the inputs, @1 the first layer; the level just below is heard without it.",
                )

    @property
    def outputs(self) -> int:
        """Nodes of the last layer."""
        return self.layers[-1].nodes

    @property
    def widths(self) -> tuple[int, ...]:
        """Nodes that enter each layer of edges."""
        return tuple(sum(part.stop - part.start for _, part in self.parts(level)) for level in range(len(self.layers)))

    def parts(self, level: int) -> tuple[tuple[int, slice], ...]:
        """Where the sources of a layer come from: (level of nodes, 0 for the inputs; their place among the sources)."""
        origins = (level, *self.layers[level].skips)
        sizes = (self.inputs, *(layer.nodes for layer in self.layers))
        ends = accumulate((sizes[origin] for origin in origins), initial=0)
        return tuple((origin, slice(a, b)) for origin, (a, b) in zip(origins, pairwise(ends), strict=True))

    def __str__(self) -> str:
        return f"[{','.join([str(self.inputs), *(str(layer) for layer in self.layers)])}]"


def parse_width(text: str, n_inputs: int) -> Shape:
    """Read a shape such as ``2,5,1``, ``[2,5+1,1]`` (one product node of two factors), ``3,0+1x3`` (one of three), or
    ``2,5,1@0``, whose output hears the inputs (level 0) directly too.

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
    nodes, *skips = (part.strip() for part in entry.split("@"))
    sums, *rest = (part.strip() for part in nodes.split("+"))
    found = [_PART.fullmatch(part) for part in rest]
    if not sums.isdigit() or not all(found) or not all(skip.isdigit() for skip in skips):
        raise ConfigError(
            f"{entry!r} in shape {text!r} is not a layer.",
            hint="Write 5, 5+2 (two product nodes), 5+1x3 (one, of three) or 5@0 (hears the inputs too).",
        )
    products = tuple(int(m[2] or 2) for m in found if m for _ in range(int(m[1])))
    layer = Layer(int(sums), products, tuple(int(skip) for skip in skips))
    if layer.nodes == 0 or min(products, default=2) < 2:
        raise ConfigError(
            f"{entry!r} in shape {text!r} has no node or a product of fewer than two.", hint="Give at least one node."
        )
    return layer
