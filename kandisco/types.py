"""The data that travel between the rooms: frozen, keyword-only, free of torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from kandisco.expr import Expr, to_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kandisco.arrays import Array as Array
else:

    def __getattr__(name):
        # A plugin that only names a Dataset is loaded by every command; numpy is for those that hold one.
        if name == "Array":
            from kandisco.arrays import Array

            return Array
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


Evidence = Literal["exact", "supported", "weak", "none"]
LawKind = Literal["exact", "inequality", "approximate", "boundary"]
Method = Literal["network", "division", "engine"]
Status = Literal["running", "done", "timeout", "interrupted", "failed"]
T = TypeVar("T")
# Said once of a best formula that is no law: in the verdict where a person reads, among the warnings where a program does.
CAVEATS: Mapping[Evidence, str] = {
    "weak": "The best formula is an approximation, not a law: its errors still have structure, or the rows are too few.",
    "none": "No trustworthy formula was found: nothing explains the held-out rows. Do not use the one shown as a law.",
}
# Forms of a smaller share of the posterior are excluded by the rows, as far as anything is.
EXCLUDED = 0.01
# Warnings of runs whose formula misses a stated uncertainty, and of those whose constants were fitted to relative errors.
EXCEEDED = "The errors are larger than stated: the uncertainty is too small, or the formula is not the law."
RELATIVE = "The errors grow with the target, so constants were fitted to relative errors."


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A column that takes part: ``name`` is an identifier, ``label`` the header as the user wrote it."""

    name: str
    label: str = ""
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a reader returns: named columns of float64 (text columns as lists of str), before any choice.

    Attributes:
        columns: label -> values, in file order; numeric columns are float64 [rows] with nan for missing cells.
        source: path, ``-`` or ``@name``; used in messages.
        first_row: the line number of the first data row in the file (1-based), for messages.
        notes: remarks of the reader that the user should see (decoded as Latin-1, header made up, ...).
    """

    columns: Mapping[str, Array | list[str]]
    source: str = ""
    first_row: int = 2
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Clean numbers for one regression task.

    A task without a target of its own (relations, conserved quantities, trajectories) takes inputs and target alike, as columns.

    Attributes:
        name: short name used for the run folder.
        x: float64 [rows, inputs], finite.
        y: float64 [rows], finite.
        inputs: one Variable per column of ``x``.
        target: the Variable of ``y``.
        notes: warnings that the user must see (rows dropped, constant columns, ...).
        groups: optional int64 [rows]; rows of one group never end on both sides of a split.
        weights: optional float64 [rows], above zero: how much each row's squared error counts (its inverse variance).
        uncertainty: stated standard uncertainty of the target in a row of weight one: in its unit, or with ``relative`` a share
            of each value; 0 where none is stated.
        relative: whether errors count relative to each target.
        source: where the data came from.
    """

    name: str
    x: Array
    y: Array
    inputs: tuple[Variable, ...]
    target: Variable
    notes: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    weights: Array | None = None
    uncertainty: float = 0.0
    relative: bool = False
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownLaw:
    """What is known to hold in a dataset: to check the data against, never shown to a search.

    Attributes:
        expression: a relation between columns by ``Variable.name``: ``left = right``, ``left <= right`` (``<``, ``>=``, ``>``),
            or for a boundary two inequalities joined by ``<=>``, such as ``alpha*E_ + 2*(lam - 1) > 0 <=> D < 1/2``.
        kind: ``exact``: in every row left and right differ by at most tolerance times the larger of the two (a value below a
            millionth of the column's largest counting as that); ``approximate``: the root mean square of left - right
            is at most tolerance times that of left; ``inequality``: true but for a share ``tolerance`` of the rows, rounding
            apart; ``boundary``: both inequalities are true or false together but for a share ``tolerance`` of the rows.
        tolerance: see ``kind``; 0 for an exact law means the rounding of float64 (1e-9).
        reference: paper or page.
    """

    expression: str
    kind: LawKind = "exact"
    tolerance: float = 0.0
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Row numbers of a Dataset. ``shell`` holds the withheld outer rows; the four never overlap."""

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    shell: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class EdgeOrigin:
    """An edge of the network a formula was read off, and the function that took the place of its curve.

    Attributes:
        start: a column, what was made of one, or a node such as ``h1,2``, the second of the first hidden level.
        end: a node, or ``output``.
        symbol: name of the function.
        r2: of the function on the curve the edge drew; nan where it was put there by hand.
        curve: the function with the numbers of the curve, in ``x``.
    """

    start: str
    end: str
    symbol: str
    r2: float
    curve: str


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A constant of a law, as textbooks call it, with its standard error; both in the units that the columns' make of it."""

    symbol: str
    value: float
    std_error: float


