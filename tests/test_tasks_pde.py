"""Differential equations: read as text, solved by networks, and told as formulas."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.config import Config
from kandisco.errors import ConfigError
from kandisco.expr import parse
from kandisco.expr.derivative import derivative
from kandisco.expr.numeric import evaluate
from kandisco.registry import Registry
from kandisco.tasks.collocation import Problem, conditions_of, placed, points
from kandisco.tasks.equations import parse_boundary, parse_domain, parse_equation, substituted
from kandisco.tasks.pde import Settings, solve
from kandisco.tasks.solution import _Residuals, read_off

POISSON = "u_xx + u_yy = -2*pi^2*sin(pi*x)*sin(pi*y)"


def problem(equation: str, domain: str, *boundary: str) -> Problem:
    box = parse_domain(domain)
    sides = tuple(parse_boundary(text, box) for text in boundary)
    return Problem(equation=parse_equation(equation, tuple(box)), domain=box, boundary=sides)


def error(found: object, truth: str, domain: str) -> float:
    box = parse_domain(domain)
    x = points(np.array(list(box.values())), 500, 9)
    values = found(x) if callable(found) else np.nan
    return float(np.max(np.abs(values - evaluate(parse(truth), dict(zip(box, x.T, strict=True))))))


def test_an_equation_is_a_residual_with_slopes() -> None:
    equation = parse_equation("u*u_x = 0.1*u_xx + x", ("x",))
    assert equation.derivatives == {"u": (0,), "u_x": (1,), "u_xx": (2,)}
    assert evaluate(equation.slopes["u"], {"u_x": np.array([3.0])})[0] == 3.0
    residual = substituted(equation, parse("x**2"), ("x",))
    assert evaluate(residual, {"x": np.array([2.0])})[0] == pytest.approx(4 * 4 - 0.2 - 2)


def test_a_fit_of_constants_differentiates_once() -> None:
    made = problem("u_xx = u^3 - u", "x=1:2", "x=1: u=0", "x=2: u_x=1")
    expr = parse("1.1*tanh(0.6*x + 0.2) + 0.3*x**1.9")
    misfits = _Residuals(made, expr, seed=0)
    before = derivative.cache_info().misses
    trials = [np.array(expr.numbers()) + step for step in (0.0, 0.01, 0.02)]
    found = [misfits(constants) for constants in trials]
    assert derivative.cache_info().misses == before
    inside = points(np.array([[1.0, 2.0]]), 400, 0)[:, 0]
    wholes = [substituted(made.equation, expr.with_numbers(iter(c.tolist())), ("x",)) for c in trials]
    scales = np.array([evaluate(whole, {"x": inside}) / values[:400] for whole, values in zip(wholes, found, strict=True)])
    np.testing.assert_allclose(scales, scales[0, 0], rtol=1e-9)


def test_points_are_placed_without_weights_and_weighed_where_they_stay(registry: Registry) -> None:
    from kandisco import kan as net

    made = problem("u_xx = 2", "x=0:1", "x=0: u=0", "x=1: u_x=1")
    kan = net.init(net.parse_width("1,1", 1), registry.basis("chebyshev"), x=np.array([[0.0], [1.0]]), grid=8, seed=1)
    bare, weighed = placed(made, kan, seed=3), conditions_of(made, kan, seed=3)
    assert [one.weight for one in bare] == [1.0] * 3
    assert [one.weight for one in weighed] == [1.0, 64.0, 1.0], (
        "a value over one of 8 cells adds to u_xx 8 times what a slope does"
    )
    assert all(np.array_equal(one.x, other.x) for one, other in zip(bare, weighed, strict=True))


@pytest.mark.parametrize(
    ("text", "said"),
    [("u_xx = v", "'v' is neither"), ("u_xz = 0", "no coordinate"), ("x = 0", "nothing about u"), ("u = 1 = 2", "equals sign")],
)
def test_equations_that_make_no_sense_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_equation(text, ("x", "y"))


@pytest.mark.parametrize("text", ["x", "x=1", "x=2:1", "x=a:1", "x=0:1,x=0:2"])
def test_domains_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_domain(text)


def test_a_condition_off_the_domain_is_refused() -> None:
    with pytest.raises(ConfigError, match="outside"):
        parse_boundary("x=3: u=0", {"x": (0.0, 1.0)})


def test_poisson_in_two_dimensions_is_solved_and_read_off(registry: Registry) -> None:
    solution = solve(problem(POISSON, "x=-1:1,y=-1:1", "u=0"), registry)
    assert error(solution, "sin(pi*x)*sin(pi*y)", "x=-1:1,y=-1:1") < 1e-9
    assert solution.parameters <= 200
    found = read_off(solution, registry, Config(refiner="none"))
    assert found is not None and found.exact
    assert found.expr == parse("sin(pi*x)*sin(pi*y)")


def test_splines_solve_it_too(registry: Registry) -> None:
    settings = Settings(basis="bspline", width="2,0+1", grids=(5, 10, 20, 40))
    solution = solve(problem(POISSON, "x=-1:1,y=-1:1", "u=0"), registry, settings)
    assert error(solution, "sin(pi*x)*sin(pi*y)", "x=-1:1,y=-1:1") < 1e-4


def test_a_nonlinear_equation(registry: Registry) -> None:
    ends = ("x=-2: u=tanh(-sqrt(2))", "x=2: u=tanh(sqrt(2))")
    solution = solve(problem("u_xx = u^3 - u", "x=-2:2", *ends), registry)
    assert error(solution, "tanh(x/sqrt(2))", "x=-2:2") < 1e-8


def test_an_evolution_with_slopes_on_a_face(registry: Registry) -> None:
    sides = ("t=0: u=cos(pi*x)", "x=0: u_x=0", "x=1: u_x=0")
    solution = solve(problem("u_t = 0.1*u_xx", "x=0:1,t=0:1", *sides), registry)
    assert error(solution, "cos(pi*x)*exp(-pi**2*t/10)", "x=0:1,t=0:1") < 1e-8


def test_a_basis_without_the_derivative_is_refused(registry: Registry) -> None:
    with pytest.raises(ConfigError, match="order 2"):
        solve(problem("u_xx = 1", "x=0:1", "u=0"), registry, Settings(basis="hat"))


def test_too_few_parameters_are_an_error(registry: Registry) -> None:
    with pytest.raises(ConfigError, match="at most 3"):
        solve(problem("u_xx = 1", "x=0:1", "u=0"), registry, Settings(max_parameters=3))


def test_the_command_tells_formula_and_misfits(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    code = main(["solve", "u_xx = 2", "--domain", "x=0:1", "--boundary", "x=0: u=0", "--boundary", "x=1: u=1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (found["formula"], found["exact"]) == ("x**2", True)
