"""From a clean dataset to ranked formulas: plain sequential code, and the only place that knows the order of the stages."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from kandisco import data, search
from kandisco import kan as net
from kandisco.config import Config, parse_uncertainty
from kandisco.control import Control
from kandisco.evidence.baselines import baselines
from kandisco.evidence.errors import score
from kandisco.evidence.judge import judge
from kandisco.evidence.plausible import plausible
from kandisco.evidence.probable import baselines_of, verdict_of
from kandisco.evidence.remarks import remarks, remarks_of
from kandisco.evidence.residuals import noise_grows
from kandisco.evidence.rows import Rows, rows_of, sample_of
from kandisco.evidence.verdict import choose, law, may_be_plainer, mdl
from kandisco.expr import Expr, from_json, mul, num, parse, to_json, to_text, var
from kandisco.expr.heads import HEADS
from kandisco.posterior import Prior
from kandisco.runjson import edges_from_json, edges_to_json, found_by_from_json, found_by_to_json
from kandisco.specs import FunctionSpec, Observer, RefinerSpec
from kandisco.stages.candidate import Candidate
from kandisco.stages.outliers import left_behind, outliers, outliers_of, suspects, without
from kandisco.stages.refine import propose, refine
from kandisco.stages.simplify import simplify
from kandisco.symbolic.sample import EXACT, Sample
from kandisco.types import Array, Dataset, Formula, Result, Split, StageRecord, Status

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.run import Run

_REFINER_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class _Journal:
    """Who hears of the run: the run folder and the observers; the units solved so far, by name; the seconds when a law stood."""

    run: Run | None
    observers: Sequence[Observer]
    records: list[StageRecord] = field(default_factory=list)
    solved: dict[str, list[Formula]] = field(default_factory=dict)
    laws: list[float] = field(default_factory=list)

    def tell(self, event: str, *args: Any, **values: Any) -> None:
        for observer in self.observers:
            getattr(observer, event)(*args, **values)

    def record(self, record: StageRecord) -> None:
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
        The best formula with its evidence, the Pareto front, baselines, warnings and records. Constants are fitted to all rows
        at the end; errors and evidence are of those fitted without the held-out rows (``Formula.judged``).

    Raises:
        PluginError: a function, basis or refiner that ``config`` names is not there.

    Example:
        >>> from kandisco.registry import Registry
        >>> from kandisco.plugins import load
        >>> x = np.linspace(1, 5, 60)
        >>> from kandisco.types import Variable
        >>> free_fall = Dataset(name="fall", x=x[:, None], y=4.9 * x**2, inputs=(Variable(name="t"),), target=Variable(name="s"))
        >>> to_text(discover(free_fall, Config(), Registry(load(entry_points=False))).best.expr)
        '4.9*t**2'
    """
    control = control or Control(seconds=config.time)
    import scipy.linalg  # noqa: F401  loaded before the limit is set, so that it reaches scipy's BLAS too

    # On small matrices a second BLAS thread only spins (measured: five times the CPU for the same answer).
    with threadpool_limits(limits=1):
        return _discover(dataset, config, registry, run, observers, control)


def _discover(
    dataset: Dataset, config: Config, registry: Registry, run: Run | None, observers: Sequence[Observer], control: Control
) -> Result:
    journal = _Journal(run=run, observers=observers)
    given = data.with_uncertainty(data.with_units(dataset, config.units), *parse_uncertainty(config.uncertainty))
    dataset = without(given, outliers(sample_of(given), seed=config.seed)) if config.loss == "robust" else given
    split, rows = _parted(dataset, config)
    units = {"": dataset.target.unit, **{variable.name: variable.unit for variable in dataset.inputs}}
    few = _of_few_rows(dataset, config, registry, journal, control, units) if search.few.applies(dataset, config) else None
    if few is not None and (few.settled or control.reason()):
        return _told(few, dataset, config, control, journal)
    pool, status = _searched(rows, config, registry, journal, control, units)
    if status == "done" and not search.settled(pool, rows) and noise_grows(pool, rows):
        rows = rows.relative()
        pool, status = _searched(rows, config, registry, journal, control, units)
    pool = plausible(_polished(pool, rows, control), units, 10 * EXACT * rows.fit.spread)
    if config.loss == "robust" and (found := law(pool, rows)) is not None:
        dataset = without(given, outliers_of(found.expr, replace(sample_of(given), relative=rows.fit.relative)))
        split, rows = _parted(dataset, config, relative=rows.fit.relative)
        pool = [score(_candidate(formula).refitted(rows.fit.refit(formula.expr)), rows) for formula in pool]
    if few is not None:
        few = search.few.with_others(few, [formula.expr for formula in pool], Prior(), stop=control.reason)
        return _told(few, dataset, config, control, journal)
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
            *_broken(journal),
        ),
        records=tuple(journal.records),
        relative=rows.fit.relative,
        exceeds=verdict.exceeds,
    )
    journal.tell("run_finished", result)
    return result


