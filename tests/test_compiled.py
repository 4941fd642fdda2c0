"""Compiled kernels give the bits that plain torch gives, and torch.compile takes the networks as they are."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch

from kandisco import compiled
from kandisco.builtins import splines
from kandisco.builtins.bases import BSpline, kandisco_bases
from kandisco.kan import fit, forward, init, parse_width
from kandisco.kan.gradient import gradient_problem, loss_and_gradient
from kandisco.kan.layout import pack

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="the extra 'fast' is not installed")


def never(*tensors: torch.Tensor) -> bool:
    """No kernel for anything."""
    return False


def points(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values inside, outside, far outside and on the knots of ranges that differ from row to row."""
    x = torch.rand(3, 4, 500, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3.0 - 1.4
    x[1, 1, :50] = torch.linspace(-1.0, 1.0, 50)
    x[0, 0, :2] = torch.tensor([1e30, -1e9])
    lo, hi = torch.tensor([[-1.0, -0.9, -1.1, -1.234]]), torch.tensor([1.0, 1.3, 0.7, 1.0])
    return x.to(dtype), lo.to(dtype), hi.to(dtype).expand(3, 4)


@needs_numba
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("grid", [1, 3, 20])
def test_kernel_and_torch_agree_to_the_last_bit(monkeypatch: pytest.MonkeyPatch, grid: int, dtype: torch.dtype) -> None:
    basis, at = BSpline(grid), points(dtype)
    assert compiled.suits(torch.zeros(5000))
    fast = (basis.features(*at), *(basis.pair(*at) or ()))
    monkeypatch.setattr(splines, "suits", never)
    plain = (basis.features(*at), *(basis.pair(*at) or ()))
    assert len(fast) == len(plain) == 3
    for one, other in zip(fast, plain, strict=True):
        assert one.dtype == dtype and torch.equal(one, other)


@pytest.mark.parametrize("kernel", [never, compiled.suits])
def test_no_number_in_gives_no_number_out(monkeypatch: pytest.MonkeyPatch, kernel: Callable[..., bool]) -> None:
    monkeypatch.setattr(splines, "suits", kernel)
    x, lo, hi = points(torch.float64)
    x[1, 2, 7] = torch.nan
    found = BSpline(5).features(x, lo, hi)
    assert bool(torch.isnan(found[1, 2, :, 7]).any())
    assert int(torch.isnan(found).any(2).sum()) == 1


@needs_numba
def test_a_fit_is_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (200, 2))

    def trained() -> torch.Tensor:
        kan = init(parse_width("2,2,1", 2), next(iter(kandisco_bases())), x=x, restarts=3, seed=1)
        return pack(fit(kan, x, np.exp(x[:, 0] * x[:, 1]), grids=(5, 10), iterations=12).kan)

    fast = trained()
    monkeypatch.setattr(splines, "suits", never)
    assert torch.equal(trained(), fast)


def test_small_work_does_not_import_numba() -> None:
    code = """if True:
        import sys, numpy as np
        from kandisco.builtins.bases import kandisco_bases
        from kandisco.kan import fit, init, parse_width
        x = np.linspace(0.0, 1.0, 100)
        fit(init(parse_width("1,1", 1), next(iter(kandisco_bases())), x=x), x, x**2, iterations=3)
        raise SystemExit("numba" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_gradients_go_around_the_kernels() -> None:
    x = torch.linspace(-1.0, 1.0, 6000, dtype=torch.float64, requires_grad=True)
    basis = BSpline(5)
    one, two = torch.full((), -1.0, dtype=torch.float64), torch.full((), 1.0, dtype=torch.float64)
    assert not compiled.suits(x)
    (slope,) = torch.autograd.grad(basis.features(x, one, two)[3].sum(), x)
    torch.testing.assert_close(slope, basis.derivative(x.detach(), one, two)[3], rtol=1e-10, atol=1e-12)


@pytest.mark.slow
def test_torch_compile_takes_a_network() -> None:
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (100, 2))
    kan = init(parse_width("2,1+1,1", 2), next(iter(kandisco_bases())), x=x, restarts=2)
    whole = torch.compile(lambda at: forward(kan, at), backend="eager")
    at = torch.as_tensor(x)
    torch.testing.assert_close(whole(at), forward(kan, at), rtol=1e-13, atol=1e-13)


@needs_numba
@pytest.mark.parametrize(("count", "edges"), [(1, 5), (3, 5), (3, 8), (1, 19)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_whole_layers_are_what_features_and_a_product_give(dtype: torch.dtype, count: int, edges: int) -> None:
    assert compiled.suits(torch.zeros(5000))
    x, lo, hi = (part[:count] for part in points(dtype))
    x, lo = x.clamp(-3.0, 3.0), lo.expand(hi.shape[0], 4)
    basis, rng = BSpline(17), torch.Generator().manual_seed(1)
    x = torch.cat([x, x.flip(2)], dim=2)  # more rows than a block holds
    coef = torch.randn(len(lo), edges, 4, basis.n_features, generator=rng).to(dtype)
    sense = torch.randn(len(lo), edges, 1000, generator=rng).to(dtype)
    phi, dphi = basis.pair(x, lo, hi) or (x, x)
    exact = 1e-12 if dtype == torch.float64 else 2e-5
    found, slopes = basis.layer(x, lo, hi, coef), basis.layer_slopes(x, lo, hi, coef, sense, inner=True)
    assert found is not None and slopes is not None
    outer = basis.layer_slopes(x, lo, hi, coef, sense, inner=False)
    assert outer is not None and torch.equal(outer[0], slopes[0]) and outer[1] is None
    expected = (
        torch.einsum("rsik,rikn->rsn", coef, phi), torch.einsum("rsn,rikn->rsik", sense, phi),
        torch.einsum("rsn,rsik,rikn->rin", sense, coef, dphi),
    )  # fmt: skip
    for one, other in zip((found, *slopes), expected, strict=True):
        assert one is not None and one.dtype == dtype
        torch.testing.assert_close(one, other, rtol=exact, atol=exact * float(other.abs().max()))


@needs_numba
def test_gradients_are_the_same_with_and_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(2, 600, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    kan = init(parse_width("2,2+1,2@0", 2), next(iter(kandisco_bases())), x=x.T, restarts=3, seed=1)
    data = gradient_problem(kan, x, x.prod(0, keepdim=True).expand(2, -1))
    fast = loss_and_gradient(kan, data)
    monkeypatch.setattr(splines, "suits", never)
    for one, other in zip(fast, loss_and_gradient(kan, data), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)
