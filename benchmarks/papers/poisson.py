"""Poisson's equation in two dimensions, from the equation alone: the network's error and the formula (KAN paper, section 3.4)."""

from __future__ import annotations

import numpy as np
from common import Row, Watch, command, report, seeds

from kandisco.config import Config
from kandisco.expr import parse, to_text
from kandisco.expr.equivalence import same_law
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.collocation import Problem
from kandisco.tasks.equations import parse_boundary, parse_domain, parse_equation
from kandisco.tasks.pde import Settings, solve
from kandisco.tasks.solution import read_off

EQUATION, DOMAIN, TRUTH = "u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)", "x=-1:1,y=-1:1", "sin(pi*x)*sin(pi*y)"
PAPER = "MSE 1e-7 with 1e2 parameters (KAN), 1e-5 with 1e4 (MLP); no formula (arXiv:2404.19756, section 3.4)"


def main() -> None:
    """Measure both bases on all seeds."""
    box = parse_domain(DOMAIN)
    problem = Problem(equation=parse_equation(EQUATION, tuple(box)), domain=box, boundary=(parse_boundary("u=0", box),))
    registry = Registry(load(entry_points=False))
    axis = np.linspace(-1, 1, 101)
    x = np.stack([part.ravel() for part in np.meshgrid(axis, axis)], axis=1)
    truth = np.sin(np.pi * x[:, 0]) * np.sin(np.pi * x[:, 1])
    rows, wanted = [], seeds()
    for basis in ("chebyshev", "bspline"):
        network, formula, errors, sizes, right, worst = Watch(), Watch(), [], [], 0, 0.0
        for seed in wanted:
            with network.turn():
                solution = solve(problem, registry, Settings(basis=basis, max_parameters=200, seed=seed))
            errors.append(float(np.mean((solution(x) - truth) ** 2)))
            sizes.append(solution.parameters)
            with formula.turn():
                found = read_off(solution, registry, Config(seed=seed))
            right += found is not None and found.exact and same_law(found.expr, parse(TRUTH), box).equal is True
            worst = max(worst, found.residual if found else np.inf)
            print(f"{basis} seed {seed}: MSE {errors[-1]:.2g}, {sizes[-1]} parameters, {found and to_text(found.expr)}")
        rows += [
            Row(
                result=f"Poisson 2-D, network, {basis} edges",
                paper=PAPER,
                bar="MSE <= 1e-11 in <= 60 s with <= 200 parameters",
                ours=f"MSE {min(errors):.1e} to {max(errors):.1e} with {min(sizes)} to {max(sizes)} parameters",
                reached=max(errors) <= 1e-11 and max(sizes) <= 200 and max(network.turns) <= 60,
                seconds=network.median,
                command=command(__file__),
                seeds=len(wanted),
                note="Shape, pruning and grid are chosen by the search; the error is on a 101 x 101 grid.",
            ),
            Row(
                result=f"Poisson 2-D, formula, {basis} edges",
                paper=PAPER,
                bar=f"{TRUTH} recovered",
                ours=f"{right} of {len(wanted)}, residual at most {worst:.1e} of its terms",
                reached=right == len(wanted),
                seconds=formula.median,
                command=command(__file__),
                seeds=len(wanted),
            ),
        ]
    report(__file__, rows)


if __name__ == "__main__":
    main()
