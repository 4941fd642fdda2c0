"""From a clean dataset to ranked formulas: plain sequential code, and the only place that knows the order of the stages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from kandisco import data, search
from kandisco.config import Config, parse_uncertainty
from kandisco.control import Control
from kandisco.evidence.baselines import baselines
from kandisco.evidence.design import next_measurement
from kandisco.evidence.errors import score
from kandisco.evidence.judge import judge
from kandisco.evidence.plausible import plausible
from kandisco.evidence.probable import baselines_of, verdict_of
from kandisco.evidence.remarks import remarks, remarks_of
from kandisco.evidence.residuals import noise_grows
from kandisco.evidence.rows import Rows, rows_of, sample_of
from kandisco.evidence.verdict import law
from kandisco.expr import to_text
from kandisco.posterior import Prior
from kandisco.search.crew import Crew
from kandisco.search.journal import Journal
from kandisco.search.unit import candidate_of
from kandisco.specs import Observer
from kandisco.stages.outliers import left_behind, outliers, outliers_of, suspects, without
from kandisco.symbolic.sample import EXACT
from kandisco.types import Dataset, Result, Split, StageRecord, Status

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
    executor: Executor | None = None,
) -> Result:
    """Find the formulas behind a dataset.

    Args:
        dataset: clean numbers, in the user's units.
        config: all settings.
        registry: where functions, bases and refiners are looked up.
        run: a run folder that journals finished attempts; an interrupted one resumes from it.
        observers: see the run, never change it.
        control: the deadline and the interrupt flag; by default a deadline of ``config.time``.
        executor: takes independent fits in place of ``config.jobs`` workers: a pool of Dask or MPI, say.

    Returns:
        The best formula with its evidence, the Pareto front, baselines, warnings and records. Constants are fitted to all rows
        at the end; errors and evidence are of those fitted without the held-out rows (``Formula.judged``).

    Raises:
        PluginError: a function, basis or refiner that ``config`` names is not there.

    Example:
        >>> from kandisco.registry import Registry
        >>> from kandisco.plugins import load
        >>> import numpy as np
        >>> x = np.linspace(1, 5, 60)
        >>> from kandisco.types import Variable
        >>> free_fall = Dataset(name="fall", x=x[:, None], y=4.9 * x**2, inputs=(Variable(name="t"),), target=Variable(name="s"))
        >>> to_text(discover(free_fall, Config(), Registry(load(entry_points=False))).best.expr)
        '4.9*t**2'
    """
    control = control or Control(seconds=config.time)
    import scipy.linalg  # noqa: F401  loaded before the limit is set, so that it reaches scipy's BLAS too

    # On small matrices a second BLAS thread only spins (measured: five times the CPU for the same answer).
    with threadpool_limits(limits=1), Crew(config.jobs, executor) as crew:
        journal = Journal(run=run, observers=observers)
        context = search.Context(config=config, registry=registry, journal=journal, control=control, spread=crew.map)
        return _discover(dataset, context)


def _discover(dataset: Dataset, context: search.Context) -> Result:
    config, registry, journal, control = context.config, context.registry, context.journal, context.control
    given = data.with_uncertainty(data.with_units(dataset, config.units), *parse_uncertainty(config.uncertainty))
    dataset = without(given, outliers(sample_of(given), seed=config.seed)) if config.loss == "robust" else given
    split, rows = _parted(dataset, config)
    units = {"": dataset.target.unit, **{variable.name: variable.unit for variable in dataset.inputs}}
    context = replace(context, units=units)
    few = _of_few_rows(dataset, context) if search.few.applies(dataset, config) else None
    if few is not None and (few.settled or control.reason()):
        return _told(few, dataset, context)
    pool, status = search.searched(rows, context)
    if status == "done" and not search.settled(pool, rows) and noise_grows(pool, rows):
        rows = rows.relative()
        pool, status = search.searched(rows, context)
    pool = plausible(search.polished(pool, rows, control), units, 10 * EXACT * rows.fit.spread)
    if config.loss == "robust" and (found := law(pool, rows)) is not None:
        dataset = without(given, outliers_of(found.expr, replace(sample_of(given), relative=rows.fit.relative)))
        split, rows = _parted(dataset, config, relative=rows.fit.relative)
        pool = [score(candidate_of(formula).refitted(rows.fit.refit(formula.expr)), rows) for formula in pool]
    if few is not None:
        few = search.few.with_others(few, [formula.expr for formula in pool], Prior(), stop=control.reason)
        return _told(few, dataset, context)
    verdict = judge(pool, rows, registry.functions(config.functions))
    best = verdict.best
    result = Result(
        best=best,
        front=verdict.front,
        dataset=dataset,
        baselines=baselines(rows),
        noise=0.0 if best is None or best.evidence == "none" or best.rmse_train < EXACT * rows.fit.spread else best.rmse_train,
        status=status,
        seed=config.seed,
        seconds=control.elapsed(),
        warnings=(
            *dataset.notes,
            *remarks(verdict, rows, dataset, split, status),
            *(suspects(rows.fit, seed=config.seed) if config.loss != "robust" and (best is None or not best.trusted) else ()),
            *journal.broken(),
        ),
        records=tuple(journal.records),
        relative=rows.fit.relative,
        exceeds=verdict.exceeds,
    )
    journal.tell("run_finished", result)
    return result


def _of_few_rows(dataset: Dataset, context: search.Context) -> search.few.Measured:
    """Every simple form of a small table, as one more unit of the run."""
    config, registry, journal = context.config, context.registry, context.journal
    registry.engines(config.refiner), registry.basis(config.basis)  # a name that is not there is told before anything is tried
    journal.tell("stage_started", "search", shape=search.few.NAME)
    started = time.perf_counter()
    found = search.few.measured(
        sample_of(dataset),
        registry.functions(config.functions),
        registry.laws(),
        context.units,
        prior=Prior(),
        most=config.max_complexity,
        stop=context.control.reason,
    )
    metrics = {"candidates": found.tried, "formulas": len(found.forms), "best": found.forms[0].rmse if found.forms else None}
    seconds = time.perf_counter() - started
    journal.record(StageRecord(stage=search.few.NAME, seed=config.seed, seconds=seconds, metrics=metrics))
    if found.forms:
        errors = dict.fromkeys(("train", "valid"), found.forms[0].rmse / found.scale)
        best, elapsed = to_text(found.forms[0].expr, 5), context.control.elapsed()
        law = elapsed if found.settled else None
        journal.tell("progress", "search", shape=search.few.NAME, best=best, seconds=elapsed, law=law, **errors)
    return found


def _told(found: search.few.Measured, dataset: Dataset, context: search.Context) -> Result:
    """The result where all rows count."""
    config, control, journal = context.config, context.control, context.journal
    verdict = verdict_of(found.forms, found.sample)
    best = verdict.best
    noisy = best is not None and best.evidence != "none" and best.rmse_train > EXACT * found.sample.spread
    status: Status = control.reason() or "done"
    relative = bool(found.forms) and found.forms[0].weighed.relative
    further = next_measurement(found.forms, found.sample)
    result = Result(
        best=best,
        front=verdict.front,
        dataset=dataset,
        baselines=baselines_of(found.sample),
        noise=best.rmse_train if best is not None and noisy else 0.0,
        status=status,
        seed=config.seed,
        seconds=control.elapsed(),
        warnings=(
            *dataset.notes,
            *remarks_of(verdict, found.sample, relative, dataset.target.unit, status, further),
            *(left_behind(best.expr, replace(found.sample, relative=relative)) if best is not None and noisy else ()),
            *journal.broken(),
        ),
        records=tuple(journal.records),
        relative=relative,
        exceeds=verdict.exceeds,
        tried=found.tried,
        next=further,
    )
    journal.tell("run_finished", result)
    return result


def _parted(dataset: Dataset, config: Config, *, relative: bool = False) -> tuple[Split, Rows]:
    split = data.split(dataset, test_size=config.test_size, max_rows=config.max_rows, seed=config.seed)
    rows = rows_of(dataset, split)
    return split, rows.relative() if relative else rows
