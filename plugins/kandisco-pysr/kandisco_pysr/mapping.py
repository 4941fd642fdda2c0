"""A problem in PySR's words: operators, complexities, constraints, guesses and units."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from kandisco.expr import Expr, constant_value
from kandisco.specs import RefineProblem

# Function -> its operator in PySR; the two differ nowhere today.
UNARY = (
    "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "abs", "sign",
    "erf", "erfc", "gamma",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "^")
TRIGONOMETRIC = ("sin", "cos", "tan")
# Without these a run would be another one than was asked for; the others only tune it.
NEEDED = frozenset(
    {"operators", "maxsize", "max_evals", "random_state", "deterministic", "parallelism", "output_directory", "run_id"}
)
# Symbols that PySR's DynamicQuantities knows under the same name.
_UNITS = frozenset((
    "m", "g", "s", "A", "K", "cd", "mol", "Hz", "N", "Pa", "J", "W", "C", "V", "F", "Ohm", "T", "L", "bar", "eV", "h",
))  # fmt: skip
_PREFIXES = ("", "k", "m", "u", "n", "M", "G", "c")
_TERM = re.compile(r"([A-Za-z]+)(\^-?\d+)?")


def settings(problem: RefineProblem, folder: str) -> dict[str, Any]:
    """Arguments of ``PySRRegressor`` for a problem; output goes to ``folder``/run."""
    unary = operators(problem)
    weights: dict[str, int] = {name: problem.complexities[name] for name in unary if name in problem.complexities}
    used = [name for name in TRIGONOMETRIC if name in unary]
    seconds = {"timeout_in_seconds": problem.seconds} if math.isfinite(problem.seconds) else {}
    return {
        "operators": {1: unary, 2: list(BINARY)},
        "constraints": {"^": (-1, 1)},
        "nested_constraints": {name: dict.fromkeys(used, 0) for name in used},
        "complexity_of_operators": {**dict.fromkeys((*BINARY, "sqrt"), 1), **weights},
        "complexity_of_constants": 1,
        "complexity_of_variables": 1,
        "maxsize": max(7, problem.max_complexity),
        "max_evals": problem.evaluations,
        "niterations": 1_000_000,  # evaluations and seconds end the run
        **seconds,
        "early_stop_condition": float(1e-24 * np.var(problem.y)) or 1e-300,
        "guesses": guesses(problem),
        "fraction_replaced_guesses": 0.05,
        "random_state": problem.seed % 2**31,
        "deterministic": True,
        "parallelism": "serial",
        "precision": 64,
        "batching": False,
        "progress": False,
        "verbosity": 0,
        "input_stream": "devnull",
        "output_directory": folder,
        "run_id": "run",
    }


def operators(problem: RefineProblem) -> list[str]:
    """The unary operators: roots are powers and always allowed."""
    return ["sqrt", *(name for name in UNARY if name in problem.functions)]


def checked(wanted: Mapping[str, Any], constructor: Callable[..., Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments that the installed PySR takes, and those it does not.

    Raises:
        RuntimeError: it lacks one that decides what the run is.
    """
    known = {p.name for p in inspect.signature(constructor).parameters.values() if p.kind is not p.VAR_KEYWORD}
    unknown = tuple(name for name in wanted if name not in known)
    if lost := sorted(NEEDED.intersection(unknown)):
        raise RuntimeError(f"The installed pysr has no {', '.join(lost)}; update kandisco-pysr, or install pysr 2.x.")
    return {name: value for name, value in wanted.items() if name in known}, unknown


def names(problem: RefineProblem) -> dict[str, str]:
    """Column -> its name in PySR: x0, x1, ..., because E, I, N and S are sympy's there."""
    return {name: f"x{i}" for i, name in enumerate(problem.names)}


def guesses(problem: RefineProblem) -> list[str] | None:
    """The seeds as Julia text, without those that hold an operator PySR was not given."""
    allowed = set(operators(problem))
    texts = [julia(seed, names(problem)) for seed in problem.seeds if {n.head for n in seed.walk()} - _PLAIN <= allowed]
    return texts or None


_PLAIN = {"num", "rat", "const", "var", "add", "mul", "pow"}


def julia(expr: Expr, columns: Mapping[str, str]) -> str:
    """A formula in Julia, every operator in parentheses and every number a decimal, so that nothing is left to precedence.

    Example:
        >>> from kandisco.expr import parse
        >>> julia(parse("2*a - b**2"), {"a": "x0", "b": "x1"})
        '((2.0 * x0) + ((-1.0) * (x1 ^ 2.0)))'
    """
    value = constant_value(expr)
    if value is not None:
        return repr(value) if value >= 0 else f"({value!r})"
    if expr.head == "var":
        return columns[str(expr.value)]
    if expr.head == "pow":
        return _power(expr, columns)
    parts = [julia(arg, columns) for arg in expr.args]
    if expr.head not in ("add", "mul"):
        return f"{expr.head}({', '.join(parts)})"
    text = parts[0]
    for part in parts[1:]:
        text = f"({text} {'+' if expr.head == 'add' else '*'} {part})"
    return text


def _power(expr: Expr, columns: Mapping[str, str]) -> str:
    base, exponent = julia(expr.args[0], columns), expr.args[1]
    exact = Fraction(exponent.value) if exponent.head == "rat" else None  # type: ignore[arg-type]
    if exact == -1:
        return f"(1.0 / {base})"
    if exact is not None and abs(exact) == Fraction(1, 2):
        return f"sqrt({base})" if exact > 0 else f"(1.0 / sqrt({base}))"
    return f"({base} ^ {julia(exponent, columns)})"


def units(problem: RefineProblem) -> dict[str, Any]:
    """``X_units`` and ``y_units`` where every unit is one that PySR can read; else none: half the units would mislead it."""
    texts = [unit_text(problem.units.get(name, "")) for name in (*problem.names, "")]
    if not problem.units or any(text is None for text in texts):
        return {}
    return {"X_units": texts[:-1], "y_units": texts[-1]}


def unit_text(unit: str) -> str | None:
    """A unit in PySR's spelling, empty for a pure number, None where it cannot be said.

    Example:
        >>> unit_text("m/s²"), unit_text("kg·m"), unit_text("furlong")
        ('m/s^2', 'kg*m', None)
    """
    plain = unit.strip().replace("²", "^2").replace("³", "^3").replace("·", "*").replace("**", "^").replace(" ", "*")
    if plain in ("", "1"):
        return ""
    for term in re.split(r"[*/]", plain):
        match = _TERM.fullmatch(term)
        if match is None or not any(match[1] == prefix + base for prefix in _PREFIXES for base in _UNITS):
            return None
    return plain
