"""PySR's hall of fame, read while it is written."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kandisco.errors import InputError
from kandisco.expr import Expr, parse, rat, var

_FLOAT32 = re.compile(r"(?<=[\d.])f(?=[+-]?\d)")  # Julia's 1.5f-3


def read_hall(run: Path, columns: Mapping[str, str]) -> list[Expr]:
    """Formulas of ``hall_of_fame.csv`` or its ``.bak``, whichever holds more whole rows, smallest loss first.

    Args:
        run: the run's folder.
        columns: column -> its name in PySR.

    Returns:
        Trees in the names of the columns. A row that is cut off or cannot be read is left out; no file gives no formulas.
    """
    rows = max((_rows(run / name) for name in ("hall_of_fame.csv", "hall_of_fame.csv.bak")), key=len)
    found = []
    for _, text in sorted(rows, key=lambda row: row[0]):
        try:
            found.append(from_julia(text, columns))
        except InputError:
            continue
    return found


def _rows(path: Path) -> list[tuple[float, str]]:
    """(loss, equation) of every whole row."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    whole = text[: text.rfind("\n") + 1]  # what follows the last newline is still being written
    out = []
    try:
        for row in csv.DictReader(io.StringIO(whole), strict=True):
            loss, equation = row.get("Loss"), row.get("Equation")
            if loss and equation and math.isfinite(value := _number(loss)):
                out.append((value, equation))
    except csv.Error:
        pass
    return out


def _number(text: str) -> float:
    try:
        return float(_FLOAT32.sub("e", text))
    except ValueError:
        return math.nan


def from_julia(text: str, columns: Mapping[str, str]) -> Expr:
    """The tree of an equation in Julia's text.

    Raises:
        InputError: it holds something that is no part of a formula.

    Example:
        >>> from kandisco.expr import to_text
        >>> to_text(from_julia("1.5f-3 * sin(x0 ^ 2.0)", {"a": "x0"}))
        '0.0015*sin(a**2)'
    """
    tree = parse(_FLOAT32.sub("e", text), tuple(columns.values()))
    return _whole_powers(tree.substitute({short: var(name) for name, short in columns.items()}))


def _whole_powers(expr: Expr) -> Expr:
    """Whole exponents made exact: nobody means x ** 2.0 to be fitted."""
    args: Sequence[Expr] = tuple(_whole_powers(arg) for arg in expr.args)
    if expr.head == "pow" and args[1].head == "num" and float(args[1].value) == round(float(args[1].value)):  # type: ignore[arg-type]
        args = (args[0], rat(round(float(args[1].value))))  # type: ignore[arg-type]
    return Expr(expr.head, tuple(args), expr.value) if args else expr
