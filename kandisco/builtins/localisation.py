"""Quasi-periodic chains with known mobility edges, computed: where eigenstates of a one-dimensional lattice are localised.

A row is one eigenstate of a chain of N sites: its energy E_, the parameters of the chain, and its fractal dimension
D = -log(sum |psi|^4) / log N, near 1 for states spread over the chain and near 0 for those on a few sites. States of one
chain are a group. The potential's frequency is the golden ratio, the ratio of successive Fibonacci numbers such as N.

D = 1/2 is a localisation length of about sqrt(N), so the edge in the rows lies off the known one, which is that of an endless
chain, by about 1 / sqrt(N); a mosaic chain, with a potential at every k-th site, is k times as far off. With k = 3 the
constants of least error are 0.975 and 1.07 in place of 1 and 1 with 610 sites, 0.99 and 1.025 with 2584, 1 and 1.005 with 10946.
So these chains are longer.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kandisco.types import Array, Dataset

SITES, LONG, STATES, CHAINS, ROWS = 610, 6765, 20, 200, 400
_GOLDEN = (1 + math.sqrt(5)) / 2
# Energies [picked] and states [sites, picked] of those with these numbers.
Pick = Callable[["NDArray[np.int64]"], tuple["Array", "Array"]]
Spectrum = Callable[["np.random.Generator", int], tuple[dict[str, float], Pick]]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A family of chains.

    Attributes:
        name, what: for the catalogue.
        parameters: names, in the order of the columns after the energy.
        spectrum: draws a chain of so many sites; gives its parameters, and its energies and states by their numbers.
        law: the mobility edge, localised where it is above zero.
        wrong: share of the rows on the wrong side of it at this N.
        reference: paper.
        sites: N.
    """

    name: str
    what: str
    parameters: tuple[str, ...]
    spectrum: Spectrum
    law: str
    wrong: float
    reference: str
    sites: int = SITES


def _potential(rng: np.random.Generator, sites: int) -> Array:
    import numpy as np

    return np.asarray(np.cos(2 * np.pi * _GOLDEN * np.arange(1, sites + 1) + rng.uniform(0, 2 * np.pi)))


def _picked(potential: Array, numbers: NDArray[np.int64]) -> tuple[Array, Array]:
    """One by one: bisection and inverse iteration take a time that grows with N alone, all states with its square and more."""
    import numpy as np
    from scipy.linalg import eigh_tridiagonal

    hopping = np.ones(len(potential) - 1)
    found = [eigh_tridiagonal(potential, hopping, select="i", select_range=(number, number)) for number in numbers]
    return np.concatenate([energy for energy, _ in found]), np.concatenate([state for _, state in found], axis=1)


def _mosaic(period: int, rng: np.random.Generator, sites: int) -> tuple[dict[str, float], Pick]:
    """V_n = 2 lambda cos(2 pi b n + phi) at every ``period``-th site, else 0."""
    import numpy as np

    lam = rng.uniform(0.0, 2.0)
    here = np.arange(1, sites + 1) % period == 0
    return {"lam": lam}, functools.partial(_picked, 2 * lam * _potential(rng, sites) * here)


def _generalised(rng: np.random.Generator, sites: int) -> tuple[dict[str, float], Pick]:
    """V_n = 2 lambda cos(.) / (1 - alpha cos(.))."""
    lam, alpha = rng.uniform(0.3, 1.7), rng.uniform(-0.8, 0.8)
    cosine = _potential(rng, sites)
    return {"lam": lam, "alpha": alpha}, functools.partial(_picked, 2 * lam * cosine / (1 - alpha * cosine))


def _modified(rng: np.random.Generator, sites: int) -> tuple[dict[str, float], Pick]:
    """Hopping exp(p - p |n - m|), 1 between neighbours, and V_n = lambda cos(.)."""
    import numpy as np
    from scipy.linalg import eigh, toeplitz

    lam, p = rng.uniform(0.5, 3.0), rng.uniform(1.0, 3.0)
    hopping = np.exp(p - p * np.arange(sites))
    hopping[0] = 0.0
    energies, states = eigh(toeplitz(hopping) + np.diag(lam * _potential(rng, sites)))
    return {"lam": lam, "p": p}, lambda numbers: (energies[numbers], states[:, numbers])


