"""Degrees of the twisted torsion polynomials of a hyperbolic knot, in double precision, without Sage.

The holonomy of the hyperbolic structure represents the knot group in SL(2, C). The twisted Alexander polynomial of that
representation is the hyperbolic torsion polynomial (Dunfield, Friedl and Jackson, Experimental Math. 21 (2012) 329-352), that
of its adjoint the adjoint torsion. Both follow from Wada's formula: det of the Fox matrix without the column of a generator
x, over det(rho(x) t^a(x) - 1) (Wada, Topology 33 (1994) 241-256).

Only the degree is wanted, so the quotient, a Laurent polynomial, is evaluated at 64 points of the unit circle (more than its
degree up to 16 crossings), and its coefficients come back by an FFT, cyclically shifted: the degree is the length of the
circle without its longest run of zeros. The points are off the roots of unity, where the denominator of the adjoint vanishes.
Zero is what lies within ``ABOVE`` of the median of the smallest coefficients: more than half of all are zero, up to rounding.
A coefficient that stands out is there, so the degree found is never too large; it may be too small where the outermost
coefficient that was seen is hardly above the rounding. Then another triangulation is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

POINTS = 64
SURELY_ZERO = 24
ABOVE, SURE = 30.0, 1e3
ROUNDING = 1e-14
OFFSET = 0.5


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """A knot group with its holonomy.

    Attributes:
        generators: one letter each.
        relators: words; a capital letter is an inverse.
        meridian: the word of a meridian.
        matrices: generator -> complex [2, 2] of determinant 1.
    """

    generators: Sequence[str]
    relators: Sequence[str]
    meridian: str
    matrices: Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Degree:
    """A degree, 0 if the digits did not suffice, and whether it can be no larger."""

    value: int
    sure: bool


def degrees(group: Presentation) -> tuple[Degree, Degree]:
    """Degrees of the torsion polynomial and of the adjoint one.

    A presentation with one relator less than generators, as read off a triangulation. Simplified ones have long relators,
    and lose the digits that tell a small coefficient from zero.

    Returns:
        ``(torsion, adjoint)``; 4g - 2 and 6g - 3 for most knots of genus g. A degree is 0 where the polynomial is not symmetric
        in its coefficients, as it has to be: the digits did not suffice.
    """
    powers = _abelianised(group)
    plain, adjoint = _lifted(group), {g: _adjoint(m) for g, m in group.matrices.items()}
    return _degree(_polynomial(group, powers, plain)), _degree(_polynomial(group, powers, adjoint))


def _lifted(group: Presentation) -> dict[str, np.ndarray]:
    """The matrices with signs such that each relator is the identity, not minus it: a linear system over the field of two.

    Two choices of signs do; they differ by t -> -t, which leaves the degree as it is.
    """
    rows = np.array([[word.lower().count(g) % 2 for g in group.generators] for word in group.relators])
    minus = np.array([np.trace(_product(word, group.matrices)).real < 0 for word in group.relators])
    signs = _solved_modulo_two(rows, minus.astype(int))
    return {g: (1 - 2 * int(s)) * group.matrices[g] for g, s in zip(group.generators, signs)}


def _product(word: str, matrices: Mapping[str, np.ndarray]) -> np.ndarray:
    value = np.eye(2, dtype=complex)
    for letter in word:
        value = value @ (matrices[letter] if letter.islower() else np.linalg.inv(matrices[letter.lower()]))
    return value


def _solved_modulo_two(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A solution x of matrix @ x = right modulo 2, by Gauss-Jordan elimination."""
    work = np.column_stack([matrix, right]) % 2
    pivots: list[int] = []
    for column in range(matrix.shape[1]):
        row = len(pivots)
        found = row + np.flatnonzero(work[row:, column])
        if not found.size:
            continue
        work[[row, found[0]]] = work[[found[0], row]]
        others = np.flatnonzero(work[:, column])
        others = others[others != row]
        work[others] ^= work[row]
        pivots.append(column)
    solution = np.zeros(matrix.shape[1], dtype=int)
    solution[pivots] = work[: len(pivots), -1]
    return solution