def _of_few_rows(
    dataset: Dataset, config: Config, registry: Registry, journal: _Journal, control: Control, units: Mapping[str, str]
) -> search.few.Measured:
    """Every simple form of a small table, as one more unit of the run."""
    registry.engines(config.refiner), registry.basis(config.basis)  # a name that is not there is told before anything is tried
    journal.tell("stage_started", "search", shape=search.few.NAME)
    started = time.perf_counter()
    found = search.few.measured(
        sample_of(dataset),
        registry.functions(config.functions),
        registry.laws(),
        units,
        prior=Prior(),
        most=config.max_complexity,
        stop=control.reason,
    )
    metrics = {"candidates": found.tried, "formulas": len(found.forms), "best": found.forms[0].rmse if found.forms else None}
    seconds = time.perf_counter() - started
    journal.record(StageRecord(stage=search.few.NAME, seed=config.seed, seconds=seconds, metrics=metrics))
    return found


def _told(found: search.few.Measured, dataset: Dataset, config: Config, control: Control, journal: _Journal) -> Result:
    """The result where all rows count."""
    verdict = verdict_of(found.forms, found.sample)
    best = verdict.best
    noisy = best is not None and best.evidence != "none" and best.rmse_train > EXACT * found.sample.spread
    status: Status = control.reason() or "done"
    relative = bool(found.forms) and found.forms[0].weighed.relative
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
            *remarks_of(verdict, found.sample, relative, dataset.target.unit, status),
            *(left_behind(best.expr, replace(found.sample, relative=relative)) if best is not None and noisy else ()),
            *_broken(journal),
        ),
        records=tuple(journal.records),
        relative=relative,
        exceeds=verdict.exceeds,
        tried=found.tried,
    )
    journal.tell("run_finished", result)
    return result


