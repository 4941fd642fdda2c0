"""Function values at special points, inverses that cancel, parity, and phases of sine and cosine."""

from __future__ import annotations

import math
from fractions import Fraction

from kandisco.expr.numeric import evaluate
from kandisco.expr.rewrite.algebra import Algebra, is_constant, split, terms
from kandisco.expr.rewrite.numbers import HALF, MINUS_ONE, ONE, ZERO, fitted, fraction, is_number, negative, value
from kandisco.expr.tree import Expr, const, rat

_ODD = frozenset(("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf", "sign"))
_EVEN = frozenset(("cos", "cosh"))
_INVERSE = {"sin": "asin", "cos": "acos", "tan": "atan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh"}
_AT_ZERO = {"cos": ONE, "cosh": ONE, "erfc": ONE} | dict.fromkeys(_ODD, ZERO)
# f(inverse of g): sign of x**2 under the root, whether the root divides, whether x stays as a factor.
_CROSSED = {
    ("cos", "asin"): (-1, False, False),
    ("sin", "acos"): (-1, False, False),
    ("tan", "asin"): (-1, True, True),
    ("sin", "atan"): (1, True, True),
    ("cos", "atan"): (1, True, False),
    ("cosh", "asinh"): (1, False, False),
    ("tanh", "asinh"): (1, True, True),
    ("cosh", "atanh"): (-1, True, False),
    ("sinh", "atanh"): (-1, True, True),
}


def apply(algebra: Algebra, head: str, args: tuple[Expr, ...]) -> Expr:
    """The normal form of a function of normal arguments."""
    if head == "exp":
        return algebra.exp(args[0])
    if head == "log":
        return algebra.log(args[0])
    if all(is_constant(arg) for arg in args) and any(arg.head == "num" for arg in args):
        return _folded(Expr(head, args))
    if len(args) > 1:
        return Expr(head, args)
    argument = args[0]
    if argument == ZERO and head in _AT_ZERO:
        return _AT_ZERO[head]
    if head == "abs":
        return algebra.absolute(argument)
    if head == "sign" and algebra.facts.sign(argument) and not is_constant(argument):
        return rat(algebra.facts.sign(argument))
    sign = ONE
    if head in _ODD | _EVEN and _points_down(argument):
        argument = algebra.negate(argument)
        sign = MINUS_ONE if head in _ODD else ONE
    if head in ("sin", "cos"):
        flip, head, argument = _phase(algebra, head, argument)
        sign = rat(fraction(sign) * flip)
    built = _inverse(algebra, head, argument)
    return built if sign == ONE else algebra.product((sign, built))


def _folded(expr: Expr) -> Expr:
    return fitted(float(evaluate(expr, {})))


def _points_down(argument: Expr) -> bool:
    """Whether -argument is the form to keep: more minus signs than plus, or the first variable term negative on a tie."""
    down = [negative(split(term)[0]) for term in terms(argument)]
    if 2 * sum(down) != len(down):
        return 2 * sum(down) > len(down)
    return next((low for low, term in zip(down, terms(argument), strict=True) if not is_constant(term)), down[0])


def _inverse(algebra: Algebra, head: str, argument: Expr) -> Expr:
    inner = argument.head
    if head in _INVERSE and inner == _INVERSE[head]:
        return argument.args[0]
    crossed = _CROSSED.get((head, inner))
    if crossed is None:
        return Expr(head, (argument,)) if argument != ZERO or head not in _AT_ZERO else _AT_ZERO[head]
    x = argument.args[0]
    square = algebra.product((rat(crossed[0]), algebra.power(x, rat(2))))
    root = algebra.power(algebra.sum((ONE, square)), HALF if not crossed[1] else rat(-1, 2))
    return algebra.product((x, root)) if crossed[2] else root


def _phase(algebra: Algebra, head: str, argument: Expr) -> tuple[int, str, Expr]:
    """(sign, sin or cos, argument) with the phase brought into (-pi/2, pi/2), exactly if it is an exact multiple of pi."""
    parts = terms(argument)
    exact = [term for term in parts if split(term)[1] == const("pi") and split(term)[0].head == "rat"]
    rest = [term for term in parts if term not in exact]
    if exact:
        turns, phase = _exact_turns(fraction(split(exact[0])[0]))
        kept = algebra.product((rat(phase), const("pi"))) if phase else ZERO
    else:
        number = next((term for term in parts if term.head == "num"), None)
        if number is None or len(parts) == 1:
            return 1, head, argument
        rest = [term for term in parts if term is not number]
        turns, kept = _fitted_turns(value(number))
    sign, head = _quarter_turns(head, turns)
    argument = algebra.sum([*rest, kept])
    if _points_down(argument):
        argument = algebra.negate(argument)
        sign *= -1 if head == "sin" else 1
    return sign, head, argument


def _exact_turns(phase: Fraction) -> tuple[int, Fraction]:
    """Quarter turns and what is left of phase*pi; only whole quarter and half turns are taken."""
    if (2 * phase).denominator == 1:
        return int(2 * phase), Fraction(0)
    halves = round(phase)
    return 2 * halves, phase - halves


def _fitted_turns(phase: float) -> tuple[int, Expr]:
    halves = round(phase / math.pi)
    left = phase - halves * math.pi
    if abs(left) < 1e-13 * max(1.0, abs(phase)):
        return 2 * halves, ZERO
    for quarter in (1, -1):
        if abs(left - quarter * math.pi / 2) < 1e-13 * max(1.0, abs(phase)):
            return 2 * halves + quarter, ZERO
    return 2 * halves, fitted(left)


def _quarter_turns(head: str, turns: int) -> tuple[int, str]:
    """(sign, head) of head(u + turns*pi/2)."""
    cycle = (("sin", 1), ("cos", 1), ("sin", -1), ("cos", -1))
    name, sign = cycle[(turns + (head == "cos")) % 4]
    return sign, name


def normal(expr: Expr, algebra: Algebra, memo: dict[Expr, Expr]) -> Expr:
    """The normal form of any tree.

    Raises:
        ArithmeticError: a constant overflows or divides by zero.
    """
    found = memo.get(expr)
    if found is None:
        found = memo[expr] = _normal(expr, algebra, memo)
        memo[found] = found
    return found


def _normal(expr: Expr, algebra: Algebra, memo: dict[Expr, Expr]) -> Expr:
    if is_number(expr):
        return fitted(value(expr)) if expr.head == "num" else expr
    if not expr.args:
        return expr
    args = tuple(normal(arg, algebra, memo) for arg in expr.args)
    match expr.head:
        case "add":
            return algebra.sum(args)
        case "mul":
            return algebra.product(args)
        case "pow":
            return algebra.power(*args)
    return apply(algebra, expr.head, args)
