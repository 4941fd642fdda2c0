"""What attempts work on, and what an attempt is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kandisco import kan as net
from kandisco.config import Config
from kandisco.control import Control
from kandisco.evidence.rows import Rows
from kandisco.specs import BasisSpec, FunctionSpec, RefinerSpec
from kandisco.spread import Spread, in_turn
from kandisco.stages.candidate import Candidate
from kandisco.symbolic.sample import Sample
from kandisco.types import StageRecord


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What attempts work on: scaled rows, the library, the edge basis, the settings.

    ``report`` is told what each stage of a network attempt did, ``keep`` is handed each network that was read off, after each
    stage, with what brings its inputs back to the columns, ``engine`` is asked for functions through the network's edges that the
    library draws poorly, ``units`` are those of the columns that have one, the target's under ``""``. ``spread`` is how
    independent fits are made.
    """

    rows: Rows
    functions: tuple[FunctionSpec, ...]
    basis: BasisSpec
    config: Config
    report: Callable[[StageRecord], None] = lambda record: None
    keep: Callable[[str, net.KAN, Mapping[str, Any]], None] = lambda name, kan, about: None
    units: Mapping[str, str] = field(default_factory=dict)
    engine: RefinerSpec | None = None
    spread: Spread = in_turn

    @property
    def sample(self) -> Sample:
        """The rows formulas are fitted to."""
        return self.rows.fit


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One shape: ``run`` returns candidate formulas (possibly none).

    A ``quick`` one is linear algebra. A ``deep`` one is not worth its time at the noise floor, unless it seeks a ``plainer`` law
    and what is there has fitted constants to spare. One that is tried ``always`` costs no time to speak of: even a run that is
    late has it to show.
    """

    name: str
    run: Callable[[Control], list[Candidate]]
    quick: bool = False
    deep: bool = False
    plainer: bool = False
    always: bool = False
