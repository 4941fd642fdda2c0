"""Grids that follow the data: what they are, that refining them is exact, and that they pay where data lie in clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import BSpline, Hat, kandisco_bases
from kandisco.errors import ConfigError
from kandisco.kan import KAN, adapt_grid, extend_grid, fit, forward, init, load, parse_width, save
from kandisco.kan.grids import rerange, set_edge
from kandisco.kan.knots import even, features, spread_of
from kandisco.kan.normal import jacobian
from kandisco.kan.rewiring import add_layer, add_nodes
from kandisco.specs import AbstractBasis

BASES = {spec.name: spec for spec in kandisco_bases()}


def clustered(rows: int = 400, inputs: int = 2, seed: int = 0) -> np.ndarray:
    """Values over decades."""
    return np.random.default_rng(seed).lognormal(0.0, 1.5, (rows, inputs))


def network(width: str = "2,2,1", basis: str = "bspline", share: float = 0.5, restarts: int = 2) -> KAN:
    x = clustered()
    kan = init(parse_width(width, 2), BASES[basis], x=x, restarts=restarts, seed=3)
    return adapt_grid(rerange(kan, torch.as_tensor(x.T.copy())), x, share)


def uneven(*lead: int) -> torch.Tensor:
    """Tables with intervals from narrow to wide."""
    steps = torch.rand(*lead, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) ** 4 + 1e-3
    table = torch.cat([torch.zeros(*lead, 1, dtype=torch.float64), steps.cumsum(-1) / steps.sum(-1, keepdim=True)], dim=-1)
    return table.clamp(0.0, 1.0)


@pytest.mark.parametrize("kind", [BSpline, Hat])
@pytest.mark.parametrize("grid", [1, 2, 7, 20])
def test_an_even_table_is_the_even_grid(kind: type[BSpline | Hat], grid: int) -> None:
    x, lo, hi = torch.linspace(-1.7, 1.4, 300, dtype=torch.float64).expand(2, 3, 300), torch.tensor(-1.0), torch.tensor(1.0)
    ends = lo.double().expand(2, 3), hi.double().expand(2, 3)
    basis: AbstractBasis = kind(grid)
    found = basis.placed(x, *ends, even(ends[0]))
    assert found is not None
    torch.testing.assert_close(found[0], basis.features(x, *ends), rtol=0, atol=1e-12)
    torch.testing.assert_close(found[1], basis.derivative(x, *ends), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", [BSpline, Hat])
def test_uneven_knots_keep_sums_lines_and_slopes(kind: type[BSpline | Hat]) -> None:
    x = torch.linspace(-3.0, 4.0, 701, dtype=torch.float64)[None].requires_grad_(True)
    lo, hi = torch.full((1,), -1.0, dtype=torch.float64), torch.full((1,), 2.0, dtype=torch.float64)
    basis: AbstractBasis = kind(6)
    values, slopes = basis.placed(x, lo, hi, uneven(1)) or (x, x)
    torch.testing.assert_close(values.sum(-2), torch.ones_like(x), rtol=0, atol=1e-9)
    weight = torch.linspace(-1.0, 1.0, basis.n_features, dtype=torch.float64)[:, None]
    (own,) = torch.autograd.grad((values * weight).sum(), x)
    torch.testing.assert_close(own, (slopes * weight).sum(-2), rtol=1e-9, atol=1e-9)
    inside = values[0].detach()[:, (x[0] >= -1.0) & (x[0] <= 2.0)]
    line = x[0].detach()[(x[0] >= -1.0) & (x[0] <= 2.0)]
    fitted = inside.T @ torch.linalg.lstsq(inside.T, line[:, None]).solution
    torch.testing.assert_close(fitted[:, 0], line, rtol=0, atol=1e-10)


def test_half_of_the_knots_lie_where_half_of_the_data_are() -> None:
    z = torch.cat([torch.full((900,), 0.1), torch.linspace(0.0, 1.0, 100)]).double()[None]
    z[0, :900] += 1e-3 * torch.rand(900, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    lo, hi = torch.zeros(1).double(), torch.ones(1).double()
    table = spread_of(z, lo, hi, 0.5)
    near = ((table > 0.099) & (table < 0.102)).double().mean()
    assert 0.4 < float(near) < 0.5 and bool((table.diff(dim=-1) > 0).all())
    torch.testing.assert_close(spread_of(z, lo, hi, 0.0), even(lo), rtol=0, atol=1e-12)
    torch.testing.assert_close(spread_of(z * torch.nan, lo, hi, 0.5), even(lo), rtol=0, atol=0)


@pytest.mark.parametrize("basis", ["bspline", "hat"])
def test_refining_is_exact(basis: str) -> None:
    kan = network("2,2,1", basis)
    at = np.concatenate([clustered(seed=1), clustered(seed=2) * 10.0])
    fine = extend_grid(extend_grid(kan, 10), 20)
    assert fine.adapt == 0.5 and fine.edges[0].coef.shape[-1] == fine.basis.n_features
    torch.testing.assert_close(forward(fine, at), forward(kan, at), rtol=1e-9, atol=1e-9)


def test_a_grid_made_even_again_is_the_old_one() -> None:
    x = clustered()
    kan = network()
    back = adapt_grid(kan, x, 0.0)
    assert back.adapt == 0.0 and back.edges[0].spread.shape == (2, 2, 0)
    assert float((forward(back, x) - forward(kan, x)).std() / forward(kan, x).std()) < 0.5


def test_jacobian_agrees_with_differences() -> None:
    kan, x = network(restarts=1), torch.as_tensor(clustered(40).T.copy())
    found = jacobian(kan, x)[0]
    step = 1e-6
    coef = kan.edges[0].coef
    for row, index in enumerate(np.ndindex(*coef.shape[1:])):
        shift = torch.zeros_like(coef)
        shift[(0, *index)] = step
        ends = [
            forward(replace(kan, edges=(replace(kan.edges[0], coef=coef + sign * shift), *kan.edges[1:])), x.T)
            for sign in (1.0, -1.0)
        ]
        torch.testing.assert_close(found[row], ((ends[0] - ends[1]) / (2 * step))[0, :, 0], rtol=1e-6, atol=1e-7)


def test_snapshot_keeps_the_knots_and_reads_those_without() -> None:
    kan, x = network(), clustered(seed=5)
    arrays, card = save(kan)
    again = load(arrays, card, BASES.__getitem__)
    assert again.adapt == 0.5 and torch.equal(forward(again, x), forward(kan, x))
    plain = init(parse_width("2,1", 2), BASES["bspline"], x=x)
    arrays, card = save(plain)
    old = {name: value for name, value in arrays.items() if not name.endswith(".spread")}
    assert torch.equal(forward(load(old, {**card, "format": 2}, BASES.__getitem__), x), forward(plain, x))


def test_networks_with_spread_knots_can_be_rewired() -> None:
    x = clustered()
    kan = network(restarts=1)
    grown = add_layer(add_nodes(kan, 1, x, sums=1), x)
    torch.testing.assert_close(forward(grown, x), forward(kan, x), rtol=1e-6, atol=1e-6)
    assert np.isfinite(fit(grown, x, np.log(x[:, 0]), iterations=6, grids=(5,)).train_rmse).all()
    u = np.geomspace(0.1, 50.0, 200)
    drawn = set_edge(kan, 0, 0, 1, u, np.log(u))
    e = drawn.edges[0]
    phi = features(drawn.basis, torch.as_tensor(u)[None], e.lo[:, 0], e.hi[:, 0], e.spread[:, 0])
    assert float((e.coef[:, 1, 0] @ phi[0] - torch.as_tensor(np.log(u))).abs().mean()) < 0.2


def test_bases_without_knots_say_so() -> None:
    x = clustered()
    kan = init(parse_width("2,1", 2), BASES["chebyshev"], x=x)
    with pytest.raises(ConfigError, match="no knots"):
        adapt_grid(kan, x)
    with pytest.raises(ConfigError, match="share of 1"):
        adapt_grid(network(), x, 1.0)


def test_it_pays_where_data_lie_in_clusters() -> None:
    def error(share: float) -> float:
        x, fresh = clustered(600, 1, seed=7), clustered(600, 1, seed=8)
        kan = init(parse_width("1,1", 1), BASES["bspline"], x=x)
        kan = adapt_grid(kan, x, share) if share else kan
        done = fit(kan, x, np.log1p(x[:, 0]), grids=(5, 10, 20))
        return float(np.median(np.abs(forward(done.kan, fresh)[0, :, 0].numpy() - np.log1p(fresh[:, 0]))))

    assert error(0.5) < 0.1 * error(0.0)
