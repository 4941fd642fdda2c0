"""Who hears of a run: its folder and the observers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kandisco import kan as net
from kandisco.specs import Observer
from kandisco.types import Formula, StageRecord

if TYPE_CHECKING:
    from kandisco.run import Run


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Who hears of the run: the run folder and the observers; the units solved so far, by name; the seconds when a law stood."""

    run: Run | None
    observers: Sequence[Observer]
    records: list[StageRecord] = field(default_factory=list)
    solved: dict[str, list[Formula]] = field(default_factory=dict)
    laws: list[float] = field(default_factory=list)

    def tell(self, event: str, *args: Any, **values: Any) -> None:
        """Say it to all observers."""
        for observer in self.observers:
            getattr(observer, event)(*args, **values)

    def record(self, record: StageRecord) -> None:
        """Keep what a stage did."""
        self.records.append(record)
        if self.run is not None:
            self.run.write_record(record)
        self.tell("stage_finished", record.stage, record)

    def keep(self, name: str, kan: net.KAN, about: Mapping[str, Any], scales: Mapping[str, float]) -> None:
        """Store a network; its inputs are told in the user's units, not in the powers of ten that attempts see."""
        if self.run is not None:
            arrays, meta = net.save(kan)
            sizes = [scales[column] for column in about["columns"]]
            units = {key: [v * size for v, size in zip(about[key], sizes, strict=True)] for key in ("centre", "half")}
            self.run.save_model(name, arrays, {**meta, **about, **units})

    def broken(self) -> tuple[str, ...]:
        """What engines failed with, each said once."""
        notes = (note for record in self.records if record.stage.startswith("refiner ") for note in record.notes)
        return tuple(dict.fromkeys(notes))
