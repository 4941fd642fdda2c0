"""Partial derivatives of networks by the inputs, to any order, and how they depend on the parameters: all in closed form.

A jet is a quantity together with its partial derivatives D^a, one for each multi-index a. Features are functions of one source z,
so their jets follow from the chain rule,

    D^(a + e_i) phi(z) = sum over b <= a of C(a, b) D^b phi'(z) D^(a - b + e_i) z,

and a sub-sum's derivative is as linear in the coefficients as its value: D^a p_s = sum_ik c_sik D^a phi_k(z_i). On the way back

    d (D^a phi(z)) / d (D^b z) = C(a, b) D^(a - b) phi'(z),

so sensitivities go down with the jets of slopes, and the Jacobian is again features times sensitivities.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from kandisco.kan.network import KAN
from kandisco.kan.passes import derivative, parts_of
from kandisco.kan.shape import Layer
from kandisco.specs import AbstractBasis

Index = tuple[int, ...]
Jet = dict[Index, Tensor]


def closure(indices: Iterable[Index]) -> tuple[Index, ...]:
    """The multi-indices and all below them, lowest order first."""
    found = {below for index in indices for below in itertools.product(*(range(n + 1) for n in index))}
    return tuple(sorted(found, key=lambda index: (sum(index), index)))


@dataclass(frozen=True)
class Layered:
    """What a forward pass leaves behind in one layer: the sources' jets, each basis derivative, features' and sub-sums' jets."""

    z: Jet
    phi: list[Tensor]
    features: Jet
    subs: Jet


def first_features(kan: KAN, x: Tensor, indices: tuple[Index, ...]) -> tuple[Jet, list[Tensor], Jet]:
    """The first layer's sources, basis derivatives and features at ``x`` [inputs, N], the same at every step."""
    zero = (0,) * len(x)
    units = torch.eye(len(x), dtype=x.dtype, device=x.device)
    z = {zero: x[None], **{_unit(len(x), i): units[i][None, :, None] for i in range(len(x))}}
    phi = basis_derivatives(kan.basis, x[None], kan.edges[0].lo[:1], kan.edges[0].hi[:1], max(sum(index) for index in indices))
    return z, phi, compose(phi, z, indices)


def forward_jets(
    kan: KAN, indices: tuple[Index, ...], first: tuple[Jet, list[Tensor], Jet], *, slopes: bool = False
) -> tuple[Jet, list[Layered]]:
    """The outputs' jets [R, O, N] and what each layer leaves behind.

    Args:
        kan: networks without symbolic edges.
        indices: a closed set of multi-indices, see ``closure``.
        first: from ``first_features``.
        slopes: keep one more derivative of the basis, which ``jacobian_of`` needs.
    """
    nodes: list[Jet] = [first[0]]
    layers: list[Layered] = []
    order = max(sum(index) for index in indices) + int(slopes)
    for level, (edges, layer) in enumerate(zip(kan.edges, kan.shape.layers, strict=True)):
        if level == 0:
            z, phi, features = first
        else:
            z = _gathered(kan, level, nodes)
            phi = basis_derivatives(kan.basis, z[indices[0]], edges.lo, edges.hi, order)
            features = compose(phi, z, indices)
        weight = edges.weight()
        subs = {index: torch.matmul(weight, phi_jet.flatten(1, 2)) for index, phi_jet in features.items()}
        subs[indices[0]] = subs[indices[0]] + edges.bias[..., None]
        layers.append(Layered(z, phi, features, subs))
        nodes.append(_joined(layer, subs))
    return nodes[-1], layers


