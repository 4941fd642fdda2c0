"""Known laws against the rows they are said to hold in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kandisco.errors import InputError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.types import Array, Dataset, KnownLaw

_RELATION = re.compile(r"(.+?)(<=|>=|==|=|<|>)(.+)")
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Held:
    """How a law fares: ``ok``, and ``misfit`` in the measure of its kind (see ``KnownLaw``)."""

    ok: bool
    misfit: float


def check_law(law: KnownLaw, dataset: Dataset) -> Held:
    """Check a law against all rows of a dataset; inputs and target go by ``Variable.name``.

    Raises:
        InputError: the expression is no relation of the dataset's columns.

    Example:
        >>> from kandisco.types import Variable
        >>> t = np.linspace(1, 2, 5)
        >>> fall = Dataset(name="fall", x=t[:, None], y=4.9 * t**2, inputs=(Variable(name="t"),), target=Variable(name="h"))
        >>> check_law(KnownLaw(expression="h = 4.9*t**2"), fall).ok
        True
        >>> check_law(KnownLaw(expression="h >= 5*t**2", kind="inequality"), fall)
        Held(ok=False, misfit=1.0)
    """
    columns = {v.name: values for v, values in zip((*dataset.inputs, dataset.target), (*dataset.x.T, dataset.y), strict=True)}
    with np.errstate(all="ignore"):
        misfit = _MEASURES[law.kind](law, columns)
    return Held(ok=bool(misfit <= allowed(law)), misfit=misfit)


def allowed(law: KnownLaw) -> float:
    """The largest misfit with which a law holds: its tolerance, or where it has none rounding for an exact one, else 0."""
    return law.tolerance or (_ROUNDING if law.kind == "exact" else 0.0)


def _exact(law: KnownLaw, columns: Mapping[str, Array]) -> float:
    left, _, right = _sides(law.expression, columns, "=")
    size = np.maximum(np.abs(left), np.abs(right))
    # Next to nothing but the rounding of larger numbers is left of a value that cancels.
    size = np.maximum(size, 1e-6 * np.max(size, initial=0.0))
    gaps = np.abs(left - right) / np.where(size == 0, 1.0, size)
    return float(np.max(np.where(np.isnan(gaps), np.inf, gaps), initial=0.0))


def _approximate(law: KnownLaw, columns: Mapping[str, Array]) -> float:
    left, _, right = _sides(law.expression, columns, "=")
    misfit = float(np.sqrt(np.mean((left - right) ** 2) / np.mean(left**2)))
    return misfit if np.isfinite(misfit) else float("inf")


def _inequality(law: KnownLaw, columns: Mapping[str, Array]) -> float:
    return float(np.mean(~_true(law.expression, columns, slack=True)))


def _boundary(law: KnownLaw, columns: Mapping[str, Array]) -> float:
    sides = law.expression.split("<=>")
    if len(sides) != 2:
        raise InputError(f"{law.expression!r} is no boundary.", hint="Write two inequalities with <=> between them.")
    first, second = (_true(side, columns, slack=False) for side in sides)
    return float(np.mean(first != second))


_MEASURES = {"exact": _exact, "approximate": _approximate, "inequality": _inequality, "boundary": _boundary}


def _true(expression: str, columns: Mapping[str, Array], *, slack: bool) -> NDArray[np.bool_]:
    """In which rows an inequality is true; with slack a rounding error does not make it false."""
    left, sign, right = _sides(expression, columns, "<", ">")
    if sign[0] == ">":
        left, right = right, left
    room = _ROUNDING * np.maximum(np.abs(left), np.abs(right)) if slack else 0.0
    return left <= right + room if slack or sign.endswith("=") else left < right


def _sides(expression: str, columns: Mapping[str, Array], *signs: str) -> tuple[Array, str, Array]:
    match = _RELATION.fullmatch(expression.strip())
    if match is None or match[2][0] not in signs:
        raise InputError(
            f"{expression!r} is no relation of this kind.", hint=f"Write two terms with {' or '.join(signs)} between."
        )
    left, right = (np.asarray(evaluate(parse(text, tuple(columns)), columns)) for text in (match[1], match[3]))
    rows = len(next(iter(columns.values())))
    return np.broadcast_to(left, rows), match[2], np.broadcast_to(right, rows)
