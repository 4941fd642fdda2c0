"""The signature of a knot from a planar diagram, by the Goeritz form of a checkerboard surface."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

Crossing = Sequence[int]


def signature(pd: Sequence[Crossing]) -> int:
    """The signature of a knot, negative for positive knots.

    The black regions of a checkerboard colouring form a surface; its Goeritz form has one row for each white region but one,
    and the crossings at which both strands run through the band in the same direction correct its signature:
    sigma(K) = sign(G) - sum of eta over those crossings (Gordon and Litherland, Inventiones Math. 47 (1978) 53-69).

    Args:
        pd: planar diagram code; a crossing is its four edges counter-clockwise, from the incoming under-strand. Edges are
            numbered along the knot.

    Returns:
        An even number.

    Raises:
        ValueError: an edge has not two ends, so this is no diagram.

    Example:
        >>> signature([(1, 5, 2, 4), (3, 1, 4, 6), (5, 3, 6, 2)])  # the right-handed trefoil
        -2
        >>> signature([])
        0
    """
    if not pd:
        return 0
    face = _faces(pd)
    black = _black(face)
    white = {name: k for k, name in enumerate(sorted(set(face.ravel()) - black))}
    form = np.zeros((len(white), len(white)))
    correction = 0
    for crossing, corners in zip(pd, face):
        eta = 1 if corners[1] in black else -1
        i, j = (white[corner] for corner in corners if corner not in black)
        form[[i, j], [j, i]] -= eta
        form[[i, j], [i, j]] += eta
        if eta == _sign(crossing, 2 * len(pd)):
            correction += eta
    return _form_signature(form[1:, 1:]) - correction


def _sign(crossing: Crossing, edges: int) -> int:
    """+1 where the over-strand runs from the fourth edge to the second."""
    if edges == 2:  # one crossing: each edge leads to the other, so the kink itself says which way it runs
        return 1 if crossing[1] == crossing[2] or crossing[0] == crossing[3] else -1
    return 1 if (crossing[1] - crossing[3]) % edges == 1 else -1


def _form_signature(form: np.ndarray) -> int:
    if not form.size:
        return 0
    values = np.linalg.eigvalsh(form)
    return int(np.sum(values > 1e-9) - np.sum(values < -1e-9))


def _faces(pd: Sequence[Crossing]) -> np.ndarray:
    """Number of the region at each corner of each crossing; corner k lies between edges k and k + 1. int [crossings, 4]."""
    ends = defaultdict(list)
    for c, crossing in enumerate(pd):
        for k, edge in enumerate(crossing):
            ends[edge].append((c, k))
    parent = list(range(4 * len(pd)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for edge, found in ends.items():
        if len(found) != 2:
            raise ValueError(f"edge {edge} of the diagram has {len(found)} ends, not 2")
        for (c, k), (d, m) in (found, found[::-1]):
            parent[root(4 * c + k)] = root(4 * d + (m - 1) % 4)
    return np.array([root(i) for i in range(4 * len(pd))]).reshape(-1, 4)


def _black(face: np.ndarray) -> set[int]:
    """The regions of one colour: opposite corners of a crossing are alike, neighbours differ."""
    near = defaultdict(set)
    for corners in face:
        near[corners[0]] |= {corners[1], corners[3]}
        near[corners[1]] |= {corners[0], corners[2]}
        near[corners[2]] |= {corners[1], corners[3]}
        near[corners[3]] |= {corners[0], corners[2]}
    colour = {face[0, 0]: True}
    queue = [face[0, 0]]
    for region in queue:
        for other in near[region]:
            if other not in colour:
                colour[other] = not colour[region]
                queue.append(other)
    return {region for region, shade in colour.items() if shade}
