"""Physical constants that a fitted constant could be: suggestions, never put into the formula."""

from __future__ import annotations

import math
from dataclasses import dataclass

# scipy's CODATA names; the signs physicists write for them.
_CONSTANTS = {
    "speed of light in vacuum": "c",
    "Newtonian constant of gravitation": "G",
    "Planck constant": "h",
    "reduced Planck constant": "ħ",
    "elementary charge": "e",
    "Boltzmann constant": "k_B",
    "Avogadro constant": "N_A",
    "molar gas constant": "R",
    "Faraday constant": "F",
    "vacuum electric permittivity": "ε₀",
    "vacuum mag. permeability": "μ₀",
    "electron mass": "m_e",
    "proton mass": "m_p",
    "neutron mass": "m_n",
    "atomic mass constant": "m_u",
    "fine-structure constant": "α",
    "Rydberg constant": "R_∞",
    "Bohr radius": "a₀",
    "Bohr magneton": "μ_B",
    "Stefan-Boltzmann constant": "σ",
    "Wien wavelength displacement law constant": "b",
    "standard acceleration of gravity": "g",
    "standard atmosphere": "atm",
    "magn. flux quantum": "Φ₀",
    "characteristic impedance of vacuum": "Z₀",
}
_FACTORS = {"": 1.0, "2 ": 2.0, "½ ": 0.5, "4π ": 4 * math.pi, "2π ": 2 * math.pi}
_INVERSES = {"vacuum electric permittivity": ("1/(4π ε₀)", 1 / (4 * math.pi))}
_LEVEL = 0.01


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A physical constant near a fitted one.

    Attributes:
        name: CODATA's.
        sign: with the simple factor before it, e.g. ``4π G``.
        value: in SI units.
        unit: SI.
        deviation: distance of the fitted constant in its standard errors.
        chance: probability that some constant of the list lies this near by accident.
    """

    name: str
    sign: str
    value: float
    unit: str
    deviation: float
    chance: float


def suggestions(value: float, error: float) -> list[Suggestion]:
    """Physical constants within two standard errors of a fitted one, unless such a match could be an accident.

    The chance of an accident is the number of listed values within a decade of the fitted one, times the share of two decades
    that the window of two standard errors covers; above 1 in 100 nothing is suggested. Units are not compared: that is the
    reader's part.

    Args:
        value: the fitted constant, in SI units or not.
        error: its standard error; a tenth of a thousandth of the value at least, since nobody's tables are better than that.

    Example:
        >>> [found.sign for found in suggestions(8.3146, 0.0008)]
        ['R']
        >>> suggestions(8.3, 0.2)
        []
    """
    if not value or not math.isfinite(error):
        return []
    width = 2 * max(error, 1e-4 * abs(value))
    listed = _listed()
    near = sum(abs(math.log10(abs(one.value / value))) < 1 for one in listed)
    chance = near * 2 * width / abs(value) / math.log(100)
    if chance > _LEVEL:
        return []
    hits = [one for one in listed if abs(abs(value) - one.value) <= width]
    return [
        Suggestion(
            name=one.name,
            sign=one.sign,
            value=one.value,
            unit=one.unit,
            chance=chance,
            deviation=abs(abs(value) - one.value) * 2 / width,
        )
        for one in sorted(hits, key=lambda one: abs(abs(value) - one.value))
    ]


def _listed() -> list[Suggestion]:
    from scipy.constants import physical_constants

    out = []
    for name, sign in _CONSTANTS.items():
        value, unit, _ = physical_constants[name]
        out += [
            Suggestion(name=name, sign=f"{factor}{sign}", value=times * value, unit=unit, deviation=0.0, chance=0.0)
            for factor, times in _FACTORS.items()
        ]
    for name, (sign, factor) in _INVERSES.items():
        value, unit, _ = physical_constants[name]
        out.append(Suggestion(name=name, sign=sign, value=factor / value, unit=f"1/({unit})", deviation=0.0, chance=0.0))
    return out
