"""The 15 special functions of the KAN paper (table 2): error and number of parameters of networks of product nodes.

A sum of r products a_k(x) b_k(y) is the network [2,0+r,1] whose last layer only adds. It starts from the least-squares
tensor of both bases, cut to rank r by its singular values, and is trained on; rank and degree are those of least error
on validation rows, within the budget. The paper's table gives shapes and errors, but neither grids nor ranges: its
parameters are counted at 20 intervals (23 coefficients an edge), the middle of its schedule of 3 to 200. Ranges are
those of the sets ``@special/...``. The paper's figures are quoted from memory of the table, not from a copy of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from common import Row, Watch, command, report, seeds

from kandisco import kan as net
from kandisco.expr import parse
from kandisco.kan.layout import free
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.specs import AbstractBasis
from kandisco.types import EdgeId

ROWS, TEST_ROWS, ITERATIONS = 2000, 5000, 20
PER_EDGE = 23
RANKS, LARGEST = (1, 2, 3, 4, 5, 6), 20
PAPER = {
    "ellipj": ((2, 3, 2, 1, 1, 1), 1.33e-4),
    "ellipkinc": ((2, 2, 1, 1, 1), 1.24e-4),
    "ellipeinc": ((2, 2, 1, 1), 8.26e-5),
    "jv": ((2, 3, 1, 1, 1), 1.64e-3),
    "yv": ((2, 2, 2, 1), 1.49e-5),
    "kv": ((2, 2, 1), 2.52e-5),
    "iv": ((2, 4, 3, 2, 1, 1), 9.28e-3),
    "lpmv_0": ((2, 2, 1), 5.25e-5),
    "lpmv_1": ((2, 4, 1), 6.90e-4),
    "lpmv_2": ((2, 3, 2, 1), 2.26e-4),
    "sph_harm_0_1": ((2, 1, 1), 2.21e-7),
    "sph_harm_1_1": ((2, 3, 2, 1), 1.22e-4),
    "sph_harm_0_2": ((2, 1, 1), 1.95e-7),
    "sph_harm_1_2": ((2, 2, 1, 1), 1.50e-5),
    "sph_harm_2_2": ((2, 2, 3, 2, 1), 9.45e-5),
}


def budget(name: str) -> int:
    """Coefficients of the paper's network."""
    shape, _ = PAPER[name]
    return PER_EDGE * sum(a * b for a, b in zip(shape[:-1], shape[1:], strict=True))


def tensor(basis: AbstractBasis, x: np.ndarray, y: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Least-squares coefficients [K, K] of the products of both bases."""
    sides = [
        basis.features(torch.as_tensor(x[:, i].copy()), *(torch.tensor(float(corners[k, i])).double() for k in (0, 1))).numpy()
        for i in (0, 1)
    ]
    size = basis.n_features
    table = np.einsum("an,bn->nab", *sides).reshape(len(y), -1)
    return np.linalg.lstsq(table, y, rcond=1e-12)[0].reshape(size, size)


def network(registry: Registry, rank: int, grid: int, x: np.ndarray, y: np.ndarray, corners: np.ndarray) -> net.KAN:
    """The tensor's leading singular products as a network."""
    shape = net.parse_width(f"2,0+{rank},1" if rank > 1 else "2,0+1", 2)
    kan = net.init(shape, registry.basis("chebyshev"), x=corners, grid=grid)
    left, size, right = np.linalg.svd(tensor(kan.basis, x, y, corners))
    first = kan.edges[0]
    coef, mask = torch.zeros_like(first.coef), torch.zeros_like(first.mask)
    for k in range(rank):
        for source, vector in ((0, left[:, k]), (1, right[k])):
            coef[0, 2 * k + source, source] = torch.as_tensor(vector * np.sqrt(size[k]))
            mask[0, 2 * k + source, source] = 1.0
    kan = replace(kan, edges=(replace(first, coef=coef, mask=mask, bias=torch.zeros_like(first.bias)), *kan.edges[1:]))
    for k in range(rank if rank > 1 else 0):
        edge = EdgeId(layer=1, source=k, target=0)
        kan = net.lock(net.set_symbol(kan, edge, parse("x"), name="x"), [edge])
    if rank > 1:
        kan = replace(kan, edges=(kan.edges[0], replace(kan.edges[1], bias=torch.zeros_like(kan.edges[1].bias))))
    return kan


def best(name: str, most: int, registry: Registry, seed: int) -> tuple[str, int, float]:
    """Shape, parameters and test error of the network with the least error on validation rows."""
    generate = registry.dataset(f"@special/{name}").generate
    assert generate is not None
    train, held, test = (generate(count, 10 * seed + k) for k, count in enumerate((ROWS, ROWS, TEST_ROWS)))
    corners = np.stack([train.x.min(axis=0), train.x.max(axis=0)])
    tried = []
    for rank in RANKS:
        # Each product has two edges of K coefficients and two biases; the sum has one more.
        features = min(LARGEST, (most - 2 * rank - 1) // (2 * rank))
        if features < max(4, rank):
            break
        kan = network(registry, rank, features - 3, train.x, train.y, corners)
        found = net.fit(kan, train.x, train.y, valid=(held.x, held.y), grids=(features - 3,), iterations=ITERATIONS)
        tried.append((float(found.valid_rmse[0]), str(kan.shape), int(free(found.kan)[0].sum()), found.kan))
        if tried[-1][0] < 1e-10:
            break
    _, shape, count, kan = min(tried, key=lambda item: item[0])
    error = net.forward(kan, test.x)[0, :, 0].numpy() - test.y
    return shape, count, float(np.sqrt(np.mean(error**2)))


def main() -> None:
    """Measure all functions on all seeds."""
    registry, wanted, table, wins, watch = Registry(load(entry_points=False)), seeds(), [], 0, Watch()
    for name, (_, paper) in PAPER.items():
        found = []
        for seed in wanted:
            with watch.turn():
                found.append(best(name, budget(name), registry, seed))
        worst, most = max(error for *_, error in found), max(count for _, count, _ in found)
        won = worst <= paper and most <= budget(name)
        wins += won
        shapes = "/".join(sorted({shape for shape, *_ in found}))
        table.append(f"{name} {worst:.1e} with {most} {shapes}, paper {paper:.1e} with {budget(name)}")
        print("better" if won else "worse ", table[-1], flush=True)
    row = Row(
        result="special functions (15), paper's parameters counted at grid 20",
        paper="best KAN of table 2, arXiv:2404.19756, quoted from memory; it states neither grids nor ranges",
        bar="equal or lower RMSE with equal or fewer parameters in >= 13 of 15",
        ours=f"{wins} of 15, by the worst seed of each",
        reached=wins >= 13,
        seconds=watch.median,
        command=command(__file__),
        seeds=len(wanted),
        note="Largest test RMSE of all seeds, ranges as in @special/...: " + "; ".join(table) + ".",
    )
    report(__file__, [row])


if __name__ == "__main__":
    main()