MODELS = (
    Model(
        name="mosaic_2",
        what="mosaic chain, potential on every second site",
        parameters=("lam",),
        spectrum=functools.partial(_mosaic, 2),
        law="lam*abs(E_) - 1",
        wrong=0.03,
        reference="Wang et al., Phys. Rev. Lett. 125 (2020) 196604",
    ),
    Model(
        name="mosaic_3",
        what="mosaic chain, potential on every third site",
        parameters=("lam",),
        spectrum=functools.partial(_mosaic, 3),
        law="lam*abs(E_**2 - 1) - 1",
        wrong=0.02,
        reference="Wang et al., Phys. Rev. Lett. 125 (2020) 196604",
        sites=LONG,
    ),
    Model(
        name="generalised",
        what="generalised Aubry-Andre chain",
        parameters=("lam", "alpha"),
        spectrum=_generalised,
        law="alpha*E_ + 2*(lam - 1)",
        wrong=0.03,
        reference="Ganeshan, Pixley and Das Sarma, Phys. Rev. Lett. 114 (2015) 146601",
    ),
    Model(
        name="modified",
        what="Aubry-Andre chain with exponential hopping",
        parameters=("lam", "p"),
        spectrum=_modified,
        law="lam*cosh(p) - E_ - exp(p)",
        wrong=0.03,
        reference="Biddle and Das Sarma, Phys. Rev. Lett. 104 (2010) 070601",
    ),
)


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """Each model twice: with the fractal dimension as target, and with the phase (1 where D < 1/2)."""
    from kandisco.types import KnownLaw

    found = []
    for model in MODELS:
        for phase in (False, True):
            side = "phase > 1/2" if phase else "D < 1/2"
            law = KnownLaw(
                expression=f"{model.law} > 0 <=> {side}", kind="boundary", tolerance=model.wrong, reference=model.reference
            )
            found.append(
                DatasetSpec(
                    name=f"localisation/{model.name}{'_phase' if phase else ''}",
                    load=functools.partial(draw, model, phase, ROWS, 0),
                    generate=functools.partial(draw, model, phase),
                    summary=f"{model.what}: {'localised (1) or not' if phase else 'fractal dimension'} of its eigenstates",
                    source="eigenstates computed with scipy",
                    license="CC0-1.0",
                    truth=f"localised where {model.law} > 0",
                    references=(model.reference, "Liu et al., KAN, arXiv:2404.19756, section 4.3"),
                    laws=(law,),
                )
            )
    return tuple(found)


def draw(model: Model, phase: bool, rows: int, seed: int) -> Dataset:
    """Eigenstates of chains drawn at random, ``STATES`` of each, or more where that would take more than ``CHAINS`` chains.

    Args:
        model: which family.
        phase: the phase as target, not the fractal dimension.
        rows: how many.
        seed: of all randomness.
    """
    from zlib import crc32

    import numpy as np

    from kandisco.types import Dataset, Variable

    rng = np.random.default_rng([seed, crc32(model.name.encode())])
    blocks, groups = [], []
    each = min(max(STATES, math.ceil(rows / CHAINS)), model.sites)
    for chain in range(math.ceil(rows / each)):
        parameters, picked = model.spectrum(rng, model.sites)
        energies, states = picked(rng.choice(model.sites, min(each, rows - chain * each), replace=False))
        dimension = -np.log(np.sum(states**4, axis=0)) / np.log(model.sites)
        own = [np.full(len(energies), parameters[name]) for name in model.parameters]
        blocks.append(np.column_stack([energies, *own, dimension]))
        groups.append(np.full(len(energies), chain))
    table = np.concatenate(blocks)
    y = np.ascontiguousarray((table[:, -1] < 0.5).astype(np.float64) if phase else table[:, -1])
    name = f"localisation_{model.name}{'_phase' if phase else ''}"
    return Dataset(
        name=name,
        x=np.ascontiguousarray(table[:, :-1]),
        y=y,
        inputs=(Variable(name="E_", label="E_"), *(Variable(name=n, label=n) for n in model.parameters)),
        target=Variable(name="phase" if phase else "D", label="phase" if phase else "D"),
        groups=np.concatenate(groups).astype(np.int64),
        source=f"@{name.replace('localisation_', 'localisation/')}",
    )