def jacobian_of(kan: KAN, indices: tuple[Index, ...], layers: list[Layered], sense: Jet) -> Tensor:
    """[R, P, N]: derivatives by the parameters, ordered as in ``layout.pack``, of what depends on the output's jet by ``sense``.

    Args:
        kan: the networks.
        indices: as given to ``forward_jets``.
        layers: from ``forward_jets`` with ``slopes``.
        sense: multi-index -> [R, 1, N], the derivative by the output's D^a.
    """
    nodes: dict[int, Jet] = {len(kan.edges): sense}
    parts: list[Tensor] = []
    for level in range(len(kan.edges) - 1, -1, -1):
        edges, at = kan.edges[level], layers[level]
        inner = _unjoined(kan.shape.layers[level], at.subs, nodes.pop(level + 1))
        by_coef = _total(s[:, :, None, None] * at.features[a][:, None] for a, s in inner.items() if a in at.features)
        by_coef = by_coef * edges.mask[..., None, None]
        bias = inner[indices[0]] if indices[0] in inner else by_coef.new_zeros(())
        parts += [bias.expand(by_coef.shape[0], by_coef.shape[1], by_coef.shape[-1]), by_coef.flatten(1, 3)]
        if level:
            curves = compose(at.phi[1:], at.z, indices)
            weight = (edges.coef * edges.mask[..., None]).transpose(1, 2)
            slopes = {a: torch.matmul(weight, rows) for a, rows in curves.items()}
            _share(kan, level, _lowered(indices, inner, slopes), nodes)
    return torch.cat(parts[::-1], dim=1)


def basis_derivatives(basis: AbstractBasis, z: Tensor, lo: Tensor, hi: Tensor, order: int) -> list[Tensor]:
    """Features [R, I, K, N] and their derivatives up to ``order``, by the basis' own forms or by automatic differentiation."""
    own = [basis.higher(z, lo, hi, m) for m in range(2, order + 1)]
    found = [basis.features(z, lo, hi)]
    if order:
        found.append(derivative(basis, z, lo, hi))
    if all(rows is not None for rows in own):
        return [*found, *(rows for rows in own if rows is not None)]
    return _by_autograd(basis, z, lo, hi, order)


def _by_autograd(basis: AbstractBasis, z: Tensor, lo: Tensor, hi: Tensor, order: int) -> list[Tensor]:
    """Features are elementwise in z, so d/dv of d/dz (v . phi) is phi': two reverse sweeps a derivative."""
    with torch.enable_grad():
        at = z.detach().requires_grad_(True)
        rows = [basis.features(at, lo, hi)]
        for _ in range(order):
            probe = torch.zeros_like(rows[-1], requires_grad=True)
            slope = _gradient(rows[-1], at, probe)
            rows.append(_gradient(slope, probe, torch.ones_like(slope)))
    return [row.detach() for row in rows]


def _gradient(of: Tensor, by: Tensor, probe: Tensor) -> Tensor:
    """A reverse sweep that can be differentiated again; zero where nothing depends on ``by``."""
    if not of.requires_grad:
        return torch.zeros_like(by)
    (found,) = torch.autograd.grad(of, by, probe, create_graph=True, allow_unused=True)
    return torch.zeros_like(by) if found is None else found


def compose(phi: list[Tensor], z: Jet, indices: tuple[Index, ...]) -> Jet:
    """Jets of the features phi(z): ``phi`` holds the basis derivatives [R, I, K, N], ``z`` the sources' jets [R, I, N]."""
    known: dict[tuple[int, Index], Tensor | None] = {}

    def at(m: int, index: Index) -> Tensor | None:
        if not any(index):
            return phi[m]
        if (m, index) not in known:
            i = next(j for j, n in enumerate(index) if n)
            rest = _minus(index, _unit(len(index), i))
            known[m, index] = _sum(
                _product(math.prod(map(math.comb, rest, b)), at(m + 1, b), z.get(_minus(index, b))) for b in closure([rest])
            )
        return known[m, index]

    found = ((index, at(0, index)) for index in indices)
    return {index: rows for index, rows in found if rows is not None}


def _product(times: int, rows: Tensor | None, source: Tensor | None) -> Tensor | None:
    return None if rows is None or source is None else times * rows * source[..., None, :]


def _sum(terms: Iterable[Tensor | None]) -> Tensor | None:
    present = [term for term in terms if term is not None]
    return _total(present) if present else None


def _total(terms: Iterable[Tensor]) -> Tensor:
    rows = iter(terms)
    total = next(rows)
    for row in rows:
        total = total + row
    return total


def _gathered(kan: KAN, level: int, nodes: list[Jet]) -> Jet:
    """The jets [R, I, N] of a layer's sources from those of the levels it hears."""
    if not kan.shape.layers[level].skips:
        return nodes[level]
    origins = [origin for origin, _ in kan.shape.parts(level)]
    zero = next(iter(nodes[level]))
    wide = nodes[level][zero]
    indices = {index: None for origin in origins for index in nodes[origin]}

    def rows(origin: int, index: Index) -> Tensor:
        height = nodes[origin][next(iter(nodes[origin]))].shape[1]
        found = nodes[origin].get(index, wide.new_zeros(1, height, 1))
        return found.expand(kan.restarts, -1, wide.shape[-1])

    return {index: torch.cat([rows(origin, index) for origin in origins], dim=1) for index in indices}


