"""What a plugin hands over: frozen, keyword-only descriptions. Importing this module pulls in the standard library only."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from kandisco.expr import Expr
    from kandisco.types import Array, Dataset, Formula, KnownLaw, Table

# An exported program's head holds this line; once the program was run, what was found stands in its place.
UNCHECKED = "not checked on this machine"


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """A univariate function that formulas may be built from. Its one definition is the text ``sympy``.

    Attributes:
        name: unique name, e.g. ``"sech2"``.
        sympy: the function of ``x`` in the names of ``kandisco.expr.heads`` (sympy's spelling), e.g. ``"1/cosh(x)**2"``.
        domain: open interval of real arguments on which it is finite, e.g. ``(0, inf)`` for log.
        singularities: points inside the domain where it is not finite.
        complexity: nodes it counts for in a formula's complexity.
        tags: groups it can be selected by, e.g. ``("elementary", "trigonometric")``.
        references: papers or pages.
        torch, numpy: optional faster forms; they must agree with ``sympy`` on the domain.
    """

    name: str
    sympy: str
    domain: tuple[float, float] = (-math.inf, math.inf)
    singularities: tuple[float, ...] = ()
    complexity: int = 2
    tags: tuple[str, ...] = ("elementary",)
    references: tuple[str, ...] = ()
    torch: Callable[[Any], Any] | None = None
    numpy: Callable[[Any], Any] | None = None


@dataclass(frozen=True, kw_only=True)
class LawParameter:
    """A constant of a ``LawSpec``, in its usual symbol.

    Attributes:
        name: identifier it has in the formula, e.g. ``"Km"``.
        positive: whether the law means anything only where it is above zero.
        start: its order of size, as text in the letters of the law's inputs and target, which stand for their typical sizes:
            ``"S"`` for a constant that is of the size of the column S, ``"1/t"`` for a rate, ``"2"`` for a pure number.
    """

    name: str
    positive: bool = False
    start: str = "1"


@dataclass(frozen=True, kw_only=True)
class LawSpec:
    """A law with constants to be fitted, as a textbook prints it.

    Attributes:
        name: unique name, e.g. ``"michaelis-menten"``.
        title: what a result is called, e.g. ``"Michaelis-Menten"``.
        formula: ``target = expression`` in the names of ``kandisco.expr.heads``, e.g. ``"v = Vmax*S/(Km + S)"``. Each letter in
            the expression is an input or a parameter. Numbers in it are part of the law; they are not fitted.
        inputs: letters that stand for columns, one to three of them.
        parameters: letters that stand for constants, in the order they are reported in.
        aliases: other names of the same formula, or of what it is known as in another field.
        same_as: name of a law that is the same set of functions in other letters; empty for one that stands for itself.
        tags: fields it is used in, e.g. ``("enzymes", "kinetics")``.
        references: papers or books.

    Example:
        >>> law = LawSpec(name="decay", title="Decay", formula="N = N0*exp(-k*t)", inputs=("t",),
        ...               parameters=(LawParameter(name="N0", start="N"), LawParameter(name="k", positive=True, start="1/t")))
        >>> law.target, law.expr.variables()
        ('N', ('N0', 'k', 't'))
    """

    name: str
    title: str
    formula: str
    inputs: tuple[str, ...]
    parameters: tuple[LawParameter, ...]
    aliases: tuple[str, ...] = ()
    same_as: str = ""
    tags: tuple[str, ...] = ("general",)
    references: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The letter left of the equals sign."""
        return self.formula.partition("=")[0].strip()

    @property
    def letters(self) -> tuple[str, ...]:
        """Inputs, then parameters."""
        return (*self.inputs, *(parameter.name for parameter in self.parameters))

    @property
    def expr(self) -> Expr:
        """The right-hand side, with inputs and parameters as its variables.

        Raises:
            InputError: the formula cannot be read, or has a letter that is neither.
        """
        from kandisco.expr import parse

        return parse(self.formula.partition("=")[2], self.letters)


class AbstractBasis(abc.ABC):
    """A set of univariate basis functions on [lo, hi]; an edge is a linear combination of them."""

    @property
    @abc.abstractmethod
    def n_features(self) -> int:
        """Number of basis functions."""

    @abc.abstractmethod
    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        """Basis values.

        Args:
            x: float [..., rows].
            lo, hi: float [...], the range of the grid; broadcast against the leading axes of ``x``.

        Returns:
            float [..., n_features, rows] (feature-major: each basis function is one contiguous row), differentiable in ``x``,
            finite everywhere, also outside [lo, hi].
        """

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor | None:
        """d features / d x with the shape of ``features``; None (the default) lets the core use autograd."""
        return None

    def pair(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """``features`` and ``derivative`` in one pass where that is cheaper than apart; None (the default) if not."""
        return None

    def placed(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """``features`` and ``derivative`` on knots that lie where the data do.

        Args:
            x, lo, hi: as in ``features``.
            spread: float [..., levels], rising from 0 to 1: in units of the range, where knots at even levels shall lie. A grid
                of n intervals has knot i at level i / n, between the entries by straight lines, so a grid of 2 n holds all of it.

        Returns:
            Two of float [..., n_features, rows]; None (the default): a basis without knots.
        """
        return None

    def layer(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor) -> torch.Tensor | None:
        """Whole edges summed, sum_ik coef[r, s, i, k] phi_k(x[r, i]), where that is cheaper than ``features`` and a product.

        Args:
            x: float [R or 1, I, rows], the sources of a layer.
            lo, hi: float [R, I].
            coef: float [R, S, I, n_features].

        Returns:
            float [R, S, rows]; None (the default) lets the core form the features.
        """
        return None

    def layer_slopes(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, sense: torch.Tensor, *, inner: bool
    ) -> tuple[torch.Tensor, torch.Tensor | None] | None:
        """The slopes of (sense * layer(x, lo, hi, coef)).sum() in ``coef`` and, if ``inner``, in ``x``; ``sense`` [R, S, rows].

        Returns:
            float [R, S, I, n_features], and [R, I, rows] or None; None alone exactly where ``layer`` gives None.
        """
        return None

    def higher(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, order: int) -> torch.Tensor | None:
        """The derivative of order 2 or more, for differential equations; None (the default) lets the core use autograd."""
        return None


@dataclass(frozen=True, kw_only=True)
class BasisSpec:
    """An edge basis: ``basis(grid)`` builds it with ``grid`` intervals (or the nearest notion of resolution it has)."""

    name: str
    basis: Callable[[int], AbstractBasis]
    summary: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RefineProblem:
    """The neutral task given to a refiner; it proposes expressions, the core refits, rescores and decides.

    Attributes:
        x, y: float64 [rows, inputs] and [rows], training rows only.
        names: one variable name per column of ``x``.
        seeds: expressions to start from, best first.
        functions: names (heads) a proposal may use.
        max_complexity: proposals above are dropped.
        seconds, evaluations: budget; whichever ends first. Evaluations are formulas the engine tries, with or without fitting
            them; they and the seed decide what is found, so that the clock does not.
        seed: of all randomness.
        units: unit of each column that has one; the target's under ``""``.
        weights: float64 [rows], above zero: how much each squared error counts; None for all alike.
        stop: asked now and then; once it is true (Ctrl-C), hand over what there is.
    """

    x: Array
    y: Array
    names: tuple[str, ...]
    seeds: tuple[Expr, ...] = ()
    functions: tuple[str, ...] = ()
    max_complexity: int = 40
    seconds: float = 10.0
    evaluations: int = 10_000
    seed: int = 0
    units: Mapping[str, str] = field(default_factory=dict)
    weights: Array | None = None
    stop: Callable[[], object] = lambda: ""

    @property
    def complexities(self) -> Mapping[str, int]:
        """Allowed function -> nodes it counts for; a leaf, a power and each join of two terms or factors count 1."""
        from kandisco.expr.heads import HEADS

        return {name: HEADS[name].complexity for name in self.functions if name in HEADS}


@dataclass(frozen=True, kw_only=True)
class RefinerSpec:
    """An engine that improves composed formulas.

    Attributes:
        refine: proposes expressions, best first. A generator that raises is survived: what it yielded before is kept.
        unavailable: returns "" or why it cannot run here and the remedy; further lines (a recipe) are shown by
            ``kandisco doctor`` only. It must not import the engine.
        scopes: ``formula``: whole formulas from seeds; ``edge``: one column and no seeds, the curve a learned edge draws.
        auto: whether ``--refiner auto`` may use it where the search has not settled: quick, repeatable, nothing to set up.
    """

    name: str
    refine: Callable[[RefineProblem], Iterable[Expr]]
    unavailable: Callable[[], str] = lambda: ""
    scopes: frozenset[str] = frozenset({"formula"})
    auto: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """A named dataset: ``kandisco discover @name``, where a name such as ``feynman/I.6.2`` is one of a family.

    Attributes:
        load: the rows, the same every time and without the network.
        source: where the numbers come from.
        license: on what terms they may be used, by SPDX identifier where it has one.
        truth: the law behind the target, in words or as a formula.
        references: papers or pages.
        generate: for sets that are computed: ``generate(rows, seed)`` gives other rows of the same law; the same arguments,
            the same rows.
        laws: what is known to hold; the conformance kit checks it against the rows.
        citation: what a publication that uses the rows cites.
        unavailable: returns "" or why the rows cannot be had here (a package that is missing) and the remedy.
    """

    name: str
    load: Callable[[], Dataset]
    summary: str
    source: str
    license: str
    truth: str = ""
    references: tuple[str, ...] = ()
    generate: Callable[[int, int], Dataset] | None = None
    laws: tuple[KnownLaw, ...] = ()
    citation: str = ""
    unavailable: Callable[[], str] = lambda: ""


@dataclass(frozen=True, kw_only=True)
class ReaderSpec:
    """Reads a file into a Table; bad files raise InputError naming file, row and column."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[Path], Table]
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class ExporterSpec:
    """Writes formulas in another language. ``export(formulas, dataset)`` gets one formula unless ``many`` is set.

    A line ``UNCHECKED`` in a comment of the text asks the core to run the program, where the tool for ``suffix`` is there, and to
    put what it found in that place; what a program must look like to be run says docs/hooks/exporters.md.
    """

    name: str
    suffix: str
    export: Callable[[Sequence[Formula], Dataset], str]
    many: bool = False
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """A sub-command of the CLI; ``app()`` returns a typer.Typer and is called only when the command is used or listed."""

    name: str
    app: Callable[[], Any]
    summary: str


class Observer:
    """Sees a run, never changes it. Override what you need; every method does nothing by default."""

    def stage_started(self, stage: str, **details: Any) -> None:
        """A stage begins; ``details`` holds e.g. ``shape="[2,1,1]"``."""

    def progress(self, stage: str, **values: Any) -> None:
        """Within a stage: any of ``train``, ``valid`` (RMSE / target's deviation), ``edges``, ``best`` (text), ``seconds``."""

    def stage_finished(self, stage: str, record: Any) -> None:
        """A stage ended with its StageRecord."""

    def run_finished(self, result: Any) -> None:
        """The run ended with its Result."""
