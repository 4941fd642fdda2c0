"""From a clean dataset to ranked formulas: plain sequential code, and the only place that knows the order of the stages."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco import data, search
from kandisco.config import Config
from kandisco.control import Control
from kandisco.expr import Expr, from_json, mul, num, to_json, to_text, var
from kandisco.specs import Observer
from kandisco.stages.candidate import Candidate
from kandisco.stages.refine import refine
from kandisco.stages.score import Rows, choose, error, score
from kandisco.stages.simplify import simplify
from kandisco.symbolic.snap import Sample
from kandisco.types import Dataset, Formula, Result, Split, StageRecord, Status

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.run import Run


def discover(
    dataset: Dataset,
    config: Config,
    registry: Registry,
    *,
    run: Run | None = None,
    observers: Sequence[Observer] = (),
    control: Control | None = None,
) -> Result:
    """Find the formulas behind a dataset.

    Args:
        dataset: clean numbers, in the user's units.
        config: all settings.
        registry: where functions, bases and refiners are looked up.
        run: a run folder that journals finished attempts; an interrupted one resumes from it.
        observers: see the run, never change it.
        control: the deadline and the interrupt flag; by default a deadline of ``config.time``.

    Returns:
        The best formula with its evidence, the Pareto front, baselines, warnings and records.

    Example:
        >>> # discover(dataset, Config(seed=1), Registry(load())).best.expr
    """
    control = control or Control(seconds=config.time)
    split = data.split(dataset, test_size=config.test_size, max_rows=config.max_rows, seed=config.seed)
    rows = _rows(dataset, split)
    scales = _scales(rows.fit)
    problem = search.Problem(
        rows=_scaled(rows, scales),
        functions=registry.functions(config.functions),
        basis=registry.basis(config.basis),
        config=config,
    )
    pool: list[Formula] = []
    records: list[StageRecord] = []
    status: Status = "done"
    for attempt in search.attempts(problem):
        if reason := control.reason():
            status = reason
            break
        if attempt.name.startswith("kan") and not config.width and _at_noise(pool, rows):
            break
        _tell(observers, "stage_started", "search", shape=attempt.name)
        found = _attempt(attempt, rows, scales, config, control, run, records)
        if reason := control.reason():
            status = reason
        pool += found
        best, _ = choose(pool, rows)
        if best is not None:
            _tell(observers, "progress", "search", shape=attempt.name, best=to_text(best.expr, 5), train=best.rmse_train / rows.fit.scale,
                  valid=best.rmse_valid / rows.fit.scale, seconds=control.elapsed())  # fmt: skip
        if search.settled(pool, rows):
            break
    best, front = choose(_polished(pool, rows), rows)
    result = Result(
        best=best,
        front=front,
        dataset=dataset,
        baselines=_baselines(rows),
        noise=0.0 if best is None or best.evidence == "none" or best.rmse_train < 1e-9 * rows.fit.scale else best.rmse_train,
        status=status,
        seed=config.seed,
        seconds=control.elapsed(),
        warnings=(*dataset.notes, *_warnings(best, dataset, split, status)),
        records=tuple(records),
    )
    _tell(observers, "run_finished", result)
    return result


def _polished(pool: Sequence[Formula], rows: Rows) -> list[Formula]:
    """The pool with the best formula in its shortest form."""
    best, _ = choose(pool, rows)
    if best is None or search.settled(pool, rows):
        return list(pool)
    candidate = Candidate(expr=best.expr, origin=best.origin, rmse=best.rmse_train, std_errors=best.std_errors)
    return [*pool, *(score(c, rows) for c in simplify([candidate], rows.fit, thorough=True).value)]


def _at_noise(pool: Sequence[Formula], rows: Rows) -> bool:
    """Whether the best formula already leaves nothing but noise, so that networks could only add rivals to it."""
    best, _ = choose(pool, rows)
    return best is not None and best.evidence in ("exact", "supported")


def _tell(observers: Sequence[Observer], event: str, *args: Any, **values: Any) -> None:
    for observer in observers:
        getattr(observer, event)(*args, **values)


def _attempt(
    attempt: search.Attempt,
    rows: Rows,
    scales: dict[str, float],
    config: Config,
    control: Control,
    run: Run | None,
    records: list[StageRecord],
) -> list[Formula]:
    """Candidates of one attempt, refined, simplified and scored; replayed from the run folder where they are there."""
    stored = run.load_unit(attempt.name) if run is not None else None
    if stored is not None:
        return [score(_candidate_from(item), rows) for item in stored]
    started = time.perf_counter()
    raw = [Candidate(expr=_unscaled(c.expr, scales), origin=c.origin) for c in attempt.run(control)]
    refined = refine(raw, rows.fit, max_complexity=config.max_complexity, control=control)
    simple = simplify(refined.value, rows.fit)
    kept = [score(c, rows) for c in simple.value]
    kept = [f for f in kept if f.complexity <= config.max_complexity]
    record = StageRecord(
        stage=attempt.name,
        seed=config.seed,
        seconds=time.perf_counter() - started,
        metrics={"candidates": len(raw), "formulas": len(kept), "best": min((f.rmse_train for f in kept), default=None)},
    )
    records.append(record)
    if run is not None and not control.reason():
        run.save_unit(attempt.name, [_candidate_to(f) for f in kept])
        run.write_record(record)
    return kept


def _candidate_to(formula: Formula) -> dict[str, Any]:
    errors = [value if math.isfinite(value) else None for value in formula.std_errors]
    return {"expr": to_json(formula.expr), "origin": formula.origin, "rmse": formula.rmse_train, "std_errors": errors}


def _candidate_from(item: dict[str, Any]) -> Candidate:
    errors = tuple(math.nan if value is None else value for value in item["std_errors"])
    return Candidate(expr=from_json(item["expr"]), origin=item["origin"], rmse=item["rmse"], std_errors=errors)


def _rows(dataset: Dataset, split: Split) -> Rows:
    names = tuple(variable.name for variable in dataset.inputs)

    def part(index: np.ndarray) -> Sample:  # type: ignore[type-arg]
        return Sample(names=names, x=np.ascontiguousarray(dataset.x[index].T), y=dataset.y[index])

    fit = np.concatenate([split.train, split.valid])
    return Rows(fit=part(fit), train=part(split.train), valid=part(split.valid), test=part(split.test), shell=part(split.shell))


def _scales(sample: Sample) -> dict[str, float]:
    """A power of ten for each column far from one (the target's under ``""``): attempts see numbers of ordinary size."""

    def decade(values: np.ndarray) -> float:  # type: ignore[type-arg]
        size = float(np.median(np.abs(values))) or float(np.max(np.abs(values)))
        return 1.0 if size == 0 or 1e-3 < size < 1e3 else float(10.0 ** round(math.log10(size)))

    return {"": decade(sample.y), **{name: decade(column) for name, column in zip(sample.names, sample.x, strict=True)}}


def _scaled(rows: Rows, scales: dict[str, float]) -> Rows:
    def part(sample: Sample) -> Sample:
        factors = np.array([scales[name] for name in sample.names])
        return Sample(names=sample.names, x=sample.x / factors[:, None], y=sample.y / scales[""])

    parts = (rows.fit, rows.train, rows.valid, rows.test, rows.shell)
    fit, train, valid, test, shell = (part(sample) for sample in parts)
    return Rows(fit=fit, train=train, valid=valid, test=test, shell=shell)


def _unscaled(expr: Expr, scales: dict[str, float]) -> Expr:
    inner = {name: mul(num(1.0 / scale), var(name)) for name, scale in scales.items() if name and scale != 1.0}
    expr = expr.substitute(inner) if inner else expr
    return mul(num(scales[""]), expr) if scales[""] != 1.0 else expr


def _baselines(rows: Rows) -> dict[str, tuple[float, float]]:
    """Test RMSE and R2 of the mean and of ordinary least squares."""
    spread = float(np.std(rows.test.y)) or 1.0
    design = np.vstack([np.ones_like(rows.fit.y), rows.fit.x]).T
    scale = np.max(np.abs(design), axis=0)
    scale[scale == 0] = 1.0
    coef = np.linalg.lstsq(design / scale, rows.fit.y, rcond=None)[0]
    predicted = (np.vstack([np.ones_like(rows.test.y), rows.test.x]).T / scale) @ coef
    unit = float(np.max(np.abs(rows.test.y), initial=0.0)) or 1.0
    errors = {"constant": (rows.test.y - np.mean(rows.fit.y)) / unit, "linear": (rows.test.y - predicted) / unit}
    out = {}
    for name, residual in errors.items():
        rmse = float(np.sqrt(np.mean(residual**2))) * unit if len(residual) else 0.0
        out[name] = (rmse, 1 - (rmse / spread) ** 2)
    return out


def _warnings(best: Formula | None, dataset: Dataset, split: Split, status: Status) -> list[str]:
    out = []
    if best is None or best.evidence == "none":
        out.append(
            "No trustworthy formula was found: nothing fits held-out rows beyond noise. Do not use the one shown as a law."
        )
    elif best.evidence == "weak":
        out.append("The best formula is an approximation, not a law: its errors still have structure or the rows are too few.")
    if status != "done":
        out.append(f"The search was cut short ({status}); a longer --time or --resume may find more.")
    rest = data.rest(dataset, split)
    if best is not None and len(rest):
        names = tuple(variable.name for variable in dataset.inputs)
        outside = Sample(names=names, x=dataset.x[rest].T, y=dataset.y[rest])
        out.append(
            f"Trained on a sample; on the other {len(rest)} rows the best formula's RMSE is {error(best.expr, outside):.3g}."
        )
    return out
