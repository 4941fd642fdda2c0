"""Rules for functions: the text is the definition, and everything else has to agree with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kandisco.expr import Expr, add, from_json, num, parse, to_json, to_text, var
from kandisco.expr.numeric import Program, evaluate
from kandisco.specs import FunctionSpec
from kandisco.testing.findings import Finding, Rule, apply_rules
from kandisco.types import Array

REACH = 5.0  # how far into an unbounded domain to look: exp(x**2) is finite there
MARGIN = 1e-3  # distance kept from a singularity
STEP = 1e-6  # how far beyond the end of a domain to look


def check_function(spec: FunctionSpec) -> tuple[Finding, ...]:
    """All findings about a function.

    Example:
        >>> for finding in check_function(FunctionSpec(name="log", sympy="log(x)")):
        ...     print(finding.rule)
        domain
    """
    return apply_rules(RULES, f"function {spec.name!r}", spec)


def interior(spec: FunctionSpec, points: int = 101) -> Array:
    """Points inside the domain, some close to its ends, none close to a singularity."""
    low, high = spec.domain
    start = low if math.isfinite(low) else min(-REACH, high - REACH)
    end = high if math.isfinite(high) else max(REACH, low + REACH)
    share = np.concatenate([[1e-6, 1e-3], np.linspace(0.0, 1.0, points)[1:-1], [1 - 1e-3, 1 - 1e-6]])
    x = start + (end - start) * share
    far = np.ones(x.shape, dtype=bool)
    for point in spec.singularities:
        far &= np.abs(x - point) > MARGIN * (end - start)
    return np.asarray(x[far], dtype=np.float64)


def _values(spec: FunctionSpec, x: Array) -> Array:
    return evaluate(parse(spec.sympy, ["x"]), {"x": x})


def slopes(expr: Expr, x: Array) -> Array:
    """Exact d expr / d x: the derivative with respect to a constant that is added to x."""
    shifted = Program(expr.substitute({"x": add(var("x"), num(0.0))}), ["x"])
    position = [k for k, start in enumerate(shifted.expr.numbers()) if start == 0.0]
    jacobian = shifted.jacobian(shifted.start[None, :], x[None, :])[1][0]
    return np.asarray(jacobian[position].sum(axis=0), dtype=np.float64)


def _text(spec: FunctionSpec) -> Iterator[str]:
    expr = parse(spec.sympy, ["x"])
    if expr.variables() != ("x",):
        yield f"{spec.sympy!r} does not contain x; write the function of x"
    if from_json(to_json(expr)) != expr:
        yield f"{spec.sympy!r} does not come back from JSON unchanged"
    x = interior(spec)
    again = evaluate(parse(to_text(expr), ["x"]), {"x": x})
    if not np.allclose(again, _values(spec, x), rtol=1e-12, atol=0, equal_nan=True):
        yield f"{spec.sympy!r} prints as {to_text(expr)!r}, which has other values"


def _latex(spec: FunctionSpec) -> Iterator[str]:
    from kandisco.expr.latex import to_latex

    text = to_latex(parse(spec.sympy, ["x"]))
    if not text or text.count("{") != text.count("}"):
        yield f"its LaTeX {text!r} is empty or unbalanced"


def _card(spec: FunctionSpec) -> Iterator[str]:
    low, high = spec.domain
    if not spec.name or spec.name != spec.name.strip() or "," in spec.name:
        yield f"name {spec.name!r} cannot be typed in --functions; no commas, no outer spaces"
    if not low < high:
        yield f"domain {spec.domain} is empty; give (low, high)"
    if not spec.tags:
        yield "tags is empty; nobody can select it by group"
    if spec.complexity < 0:
        yield f"complexity {spec.complexity} is negative"
    for point in spec.singularities:
        if not low < point < high:
            yield f"singularity {point} is not inside the domain {spec.domain}"


def _domain(spec: FunctionSpec) -> Iterator[str]:
    x = interior(spec)
    bad = x[~np.isfinite(_values(spec, x))]
    if bad.size:
        yield f"not finite at x={bad[0]:.6g}, inside its domain {spec.domain}; narrow the domain or list the singularity"
    for end, inward in zip(spec.domain, (1.0, -1.0), strict=True):
        if math.isfinite(end) and _goes_on(spec, end, inward * STEP * max(1.0, abs(end))):
            yield f"the function goes on smoothly beyond the end {end:.6g} of its domain; widen the domain"
    for point in spec.singularities:
        value = _values(spec, np.array([point]))[0]
        if abs(value) < 1 / STEP:
            yield f"finite ({value:.6g}) at its singularity {point:.6g}; take it off the list"


def _goes_on(spec: FunctionSpec, end: float, step: float) -> bool:
    """Whether the values either side of an end are finite and as close as on a smooth curve (tan's are not)."""
    inside, outside = _values(spec, np.array([end + step, end - step]))
    return bool(np.isfinite(outside) and abs(outside - inside) <= 1e-3 * (1 + abs(inside)))


def _gradient(spec: FunctionSpec) -> Iterator[str]:
    x = interior(spec)
    x = x[np.isfinite(_values(spec, x))]  # where the function itself is not finite, the rule "domain" says so
    bad = x[~np.isfinite(slopes(parse(spec.sympy, ["x"]), x))]
    if bad.size:
        yield f"its derivative is not finite at x={bad[0]:.6g}, inside the domain; narrow the domain or list the singularity"


def _numpy(spec: FunctionSpec) -> Iterator[str]:
    if spec.numpy is None:
        return
    x = interior(spec)
    with np.errstate(all="ignore"):
        got = np.asarray(spec.numpy(x))
    yield from _compare("numpy", spec, x, got, 1e-9)


def _torch(spec: FunctionSpec) -> Iterator[str]:
    if spec.torch is None:
        return
    import torch

    x = interior(spec)
    narrow = spec.torch(torch.tensor(x, dtype=torch.float32)).dtype
    if narrow != torch.float32:
        yield f"the torch form turns torch.float32 into {narrow}; make constants with dtype=x.dtype"
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    out = spec.torch(leaf)
    yield from _compare("torch", spec, x, out.detach().numpy(), 1e-9)
    (slope,) = torch.autograd.grad(out.sum(), leaf)
    bad = x[~torch.isfinite(slope).numpy()]
    if bad.size:
        yield f"the gradient of the torch form is not finite at x={bad[0]:.6g}; mask arguments before torch.where, not after"


def _compare(form: str, spec: FunctionSpec, x: Array, got: NDArray[Any], tolerance: float) -> Iterator[str]:
    if got.shape != x.shape:
        yield f"the {form} form turns shape {x.shape} into {got.shape}; it must be elementwise"
        return
    want = _values(spec, x)
    wrong = ~np.isclose(got, want, rtol=tolerance, atol=tolerance)
    if wrong.any():
        i = int(np.argmax(wrong))
        said = f"the {form} form gives {got[i]:.12g} at x={x[i]:.6g}, the text {spec.sympy!r} {want[i]:.12g}"
        yield f"{said}; mend one, or leave {form} out: it is derived"


RULES: Mapping[str, Rule] = {
    "card": _card,
    "text": _text,
    "latex": _latex,
    "domain": _domain,
    "gradient": _gradient,
    "numpy": _numpy,
    "torch": _torch,
}
