"""Rules for edge bases: what training, restarts, refinement and snapshots rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kandisco.specs import AbstractBasis, BasisSpec
from kandisco.testing.findings import Elsewhere, Finding, Rule, apply_rules

if TYPE_CHECKING:
    import torch

GRIDS = (1, 5, 20)


def check_basis(spec: BasisSpec) -> tuple[Finding, ...]:
    """All findings about a basis."""
    return apply_rules(RULES, f"basis {spec.name!r}", spec)


def _rows(rows: int = 33, *, beyond: float = 0.0) -> torch.Tensor:
    """Rows over [-1, 2], the range the rules use: neither symmetric nor the unit interval, to catch a forgotten lo or hi."""
    import torch

    return torch.linspace(-1 - beyond, 2 + beyond, rows, dtype=torch.float64)


def _raw(basis: AbstractBasis, x: torch.Tensor) -> torch.Tensor:
    import torch

    lo, hi = torch.tensor(-1.0, dtype=x.dtype), torch.tensor(2.0, dtype=x.dtype)
    return basis.features(x, lo.expand(x.shape[:-1]), hi.expand(x.shape[:-1]))


def _runs(basis: AbstractBasis) -> bool:
    """Whether plain rows get through at all; where they do not, the rule "shape" says so."""
    try:
        _raw(basis, _rows())
    except Exception:
        return False
    return True


def _features(basis: AbstractBasis, x: torch.Tensor) -> torch.Tensor:
    if not _runs(basis):
        raise Elsewhere
    found = _raw(basis, x)
    if found.shape != (*x.shape[:-1], basis.n_features, x.shape[-1]):
        raise Elsewhere
    return found


def _builds(spec: BasisSpec) -> Iterator[str]:
    for grid in GRIDS:
        basis = spec.basis(grid)
        if not isinstance(basis, AbstractBasis):
            yield f"basis({grid}) gives a {type(basis).__name__}; derive from kandisco.specs.AbstractBasis"
        elif not isinstance(basis.n_features, int) or basis.n_features < 1:
            yield f"basis({grid}).n_features is {basis.n_features!r}; it must be a whole number above zero"


def _shape(spec: BasisSpec) -> Iterator[str]:
    for grid in GRIDS:
        basis = spec.basis(grid)
        for lead in ((), (3,), (2, 3)):
            try:
                got = tuple(_raw(basis, _rows().expand(*lead, 33)).shape)
            except RuntimeError as error:
                yield f"x {(*lead, 33)} with lo and hi {lead} fails ({error}); write lo[..., None] and hi[..., None] beside x"
                return
            want = (*lead, basis.n_features, 33)
            if got != want:
                yield f"features of x {(*lead, 33)} has shape {got}, not [..., n_features, rows] = {want}"
                return


def _broadcast(spec: BasisSpec) -> Iterator[str]:
    """Each leading index has a range of its own, and gives what it would give alone."""
    import torch

    basis = spec.basis(5)
    if not _runs(basis):
        raise Elsewhere
    lo, hi = torch.tensor([-1.0, 0.0, -3.0]).double(), torch.tensor([2.0, 0.5, 1.0]).double()
    x = torch.stack([_rows(), _rows() / 3, _rows() - 1])
    try:
        together = basis.features(x, lo, hi)
    except RuntimeError:
        raise Elsewhere from None  # a leading axis fails, which the rule "shape" tries too
    alone = torch.stack([basis.features(x[i], lo[i], hi[i]) for i in range(3)])
    if together.shape != alone.shape or not torch.allclose(together, alone, atol=1e-10):
        yield "a leading axis with ranges of its own changes the values; broadcast lo[..., None] and hi[..., None] against x"


def _dtype(spec: BasisSpec) -> Iterator[str]:
    import torch

    basis = spec.basis(5)
    for dtype in (torch.float32, torch.float64):
        got = _features(basis, _rows().to(dtype)).dtype
        if got != dtype:
            yield f"x of {dtype} gives features of {got}; make constants with dtype=x.dtype"


def _finite(spec: BasisSpec) -> Iterator[str]:
    import torch

    for grid in GRIDS:
        x = _rows(301, beyond=30.0)
        bad = ~torch.isfinite(_features(spec.basis(grid), x)).all(dim=-2)
        if bad.any():
            yield f"features at x={float(x[bad][0]):.4g} on the range [-1, 2] are not finite (grid {grid}); clamp or extend"
            return


def _scale(spec: BasisSpec) -> Iterator[str]:
    """Only the place within the range counts: a column in other units trains the same way."""
    import torch

    basis = spec.basis(5)
    plain = _features(basis, _rows())
    lo, hi = torch.tensor(-1e6 + 7).double(), torch.tensor(2e6 + 7).double()
    moved = basis.features(_rows() * 1e6 + 7, lo, hi)
    if not torch.allclose(plain, moved, atol=1e-6):
        yield "the same place in a larger range gives other features; use (x - lo) / (hi - lo)"


def _residual(features: torch.Tensor, target: torch.Tensor) -> float:
    """Root mean square of what a least-squares fit of the target leaves."""
    import torch

    design = features.transpose(-1, -2)
    solution = torch.linalg.lstsq(design, target[:, None], driver="gelsd").solution
    return float((design @ solution - target[:, None]).square().mean().sqrt())


def _constants(spec: BasisSpec) -> Iterator[str]:
    import torch

    for grid in GRIDS:
        left = _residual(_features(spec.basis(grid), _rows(201)), torch.ones(201, dtype=torch.float64))
        if left > 1e-6:
            yield f"no combination gives the constant 1 (grid {grid} leaves {left:.2g}); add a constant feature"
            return


def _refinement(spec: BasisSpec) -> Iterator[str]:
    import torch

    x = _rows(801)
    target = torch.sin(2 * x) + 0.5 * torch.exp(-x)
    coarse, fine = (_residual(_features(spec.basis(grid), x), target) for grid in (5, 20))
    if fine > coarse * 1.05 + 1e-9:
        yield f"grid 20 fits a smooth curve worse ({fine:.2g}) than grid 5 ({coarse:.2g}); a finer grid must hold the coarser"
    if fine > 0.05:
        yield f"grid 20 leaves {fine:.2g} of a smooth curve of size 1; the grid must raise the resolution"


def _gradients(spec: BasisSpec) -> Iterator[str]:
    import torch

    for grid in GRIDS:
        # Off the lattice of the grid: at a knot the derivative of a piecewise form is a matter of taste.
        leaf = (_rows(61, beyond=1.0) + 1.2345e-3).requires_grad_()
        basis = spec.basis(grid)
        features = _features(basis, leaf)
        if not features.requires_grad and basis.n_features > 1:
            yield "features are cut off from x; do not detach or go through numpy"
            return
        slopes = torch.stack([_slope(row, leaf) for row in features])
        if not torch.isfinite(slopes).all():
            yield f"autograd gives a derivative that is not finite (grid {grid}); mask arguments before torch.where, not after"
            return
        yield from _own_derivative(basis, leaf.detach(), slopes, grid)


def _slope(row: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
    import torch

    if not row.requires_grad:
        return torch.zeros_like(leaf)
    (slope,) = torch.autograd.grad(row.sum(), leaf, retain_graph=True, allow_unused=True)
    return torch.zeros_like(leaf) if slope is None else slope


def _own_derivative(basis: AbstractBasis, x: torch.Tensor, slopes: torch.Tensor, grid: int) -> Iterator[str]:
    import torch

    own: Any = basis.derivative(x, torch.tensor(-1.0).double(), torch.tensor(2.0).double())
    if own is None:
        return
    if own.shape != slopes.shape:
        yield f"derivative() has shape {tuple(own.shape)}, features {tuple(slopes.shape)}"
    elif not torch.allclose(own, slopes, rtol=1e-6, atol=1e-8):
        worst = float((own - slopes).abs().max())
        yield f"derivative() and autograd differ by {worst:.2g} (grid {grid}); remember the factor 1 / (hi - lo)"


def _options(spec: BasisSpec) -> Iterator[str]:
    """What a basis may offer beside features, where it does, agrees with them."""
    import torch

    x = torch.stack([_rows(41, beyond=1.0), _rows(41).flip(0)])[None]
    lo, hi = torch.full((2, 2), -1.0).double(), torch.full((2, 2), 2.0).double()
    for grid in GRIDS:
        basis = spec.basis(grid)
        features = torch.stack([_features(basis, row) for row in x[0]])
        coef = torch.linspace(-1.0, 2.0, 2 * 3 * 2 * basis.n_features, dtype=torch.float64).view(2, 3, 2, -1).sin()
        spread = torch.linspace(0.0, 1.0, 65, dtype=torch.float64).expand(2, 2, 65)
        placed: Any = basis.placed(x, lo, hi, spread)
        if placed is not None and not torch.allclose(placed[0][0], features, rtol=1e-9, atol=1e-9):
            yield f"placed() on even knots and features() differ (grid {grid})"
        found: Any = basis.layer(x, lo, hi, coef)
        if found is None:
            continue
        expected = torch.einsum("rsik,ikn->rsn", coef, features)
        if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-9, atol=1e-9):
            yield f"layer() and features() differ (grid {grid}); it is the sum over sources and functions of coef times features"
        elif basis.layer_slopes(x, lo, hi, coef, expected, inner=True) is None:
            yield f"layer() gives a result and layer_slopes() none (grid {grid}); offer both or neither"


RULES: Mapping[str, Rule] = {
    "builds": _builds,
    "shape": _shape,
    "broadcast": _broadcast,
    "dtype": _dtype,
    "finite": _finite,
    "scale": _scale,
    "constants": _constants,
    "refinement": _refinement,
    "gradients": _gradients,
    "options": _options,
}
