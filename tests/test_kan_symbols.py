"""Symbolic, locked and skip edges, and row weights: exact derivatives, one forward pass with the splines, and edits by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.errors import ConfigError, InputError
from kandisco.expr import parse
from kandisco.kan import (
    KAN,
    activations,
    clear_symbol,
    extend_grid,
    fit,
    fit_adam,
    fit_lbfgs,
    forward,
    init,
    load,
    lock,
    parse_width,
    prune,
    save,
    select,
    set_edge,
    set_symbol,
    sparsify,
    stack,
)
from kandisco.kan.expressions import values, values_and_slopes
from kandisco.kan.gradient import loss_and_gradient
from kandisco.kan.layout import free, pack, unpack
from kandisco.kan.normal import jacobian, normal
from kandisco.kan.problem import Problem
from kandisco.types import EdgeId

BASES = {spec.name: spec for spec in kandisco_bases()}
X = np.random.default_rng(5).uniform(-1.0, 1.0, (80, 3))
XT = torch.as_tensor(X.T.copy())
WIDTHS = ("3,2,1", "3,2+1,2", "3,2,2@0", "3,2,1+1@0,2@1@0", "3,1,2,1@1")


def edge(layer: int, source: int, target: int) -> EdgeId:
    return EdgeId(layer=layer, source=source, target=target)


def mixed(width: str) -> KAN:
    """Spline edges, three symbolic ones of two functions, a removed spline and a removed symbolic edge."""
    kan = init(parse_width(width, 3), BASES["bspline"], x=X, restarts=2, seed=3)
    last = len(kan.edges) - 1
    kan = set_symbol(kan, edge(0, 1, 0), parse("sin(x)"), (1.3, 0.2, 0.7, -0.1), name="sin")
    kan = set_symbol(kan, edge(0, 2, 0), parse("exp(x)/2"), (0.5, -0.2, 0.4, 0.1), name="exp")
    kan = set_symbol(kan, edge(last, 0, 0), parse("sin(x)"), [[0.9, 0.1, 1.7, 0.0], [1.1, 0.0, -0.6, 0.3]], name="sin")
    return prune(kan, [edge(0, 0, 0), edge(0, 2, 0)]) if width != "3,1,2,1@1" else kan


@pytest.mark.parametrize("width", WIDTHS)
def test_jacobian_of_mixed_networks_agrees_with_finite_differences(width: str) -> None:
    kan = mixed(width)
    theta, moves, step = pack(kan), free(kan)[..., None], 1e-4
    found = jacobian(kan, XT[:, :20]) * moves

    def outputs(p: int, far: float) -> torch.Tensor:
        shift = torch.zeros_like(theta)
        shift[:, p] = far * moves[:, p, 0]
        return forward(unpack(kan, theta + shift), X[:20]).transpose(1, 2).flatten(1)

    for p in range(0, theta.shape[1], 3):
        near, far = ((outputs(p, h) - outputs(p, -h)) / (2 * h) for h in (step, 2 * step))
        slope = (4 * near - far) / 3
        assert float((slope - found[:, p]).abs().max()) < 1e-8 * (1 + float(found.abs().max()))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("weighed", [False, True])
def test_normal_equations_and_gradient_are_those_of_the_jacobian(width: str, weighed: bool) -> None:
    kan = mixed(width)
    rng = torch.Generator().manual_seed(1)
    y = torch.randn(kan.shape.outputs, 80, dtype=torch.float64, generator=rng)
    weights = torch.rand(80, dtype=torch.float64, generator=rng) if weighed else None
    data = Problem(XT, y, 33, weights)
    system, (loss, gradient) = normal(kan, data, None), loss_and_gradient(kan, data)
    share = torch.ones(80, dtype=torch.float64) if weights is None else weights
    rows, residual = jacobian(kan, XT), forward(kan, X).transpose(1, 2) - y
    each = share.repeat(kan.shape.outputs)
    torch.testing.assert_close(system.hessian, (rows * each) @ rows.transpose(1, 2) / 80, rtol=1e-9, atol=1e-10)
    want = ((rows * each) @ residual.flatten(1)[..., None])[..., 0] / 80
    torch.testing.assert_close(system.gradient, want, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(system.mse, (residual.square() * share).sum((1, 2)) / 80, rtol=1e-11, atol=0)
    torch.testing.assert_close(loss, system.mse, rtol=1e-11, atol=0)
    moves = free(kan) > 0
    torch.testing.assert_close(gradient[moves], (2 * want)[moves], rtol=1e-9, atol=1e-10)


def test_many_sum_outputs_weigh_rows_too() -> None:
    kan = init(parse_width("3,2,3", 3), BASES["bspline"], x=X, restarts=2, seed=3)
    weights = torch.linspace(0.0, 2.0, 80, dtype=torch.float64)
    data = Problem(XT, torch.ones(3, 80, dtype=torch.float64), 50, weights)
    rows = jacobian(kan, XT) * weights.sqrt().repeat(3)
    torch.testing.assert_close(normal(kan, data, None).hessian, rows @ rows.transpose(1, 2) / 80, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "text", ["sin(3*x)**2/x", "x**3 + x**(-2) - sqrt(x)", "2**x*log(x)", "besselj(1, x)", "erf(x)*abs(x)", "3"]
)
def test_values_and_slopes_of_a_tree(text: str) -> None:
    expr, x = parse(text), torch.linspace(0.5, 2.0, 7, dtype=torch.float64)
    value, slope = values_and_slopes(expr, x)
    step = 1e-4
    one, two = ((values(expr, x + h) - values(expr, x - h)) / (2 * h) for h in (step, 2 * step))
    torch.testing.assert_close(slope, (4 * one - two) / 3, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(value, values(expr, x), rtol=1e-14, atol=0)


def test_a_law_of_symbols_is_fitted_to_rounding() -> None:
    y = 1.5 * np.exp(np.sin(2.0 * X[:, 0]) + X[:, 1] ** 2)
    kan = init(parse_width("3,1,1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    kan = prune(kan, [edge(0, 2, 0)])
    kan = set_symbol(kan, edge(0, 0, 0), parse("sin(x)"), (1.8, 0.1, 1.2, 0.0))
    kan = set_symbol(kan, edge(0, 1, 0), parse("x**2"), (0.9, 0.05, 0.8, 0.0))
    kan = set_symbol(kan, edge(1, 0, 0), parse("exp(x)"), (1.0, 0.0, 1.0, 0.0))
    done = fit(kan, X, y, grids=(5,), iterations=200, patience=200)
    assert done.train_rmse[0] < 1e-12
    assert abs(abs(float(done.kan.edges[0].affine[0, 0, 0])) - 2.0) < 1e-10


def test_splines_train_beside_a_symbol() -> None:
    y = np.sin(3.0 * X[:, 0]) + X[:, 1] * np.exp(X[:, 1])
    kan = prune(init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=2, seed=0), [edge(0, 2, 0)])
    done = fit(set_symbol(kan, edge(0, 0, 0), parse("sin(x)"), (2.8, 0.0, 1.0, 0.0)), X, y, grids=(5, 10))
    assert done.train_rmse.max() < 1e-4
    np.testing.assert_allclose(done.kan.edges[0].affine[:, 0, 0], 3.0, atol=1e-3)


def test_gradient_trainers_move_symbols_and_leave_locked_edges() -> None:
    y = np.sin(2.0 * X[:, 0])
    kan = set_symbol(
        init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=1, seed=0), edge(0, 0, 0), parse("sin(x)"), (1.5, 0, 1, 0)
    )
    kan = lock(kan, [edge(0, 1, 0)])
    for done in (fit_lbfgs(kan, X, y, iterations=40), fit_adam(kan, X, y, epochs=3, batch=40)):
        assert float(done.loss[0]) < float(loss_and_gradient(kan, Problem(XT, torch.as_tensor(y)[None], 80))[0])
        assert torch.equal(done.kan.edges[0].coef[:, 0, 1], kan.edges[0].coef[:, 0, 1])
        assert not torch.equal(done.kan.edges[0].affine, kan.edges[0].affine)


def test_locked_edges_stay_in_training_and_under_pressure() -> None:
    y = np.sin(2.0 * X[:, 0]) + X[:, 1]
    kan = init(parse_width("3,2,1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    kan = set_symbol(kan, edge(0, 1, 0), parse("x**2"), (1.0, 0.5, 1e-9, 0.0))
    kan = lock(kan, [edge(0, 1, 0), edge(0, 2, 0)])
    done = sparsify(kan, X, y, lamb=0.05, grids=(5,), iterations=15)
    after = done.kan.edges[0]
    assert torch.equal(after.mask[:, 0, 1:], torch.ones(1, 2, dtype=torch.float64))
    torch.testing.assert_close(after.affine, kan.edges[0].affine, rtol=1e-14, atol=0)
    torch.testing.assert_close(after.coef[:, 0, 2], kan.edges[0].coef[:, 0, 2], rtol=1e-14, atol=0)
    assert torch.equal(
        lock(done.kan, [edge(0, 2, 0)], locked=False).edges[0].locked[0, 0], torch.tensor([0.0, 1.0, 0.0]).double()
    )


def test_a_symbol_taken_back_keeps_its_curve() -> None:
    kan = set_symbol(mixed("3,2,1"), edge(0, 2, 1), parse("sin(x)"), (2.0, 0.3, 1.5, 0.2))
    back = clear_symbol(extend_grid(kan, 40), edge(0, 2, 1))
    assert len(back.edges[0].symbols) == len(kan.edges[0].symbols) - 1
    np.testing.assert_allclose(activations(back, X)[0].edges, activations(kan, X)[0].edges, atol=1e-6)
    log = set_symbol(kan, edge(0, 2, 1), parse("log(x)"), (1.0, 0.5, 1.0, 0.0))
    assert torch.isfinite(forward(clear_symbol(log, edge(0, 2, 1)), X)).all()
    with pytest.raises(InputError, match="no function"):
        clear_symbol(back, edge(0, 2, 1))


def test_a_new_curve_or_a_second_function_replaces_the_first() -> None:
    kan = mixed("3,2,1")
    again = set_symbol(kan, edge(0, 1, 0), parse("cos(x)"), name="cos")
    assert [s.name for s in again.edges[0].symbols] == ["exp", "cos"]
    spline = set_edge(again, 0, 1, 0, X[:, 1], 2.0 * X[:, 1])
    np.testing.assert_allclose(activations(spline, X)[0].edges[0, 1], 2.0 * X[:, 1], atol=1e-12)


def test_activations_add_up_with_symbols_and_skips() -> None:
    kan = select(mixed("3,2,2@0"), 0)
    layers = activations(kan, X)
    np.testing.assert_allclose(layers[1].sources, np.vstack([layers[0].nodes, X.T]), atol=0)
    for layer, edges in zip(layers, kan.edges, strict=True):
        np.testing.assert_allclose(layer.edges.sum(1) + edges.bias[0].numpy()[:, None], layer.subs, atol=1e-12)
    assert np.all(layers[0].edges[0, 2] == 0.0)


def test_pruning_a_symbol_keeps_the_mean() -> None:
    kan = mixed("3,2,1")
    cut = prune(kan, [edge(1, 0, 0)], X)
    torch.testing.assert_close(forward(cut, X).mean(1), forward(kan, X).mean(1), rtol=0, atol=1e-12)
    assert {e.source for e in cut.live_edges() if e.layer == 1} == {1}


def test_skip_edges_carry_what_a_chain_cannot() -> None:
    y = np.exp(np.sin(2.0 * X[:, 0]) + X[:, 1]) + np.sin(4.0 * X[:, 2])
    kan = init(parse_width("3,1,1@0", 3), BASES["bspline"], x=X, restarts=4, seed=0)
    kan = prune(kan, [edge(0, 2, 0), edge(1, 1, 0), edge(1, 2, 0)])
    assert fit(kan, X, y, grids=(5, 10), iterations=40).train_rmse.min() < 1e-3


def test_a_node_heard_only_by_a_skip_edge_is_alive() -> None:
    kan = init(parse_width("3,2,2,1@1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    cut = prune(kan, [edge(1, 1, 0), edge(1, 1, 1)])
    assert {e.target for e in cut.live_edges() if e.layer == 0} == {0, 1}
    assert {e.target for e in prune(cut, [edge(2, 3, 0)]).live_edges() if e.layer == 0} == {0}


@pytest.mark.parametrize("text", ["3,2,1@1", "3,2@0,1", "3,2,1@", "3,2,1@a", "3,2,2,1@0@0"])
def test_bad_skips_say_so(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_width(text, 3)


def test_shape_with_skips_reads_back() -> None:
    shape = parse_width("3,2+1,4@0,1@1@0", 3)
    assert parse_width(str(shape), 3) == shape
    assert shape.widths == (3, 6, 10)


def test_snapshot_holds_symbols_locks_and_skips() -> None:
    kan = lock(mixed("3,2,2@0"), [edge(0, 1, 1)])
    arrays, meta = save(kan)
    back = load(arrays, json.loads(json.dumps(meta)), BASES.__getitem__)
    assert torch.equal(forward(back, X), forward(kan, X)) and torch.equal(free(back), free(kan))
    assert back.edges[0].symbols == kan.edges[0].symbols
    meta["layers"][0]["symbols"][0]["source"] = 7
    with pytest.raises(InputError):
        load(arrays, meta, BASES.__getitem__)
    with pytest.raises(InputError):
        load(arrays, {**meta, "format": 1}, BASES.__getitem__)


def test_select_and_stack_keep_symbols() -> None:
    kan = mixed("3,2,1")
    again = stack([select(kan, 1), select(kan, 0)])
    torch.testing.assert_close(forward(again, X)[[1, 0]], forward(kan, X), rtol=1e-14, atol=1e-14)


def test_edits_name_what_is_wrong() -> None:
    kan = mixed("3,2,1")
    with pytest.raises(InputError, match="has no"):
        set_symbol(kan, edge(0, 3, 0), parse("sin(x)"))
    with pytest.raises(InputError, match="tree in x"):
        set_symbol(kan, edge(0, 0, 0), parse("sin(y)", ("y",)))
    with pytest.raises(InputError, match="has no"):
        lock(kan, [edge(2, 0, 0)])


def test_weights_decide_which_rows_count() -> None:
    y = X[:, 0].copy()
    y[:20] = 1e6
    weights = np.ones(80)
    weights[:20] = 0.0
    kan = init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=1, seed=0, grid=3)
    held = (X, y, weights)
    done = fit(kan, X, y, weights=7.0 * weights, valid=held, grids=(3,), iterations=30)
    assert done.train_rmse[0] < 1e-9 and done.valid_rmse[0] < 1e-9
    twice = fit(kan, np.vstack([X[20:], X[20:40]]), np.concatenate([y[20:], y[20:40]]), grids=(3,), iterations=5)
    weights[20:40] = 2.0
    once = fit(kan, X, y, weights=weights, grids=(3,), iterations=5)
    torch.testing.assert_close(forward(once.kan, X), forward(twice.kan, X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("weights", [np.ones(79), -np.ones(80), np.zeros(80), np.full(80, np.nan)])
def test_bad_weights_say_so(weights: np.ndarray) -> None:
    kan = init(parse_width("3,1", 3), BASES["bspline"], x=X, restarts=1, seed=0)
    with pytest.raises(InputError):
        fit(kan, X, X[:, 0], weights=weights)


def test_a_row_at_the_end_of_a_domain_stops_nothing() -> None:
    x = np.linspace(0.0, 1.0, 50)[:, None]
    kan = init(parse_width("1,1", 1), BASES["bspline"], x=x, restarts=1, seed=0)
    kan = set_symbol(kan, edge(0, 0, 0), parse("sqrt(x)"), (1.0, 0.0, 1.0, 0.0))
    done = fit(kan, x, 3.0 * np.sqrt(x[:, 0]) + 0.5, grids=(5,), iterations=60)
    assert done.train_rmse[0] < 1e-10
    assert torch.isfinite(pack(done.kan)).all()
