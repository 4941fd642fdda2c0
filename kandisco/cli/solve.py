"""``kandisco solve``: a differential equation in, a network that satisfies it and its formula out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from kandisco.cli.options import JSON, seconds_of
from kandisco.cli.session import Session
from kandisco.config import Config
from kandisco.errors import InputError

if TYPE_CHECKING:
    from kandisco.tasks.pde import Solution
    from kandisco.tasks.solution import Symbolic

_BOUNDARY = typer.Option(
    ..., "--boundary", metavar="[FACE:] EQUATION", help='"u=0" on all faces, or on one: "x=-1: u_x=0"; repeatable.'
)


def solve(
    ctx: typer.Context,
    equation: str = typer.Argument(..., metavar="EQUATION", help='Such as "u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)".'),
    domain: str = typer.Option(..., "--domain", metavar="x=-1:1,...", help="The box: each coordinate with its range."),
    boundary: list[str] = _BOUNDARY,
    unknown: str = typer.Option("u", "--unknown", metavar="NAME", help="Name of the unknown function."),
    basis: str = typer.Option("chebyshev", "--basis", metavar="NAME", help="Edge basis (kandisco list bases)."),
    width: str = typer.Option("", "--width", metavar="SHAPE", help="Shape such as 2,0+1 (default: searched, simplest first)."),
    parameters: int = typer.Option(1000, "--max-parameters", metavar="INTEGER", help="Most numbers a network may have."),
    time: str = typer.Option("60s", "--time", metavar="DURATION", help="Time limit of the network; the formula gets as much."),
    seed: int = typer.Option(0, "--seed", metavar="INTEGER", help="Of all randomness."),
    formula: bool = typer.Option(True, "--formula/--no-formula", help="Look for the solution as a formula."),
    output: str = typer.Option("", "--output", "-o", metavar="FILE", help="Write the solution on an even grid as CSV."),
    json_: bool = JSON,
) -> None:
    """Solve a differential equation with a network trained on the equation itself, and read the formula off it."""
    from kandisco.cli.signals import interruptible
    from kandisco.control import Control
    from kandisco.tasks import pde
    from kandisco.tasks.collocation import Problem
    from kandisco.tasks.equations import parse_boundary, parse_domain, parse_equation
    from kandisco.tasks.solution import read_off

    session: Session = ctx.obj
    box = parse_domain(domain)
    problem = Problem(
        equation=parse_equation(equation, tuple(box), unknown),
        domain=box,
        boundary=tuple(parse_boundary(text, box, unknown) for text in boundary),
        unknown=unknown,
    )
    limit = seconds_of(time)
    settings = pde.Settings(basis=basis, width=width, max_parameters=parameters, seed=seed)
    control, found = Control(seconds=limit), None
    with interruptible(control):
        solution = pde.solve(problem, session.registry(), settings, control=control)
        if formula and not control.interrupted:
            control = Control(seconds=limit)
            found = read_off(solution, session.registry(), Config(time=limit, seed=seed), control=control)
    print(json.dumps(_object(solution, found), allow_nan=False) if json_ else "\n".join(_lines(solution, found)))
    if output:
        _write(solution, output)


def _object(solution: Solution, found: Symbolic | None) -> dict[str, Any]:
    from kandisco.expr import to_json, to_text

    known = ("shape", "grid", "parameters", "residual", "boundary", "seconds")
    about = {name: getattr(solution, name) for name in known} | {"tried": [list(pair) for pair in solution.tried]}
    if found is None:
        return {"network": about, "formula": None}
    return {
        "network": about,
        "formula": to_text(found.expr),
        "tree": to_json(found.expr),
        "residual": found.residual,
        "boundary": found.boundary,
        "exact": found.exact,
    }


def _lines(solution: Solution, found: Symbolic | None) -> list[str]:
    from kandisco.expr import to_text

    lines = [
        f"network {solution.shape}, grid {solution.grid}, {solution.parameters} parameters, {solution.seconds:.1f} s",
        f"  equation holds to {solution.residual:.2g}, conditions to {solution.boundary:.2g} (relative, at fresh points)",
    ]
    if max(solution.residual, solution.boundary) > 1e-2:
        lines.append("  This is no solution yet: give it more --time, another --basis or a --width.")
    if found is None:
        return lines
    sign, grade = ("=", "exact") if found.exact else ("~", "an approximation")
    lines.append(f"{solution.problem.unknown} {sign} {to_text(found.expr, 17 if found.exact else 6)}")
    return [*lines, f"  {grade}: equation holds to {found.residual:.2g}, conditions to {found.boundary:.2g}"]


def _write(solution: Solution, output: str) -> None:
    import numpy as np

    problem = solution.problem
    steps = max(2, round(10_000 ** (1 / len(problem.domain))))
    axes = np.meshgrid(*(np.linspace(*ends, steps) for ends in problem.domain.values()), indexing="ij")
    x = np.stack([axis.ravel() for axis in axes], axis=1)
    rows = np.column_stack([x, solution(x)])
    try:
        np.savetxt(output, rows, delimiter=",", header=",".join([*problem.domain, problem.unknown]), comments="", fmt="%.17g")
    except OSError as error:
        raise InputError(f"Cannot write {output}: {error.strerror}.", hint="Choose another file with -o.") from None
