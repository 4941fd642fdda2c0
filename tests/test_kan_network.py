"""Networks as data: shapes, passes, grids, snapshots."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from kandisco.builtins.bases import kandisco_bases
from kandisco.errors import ConfigError, InputError
from kandisco.kan import (
    KAN,
    activations,
    extend_grid,
    extrapolates,
    forward,
    init,
    load,
    parse_width,
    prune,
    save,
    select,
    set_edge,
    stack,
)
from kandisco.kan.layout import pack, unpack
from kandisco.kan.normal import jacobian
from kandisco.specs import BasisSpec
from kandisco.types import EdgeId

BASES = {spec.name: spec for spec in kandisco_bases()}
X = np.random.default_rng(5).uniform(-1.0, 1.0, (60, 3))
WIDTHS = ("3,2,1", "3,1+1,2", "3,0+1x3", "3,2+1x3,1+1,1")


def make(width: str = "3,2+1,1", basis: str = "bspline", restarts: int = 2, grid: int = 5) -> KAN:
    return init(parse_width(width, 3), BASES[basis], x=X, restarts=restarts, seed=3, grid=grid)


@pytest.mark.parametrize(
    ("text", "shown"), [("3,5+1,1", "[3,5+1,1]"), ("[3, 5+1x3+2, 1]", "[3,5+1x3+2,1]"), ("3,0+1x3", "[3,0+1x3]")]
)
def test_width_reads_back(text: str, shown: str) -> None:
    shape = parse_width(text, 3)
    assert str(shape) == shown
    assert parse_width(str(shape), 3) == shape


@pytest.mark.parametrize("text", ["", "3", "2,1", "3,0", "3,a,1", "3,1+1x1", "3,-1,1", "3,,1"])
def test_bad_width_says_so(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_width(text, 3)


@pytest.mark.parametrize("basis", sorted(BASES))
@pytest.mark.parametrize("width", WIDTHS)
def test_jacobian_agrees_with_finite_differences(width: str, basis: str) -> None:
    kan = make(width, basis)
    data = torch.as_tensor(X[:20].T.copy())
    # Differences of fourth order; across the kinks of a hat only a short step sees one slope.
    theta, step = pack(kan), 1e-6 if basis == "hat" else 1e-4
    found = jacobian(kan, data)
    for p in range(0, theta.shape[1], 3):
        shift = torch.zeros_like(theta)
        shift[:, p] = step
        ends = [forward(unpack(kan, theta + far * shift), X[:20]).transpose(1, 2).flatten(1) for far in (1, -1, 2, -2)]
        slope = (8 * (ends[0] - ends[1]) - (ends[2] - ends[3])) / (12 * step)
        assert float((slope - found[:, p]).abs().max()) < 1e-8 * (1 + float(found.abs().max()))


def test_jacobian_without_a_closed_derivative_is_the_same() -> None:
    class Plain(type(BASES["rbf"].basis(5))):  # type: ignore[misc]
        def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> None:
            return None

    given = make(basis="rbf")
    bare = init(given.shape, BasisSpec(name="plain", basis=Plain), x=X, restarts=2, seed=3)
    data = torch.as_tensor(X.T.copy())
    torch.testing.assert_close(jacobian(bare, data), jacobian(given, data), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("basis", ["bspline", "chebyshev"])
def test_nested_refinement_is_exact(basis: str) -> None:
    kan = make(basis=basis)
    fine = extend_grid(kan, 20)
    assert fine.grid == 20
    torch.testing.assert_close(forward(fine, X), forward(kan, X), rtol=0, atol=1e-11)


def test_restart_does_not_depend_on_how_many() -> None:
    many, few = make(restarts=4), make(restarts=2)
    assert torch.equal(pack(many)[:2], pack(few))
    assert torch.equal(pack(stack([select(many, 0), select(many, 1)])), pack(few))


def test_rows_beyond_a_grid_are_flagged() -> None:
    kan = prune(make("3,2,1"), [EdgeId(layer=0, source=2, target=0), EdgeId(layer=0, source=2, target=1)])
    wide = extend_grid(kan, 5, X)
    assert not extrapolates(wide, X).any()
    far = X[:3].copy()
    far[0, 0] = X[:, 0].max() + 1e-9
    far[1, 2] = 50.0
    assert extrapolates(wide, far).tolist() == [[True, False, False]] * 2
    straight = forward(wide, np.array([[2.0, 0.0, 0.0], [3.0, 0.0, 0.0], [4.0, 0.0, 0.0]]))
    assert torch.isfinite(straight).all()


def test_activations_add_up() -> None:
    kan = make("3,2+1x3,1", restarts=1)
    layers = activations(kan, X)
    bias = kan.edges[0].bias[0].numpy()
    np.testing.assert_allclose(layers[0].edges.sum(1) + bias[:, None], layers[0].subs, atol=1e-12)
    np.testing.assert_allclose(layers[0].nodes[2], layers[0].subs[2:].prod(0), atol=1e-12)
    np.testing.assert_allclose(layers[1].nodes.T, forward(kan, X)[0].numpy(), atol=1e-12)
    assert layers[1].sources.shape == (3, 60)


def test_prune_keeps_means_and_takes_dead_ends_along() -> None:
    kan = make("3,2,1", restarts=1)
    cut = prune(kan, [EdgeId(layer=1, source=1, target=0)], X)
    assert set(cut.live_edges()) == {EdgeId(layer=0, source=i, target=0) for i in range(3)} | {
        EdgeId(layer=1, source=0, target=0)
    }
    np.testing.assert_allclose(float(forward(cut, X).mean()), float(forward(kan, X).mean()), atol=1e-12)
    assert len(kan.live_edges()) == 8


@pytest.mark.parametrize("basis", sorted(BASES))
def test_set_edge_reproduces_a_line_and_leaves_the_others(basis: str) -> None:
    kan = make("3,2,1", basis, restarts=1)
    u = np.linspace(-0.5, 0.25, 40)
    new = set_edge(kan, 0, 1, 0, u, 3.0 * u - 1.0)
    rows = np.column_stack([X[:, 0], u[:1].repeat(60), X[:, 2]])
    rows[:40, 1] = u
    before, after = activations(kan, rows)[0], activations(new, rows)[0]
    np.testing.assert_allclose(after.edges[0, 1], 3.0 * rows[:, 1] - 1.0, atol=1e-10)
    np.testing.assert_array_equal(after.edges[:, [0, 2]], before.edges[:, [0, 2]])
    assert float(new.edges[0].lo[0, 1]) == -0.5


@pytest.mark.parametrize("basis", sorted(BASES))
def test_snapshot_is_exact_and_plain(basis: str) -> None:
    kan = prune(make(basis=basis), [EdgeId(layer=0, source=2, target=1)])
    arrays, meta = save(kan)
    back = load(arrays, json.loads(json.dumps(meta)), BASES.__getitem__)
    assert torch.equal(forward(back, X), forward(kan, X))
    with pytest.raises(InputError):
        load({**arrays, "0.coef": arrays["0.coef"][:, :1]}, meta, BASES.__getitem__)
    with pytest.raises(InputError):
        load({}, meta, BASES.__getitem__)