@dataclass(frozen=True, kw_only=True)
class NamedLaw:
    """The law of the catalogue that a formula is.

    Attributes:
        title: its name.
        parameters: its constants.
        reference: paper or book.
    """

    title: str
    parameters: tuple[Parameter, ...]
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One candidate law in the user's own columns and units.

    Attributes:
        expr: the expression tree; its variables are ``Variable.name`` of the dataset.
        complexity: number of nodes of the tree, weighted (see ``kandisco.expr.complexity``).
        rmse_train, rmse_valid, rmse_test, rmse_shell: root mean square errors in the target's unit.
        r2_test: 1 - (rmse_test / standard deviation of the test target) ** 2.
        evidence: ``exact``, ``supported``, ``weak`` or ``none`` (see docs/design/evidence.md).
        origin: how it was found, e.g. ``"kan [2,1,1] spectral > symbolic > snap"``.
        std_errors: standard error of each fitted constant, in the order of the tree's numbers.
        judged: the same tree with constants fitted without the held-out rows, which the errors and the evidence are of; None
            where ``expr`` is that tree. In the end the constants are fitted to all rows.
        edges: those of the network it was read off, or of the one a refiner started from; empty for a closed form.
        probability: share of the posterior over all forms that were tried (see docs/design/few-rows.md); None where the rows are
            too many for it to be asked.
        methods: what found it: a ``network`` that it was read off, ``division`` into smaller problems, an ``engine``.
        shape: of the network it was read off, where that was trained, such as ``[2,1,1]``.
        engine: name of the refiner that proposed its form.
        law: the law of the catalogue it is, where it was found as one.
    """

    expr: Expr
    complexity: int
    rmse_train: float
    rmse_valid: float
    rmse_test: float
    rmse_shell: float
    r2_test: float
    evidence: Evidence = "none"
    origin: str = ""
    std_errors: tuple[float, ...] = ()
    judged: Expr | None = None
    edges: tuple[EdgeOrigin, ...] = ()
    probability: float | None = None
    methods: tuple[Method, ...] = ()
    shape: str = ""
    engine: str = ""
    law: NamedLaw | None = None

    @property
    def trusted(self) -> bool:
        """Whether the formula may be shown as a law, with an equals sign: its evidence is exact or supported."""
        return self.evidence in ("exact", "supported")

    def __str__(self) -> str:
        """The formula on one line, with its evidence and held-out error."""
        return f"{to_text(self.expr, 6)}  ({self.evidence}, R2 {self.r2_test:.6g}, RMSE {self.rmse_test:.3g} on held-out rows)"

    def _repr_latex_(self) -> str:
        """What a notebook shows."""
        from kandisco.expr.latex import to_latex

        return f"$$ {to_latex(self.expr, 6)} $$"


@dataclass(frozen=True, kw_only=True)
class FormulaSet:
    """Candidate formulas, least complex first."""

    formulas: tuple[Formula, ...] = ()

    def __iter__(self) -> Iterator[Formula]:
        return iter(self.formulas)

    def __len__(self) -> int:
        return len(self.formulas)


@dataclass(frozen=True, kw_only=True)
class EdgeId:
    """Edge of a KAN: from ``source`` of layer ``layer`` to ``target`` of the next, counted from 0."""

    layer: int
    source: int
    target: int


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """What a stage did, for the run folder and the report."""

    stage: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    seconds: float = 0.0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StageResult(Generic[T]):
    """A stage's value together with its record."""

    value: T
    record: StageRecord


@dataclass(frozen=True, kw_only=True)
class NextMeasurement:
    """Where to measure next: there the two most probable forms differ most (Box and Hill, Technometrics 9, 1967).

    Attributes:
        inputs: name of a column -> its value, within the range of the rows or a fifth of it beyond.
        sigmas: how far the two forms are apart there, in standard deviations of the noise.
        rows: measurements there that tell them apart with odds of about 150 to one.
    """

    inputs: Mapping[str, float]
    sigmas: float
    rows: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """What ``pipeline.discover`` returns.

    Attributes:
        best: the formula kandisco stands behind most; its ``evidence`` says how much. None when nothing was fitted.
        front: Pareto front (complexity against error), least complex first, at most ten.
        baselines: test RMSE and R2 of the ``constant`` and the ``linear`` model: name -> (rmse, r2).
        noise: estimated noise floor (RMSE, target's unit); 0.0 when the data look noise-free.
        status: ``done``, ``timeout`` or ``interrupted``.
        relative: whether constants were fitted to errors relative to the target.
        exceeds: whether the best formula's errors are larger than the stated uncertainty; False where none is stated.
        tried: how many simple forms were tried exhaustively; 0 where the rows were too many for it. Where they were not, all rows
            count, and test errors are those at each row as predicted from the others.
        next: where to measure next, to tell the most probable form from its first rival; None where there is no such rival.
    """

    best: Formula | None
    front: tuple[Formula, ...]
    dataset: Dataset
    baselines: Mapping[str, tuple[float, float]]
    noise: float
    status: Status
    seed: int
    seconds: float
    warnings: tuple[str, ...] = ()
    records: tuple[StageRecord, ...] = ()
    relative: bool = False
    exceeds: bool = False
    tried: int = 0
    next: NextMeasurement | None = None

    @property
    def rivals(self) -> tuple[Formula, ...]:
        """Other forms that the rows do not exclude, the most probable first; empty where probabilities are not known."""
        others = [f for f in self.front if f != self.best and f.probability is not None and f.probability >= EXCLUDED]
        return tuple(sorted(others, key=lambda f: -(f.probability or 0.0)))
