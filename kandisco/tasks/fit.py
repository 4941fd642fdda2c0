"""The constants of a formula whose form is known, from data alone: no starting values are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kandisco.control import Control
from kandisco.data.names import split_unit
from kandisco.errors import ConfigError
from kandisco.expr import Expr, num, parse, rat, var
from kandisco.expr.numeric import Program
from kandisco.types import Array, Dataset

_DRAWS, _CHUNK, _KEPT = 8000, 500, 40
_PROBES = 300
_TINY = 1e-150
_SIGNS = 6


@dataclass(frozen=True, kw_only=True)
class Constant:
    """A fitted constant with its standard error (nan where the data do not determine it)."""

    name: str
    value: float
    std_error: float


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """What ``fit_formula`` returns.

    Attributes:
        expr: the formula with its constants.
        constants: in the order in which the text names them.
        rss: (weighted) sum of squared residuals.
        residual_sd: square root of ``rss`` over the degrees of freedom.
        freedom: rows less constants.
        agreeing: share of the local searches that came to this sum of squares; the others came to a larger one.
        seconds: wall time.
    """

    expr: Expr
    constants: tuple[Constant, ...]
    rss: float
    residual_sd: float
    freedom: int
    agreeing: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Model:
    """A formula as a function of its constants, some of which may stand in several places."""

    program: Program
    owner: NDArray[np.int64]
    x: Array
    y: Array
    root: Array

    def values(self, constants: Array) -> Array:
        """Weighted values [batch, rows]."""
        with np.errstate(all="ignore"):
            return np.asarray(self.program.values(constants[:, self.owner], self.x) * self.root, dtype=np.float64)

    def left(self, constants: Array) -> Array:
        """Weighted residuals [rows]."""
        return np.asarray(self.values(constants[None])[0] - self.y * self.root)

    def slopes(self, constants: Array) -> Array:
        """Derivatives of the residuals [rows, constants]."""
        with np.errstate(all="ignore"):
            each = self.program.jacobian(constants[None, self.owner], self.x)[1][0] * self.root
        out = np.zeros((len(constants), each.shape[1]))
        np.add.at(out, self.owner, each)
        return np.nan_to_num(out.T, nan=0.0, posinf=0.0, neginf=0.0)


def fit_formula(dataset: Dataset, formula: str, *, seed: int = 0) -> Fitted:
    """Fit the constants of a formula by least squares.

    Names that are no columns are constants, ``E`` too (Euler's number is ``exp(1)``); ``pi`` stays pi.
    Those that enter linearly are eliminated (variable projection; Golub and Pereyra,
    SIAM J. Numer. Anal. 10 (1973) 413), thousands of draws of the others are compared, and the best start local searches
    (Levenberg-Marquardt with exact derivatives). Decimals in the text stay as they are.

    Args:
        dataset: the rows, all of which are used, with their weights; standard errors follow from a stated uncertainty of the
            target, and from the residuals where these are larger.
        formula: such as ``"b1*(1 - exp(-b2*x))"`` in the names of the columns; ``target =`` may stand before it.
        seed: of the draws.

    Raises:
        ConfigError: the formula has no constant, as many as rows, or is nowhere finite.
        InputError: it cannot be read.

    Example:
        >>> from kandisco.types import Variable
        >>> t = np.linspace(0, 3, 20)
        >>> decay = Dataset(name="d", x=t[:, None], y=5 * np.exp(-2 * t), inputs=(Variable(name="t"),), target=Variable(name="N"))
        >>> [(c.name, round(c.value, 9)) for c in fit_formula(decay, "N0*exp(-k*t)").constants]
        [('N0', 5.0), ('k', 2.0)]
    """
    control = Control()
    names, model = _model(dataset, formula)
    rng = np.random.default_rng(seed)
    linear = _linear(model, len(names), rng)
    ends = [_descended(model, start, linear) for start in _starts(model, len(names), linear, rng)]
    ends = [(constants, rss) for constants, rss in ends if np.isfinite(rss)]
    if not ends:
        raise ConfigError(f"The formula {formula!r} is nowhere finite on the rows.", hint="Check logarithms and roots.")
    best, rss = min(ends, key=lambda end: end[1])
    best, rss = _polished(model, _positive(model, best, rss))
    freedom = len(model.y) - len(names)
    spread = float(np.sqrt(rss / freedom))
    errors = _errors(model.slopes(best)) * max(spread, 0.0 if dataset.relative else dataset.uncertainty)
    stream = iter(best[model.owner].tolist())
    return Fitted(
        expr=model.program.expr.with_numbers(stream),
        constants=tuple(
            Constant(name=n, value=float(v), std_error=float(e)) for n, v, e in zip(names, best, errors, strict=True)
        ),
        rss=rss,
        residual_sd=spread,
        freedom=freedom,
        agreeing=sum(other <= rss * (1 + 1e-6) for _, other in ends) / len(ends),
        seconds=control.elapsed(),
    )


def _model(dataset: Dataset, formula: str) -> tuple[tuple[str, ...], _Model]:
    left, equals, right = formula.partition("=")
    tree = parse(right if equals else left).map_leaves(lambda leaf: _letter(leaf, dataset))
    columns = [variable.name for variable in dataset.inputs]
    places = [str(leaf.value) for leaf in tree.walk() if leaf.head == "var" and leaf.value not in columns]
    names = tuple(dict.fromkeys(places))
    if not names:
        hint = f"Columns are {', '.join(columns)}; any other name is a constant to fit."
        raise ConfigError(f"The formula {formula!r} has no constant.", hint=hint)
    if len(names) >= len(dataset.y):
        raise ConfigError(
            f"{len(names)} constants cannot be told from {len(dataset.y)} rows.", hint="Fix some of them as numbers."
        )
    form = tree.map_leaves(lambda leaf: _leaf(leaf, names))
    model = _Model(
        program=Program(form, columns),
        owner=np.array([names.index(place) for place in places]),
        x=np.ascontiguousarray(dataset.x.T),
        y=dataset.y,
        root=np.ones(len(dataset.y)) if dataset.weights is None else np.sqrt(dataset.weights),
    )
    return names, model


def _letter(leaf: Expr, dataset: Dataset) -> Expr:
    """``E`` and ``pi`` as the column of that header, ``E`` else as a constant to fit: an energy is meant, hardly exp(1)."""
    if leaf.head != "const":
        return leaf
    own = (column.name for column in dataset.inputs if split_unit(column.label)[0] == leaf.value)
    name = next(own, "E" if leaf.value == "E" else "")
    return var(name) if name else leaf


def _leaf(leaf: Expr, names: Sequence[str]) -> Expr:
    if leaf.head == "num":
        return rat(Fraction(float(leaf.value)))  # type: ignore[arg-type]
    return num(1.0) if leaf.head == "var" and leaf.value in names else leaf


def _linear(model: _Model, count: int, rng: np.random.Generator) -> list[int]:
    """Constants that the formula is jointly affine in: moved along any line of them, its values lie on a line."""
    chosen: list[int] = []
    for place in range(count):
        trial = [*chosen, place]
        base = np.column_stack([_drawn(model.x, _PROBES, rng) for _ in range(count)])
        move = np.zeros_like(base)
        move[:, trial] = base[:, trial] * rng.normal(0.0, 0.5, (_PROBES, len(trial)))
        low, middle, high = (model.values(base + step * move) for step in (-1.0, 0.0, 1.0))
        with np.errstate(all="ignore"):
            size = np.abs(low) + 2 * np.abs(middle) + np.abs(high)
            usable = np.isfinite(size) & (size > _TINY) & (np.abs(high - low) > 1e-6 * size)
            bent = np.abs(low - 2 * middle + high) > 1e-9 * size
        if usable.sum() >= 3 and not (bent & usable).any():
            chosen = trial
    return chosen


def _starts(model: _Model, count: int, linear: Sequence[int], rng: np.random.Generator) -> list[Array]:
    """The most promising of many draws, the linear constants solved for."""
    curved = [place for place in range(count) if place not in linear]
    total = _DRAWS if curved else 1
    found: list[tuple[float, Array]] = []
    for begin in range(0, total, _CHUNK):
        draws = np.ones((min(_CHUNK, total - begin), count))
        for place in curved:
            draws[:, place] = _drawn(model.x, len(draws), rng)
        solved, rss = _solved(model, draws, linear)
        order = np.argsort(rss)[:_KEPT]
        found += [(float(rss[i]), solved[i]) for i in order if np.isfinite(rss[i])]
    return [start for _, start in sorted(found, key=lambda pair: pair[0])[:_KEPT]]


def _drawn(x: Array, rows: int, rng: np.random.Generator) -> Array:
    """Values of a constant: of any size, a place among the inputs, a width of them, or its inverse; of either sign."""
    column = x[rng.integers(len(x), size=rows)]
    low, width = column.min(axis=1), np.ptp(column, axis=1)
    share = np.exp(rng.uniform(np.log(1e-3), np.log(3.0), rows)) * np.where(width > 0, width, 1.0)
    kinds = (np.exp(rng.uniform(np.log(1e-5), np.log(1e5), rows)), low + width * rng.uniform(size=rows), share, 1 / share)
    kind = rng.choice(4, rows, p=(0.4, 0.25, 0.15, 0.2))
    drawn: Array = np.choose(kind, kinds) * rng.choice([-1.0, 1.0], rows, p=(0.35, 0.65))
    return drawn


def _solved(model: _Model, draws: Array, linear: Sequence[int]) -> tuple[Array, Array]:
    """Draws with their linear constants at the least squares solution, and the sums of squares."""
    draws = draws.copy()
    target = model.y * model.root
    if linear:
        draws[:, linear] = 0.0
        rest = model.values(draws)
        parts = []
        for place in linear:
            draws[:, place] = 1.0
            parts.append(model.values(draws) - rest)
            draws[:, place] = 0.0
        design = np.stack(parts, axis=2)
        size = np.max(np.abs(design), axis=1)
        # A term that vanishes or overflows on all rows has no constant to solve for.
        bad = ~np.all((size > _TINY) & (size < 1 / _TINY), axis=1) | ~np.all(np.isfinite(rest), axis=1)
        size, design, rest = (
            np.where(bad[:, None], 1.0, size),
            np.where(bad[:, None, None], 0.0, design),
            np.where(bad[:, None], 0.0, rest),
        )
        draws[:, linear] = (np.linalg.pinv(design / size[:, None, :], rcond=1e-13) @ (target - rest)[:, :, None])[:, :, 0] / size
        draws[bad] = np.nan
    with np.errstate(all="ignore"):
        rss = np.sum((model.values(draws) - target) ** 2, axis=1)
    return draws, np.where(np.isfinite(rss), rss, np.inf)


def _descended(model: _Model, start: Array, linear: Sequence[int]) -> tuple[Array, float]:
    """Where Levenberg-Marquardt (MINPACK) comes to from one start, the linear constants solved for at every step.

    The Jacobian is Kaufman's (BIT 15 (1975) 49): that of the curved constants, less what the linear ones can take over.
    """
    from scipy.optimize import least_squares

    unit = float(np.max(np.abs(model.y * model.root))) or 1.0
    curved = [place for place in range(len(start)) if place not in linear]
    scale = np.where(np.abs(start[curved]) > 0, np.abs(start[curved]), 1.0)

    def whole(moved: Array) -> Array:
        constants = start.copy()
        constants[curved] = moved * scale
        return _solved(model, constants[None], linear)[0][0] if linear else constants

    def residual(moved: Array) -> Array:
        left: Array = np.nan_to_num(model.left(whole(moved)) / unit, nan=1e6, posinf=1e6, neginf=-1e6).clip(-1e6, 1e6)
        return left

    def jacobian(moved: Array) -> Array:
        slopes = model.slopes(whole(moved))
        own = slopes[:, curved] * scale / unit
        if linear:
            size = np.max(np.abs(slopes[:, linear]), axis=0)
            basis = np.linalg.qr(slopes[:, linear] / np.where(size > 0, size, 1.0))[0]
            own = own - basis @ (basis.T @ own)
        return np.asarray(own)

    constants = whole(np.array([]) if not curved else start[curved] / scale)
    if curved:
        done = least_squares(
            residual, start[curved] / scale, jac=jacobian, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=500
        )
        constants = whole(done.x)
    with np.errstate(all="ignore"):
        rss = float(np.sum(model.left(constants) ** 2))
    return constants, rss if np.isfinite(rss) else np.inf


def _positive(model: _Model, constants: Array, rss: float) -> Array:
    """Of solutions that differ in signs alone, such as a width that is squared, the one with most constants above zero."""
    negative = np.flatnonzero(constants < 0)[:_SIGNS]
    for count in range(len(negative), 0, -1):
        for places in itertools.combinations(negative.tolist(), count):
            other = constants.copy()
            other[list(places)] *= -1
            if abs(float(np.sum(model.left(other) ** 2)) - rss) <= 1e-9 * rss:
                return other
    return constants


def _polished(model: _Model, constants: Array) -> tuple[Array, float]:
    """Gauss-Newton steps by QR while they help: normal equations would lose half the digits."""
    rss = float(np.sum(model.left(constants) ** 2))
    for _ in range(10):
        slopes = model.slopes(constants)
        scale = np.sqrt(np.sum(slopes**2, axis=0))
        scale[scale == 0] = 1.0
        step = np.linalg.lstsq(slopes / scale, model.left(constants), rcond=None)[0] / scale
        new = constants - step
        found = float(np.sum(model.left(new) ** 2))
        if not found <= rss * (1 + 1e-13):
            break
        constants, rss = new, min(rss, found)
        if np.max(np.abs(step) / np.maximum(np.abs(constants), 1e-300)) < 1e-14:
            break
    return constants, float(np.sum(model.left(constants) ** 2))


def _errors(slopes: Array) -> Array:
    scale = np.sqrt(np.sum(slopes**2, axis=0))
    scale[scale == 0] = 1.0
    triangle = np.linalg.qr(slopes / scale, mode="r")
    if np.min(np.abs(np.diag(triangle))) < 1e-14:
        return np.full(slopes.shape[1], np.nan)
    inverse = np.linalg.inv(triangle)
    found: Array = np.sqrt(np.sum(inverse**2, axis=1)) / scale
    return found
