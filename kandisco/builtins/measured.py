"""Measured sets that live in other packages: read or computed at run time, never copied (kandisco[measured])."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kandisco.errors import PluginError
from kandisco.hookspecs import hookimpl
from kandisco.specs import DatasetSpec

if TYPE_CHECKING:
    from kandisco.types import Dataset

_SEMF = "15.37*A - 16.59*A**(2/3) - 0.696*Z*(Z - 1)/A**(1/3) - 22.48*(A - 2*Z)**2/A + 11.6*pairing/sqrt(A)"


@hookimpl
def kandisco_datasets() -> Iterable[DatasetSpec]:
    """X-ray lines, nuclear masses and a real gas."""
    from kandisco.types import KnownLaw

    return (
        DatasetSpec(
            name="moseley",
            load=moseley,
            summary="energy of the K-alpha-1 X-ray line over the atomic number, 11 to 50",
            source="xraydb (Elam, Ravel, Sieber 2002), read at run time",
            license="MIT",
            truth="sqrt(E) linear in Z",
            laws=(
                KnownLaw(expression="E_eV = 10.543*(Z - 1.27)**2", kind="approximate", tolerance=0.01, reference="Moseley 1913"),
            ),
            citation="Elam, Ravel and Sieber, Radiation Physics and Chemistry 63 (2002) 121",
            references=("Moseley, Phil. Mag. 26 (1913) 1024",),
            unavailable=functools.partial(_missing, "xraydb"),
        ),
        DatasetSpec(
            name="nuclear_masses",
            load=nuclear_masses,
            summary="binding energy of 3000 and more nuclei from A = 16 on; pairing is 1 for even-even, -1 for odd-odd, else 0",
            source="AME2020 as in pynucastro, read at run time",
            license="BSD-3-Clause",
            truth="the semi-empirical mass formula, to 3.5 MeV",
            laws=(KnownLaw(expression=f"B = {_SEMF}", kind="approximate", tolerance=0.005, reference="Weizsaecker 1935"),),
            citation="Wang et al., The AME 2020 atomic mass evaluation, Chinese Physics C 45 (2021) 030003",
            references=("von Weizsaecker, Z. Phys. 96 (1935) 431",),
            unavailable=functools.partial(_missing, "pynucastro"),
        ),
        DatasetSpec(
            name="nitrogen",
            load=functools.partial(nitrogen, 300, 0),
            generate=nitrogen,
            summary="pressure of real nitrogen over temperature and molar density, thin enough to be nearly ideal",
            source="CoolProp's reference equation of state (fitted to measurements), computed at run time",
            license="MIT",
            truth="p = 8.314462618*rho*T, to a thousandth",
            laws=(KnownLaw(expression="p = 8.314462618*rho*T", kind="approximate", tolerance=2e-3, reference="Clapeyron 1834"),),
            citation="Span et al., J. Phys. Chem. Ref. Data 29 (2000) 1361; Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498",
            references=("http://www.coolprop.org",),
            unavailable=functools.partial(_missing, "CoolProp"),
        ),
    )


def _missing(package: str) -> str:
    if importlib.util.find_spec(package) is not None:
        return ""
    return f"the package {package} is not installed.\nInstall kandisco[measured]."


def moseley() -> Dataset:
    """Z and the energy of K-alpha-1 in eV."""
    xraydb = importlib.import_module("xraydb")
    rows = [(z, xraydb.xray_line(z, "Ka1").energy) for z in range(11, 51)]
    return _dataset("moseley", rows, (("Z", ""),), ("E_eV", "eV"))


def nuclear_masses() -> Dataset:
    """Mass number, atomic number, pairing, and the binding energy in MeV."""
    table = _excesses()
    neutron, hydrogen = table[1, 0], table[1, 1]
    rows = [
        (a, z, (1 - z % 2 - (a - z) % 2), z * hydrogen + (a - z) * neutron - excess)
        for (a, z), excess in sorted(table.items())
        if a >= 16 and z > 0
    ]
    return _dataset("nuclear_masses", rows, (("A", ""), ("Z", ""), ("pairing", "")), ("B", "MeV"))


def _excesses() -> dict[tuple[int, int], float]:
    """(A, Z) -> mass excess in MeV. The file is read without its package, whose import takes many seconds."""
    spec = importlib.util.find_spec("pynucastro")
    (folder,) = (spec.submodule_search_locations if spec else None) or [""]
    path = Path(folder, "nucdata", "AtomicMassEvaluation", "mass_excess2020.txt")
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}.", hint="Install pynucastro 3.1.") from None
    return {(int(row[0]), int(row[1])): float(row[2]) for row in rows if len(row) >= 3 and row[0].isdigit()}


def nitrogen(rows: int, seed: int) -> Dataset:
    """Temperature (K), molar density (mol/m^3) and pressure (Pa); the same arguments give the same rows."""
    import numpy as np

    props: Callable[..., Any] = importlib.import_module("CoolProp.CoolProp").PropsSI
    rng = np.random.default_rng([seed, 28])
    t, rho = rng.uniform(250.0, 800.0, rows), np.exp(rng.uniform(np.log(1.0), np.log(60.0), rows))
    found = [(a, b, float(props("P", "T", a, "Dmolar", b, "Nitrogen"))) for a, b in zip(t.tolist(), rho.tolist(), strict=True)]
    return _dataset("nitrogen", found, (("T", "K"), ("rho", "mol/m^3")), ("p", "Pa"))


def _dataset(name: str, rows: Sequence[tuple[float, ...]], inputs: Sequence[tuple[str, str]], target: tuple[str, str]) -> Dataset:
    import numpy as np

    from kandisco.types import Dataset, Variable

    table = np.array(rows, dtype=np.float64)
    return Dataset(
        name=name,
        x=np.ascontiguousarray(table[:, :-1]),
        y=np.ascontiguousarray(table[:, -1]),
        inputs=tuple(Variable(name=column, label=column, unit=unit) for column, unit in inputs),
        target=Variable(name=target[0], label=target[0], unit=target[1]),
        source=f"@{name}",
    )
