"""The fifteen special functions of two variables that the KAN paper measures on, as named sets ``special/...``."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Array, Dataset

ROWS = 1000
_UNIT, _ANGLE = (0.0, 1.0), (0.0, 6.283185307179586)


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function f(x, y) with the box its arguments are drawn from."""

    name: str
    what: str
    x: tuple[float, float]
    y: tuple[float, float]
    value: Callable[[Any, Any], Any]


def _scipy(name: str, *first: float, part: int | None = None) -> Callable[[Any, Any], Any]:
    def value(x: Any, y: Any) -> Any:
        found = getattr(importlib.import_module("scipy.special"), name)(*first, x, y)
        return found if part is None else found[part]

    return value


def _harmonic(order: int, degree: int) -> Callable[[Any, Any], Any]:
    """Real part of a spherical harmonic of azimuth x and polar angle y; scipy renamed its function and swapped the arguments."""

    def value(x: Any, y: Any) -> Any:
        special = importlib.import_module("scipy.special")
        new = getattr(special, "sph_harm_y", None)
        return (special.sph_harm(order, degree, x, y) if new is None else new(degree, order, y, x)).real

    return value


FUNCTIONS = (
    Function(name="ellipj", what="Jacobi's elliptic sn(x | y)", x=(-4.0, 4.0), y=_UNIT, value=_scipy("ellipj", part=0)),
    Function(name="ellipkinc", what="elliptic F(x | y)", x=(0.0, 1.5), y=(0.0, 0.95), value=_scipy("ellipkinc")),
    Function(name="ellipeinc", what="elliptic E(x | y)", x=(0.0, 1.5), y=_UNIT, value=_scipy("ellipeinc")),
    Function(name="jv", what="Bessel J of order x at y", x=(0.0, 3.0), y=(0.0, 10.0), value=_scipy("jv")),
    Function(name="yv", what="Bessel Y of order x at y", x=_UNIT, y=(1.0, 10.0), value=_scipy("yv")),
    Function(name="kv", what="modified Bessel K of order x at y", x=_UNIT, y=(0.5, 3.0), value=_scipy("kv")),
    Function(name="iv", what="modified Bessel I of order x at y", x=_UNIT, y=(0.0, 3.0), value=_scipy("iv")),
    *(
        Function(
            name=f"lpmv_{m}", what=f"associated Legendre P of order {m}", x=(0.0, 3.0), y=(-0.9, 0.9), value=_scipy("lpmv", m)
        )
        for m in (0, 1, 2)
    ),
    *(
        Function(
            name=f"sph_harm_{m}_{n}", what=f"Re Y of degree {n}, order {m}", x=_ANGLE, y=(0.0, 3.14159), value=_harmonic(m, n)
        )
        for m, n in ((0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
    ),
)


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """One spec for each function."""
    return tuple(
        DatasetSpec(
            name=f"special/{function.name}",
            load=functools.partial(draw, function, ROWS, 0),
            generate=functools.partial(draw, function),
            summary=f"{function.what}, x in {function.x}, y in {function.y}",
            source="computed with scipy.special",
            license="CC0-1.0",
            truth=f"{function.name}(x, y)",
            references=("Liu et al., KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756, table 2",),
        )
        for function in FUNCTIONS
    )


def draw(function: Function, rows: int, seed: int) -> Dataset:
    """Rows of a function, uniform in its box; the same arguments give the same rows."""
    from zlib import crc32

    import numpy as np

    from kandisco.types import Dataset, Variable

    rng = np.random.default_rng([seed, crc32(function.name.encode())])
    x: Array = np.column_stack([rng.uniform(*function.x, rows), rng.uniform(*function.y, rows)])
    inputs = (Variable(name="x", label="x"), Variable(name="y", label="y"))
    y = np.ascontiguousarray(function.value(x[:, 0], x[:, 1]), dtype=np.float64)
    name = f"special_{function.name}"
    return Dataset(name=name, x=x, y=y, inputs=inputs, target=Variable(name="f", label="f"), source=f"@special/{function.name}")
