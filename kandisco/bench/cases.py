"""What is run: every law with every seed, noise level, number of rows and number of columns that do not matter."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kandisco.bench.laws import Law
from kandisco.config import Config


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How every case is solved.

    Attributes:
        config: the discoverer's settings.
        plugins_dir, block, strict: which third parties' plugins take part.
        units: whether the search is told the units of the table.
        cpu: whether the time limit and the seconds are CPU seconds, which a busy machine does not change; else wall time.
    """

    config: Config = field(default_factory=Config)
    plugins_dir: str | None = None
    block: tuple[str, ...] = ()
    strict: bool = False
    units: bool = False
    cpu: bool = False

    def differences(self) -> str:
        """The settings that decide results and are not default, as ``name=value``; the time limit always."""
        default = Config().to_dict()
        values = {name: value for name, value in self.config.to_dict().items() if value != default[name] and name != "seed"}
        return (
            " ".join(f"{name}={value}" for name, value in {**values, "time": f"{self.config.time:g}"}.items())
            + " units" * self.units
            + " cpu" * self.cpu
        )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One problem under one condition."""

    law: Law
    seed: int = 0
    noise: float = 0.0
    rows: int = 1000
    irrelevant: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """What tells cases of one table apart, as text."""
        return (self.law.suite, self.law.name, str(self.seed), f"{self.noise:g}", str(self.rows), str(self.irrelevant))

    def to_dict(self) -> dict[str, Any]:
        """The case as JSON values; ``from_dict`` reads it back."""
        ranges = [f"{r.low!r}:{r.high!r}:{r.kind}:{'both' if r.both else 'pos'}" for r in self.law.inputs.values()]
        row = {
            "suite": self.law.suite,
            "name": self.law.name,
            "formula": self.law.text,
            "target": self.law.target,
            "inputs": ";".join(self.law.inputs),
            "ranges": ";".join(ranges),
            "units": ";".join(f"{name}:{unit}" for name, unit in self.law.units.items()),
        }
        return {"law": row} | {k: v for k, v in asdict(self).items() if k != "law"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Case:
        """Build from what ``to_dict`` gave."""
        from kandisco.bench.laws import law_from

        return cls(**{**values, "law": law_from(values["law"])})


def cases(
    laws: Sequence[Law],
    *,
    seeds: Sequence[int] = (0,),
    noises: Sequence[float] = (0.0,),
    rows: Sequence[int] = (1000,),
    irrelevant: Sequence[int] = (0,),
) -> tuple[Case, ...]:
    """Every combination, law by law within a condition."""
    every = itertools.product(noises, rows, irrelevant, seeds, laws)
    return tuple(Case(law=law, seed=seed, noise=noise, rows=n, irrelevant=more) for noise, n, more, seed, law in every)