def _adjoint(matrix: np.ndarray) -> np.ndarray:
    """The action X -> m X m^-1 on traceless matrices, in the basis h, e, f. complex [3, 3]."""
    (a, b), (c, d) = matrix
    return np.array([[a * d + b * c, -a * c, b * d], [-2 * a * b, a * a, -b * b], [2 * c * d, -c * c, d * d]])


def _abelianised(group: Presentation) -> dict[str, int]:
    """The power of t of each generator: the map to the integers that sends the meridian to 1."""
    index = {g: k for k, g in enumerate(group.generators)}

    def counted(word: str) -> np.ndarray:
        row = np.zeros(len(index))
        for letter in word:
            row[index[letter.lower()]] += 1 if letter.islower() else -1
        return row

    null = np.linalg.svd(np.array([counted(word) for word in group.relators]))[2][-1]
    null = null / (counted(group.meridian) @ null)
    return {g: round(float(null[k])) for g, k in index.items()}


def _polynomial(group: Presentation, powers: Mapping[str, int], rho: Mapping[str, np.ndarray]) -> np.ndarray:
    """Coefficients of Wada's quotient, cyclically shifted, up to phases. complex [POINTS]."""
    t = np.exp(2j * np.pi * (np.arange(POINTS) + OFFSET) / POINTS)
    below = {g: np.linalg.det(m * (t ** powers[g])[:, None, None] - np.eye(len(m))) for g, m in rho.items()}
    # The column that goes is the one whose denominator stays farthest from zero.
    dropped = max(group.generators, key=lambda g: np.min(np.abs(below[g])) / np.max(np.abs(below[g])) if powers[g] else -1.0)
    matrix = _fox(group.relators, [g for g in group.generators if g != dropped], powers, rho, t)
    return np.fft.fft(np.linalg.det(matrix) / below[dropped])


def _fox(
    relators: Sequence[str], columns: Sequence[str], powers: Mapping[str, int], rho: Mapping[str, np.ndarray], t: np.ndarray
) -> np.ndarray:
    """The twisted Fox matrix at each t: complex [points, size * relators, size * columns]."""
    size = len(next(iter(rho.values())))
    index = {g: k for k, g in enumerate(columns)}
    whole = {g.upper(): np.linalg.inv(m) for g, m in rho.items()} | dict(rho)
    terms: dict[int, np.ndarray] = {}
    for row, word in enumerate(relators):
        prefix, power = np.eye(size, dtype=complex), 0
        for letter in word:
            base, inverse = letter.lower(), letter.isupper()
            after, new = prefix @ whole[letter], power + (-powers[base] if inverse else powers[base])
            if base in index:
                # d(x)/dx = 1 and d(x^-1)/dx = -x^-1, both times the word before.
                at, value = (new, -after) if inverse else (power, prefix)
                into = terms.setdefault(at, np.zeros((len(relators), size, len(columns), size), dtype=complex))
                into[row, :, index[base], :] += value
            prefix, power = after, new
    stacked = np.stack(list(terms.values()))
    weights = t[:, None] ** np.array(list(terms))
    whole_matrix = np.tensordot(weights, stacked, axes=1)
    return whole_matrix.reshape(len(t), size * len(relators), size * len(columns))


def _degree(coefficients: np.ndarray) -> Degree:
    size = np.abs(coefficients)
    floor = max(float(np.median(np.sort(size)[:SURELY_ZERO])), ROUNDING * float(size.max()))
    alive = np.flatnonzero(size > ABOVE * floor)
    gaps = np.diff(np.append(alive, alive[0] + len(size)))
    k = int(np.argmax(gaps))
    degree = len(size) - int(gaps[k])
    inside = np.roll(size, -alive[(k + 1) % len(alive)])[: degree + 1]
    if not np.allclose(inside, inside[::-1], rtol=1e-3, atol=1e-9 * size.max()):
        return Degree(value=0, sure=False)
    return Degree(value=degree, sure=bool(inside[0] > SURE * floor))
