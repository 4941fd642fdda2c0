"""All settings of a run: one flat, frozen dataclass. Its field docs feed the CLI help and the reference docs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from kandisco.errors import ConfigError

Lamb = float | Literal["auto"]
Jobs = int | Literal["auto"]
Loss = Literal["squares", "robust"]
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _doc(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of ``kandisco discover``; every field is a flag or reachable by ``--set name=value``."""

    target: str = _doc("", "Column to explain (default: the last numeric column).")
    features: tuple[str, ...] = _doc((), "Columns to explain it with, comma separated (default: all others).")
    units: tuple[str, ...] = _doc(
        (),
        "Units of columns as name=unit, comma separated, where headers such as v [m/s] do not give them; a help, never needed.",
    )
    lamb: Lamb = _doc(
        "auto", "Sparsity pressure, unitless: the same value means the same pressure at any scale; 'auto' takes 0.01."
    )
    width: str = _doc("", "KAN shape such as 2,5,1; 5+2 means 5 sum and 2 product nodes (default: searched).")
    grid: int = _doc(5, "Grid intervals of the first training; refined from there.")
    basis: str = _doc("bspline", "Edge basis, by name (kandisco list bases).")
    functions: tuple[str, ...] = _doc(("elementary",), "Functions to build formulas from: names or tags, comma separated.")
    refiner: str = _doc("auto", "Engine that polishes composed formulas: auto, none or a name.")
    time: float = _doc(60.0, "Time limit in seconds; also written 90s, 5m, 1h.")
    loss: Loss = _doc(
        "squares", "squares, or robust: rows far from all others are set aside, named in the result, and judged again by the law."
    )
    uncertainty: str = _doc(
        "", "Standard uncertainty of the target, in its unit (0.02) or of each value (1%): no formula is asked to fit better."
    )
    sigma: tuple[str, ...] = _doc(
        (), "Column of the target's standard uncertainties; x=COLUMN for those of another column (default: told by headers)."
    )
    roles: bool = _doc(
        True, "Take columns called u(x), x_err, sigma_x, rep, ... as uncertainties and counters, not as quantities."
    )
    jobs: Jobs = _doc(1, "Worker processes; auto takes one for each physical core. The formulas are the same for any number.")
    seed: int = _doc(0, "Seed of all randomness: the same data, settings and seed give the same formulas.")
    test_size: float = _doc(0.2, "Share of rows held out to score formulas.")
    max_complexity: int = _doc(40, "Largest formula to consider, in nodes of its tree; twice that if it is exact.")
    max_rows: int = _doc(2000, "Rows used for training; larger tables are sampled and the result verified on all rows.")
    max_attempts: int = _doc(100, "Kinds of formulas and networks to try, simplest first; a run so limited repeats exactly.")
    restarts: int = _doc(8, "Random restarts per KAN shape, trained side by side.")
    beam: int = _doc(16, "Joint symbol assignments kept while composing a formula.")
    candidates: int = _doc(4, "Symbols kept per edge.")
    prune_threshold: float = _doc(0.01, "Edges whose share of the output's deviation is below this are tried for removal.")

    def __post_init__(self) -> None:
        checks = (
            (
                self.lamb == "auto" or (not isinstance(self.lamb, str) and 0 <= self.lamb <= 1),
                "lamb",
                "a number from 0 to 1, or auto",
            ),
            (self.loss in get_args(Loss), "loss", "squares or robust"),
            (self.jobs == "auto" or self.jobs >= 1, "jobs", "a whole number of at least 1, or auto"),
            (1 <= self.grid <= 200, "grid", "a whole number from 1 to 200"),
            (self.time > 0, "time", "a duration above zero"),
            (0 < self.test_size < 0.9, "test_size", "a share between 0 and 0.9"),
            (self.max_complexity >= 1, "max_complexity", "a whole number of at least 1"),
            (self.max_rows >= 10, "max_rows", "a whole number of at least 10"),
            (self.max_attempts >= 1, "max_attempts", "a whole number of at least 1"),
            (self.restarts >= 1, "restarts", "a whole number of at least 1"),
            (self.beam >= 1, "beam", "a whole number of at least 1"),
            (self.candidates >= 1, "candidates", "a whole number of at least 1"),
            (0 <= self.prune_threshold < 1, "prune_threshold", "a share from 0 to 1"),
            (0 <= self.seed < 2**63, "seed", "a whole number from 0 to 2**63 - 1"),
        )
        for ok, name, want in checks:
            if not ok:
                raise ConfigError(f"{name}={getattr(self, name)!r} is not usable.", hint=f"Give {want}.")
        parse_uncertainty(self.uncertainty)

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON values; ``from_dict`` reads them back unchanged."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """Build from JSON values or from text (``"0.01"``, ``"x,y"``); unknown names and wrong kinds raise ConfigError."""
        known = {f.name: f for f in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise ConfigError(f"There is no setting {name!r}.", hint="Settings are: " + ", ".join(known) + ".")
        return cls(**{name: _convert(name, known[name].default, value) for name, value in values.items()})


def parse_duration(text: str | float) -> float:
    """Seconds from ``90``, ``"90s"``, ``"5m"``, ``"1.5h"``."""
    if isinstance(text, int | float):
        return float(text)
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    body = text.strip().lower()
    scale = units.get(body[-1:], 1.0)
    return float(body.rstrip("smh")) * scale


def parse_uncertainty(text: str) -> tuple[float, bool]:
    """The standard uncertainty that a text states, and whether it is a share of each value; 0 for an empty text.

    Raises:
        ConfigError: it is no number above zero, and no percentage.

    Example:
        >>> parse_uncertainty("0.5%"), parse_uncertainty("0.02")
        ((0.005, True), (0.02, False))
    """
    if not text.strip():
        return 0.0, False
    body, percent, rest = text.strip().partition("%")
    try:
        value = float(body) / (100.0 if percent else 1.0)
    except ValueError:
        value = math.nan
    if rest or not 0 < value < math.inf:
        raise ConfigError(
            f"uncertainty={text!r} is not usable.",
            hint="Give a number above zero in the target's unit, such as 0.02, or a percentage of each value, such as 1%.",
        )
    return value, bool(percent)


def _convert(name: str, default: Any, value: Any) -> Any:
    try:
        if name == "lamb":
            return "auto" if value == "auto" else float(value)
        if name == "jobs" and value == "auto":
            return value
        if name == "time":
            return parse_duration(value)
        if isinstance(default, bool):
            return _BOOLEANS[str(value).strip().lower()]
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(str(part).strip() for part in parts if str(part).strip())
        if isinstance(default, int) and float(value) != int(float(value)):
            raise ValueError
        return int(float(value)) if isinstance(default, int) else type(default)(value)
    except ConfigError:
        raise
    except (KeyError, TypeError, ValueError):
        kind = (
            "a duration such as 60s"
            if name == "time"
            else "true or false"
            if isinstance(default, bool)
            else type(default).__name__
        )
        raise ConfigError(f"{name}={value!r} is not usable.", hint=f"Give {kind}.") from None