def _parted(dataset: Dataset, config: Config, *, relative: bool = False) -> tuple[Split, Rows]:
    split = data.split(dataset, test_size=config.test_size, max_rows=config.max_rows, seed=config.seed)
    rows = rows_of(dataset, split)
    return split, rows.relative() if relative else rows


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What every unit of the search needs: the rows and what a formula may look like, and whom to ask and tell.

    Where a unit is solved ``late``, there is no time to fit a surrogate for the floor; it is not stored, so that a resumed run
    solves it as one without a time limit does.
    """

    rows: Rows
    functions: tuple[FunctionSpec, ...]
    floor: Callable[[], float]
    config: Config
    control: Control
    journal: _Journal
    units: Mapping[str, str]
    late: bool = False

    @property
    def allowed(self) -> frozenset[str]:
        """The functions of the library, as heads."""
        return frozenset(head for spec in self.functions for head in _heads(parse(spec.sympy, ("x",))))


def _searched(
    rows: Rows, config: Config, registry: Registry, journal: _Journal, control: Control, units: Mapping[str, str]
) -> tuple[list[Formula], Status]:
    """All formulas of all attempts, in order, until one settles the matter or time is up."""
    scales = _scales(rows.fit)
    functions = registry.functions(config.functions)
    engines = registry.engines(config.refiner)
    problem = search.Problem(
        rows=_scaled(rows, scales),
        functions=functions,
        basis=registry.basis(config.basis),
        config=config,
        report=journal.record,
        keep=partial(journal.keep, scales=scales),
        units={name: unit for name, unit in units.items() if unit},
        engine=next((spec for spec in engines if "edge" in spec.scopes), None),
    )
    floor = cache(lambda: math.inf if rows.fit.relative else search.reachable_error(problem) * scales[""])
    work = _Work(rows=rows, functions=functions, floor=floor, config=config, control=control, journal=journal, units=units)
    pool: list[Formula] = []
    quick = True
    for tried, attempt in enumerate(islice(search.attempts(problem), config.max_attempts)):
        late = control.reason()
        if late and not attempt.always:
            return pool, late
        if quick and not attempt.quick:
            quick = False
            few = replace(config, max_attempts=tried, refiner="none")
            if _clearly_relative(pool, rows, partial(_searched, rows.relative(), few, registry, journal, control, units)):
                return pool, "done"
        if (
            attempt.deep
            and not config.width
            and (found := law(pool, rows))
            and not (attempt.plainer and may_be_plainer(found, rows))
        ):
            break
        unit = replace(work, control=Control() if attempt.always else control, late=bool(late))
        pool += _unit(unit, attempt.name, pool, partial(_attempted, attempt, unit.control, scales))
        _show(pool, work, attempt.name)
        if search.settled(pool, rows):
            return pool, "done"
    for engine in (spec for spec in engines if "formula" in spec.scopes):
        if engine is engines[0] or not _at_noise(pool, rows):
            pool += _refined(pool, engine, work)
    return pool, control.reason() or "done"


def _clearly_relative(pool: Sequence[Formula], rows: Rows, again: Callable[[], tuple[list[Formula], Status]]) -> bool:
    """Whether the quick forms leave nothing but noise once errors are relative: no need to search for absolute errors first."""
    return noise_grows(pool, rows) and _at_noise(again()[0], rows.relative())


def _refined(pool: Sequence[Formula], refiner: RefinerSpec, work: _Work) -> list[Formula]:
    """What the refiner finds from the best formulas; at the noise floor one round, to look for rivals: exactness needs a gap."""
    found: list[Formula] = []
    for turn in range(_REFINER_ROUNDS):
        known = [*pool, *found]
        if work.control.reason() or search.settled(known, work.rows) or (turn and _at_noise(known, work.rows)):
            break
        seeds = sorted(known, key=lambda f: mdl(f, work.rows))[:3]
        found += _unit(work, f"refiner {refiner.name} {turn}", known, partial(_proposed, refiner, seeds, work))
        _show([*pool, *found], work, f"refiner {refiner.name}")
    return found


def _attempted(attempt: search.Attempt, control: Control, scales: dict[str, float]) -> list[Candidate]:
    return [replace(c, expr=_unscaled(c.expr, scales), rmse=math.inf, std_errors=()) for c in attempt.run(control)]


def _proposed(refiner: RefinerSpec, seeds: Sequence[Formula], work: _Work) -> list[Candidate]:
    """What an engine makes of the best formulas; where a network stands behind the first of these, its story goes on."""
    config = work.config
    found = propose(
        refiner,
        [seed.expr for seed in seeds],
        work.rows.fit,
        work.functions,
        max_complexity=config.max_complexity,
        seed=config.seed,
        control=work.control,
        units={name: unit for name, unit in work.units.items() if unit},
    )
    work.journal.record(found.record)
    if not seeds or not seeds[0].edges:
        return found.value
    seed = seeds[0]
    return [
        replace(c, origin=f"{c.origin}, started from: {_story(seed)}", edges=seed.edges, shape=seed.shape).found_by(*seed.methods)
        for c in found.value
    ]


def _story(formula: Formula) -> str:
    """How a formula was found, without what its own engine started from."""
    return formula.origin.removeprefix(f"refiner {formula.engine}, started from: ") if formula.engine else formula.origin


def _heads(expr: Expr) -> frozenset[str]:
    """The functions of a formula; arithmetic and powers do not count."""
    return frozenset(node.head for node in expr.walk() if node.head in HEADS)


def _show(pool: Sequence[Formula], work: _Work, name: str) -> None:
    best = min(pool, key=lambda f: mdl(f, work.rows), default=None)
    if best is not None:
        errors = {"train": best.rmse_train / work.rows.fit.spread, "valid": best.rmse_valid / work.rows.fit.spread}
        seconds = work.control.elapsed()
        if not work.journal.laws and _at_noise(pool, work.rows):
            work.journal.laws.append(seconds)
        found = work.journal.laws[0] if work.journal.laws else None
        work.journal.tell("progress", "search", shape=name, best=to_text(best.expr, 5), seconds=seconds, law=found, **errors)


def _at_noise(pool: Sequence[Formula], rows: Rows) -> bool:
    """Whether the best formula already leaves nothing but noise, so that more shapes could only add rivals to it."""
    return law(pool, rows) is not None


def _candidate(formula: Formula) -> Candidate:
    return Candidate(
        expr=formula.expr,
        origin=formula.origin,
        rmse=formula.rmse_train,
        std_errors=formula.std_errors,
        edges=formula.edges,
        methods=formula.methods,
        shape=formula.shape,
        engine=formula.engine,
    )


def _unit(work: _Work, name: str, known: Sequence[Formula], solve: Callable[[], list[Candidate]]) -> list[Formula]:
    """Candidates of one attempt, refined, simplified and scored; replayed where they are there, here or in the run folder."""
    rows, config, control, journal = work.rows, work.config, work.control, work.journal
    name = f"{name} (relative errors)" if rows.fit.relative else name
    if name in journal.solved:  # the quick forms were tried with relative errors before these were settled on
        return journal.solved[name]
    stored = journal.run.load_unit(name) if journal.run is not None else None
    if stored is not None:
        return [score(_candidate_from(item), rows) for item in stored]
    journal.tell("stage_started", "search", shape=name)
    started = time.perf_counter()
    shortest = min((mdl(f, rows) for f in known), default=math.inf)
    raw = [c for c in solve() if _heads(c.expr) <= work.allowed]
    floor = (lambda: math.inf) if work.late else work.floor
    refined = refine(raw, rows.fit, floor=floor, shortest=shortest, max_complexity=config.max_complexity, control=control)
    kept = [score(c, rows) for c in simplify(refined.value, rows.fit, control=control).value]
    limit = config.max_complexity
    kept = [f for f in kept if f.complexity <= (2 * limit if f.rmse_train <= EXACT * rows.fit.spread else limit)]
    best = min((f.rmse_train for f in kept), default=None)
    metrics = {"candidates": len(raw), "formulas": len(kept), "best": best}
    journal.record(StageRecord(stage=name, seed=config.seed, seconds=time.perf_counter() - started, metrics=metrics))
    if journal.run is not None and not control.reason() and not work.late:
        journal.run.save_unit(name, [_candidate_to(f) for f in kept])
    journal.solved[name] = kept
    return kept


def _polished(pool: Sequence[Formula], rows: Rows, control: Control) -> list[Formula]:
    """The pool with the best formula in its shortest form."""
    best, _ = choose(pool, rows)
    if best is None or search.settled(pool, rows):
        return list(pool)
    return [*pool, *(score(c, rows) for c in simplify([_candidate(best)], rows.fit, thorough=True, control=control).value)]


def _candidate_to(formula: Formula) -> dict[str, Any]:
    errors = [value if math.isfinite(value) else None for value in formula.std_errors]
    return {
        "expr": to_json(formula.expr),
        "origin": formula.origin,
        "rmse": formula.rmse_train,
        "std_errors": errors,
        "edges": edges_to_json(formula.edges),
        **found_by_to_json(formula),
    }


def _candidate_from(item: dict[str, Any]) -> Candidate:
    errors = tuple(math.nan if value is None else value for value in item["std_errors"])
    return Candidate(
        expr=from_json(item["expr"]),
        origin=item["origin"],
        rmse=item["rmse"],
        std_errors=errors,
        edges=edges_from_json(item.get("edges", [])),
        **found_by_from_json(item),
    )


def _scales(sample: Sample) -> dict[str, float]:
    """A power of ten for each column far from one (the target's under ``""``): attempts see numbers of ordinary size."""

    def decade(values: Array) -> float:
        size = float(np.median(np.abs(values))) or float(np.max(np.abs(values)))
        return 1.0 if size == 0 or 1e-3 < size < 1e3 else float(10.0 ** round(math.log10(size)))

    return {"": decade(sample.y), **{name: decade(column) for name, column in zip(sample.names, sample.x, strict=True)}}


def _scaled(rows: Rows, scales: dict[str, float]) -> Rows:
    factors = np.array([scales[name] for name in rows.fit.names])

    def scaled(part: Sample) -> Sample:
        stated = part.stated if part.relative else part.stated / scales[""]
        return replace(part, x=part.x / factors[:, None], y=part.y / scales[""], stated=stated)

    return rows.each(scaled)


def _unscaled(expr: Expr, scales: dict[str, float]) -> Expr:
    inner = {name: mul(num(1.0 / scale), var(name)) for name, scale in scales.items() if name and scale != 1.0}
    expr = expr.substitute(inner) if inner else expr
    return mul(num(scales[""]), expr) if scales[""] != 1.0 else expr


def _broken(journal: _Journal) -> tuple[str, ...]:
    """What engines failed with, each said once."""
    notes = (note for record in journal.records if record.stage.startswith("refiner ") for note in record.notes)
    return tuple(dict.fromkeys(notes))
