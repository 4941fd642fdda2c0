"""Which terms and factors a table's columns give: everything simple for one column, ever less for more."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from kandisco.arrays import Array
from kandisco.exhaustive.blocks import Block, Builder, fixed, kept, monomials, of_one, ones, sums
from kandisco.exhaustive.targets import NO_FACTOR, Factor
from kandisco.expr import Expr, add, call, mul, power, rat

# Powers of one column whose exponents may be high (Lennard-Jones), sums of exponents of products of several.
_ALONE, _TOGETHER, _MANY = 12.0, 4.0, 3.0
# Nats below which a group is simple enough to stand inside a function.
_SIMPLE = 8.0
_INSIDE = 10.0
_FINE, _COARSE = 20, 8


def terms(make: Builder) -> list[Block]:
    """The terms that are paired: powers, functions with an inner constant, functions of simple groups, functions of sums."""
    return list(_of_a_column(make) if len(make.columns) == 1 else _of_columns(make))


def _of_a_column(make: Builder) -> Iterator[Block]:
    (column,) = make.columns
    yield from kept(make.of(tree, values) for tree, values in monomials(make.columns, most=_ALONE))
    yield from kept(of_one(make, column, fine=_FINE))
    yield from kept(fixed(make, column.expr, column.values))
    with np.errstate(all="ignore"):
        log = np.log(column.values)
        tree = call("log", column.expr)
        found = [(mul(column.expr, tree), column.values * log), (power(tree, rat(2)), log**2), (power(tree, rat(3)), log**3)]
    yield from kept(make.of(tree, values) for tree, values in found)


def _of_columns(make: Builder) -> Iterator[Block]:
    groups = list(monomials(make.columns, most=_TOGETHER if len(make.columns) <= 3 else _MANY))
    yield from kept(make.of(tree, values) for tree, values in groups)
    for tree, values in groups:
        if make.prior.cost(tree, len(make.columns)) < _SIMPLE:
            yield from kept(fixed(make, tree, values))
    for column in make.columns:
        yield from kept(of_one(make, column, fine=_COARSE))
    for tree, values in sums(make.columns):
        yield from kept(_powers_of(make, tree, values))


def _powers_of(make: Builder, tree: Expr, values: Array) -> Iterator[Block | None]:
    with np.errstate(all="ignore"):
        for p in (2, -1, -2):
            yield make.of(power(tree, rat(p)), values ** float(p))
        yield make.of(power(tree, rat(1, 2)), np.sqrt(values))
        yield make.of(call("log", tree), np.log(values))


def products_of_powers(make: Builder) -> list[Block]:
    """Products of powers alone."""
    most = _MANY if len(make.columns) <= 4 else 2.0
    return kept(make.of(tree, values) for tree, values in monomials(make.columns, most=most))


def powers(make: Builder) -> list[Factor]:
    """What a target of one column is divided by."""
    (column,) = make.columns
    out = [NO_FACTOR]
    for p in (-3, -2, -1, 1, 2, 3):
        tree = power(column.expr, rat(p)) if p != 1 else column.expr
        with np.errstate(all="ignore"):
            values = column.values ** float(p)
        out.append(Factor(expr=tree, values=values, cost=make.prior.nodes["mul"] + make.prior.cost(tree, 1)))
    return out


def sum_factors(make: Builder) -> list[Factor]:
    """Sums and differences by which a target is divided, and their reciprocals."""
    out = []
    for tree, values in sums(make.columns):
        cost = make.prior.nodes["mul"] + make.prior.cost(tree, len(make.columns))
        with np.errstate(all="ignore"):
            out.append(Factor(expr=tree, values=values, cost=cost))
            out.append(Factor(expr=power(tree, rat(-1)), values=1.0 / values, cost=cost + make.prior.exponents["-1"]))
    return out


def factors(make: Builder) -> list[tuple[Expr, Array]]:
    """What a product of powers may be multiplied by: sums, one plus or minus a group, functions of a group, of a column."""
    most = _TOGETHER if len(make.columns) <= 4 else 2.0
    groups = [g for g in monomials(make.columns, most=most) if len(g[0].variables()) <= 3]
    simple = [g for g in groups if make.prior.cost(g[0], len(make.columns)) < _INSIDE]
    out = [*sums(make.columns), *ones(simple)]
    out += [(b.build(math.nan), b.values[0]) for tree, values in simple for b in kept(fixed(make, tree, values))]
    if "exp" in make.allowed:
        out += [pair for tree, values in simple for pair in _steps(tree, values)]
    for column in make.columns:
        for block in kept(of_one(make, column, fine=_COARSE)):
            out += [(block.build(float(k)), v) for k, v in zip(block.inner, block.values, strict=True)]
    return out


def _steps(tree: Expr, values: Array) -> Iterator[tuple[Expr, Array]]:
    """Bose's, Fermi's and the saturating exponential."""
    with np.errstate(all="ignore"):
        yield add(call("exp", tree), rat(-1)), np.expm1(values)
        yield add(call("exp", tree), rat(1)), np.exp(values) + 1.0
        yield add(rat(1), mul(rat(-1), call("exp", mul(rat(-1), tree)))), -np.expm1(-values)