def _joined(layer: Layer, subs: Jet) -> Jet:
    """Jets of nodes from those of sub-sums: sums pass, products follow Leibniz."""
    if not layer.products:
        return subs
    split = {index: parts_of(layer, rows) for index, rows in subs.items()}
    found: list[Jet] = [{index: parts[0] for index, parts in split.items()}]
    for j in range(1, len(layer.products) + 1):
        factors = [{a: parts[j][:, k : k + 1] for a, parts in split.items()} for k in range(layer.products[j - 1])]
        found.append(_times(factors))
    return _stacked(found)


def _times(factors: list[Jet]) -> Jet:
    """The jet of a product."""
    total = factors[0]
    for factor in factors[1:]:
        indices = closure([*total, *factor])
        sums = {a: _sum(_pair(a, b, factor, total) for b in closure([a])) for a in indices if a in total or a in factor}
        total = {a: rows for a, rows in sums.items() if rows is not None}
    return total


def _pair(a: Index, b: Index, left: Jet, right: Jet) -> Tensor | None:
    """The term C(a, b) D^b left D^(a - b) right of Leibniz' rule."""
    if b not in left or _minus(a, b) not in right:
        return None
    return math.prod(map(math.comb, a, b)) * left[b] * right[_minus(a, b)]


def _stacked(parts: list[Jet]) -> Jet:
    """Jets of groups of nodes as one."""
    indices = {index: None for part in parts for index in part}
    like = next(iter(parts[-1].values()))

    def rows(part: Jet, index: Index) -> Tensor:
        height = next(iter(part.values())).shape[1]
        return part[index] if index in part else like.new_zeros(like.shape[0], height, like.shape[-1])

    return {index: torch.cat([rows(part, index) for part in parts], dim=1) for index in indices}


def _unjoined(layer: Layer, subs: Jet, sense: Jet) -> Jet:
    """Sensitivities of nodes' jets -> of sub-sums' jets."""
    if not layer.products:
        return sense
    split = {index: parts_of(layer, rows) for index, rows in subs.items()}
    found: list[Jet] = [{a: s[:, : layer.sums] for a, s in sense.items()}] if layer.sums else []
    for j, arity in enumerate(layer.products, start=1):
        factors = [{a: parts[j][:, k : k + 1] for a, parts in split.items()} for k in range(arity)]
        node = {a: s[:, layer.sums + j - 1 : layer.sums + j] for a, s in sense.items()}
        for k in range(arity):
            others = _times(factors[:k] + factors[k + 1 :])
            found.append(_lowered(tuple(closure(node)), node, others, summed=False))
    return _stacked(found)


def _lowered(indices: tuple[Index, ...], sense: Jet, slopes: Jet, *, summed: bool = True) -> Jet:
    """sum over a >= b of C(a, b) sense^a slopes^(a - b), for each b; ``summed`` also over the sub-sums a source feeds."""
    found: Jet = {}
    for b in indices:
        terms = []
        for a, s in sense.items():
            rest = _minus(a, b)
            if min(rest) >= 0 and rest in slopes:
                times = math.prod(map(math.comb, a, b))
                terms.append(times * ((slopes[rest] * s[:, None]).sum(2) if summed else slopes[rest] * s))
        if terms:
            found[b] = _total(terms)
    return found


def _share(kan: KAN, level: int, sense: Jet, nodes: dict[int, Jet]) -> None:
    """Add the sensitivities of a layer's sources to those of the levels of nodes they come from."""
    for origin, part in kan.shape.parts(level):
        kept = nodes.setdefault(origin, {})
        for index, rows in sense.items():
            kept[index] = kept[index] + rows[:, part] if index in kept else rows[:, part]


def _unit(size: int, i: int) -> Index:
    return tuple(int(j == i) for j in range(size))


def _minus(a: Index, b: Index) -> Index:
    return tuple(p - q for p, q in zip(a, b, strict=True))
